#include "ctl/commands.h"

#include "base/enrolment.h"
#include "base/invitation.h"
#include "base/printable.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DONE = 0, CANNOT = 1, USAGE = 2, DAY_S = 86400, WIDTH = 80, HOST_BYTES = 128 };

typedef struct {
    command_t *run;
    const char *words;
    int fewest, most; /* operands */
    const char *operands, *text;
} row_t;

static const row_t ROWS[] = {
#define COMMAND(name, words, fewest, most, operands, text)                                         \
    {on_##name, words, fewest, most, operands, text},
#include "ctl/commands.def"
#undef COMMAND
};

enum { ROW_COUNT = sizeof ROWS / sizeof ROWS[0] };

static int cannot(const char *what, const char *why)
{
    printable_line(stderr, "hubbubctl: %s: %s", what, why);
    return CANNOT;
}

static void print_key(const uint8_t *key)
{
    char text[CURVE_TEXT_CHARS + 1];
    curve_encode(key, text);
    printable_line(stdout, "%s", text);
}

/* --- one's own keys ----------------------------------------------------------------------------- */

static const char *file_of(const char *const *operands)
{
    static char path[PLACES_PATH_BYTES];
    places_config("client.key_secret", path);
    return operands[0] ? operands[0] : path;
}

int on_key_new(const arguments_t *arguments, const char *const *operands)
{
    (void)arguments;
    const char *path = file_of(operands);
    certificate_t made;
    certificate_new(&made);
    bool is_done = places_make_for(path) && certificate_write(path, &made, true);
    certificate_fini(&made);
    if (!is_done)
        return cannot(path,
                      errno == EEXIST ? "there is a key already; it is kept" : strerror(errno));
    print_key(made.public_key);
    printable_line(stderr, "The secret key is in %s. On the broker's machine:", path);
    (void)fprintf(stderr, "  hubbubctl enroll NAME 'the line above'\n");
    return DONE;
}

int on_key_show(const arguments_t *arguments, const char *const *operands)
{
    (void)arguments;
    const char *path = file_of(operands);
    certificate_t read;
    certificate_result_t result = certificate_read(path, &read);
    if (result != CERTIFICATE_OK)
        return cannot(path, certificate_trouble(result));
    print_key(read.public_key);
    certificate_fini(&read);
    return DONE;
}

/* --- the broker's keys -------------------------------------------------------------------------- */

static bool read_broker(const char *data, certificate_t *out)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_broker_path(data, path);
    if (!enrolment_make_broker(data)) {
        (void)cannot(path, strerror(errno));
        return false;
    }
    certificate_result_t result = enrolment_broker(data, out);
    if (result != CERTIFICATE_OK)
        (void)cannot(path, certificate_trouble(result));
    return result == CERTIFICATE_OK;
}

int on_server_key(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    certificate_t broker;
    if (!read_broker(arguments_data(arguments), &broker))
        return CANNOT;
    print_key(broker.public_key);
    certificate_fini(&broker);
    return DONE;
}

typedef struct {
    const char *data;
    const uint8_t *key;
    char name[CERTIFICATE_NAME_CHARS + 1];
} same_t;

static void compare_key(void *context, const char *name)
{
    same_t *same = context;
    certificate_t read;
    if (enrolment_read(same->data, name, &read) == CERTIFICATE_OK &&
        memcmp(read.public_key, same->key, CURVE_KEY_BYTES) == 0)
        (void)snprintf(same->name, sizeof same->name, "%s", name);
}

/* True if the key is enrolled; then it has been said under which name. */
static bool is_known(const char *data, const uint8_t *key)
{
    same_t same = {.data = data, .key = key};
    if (!enrolment_each(data, compare_key, &same))
        return false; /* writing will say why */
    if (same.name[0])
        (void)cannot(same.name, "this very key is enrolled under that name");
    return same.name[0] != '\0';
}

/* Writes a key under a name that is to be new. */
static bool add(const char *data, certificate_t *certificate, const char *name)
{
    if (!enrolment_is_name(name)) {
        (void)cannot(name, "a name is 1 to 32 of letters, digits, `.`, `-`, `_`, without a dot in "
                           "front");
        return false;
    }
    (void)snprintf(certificate->name, sizeof certificate->name, "%s", name);
    certificate->enrolled_s = (uint64_t)time(NULL);
    if (enrolment_write(data, certificate, true))
        return true;
    (void)cannot(name, errno == EEXIST
                           ? "is enrolled already; revoke it first, or take another name"
                           : strerror(errno));
    return false;
}

