#include "base/certificate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OWNER_ONLY = 0600, OTHERS = 077 };

void certificate_new(certificate_t *out)
{
    assert(out);
    *out = (certificate_t){.has_secret = true};
    curve_new(out->public_key, out->secret_key);
}

void certificate_fini(certificate_t *self)
{
    assert(self);
    sodium_memzero(self->secret_key, sizeof self->secret_key);
    self->has_secret = false;
}

/* --- times -------------------------------------------------------------------------------------- */

void certificate_time(uint64_t seconds, char out[CERTIFICATE_TIME_CHARS + 1])
{
    assert(out);
    time_t when = (time_t)seconds;
    struct tm parts;
    if (gmtime_r(&when, &parts) == NULL ||
        strftime(out, CERTIFICATE_TIME_CHARS + 1, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        out[0] = '\0'; /* beyond the year 9999 */
}

static bool read_time(const char *text, uint64_t *out)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    time_t when = end && *end == '\0' ? timegm(&parts) : -1;
    if (when < 0)
        return false;
    *out = (uint64_t)when;
    return true;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* One line: how deep it stands, its name, and its value or "". */
typedef struct {
    size_t depth; /* blanks in front */
    char name[32];
    char value[CERTIFICATE_ROUTER_CHARS + 1];
} line_t;

/* `text` is what stands behind the equals sign. False: too long, or a quote without its end. */
static bool read_value(const char *text, char *out, size_t room)
{
    text += strspn(text, " \t");
    size_t size = strcspn(text, " \t#");
    if (*text == '"' || *text == '\'') {
        const char *end = strchr(text + 1, *text);
        if (end == NULL)
            return false;
        size = (size_t)(end - ++text);
    }
    if (size >= room)
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

/* False: it cannot be one of a certificate. An empty name: blank, or a comment. */
static bool read_line(const char *text, line_t *out)
{
    *out = (line_t){.depth = strspn(text, " \t")};
    text += out->depth;
    size_t size = strcspn(text, " \t=#");
    if (size >= sizeof out->name)
        return false;
    memcpy(out->name, text, size);
    text += size;
    text += strspn(text, " \t");
    return *text != '=' || read_value(text + 1, out->value, sizeof out->value);
}

static bool take_text(const line_t *line, char *out, size_t room)
{
    size_t size = strlen(line->value);
    if (size >= room)
        return false;
    memcpy(out, line->value, size + 1);
    return true;
}

static bool take_key(const line_t *line, uint8_t *out, bool *out_is_there)
{
    *out_is_there = curve_decode(line->value, strlen(line->value), out);
    return *out_is_there;
}

static bool take_metadata(const line_t *line, certificate_t *out)
{
    if (strcmp(line->name, "name") == 0)
        return take_text(line, out->name, sizeof out->name);
    if (strcmp(line->name, "router") == 0)
        return take_text(line, out->router, sizeof out->router);
    if (strcmp(line->name, "server-key") == 0)
        return take_key(line, out->server_key, &out->has_server_key);
    if (strcmp(line->name, "operator") == 0)
        out->is_operator = strcmp(line->value, "yes") == 0;
    else if (strcmp(line->name, "enrolled-at") == 0)
        return read_time(line->value, &out->enrolled_s);
    else if (strcmp(line->name, "expires-at") == 0)
        return read_time(line->value, &out->expires_s);
    else if (strcmp(line->name, "used-at") == 0)
        return read_time(line->value, &out->used_s);
    return true; /* somebody else's */
}

typedef struct {
    char section[sizeof((line_t *)NULL)->name];
    bool has_public;
    certificate_t certificate;
} reader_t;

static bool take_line(reader_t *self, const line_t *line)
{
    if (line->name[0] == '\0')
        return true;
    if (line->depth == 0) {
        memcpy(self->section, line->name, sizeof self->section);
        return true;
    }
    certificate_t *certificate = &self->certificate;
    if (strcmp(self->section, "metadata") == 0)
        return take_metadata(line, certificate);
    if (strcmp(self->section, "curve") != 0)
        return true;
    if (strcmp(line->name, "public-key") == 0)
        return take_key(line, certificate->public_key, &self->has_public);
    if (strcmp(line->name, "secret-key") == 0)
        return take_key(line, certificate->secret_key, &certificate->has_secret);
    return true;
}

static bool is_sound(const reader_t *self)
{
    uint8_t key[CURVE_KEY_BYTES];
    if (!self->has_public || !self->certificate.has_secret)
        return self->has_public;
    curve_public(self->certificate.secret_key, key);
    return memcmp(key, self->certificate.public_key, sizeof key) == 0;
}

bool certificate_parse(const char *text, size_t size, certificate_t *out)
{
    assert(text && out);
    if (size > CERTIFICATE_FILE_BYTES || memchr(text, '\0', size))
        return false;
    reader_t reader = {.has_public = false};
    line_t line = {.depth = 0};
    char row[CERTIFICATE_FILE_BYTES + 1];
    bool is_good = true;
    for (const char *end = text + size; is_good && text < end; text++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        memcpy(row, text, length);
        row[length] = '\0';
        row[strcspn(row, "\r")] = '\0';
        is_good = read_line(row, &line) && take_line(&reader, &line);
        text += length;
    }
    is_good = is_good && is_sound(&reader);
    if (is_good)
        *out = reader.certificate;
    sodium_memzero(&reader, sizeof reader);
    sodium_memzero(&line, sizeof line);
    sodium_memzero(row, sizeof row);
    return is_good;
}

/* The whole file, at most CERTIFICATE_FILE_BYTES + 1; -1 with errno. */
static ssize_t read_all(int fd, char *out)
{
    size_t size = 0;
    ssize_t count;
    do {
        count = read(fd, out + size, CERTIFICATE_FILE_BYTES + 1 - size);
        if (count > 0)
            size += (size_t)count;
    } while (count > 0 || (count < 0 && errno == EINTR));
    return count < 0 ? -1 : (ssize_t)size;
}

certificate_result_t certificate_read(const char *path, certificate_t *out)
{
    assert(path && out);
    char text[CERTIFICATE_FILE_BYTES + 1];
    struct stat about = {0};
    certificate_t read = {.has_secret = false};
    certificate_result_t result = CERTIFICATE_UNREADABLE;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would keep us waiting */
    ssize_t size = fd >= 0 && fstat(fd, &about) == 0 ? read_all(fd, text) : -1;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (size >= 0)
        result =
            certificate_parse(text, (size_t)size, &read) ? CERTIFICATE_OK : CERTIFICATE_MALFORMED;
    if (result == CERTIFICATE_OK && read.has_secret && (about.st_mode & OTHERS))
        result = CERTIFICATE_EXPOSED;
    if (result == CERTIFICATE_OK)
        *out = read;
    certificate_fini(&read);
    sodium_memzero(text, sizeof text);
    errno = reason;
    return result;
}

const char *certificate_trouble(certificate_result_t result)
{
    switch (result) {
    case CERTIFICATE_OK:
        return "all is well";
    case CERTIFICATE_UNREADABLE:
        return strerror(errno);
    case CERTIFICATE_EXPOSED:
        return "others may read this secret key; chmod 600 it, or better make a new one";
    case CERTIFICATE_MALFORMED:
        return "this is no key file (a certificate as of czmq's zcert)";
    }
    return "";
}

/* --- writing ------------------------------------------------------------------------------------ */

static void put_text(FILE *out, const char *name, const char *value)
{
    if (*value)
        (void)fprintf(out, "    %s = \"%s\"\n", name, value); /* fclose() tells */
}

static void put_time(FILE *out, const char *name, uint64_t seconds)
{
    char text[CERTIFICATE_TIME_CHARS + 1] = "";
    if (seconds > 0)
        certificate_time(seconds, text);
    put_text(out, name, text);
}

static void put_key(FILE *out, const char *name, const uint8_t *key)
{
    char text[CURVE_TEXT_CHARS + 1];
    curve_encode(key, text);
    put_text(out, name, text);
    sodium_memzero(text, sizeof text);
}

/* Into a buffer of its own, so that it can be wiped. */
static size_t print(const certificate_t *self, char *text)
{
    FILE *out = fmemopen(text, CERTIFICATE_FILE_BYTES, "w");
    assert(out);
    (void)fprintf(out, "#   A key of Hubbub, in the format of czmq's zcert.%s\nmetadata\n",
                  self->has_secret ? " Show it to nobody." : "");
    put_text(out, "name", self->name);
    put_text(out, "operator", self->is_operator ? "yes" : "");
    put_time(out, "enrolled-at", self->enrolled_s);
    put_time(out, "expires-at", self->expires_s);
    put_time(out, "used-at", self->used_s);
    put_text(out, "router", self->router);
    if (self->has_server_key)
        put_key(out, "server-key", self->server_key);
    (void)fprintf(out, "curve\n");
    put_key(out, "public-key", self->public_key);
    if (self->has_secret)
        put_key(out, "secret-key", self->secret_key);
    (void)fflush(out); /* memory */
    long size = ftell(out);
    (void)fclose(out);
    assert(size > 0 && size < CERTIFICATE_FILE_BYTES);
    return (size_t)size;
}

static bool write_whole(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, text, size);
        if (count < 0 && errno != EINTR)
            return false;
        if (count > 0) {
            text += count;
            size -= (size_t)count;
        }
    }
    return fsync(fd) == 0;
}

/* A file beside it that no reader of the directory takes for a key: its name begins with a dot. */
static char *name_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    char *name = NULL;
    int size = asprintf(&name, "%.*s.%s.%d", folder, path, path + folder, (int)getpid());
    assert(size > 0);
    (void)size;
    return name;
}

static bool replace(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
        return true; /* the old one is removed under the other name */
    bool can_exchange = errno != EINVAL && errno != ENOSYS; /* not every file system */
    return !can_exchange && access(to, F_OK) == 0 && rename(from, to) == 0;
}

/* A file belongs to whom its directory belongs: what root writes is for the broker to read. */
static bool give_to_owner(int fd, const char *path)
{
    struct stat about;
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (geteuid() != 0)
        return true;
    (void)snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                   slash ? path : ".");
    return stat(directory, &about) == 0 && fchown(fd, about.st_uid, about.st_gid) == 0;
}

bool certificate_write(const char *path, const certificate_t *self, bool is_new)
{
    assert(path && self);
    char text[CERTIFICATE_FILE_BYTES];
    char *beside = name_beside(path);
    size_t size = print(self, text);
    (void)unlink(beside); /* left over, if there at all */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
    bool is_done = fd >= 0 && give_to_owner(fd, path) && write_whole(fd, text, size);
    if (is_done)
        is_done = is_new ? link(beside, path) == 0 : replace(beside, path);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    (void)unlink(beside); /* ours, or the one that was replaced */
    free(beside);
    sodium_memzero(text, sizeof text);
    errno = reason;
    return is_done;
}
