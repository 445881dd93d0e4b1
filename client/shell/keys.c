#include "client/shell/keys.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/credentials.h"
#include "base/invitation.h"
#include "base/places.h"
#include "base/printable.h"

static bool complain(const char *what, const char *why)
{
    printable_line(stderr, "hubbub: %s: %s", what, why);
    return false;
}

static void set(char *place, const char *value)
{
    (void)snprintf(place, SETTING_STR_BYTES + 1, "%s", value);
}

/* One line of standard input, byte by byte: what follows is for others. */
static void read_line(char *out, size_t room)
{
    size_t size = 0;
    char letter;
    while (size + 1 < room && read(STDIN_FILENO, &letter, 1) == 1 && letter != '\n')
        out[size++] = letter;
    out[size] = '\0';
}

/* A second time the same line does no harm. */
static bool is_there(const char *path, const certificate_t *invited)
{
    certificate_t kept;
    bool is_same = certificate_read(path, &kept) == CERTIFICATE_OK;
    if (!is_same)
        return false;
    is_same = memcmp(kept.public_key, invited->public_key, CURVE_KEY_BYTES) == 0;
    certificate_fini(&kept);
    return is_same;
}

static bool keep(const char *path, const certificate_t *invited)
{
    if (places_make_for(path) && certificate_write(path, invited, true)) {
        printable_line(stderr, "hubbub: your key for %s is in %s", invited->router, path);
        return true;
    }
    if (errno != EEXIST)
        return complain(path, strerror(errno));
    return is_there(path, invited) ||
           complain(path,
                    "there is another key already; say --key FILE to keep this one elsewhere");
}

static bool take_invitation(options_t *options)
{
    certificate_t invited;
    char line[SETTING_STR_BYTES + 1];
    set(line, options->invite);
    if (strcmp(options->invite, "-") == 0)
        read_line(line, sizeof line);
    bool is_good = invitation_read(line, &invited) ||
                   complain("--invite", "this is no whole invitation: it is one line that begins "
                                        "with hubbub1:");
    sodium_memzero(line, sizeof line);
    sodium_memzero(options->invite, sizeof options->invite);
    if (!is_good)
        return false;
    is_good = keep(options->key, &invited);
    if (options->router[0] == '\0')
        set(options->router, invited.router);
    certificate_fini(&invited);
    return is_good;
}

/* The file of one's own key counts by itself where it names the broker that is wanted. */
static void look_for_key(options_t *options, const char *path)
{
    certificate_t own;
    certificate_result_t result = certificate_read(path, &own);
    if (result == CERTIFICATE_OK) {
        bool is_wanted = own.has_server_key && own.router[0] &&
                         (!options->router[0] || strcmp(options->router, own.router) == 0);
        if (is_wanted)
            set(options->key, path);
        certificate_fini(&own);
    } else if (result != CERTIFICATE_UNREADABLE && !options->router[0]) {
        set(options->key, path); /* what is wrong with it is said when it is used */
    }
}

bool keys_settle(options_t *options)
{
    assert(options);
    char path[PLACES_PATH_BYTES], error[CREDENTIALS_ERROR_BYTES];
    places_config("client.key_secret", path);
    bool is_implied = !options->key[0] && (options->invite[0] || options->server_key[0]);
    if (strlen(path) > SETTING_STR_BYTES)
        path[0] = '\0'; /* then it has to be said */
    if (is_implied)
        set(options->key, path);
    if (options->invite[0] && !take_invitation(options))
        return false;
    if (!options->key[0])
        look_for_key(options, path);
    credentials_t credentials;
    if (!credentials_load(
            &(credentials_given_t){.key_file = options->key, .server_key = options->server_key},
            &credentials, error)) {
        printable_line(stderr, "hubbub: %s", error);
        return false;
    }
    if (!options->router[0])
        set(options->router, credentials.router[0] ? credentials.router : KEYS_ROUTER);
    credentials_fini(&credentials);
    return true;
}