int on_enroll(const arguments_t *arguments, const char *const *operands)
{
    const char *data = arguments_data(arguments);
    certificate_t enrolled = {.is_operator = arguments->is_operator}, broker;
    if (!curve_decode(operands[1], strlen(operands[1]), enrolled.public_key))
        return cannot(operands[1],
                      "a public key is 40 characters, as `hubbubctl key new` tells it; "
                      "put it in single quotes");
    if (is_known(data, enrolled.public_key) || !read_broker(data, &broker))
        return CANNOT;
    uint8_t server[CURVE_KEY_BYTES];
    memcpy(server, broker.public_key, sizeof server);
    certificate_fini(&broker);
    if (!add(data, &enrolled, operands[0]))
        return CANNOT;
    printable_line(stdout, "enrolled %s%s", enrolled.name,
                   enrolled.is_operator ? " as operator" : "");
    (void)fflush(stdout);
    char text[CURVE_TEXT_CHARS + 1];
    curve_encode(server, text);
    printable_line(stderr,
                   "They connect with:\n  hubbub --router tcp://HOST:PORT --server-key '%s'", text);
    return DONE;
}

int on_revoke(const arguments_t *arguments, const char *const *operands)
{
    if (!enrolment_is_name(operands[0]))
        return cannot(operands[0], "no such name is enrolled");
    if (!enrolment_remove(arguments_data(arguments), operands[0]))
        return cannot(operands[0], errno == ENOENT ? "no such name is enrolled" : strerror(errno));
    printable_line(stdout, "revoked %s", operands[0]);
    return DONE;
}

/* Where clients will find the broker; false: it has been said what is wrong. */
static bool choose_router(const arguments_t *arguments, char *out)
{
    char host[HOST_BYTES];
    if (arguments->router) {
        (void)snprintf(out, CERTIFICATE_ROUTER_CHARS + 1, "%s", arguments->router);
        return true;
    }
    if (gethostname(host, sizeof host) != 0) {
        (void)cannot("the name of this host", strerror(errno));
        return false;
    }
    host[sizeof host - 1] = '\0';
    (void)snprintf(out, CERTIFICATE_ROUTER_CHARS + 1, "tcp://%s:5680", host);
    printable_line(stderr,
                   "For a broker at %s; say --router ENDPOINT where it is reached by another name.",
                   out);
    return true;
}

/* The line, read back as its receiver will. */
static bool write_line(const certificate_t *made, char *out_line)
{
    certificate_t again;
    invitation_write(made, out_line);
    bool is_good = invitation_read(out_line, &again);
    if (is_good)
        certificate_fini(&again);
    return is_good;
}

int on_invite(const arguments_t *arguments, const char *const *operands)
{
    const char *data = arguments_data(arguments);
    char line[INVITATION_CHARS + 1];
    certificate_t made, broker;
    certificate_new(&made);
    made.is_operator = arguments->is_operator;
    made.expires_s = (uint64_t)time(NULL) + arguments->expires_days * DAY_S;
    int status = CANNOT;
    if (!choose_router(arguments, made.router) || !read_broker(data, &broker))
        goto done;
    memcpy(made.server_key, broker.public_key, CURVE_KEY_BYTES);
    made.has_server_key = true;
    certificate_fini(&broker);
    if (!made.router[0] || !write_line(&made, line)) {
        (void)cannot(made.router, "--router has to be tcp://HOST:PORT, at most 150 characters");
        goto done;
    }
    made.router[0] = '\0'; /* theirs to know */
    made.has_server_key = false;
    if (!add(data, &made, operands[0]))
        goto done;
    printable_line(stdout, "%s", line);
    status = DONE;
done:
    certificate_fini(&made);
    sodium_memzero(line, sizeof line);
    return status;
}

/* --- who is enrolled ---------------------------------------------------------------------------- */

typedef struct {
    char (*names)[CERTIFICATE_NAME_CHARS + 1]; /* owned */
    size_t count, capacity;
} names_t;

