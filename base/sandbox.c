#include "base/sandbox.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
} REFUSED_CALLS[] = {
#define REFUSED(call, why) {SCMP_SYS(call), #call},
#include "base/refused_calls.def"
#undef REFUSED
};
enum { REFUSED_COUNT = sizeof REFUSED_CALLS / sizeof REFUSED_CALLS[0] };

/* The kinds of socket there are today; whatever comes later is refused as well. NETLINK: libzmq asks for interfaces by name. */
enum { LAST_FAMILY = 63 };
static bool is_family_of_ours(int family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static bool refuse_calls(scmp_filter_ctx filter, char *out_error)
{
    for (size_t i = 0; i < REFUSED_COUNT; i++) {
        int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), REFUSED_CALLS[i].number, 0);
        if (failed == 0)
            continue;
        snprintf(out_error, SANDBOX_ERROR_BYTES, "cannot refuse %s: %s", REFUSED_CALLS[i].name,
                 strerror(-failed));
        return false;
    }
    return true;
}

static bool refuse_families(scmp_filter_ctx filter)
{
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                                  SCMP_CMP(0, SCMP_CMP_GT, LAST_FAMILY, 0));
    for (int family = 0; failed == 0 && family <= LAST_FAMILY; family++)
        if (!is_family_of_ours(family))
            failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                                      SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)family, 0));
    return failed == 0;
}

/* Libraries may still be loaded: their pages are never both. */
static bool refuse_writable_code(scmp_filter_ctx filter)
{
    static const int CALLS[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)};
    const scmp_datum_t both = PROT_WRITE | PROT_EXEC;
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), CALLS[i], 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, both, both)) != 0)
            return false;
    return true;
}

/* All threads; a tree instead of a list, since every call goes through it; without the kernel's precaution against
 * speculation, which is for those who run strangers' code and slows all of ours. */
static bool set_manner(scmp_filter_ctx filter)
{
    return seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1) == 0;
}

static bool load(scmp_filter_ctx filter, char *out_error)
{
    int failed = seccomp_load(filter);
    if (failed)
        snprintf(out_error, SANDBOX_ERROR_BYTES, "the kernel takes no filter: %s",
                 strerror(-failed));
    return failed == 0;
}

bool sandbox_enter(char *out_error)
{
    assert(out_error);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        snprintf(out_error, SANDBOX_ERROR_BYTES, "cannot give up new privileges: %s",
                 strerror(errno));
        return false;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        snprintf(out_error, SANDBOX_ERROR_BYTES, "no filter can be made");
        return false;
    }
    snprintf(out_error, SANDBOX_ERROR_BYTES, "a rule cannot be had");
    bool is_done = set_manner(filter) && refuse_calls(filter, out_error) &&
                   refuse_families(filter) && refuse_writable_code(filter) &&
                   load(filter, out_error);
    seccomp_release(filter);
    return is_done;
}

void sandbox_enter_and_tell(bool is_wanted)
{
    char error[SANDBOX_ERROR_BYTES];
    if (!is_wanted)
        log_warn("sandbox.none", log_str("because", "--sandbox=no"));
    else if (sandbox_enter(error))
        log_info("sandbox.entered", log_u64("refused_calls", REFUSED_COUNT));
    else
        log_warn("sandbox.none", log_str("because", error));
}

static bool cannot_become(const char *user, const char *why, char *out_error)
{
    snprintf(out_error, SANDBOX_ERROR_BYTES, "--user %s: %s", user, why);
    return false;
}

bool sandbox_become(const char *user, char *out_error)
{
    assert(user && out_error);
    if (*user == '\0')
        return true;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return cannot_become(user, "there is no such user", out_error);
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (geteuid() == uid && getuid() == uid)
        return true;
    if (geteuid() != 0)
        return cannot_become(user, "only root can become somebody else", out_error);
    if (setenv("HOME", entry->pw_dir, 1) != 0 || initgroups(user, gid) != 0 ||
        setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return cannot_become(user, strerror(errno), out_error);
    assert(uid == 0 || setuid(0) != 0); /* there is no way back */
    return true;
}
