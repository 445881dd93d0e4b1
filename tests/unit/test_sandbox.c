/* What a process in the sandbox can and cannot do. Each test is a process of its own: there is no way out. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGE_BYTES = 4096, NO_SANDBOX_HERE = 77 };

static int enter_and(bool (*is_right)(void))
{
    char error[SANDBOX_ERROR_BYTES];
    if (!sandbox_enter(error))
        return NO_SANDBOX_HERE;
    return is_right() ? 0 : 1;
}

/* Whether it is so, in a process that has entered. */
static void assert_inside(bool (*is_right)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(enter_and(is_right));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_SANDBOX_HERE)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_refused(long result)
{
    return result == -1 && errno == EPERM;
}

static bool runs_nothing(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    return is_refused(execve("/bin/true", arguments, NULL));
}

static bool traces_nobody(void)
{
    return is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)) &&
           is_refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0UL, NULL, 0UL, 0UL));
}

static bool stays_where_and_who_it_is(void)
{
    return is_refused(chroot("/")) && is_refused(unshare(0)) && is_refused(setuid(getuid())) &&
           is_refused(syscall(SYS_mount, NULL, NULL, NULL, 0UL, NULL));
}

static bool keeps_out_of_the_kernel(void)
{
    return is_refused(syscall(SYS_bpf, 0, NULL, 0)) && is_refused(syscall(SYS_keyctl, 0, 0, 0)) &&
           is_refused(syscall(SYS_io_uring_setup, 1, NULL)) &&
           is_refused(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0UL));
}

static bool has_sockets_of_four_kinds(void)
{
    static const int OURS[] = {AF_UNIX, AF_INET, AF_NETLINK};
    for (size_t i = 0; i < sizeof OURS / sizeof OURS[0]; i++)
        if (is_refused(socket(OURS[i], SOCK_DGRAM, 0)))
            return false;
    return is_refused(socket(AF_PACKET, SOCK_RAW, 0)) &&
           is_refused(socket(AF_ALG, SOCK_SEQPACKET, 0)) &&
           is_refused(socket(AF_VSOCK, SOCK_STREAM, 0)) && is_refused(socket(1000, SOCK_STREAM, 0));
}

static bool writes_no_code(void)
{
    void *both = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *plain =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return both == MAP_FAILED && plain != MAP_FAILED &&
           is_refused(mprotect(plain, PAGE_BYTES, PROT_WRITE | PROT_EXEC)) &&
           mprotect(plain, PAGE_BYTES, PROT_READ | PROT_EXEC) == 0;
}

static void *try_to_run(void *out_is_right)
{
    *(bool *)out_is_right = runs_nothing();
    return NULL;
}

static bool holds_for_new_threads(void)
{
    pthread_t thread;
    bool is_right = false;
    return pthread_create(&thread, NULL, try_to_run, &is_right) == 0 &&
           pthread_join(thread, NULL) == 0 && is_right;
}

static int gate[2];

static void *wait_and_try(void *out_is_right)
{
    char byte;
    *(bool *)out_is_right = read(gate[0], &byte, 1) == 1 && runs_nothing() &&
                            prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    return NULL;
}

/* A thread that is there before. */
static int enter_beside_a_thread(void)
{
    pthread_t thread;
    bool is_right = false;
    if (pipe(gate) != 0 || pthread_create(&thread, NULL, wait_and_try, &is_right) != 0)
        return 1;
    char error[SANDBOX_ERROR_BYTES];
    bool is_in = sandbox_enter(error);
    bool is_told = write(gate[1], "", 1) == 1 && pthread_join(thread, NULL) == 0;
    if (!is_in)
        return NO_SANDBOX_HERE;
    return is_told && is_right ? 0 : 1;
}

static void nothing_is_run_and_nobody_traced(void **state)
{
    (void)state;
    assert_inside(runs_nothing);
    assert_inside(traces_nobody);
}

static void a_process_stays_where_and_who_it_is(void **state)
{
    (void)state;
    assert_inside(stays_where_and_who_it_is);
    assert_inside(keeps_out_of_the_kernel);
}

static void sockets_are_of_the_kinds_we_need(void **state)
{
    (void)state;
    assert_inside(has_sockets_of_four_kinds);
}

static void memory_is_never_both_writable_and_code(void **state)
{
    (void)state;
    assert_inside(writes_no_code);
}

static void it_holds_for_threads_that_are_there_and_that_come(void **state)
{
    (void)state;
    assert_inside(holds_for_new_threads);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(enter_beside_a_thread());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_SANDBOX_HERE)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void one_becomes_only_who_there_is(void **state)
{
    (void)state;
    char error[SANDBOX_ERROR_BYTES];
    assert_true(sandbox_become("", error));
    assert_false(sandbox_become("no-such-user-here", error));
    assert_string_equal(error, "--user no-such-user-here: there is no such user");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_run_and_nobody_traced),
        cmocka_unit_test(a_process_stays_where_and_who_it_is),
        cmocka_unit_test(sockets_are_of_the_kinds_we_need),
        cmocka_unit_test(memory_is_never_both_writable_and_code),
        cmocka_unit_test(it_holds_for_threads_that_are_there_and_that_come),
        cmocka_unit_test(one_becomes_only_who_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