static void add_name(void *context, const char *name)
{
    names_t *self = context;
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 64;
        self->names = realloc(self->names, self->capacity * sizeof *self->names);
        assert(self->names);
    }
    (void)snprintf(self->names[self->count++], sizeof *self->names, "%s", name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void print_enrolled(const char *data, const char *name)
{
    certificate_t read;
    char key[CURVE_TEXT_CHARS + 1], enrolled[CERTIFICATE_TIME_CHARS + 1] = "-";
    char expires[CERTIFICATE_TIME_CHARS + 1];
    certificate_result_t result = enrolment_read(data, name, &read);
    if (result != CERTIFICATE_OK) {
        (void)cannot(name, certificate_trouble(result));
        return;
    }
    curve_encode(read.public_key, key);
    if (read.enrolled_s)
        certificate_time(read.enrolled_s, enrolled);
    printable_print(stdout, "%-32s %s %-8s %-20s", name, key,
                    read.is_operator ? "operator" : "member", enrolled);
    if (read.expires_s && read.used_s == 0) {
        certificate_time(read.expires_s, expires);
        printable_print(stdout, " %s %s",
                        read.expires_s < (uint64_t)time(NULL) ? "lapsed" : "invited until",
                        expires);
    }
    (void)fputc('\n', stdout);
}

int on_keys(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    const char *data = arguments_data(arguments);
    names_t names = {.count = 0};
    if (!enrolment_each(data, add_name, &names))
        return cannot(data, strerror(errno));
    if (names.count > 0)
        qsort(names.names, names.count, sizeof *names.names, compare_names);
    for (size_t i = 0; i < names.count; i++)
        print_enrolled(data, names.names[i]);
    free(names.names);
    return DONE;
}

/* --- which command ------------------------------------------------------------------------------ */

/* How many words of the arguments name this command; 0: it is another. */
static int matches(const row_t *row, const arguments_t *arguments)
{
    const char *at = row->words;
    for (int count = 0; count < arguments->count;) {
        size_t size = strcspn(at, " ");
        const char *word = arguments->words[count++];
        if (strlen(word) != size || strncmp(word, at, size) != 0)
            return 0;
        if (at[size] == '\0')
            return count;
        at += size + 1;
    }
    return 0;
}

int commands_run(const arguments_t *arguments)
{
    assert(arguments);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        int words = matches(&ROWS[i], arguments);
        if (words == 0)
            continue;
        int operands = arguments->count - words;
        if (operands >= ROWS[i].fewest && operands <= ROWS[i].most)
            return ROWS[i].run(arguments, arguments->words + words);
        printable_line(stderr, "hubbubctl: usage: hubbubctl %s %s", ROWS[i].words,
                       ROWS[i].operands);
        return USAGE;
    }
    printable_line(stderr, "hubbubctl: there is no command `%s`; see hubbubctl --help",
                   arguments->count ? arguments->words[0] : "");
    return USAGE;
}

static void print_wrapped(FILE *out, const char *text)
{
    int column = 0;
    while (*text) {
        int size = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + size > WIDTH) {
            (void)fputs("\n", out);
            column = 0;
        }
        printable_print(out, "%s%.*s", column ? " " : "        ", size, text);
        column += (column ? 1 : 8) + size;
        text += size;
        text += strspn(text, " ");
    }
    (void)fputs("\n", out);
}

void commands_print_help(FILE *out)
{
    assert(out);
    (void)fputs("Usage: hubbubctl COMMAND [OPTION...]\n\nThe keys of a Hubbub broker, who may come "
                "from beyond its machine: a broker that\nruns takes up changes at once. And what "
                "its operators do while it runs.\n\nWHOM is nick=NICK, account=NICK, key=NAME "
                "(or the key itself) or\nnetwork=ADDRESS[/BITS]; or a nick or network "
                "alone.\n\n",
                out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        printable_line(out, "  %s%s%s", ROWS[i].words, *ROWS[i].operands ? " " : "",
                       ROWS[i].operands);
        print_wrapped(out, ROWS[i].text);
    }
    (void)fputs("\n  --data DIR\n", out);
    print_wrapped(out,
                  "the broker's data directory, as of hubbubd; also $HUBBUB_DATA. Not said: the "
                  "same that hubbubd takes");
    (void)fputs("  --help, --version\n", out);
}
