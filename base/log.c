#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A line in the making; what does not fit is dropped, with room kept for the line's end. */
typedef struct {
    char bytes[LOG_LINE_BYTES];
    size_t size;
} line_t;

static _Atomic int wanted_level = LOG_LEVEL_INFO;
static _Atomic int wanted_fd = STDERR_FILENO;

void log_set_level(log_level_t level)
{
    assert(level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG);
    atomic_store(&wanted_level, (int)level);
}

void log_set_fd(int fd)
{
    assert(fd >= 0);
    atomic_store(&wanted_fd, fd);
}

log_field_t log_end_(void)
{
    return (log_field_t){.kind = LOG_END};
}

log_field_t log_str(const char *key, const char *value)
{
    assert(key && value);
    return (log_field_t){LOG_STR, key, value, strnlen(value, LOG_LINE_BYTES), 0};
}

log_field_t log_peer(const char *key, const void *bytes, size_t size)
{
    assert(key && (bytes || size == 0));
    return (log_field_t){LOG_PEER, key, bytes, size, 0};
}

log_field_t log_hex(const char *key, const void *bytes, size_t size)
{
    assert(key && (bytes || size == 0));
    return (log_field_t){LOG_HEX, key, bytes, size, 0};
}

log_field_t log_u64(const char *key, uint64_t value)
{
    assert(key);
    return (log_field_t){.kind = LOG_U64, .key = key, .number = value};
}

log_field_t log_i64(const char *key, int64_t value)
{
    assert(key);
    return (log_field_t){.kind = LOG_I64, .key = key, .number = (uint64_t)value};
}

log_field_t log_errno(int error)
{
    const char *text = strerrordesc_np(error); /* static and the same in every locale and thread */
    return log_str("error", text ? text : "unknown");
}

__attribute__((format(printf, 2, 3))) static void add(line_t *line, const char *format, ...)
{
    va_list values;
    size_t room = sizeof line->bytes - 1 - line->size; /* the last byte is for '\n' */
    va_start(values, format);
    int size = vsnprintf(line->bytes + line->size, room, format, values);
    va_end(values);
    assert(size >= 0);
    if (room > 0)
        line->size += (size_t)size < room ? (size_t)size : room - 1;
    assert(line->size < sizeof line->bytes);
}

static void add_escaped(line_t *line, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes[i];
        if (byte == '"' || byte == '\\')
            add(line, "\\%c", byte);
        else if (byte >= ' ' && byte < 0x7f)
            add(line, "%c", byte);
        else
            add(line, "\\x%02x", byte);
    }
}

static void add_quoted(line_t *line, const uint8_t *bytes, size_t size, size_t limit)
{
    bool is_cut = size > limit;
    add(line, "\"");
    add_escaped(line, bytes, is_cut ? limit : size);
    add(line, is_cut ? "\"..." : "\"");
}

static void add_hex(line_t *line, const uint8_t *bytes, size_t size)
{
    size_t limit = size > LOG_PEER_BYTES ? LOG_PEER_BYTES : size;
    for (size_t i = 0; i < limit; i++)
        add(line, "%02x", bytes[i]);
    if (limit < size)
        add(line, "...");
}

static bool is_plain(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] <= ' ' || bytes[i] >= 0x7f || bytes[i] == '"' || bytes[i] == '\\')
            return false;
    }
    return size > 0;
}

static void add_str(line_t *line, const log_field_t *field)
{
    if (is_plain(field->bytes, field->size))
        add(line, "%.*s", (int)field->size, (const char *)field->bytes);
    else
        add_quoted(line, field->bytes, field->size, LOG_LINE_BYTES);
}

static void add_field(line_t *line, const log_field_t *field)
{
    assert(field->kind != LOG_END);
    add(line, " %s=", field->key);
    switch (field->kind) {
    case LOG_STR:
        add_str(line, field);
        break;
    case LOG_PEER:
        add_quoted(line, field->bytes, field->size, LOG_PEER_BYTES);
        break;
    case LOG_HEX:
        add_hex(line, field->bytes, field->size);
        break;
    case LOG_U64:
        add(line, "%" PRIu64, field->number);
        break;
    case LOG_I64:
        add(line, "%" PRId64, (int64_t)field->number);
        break;
    case LOG_END:
        break;
    }
}

static void add_prefix(line_t *line, log_level_t level, const char *event)
{
    static const char *const LEVELS[] = {"error", "warn", "info", "debug"};
    struct timespec now;
    struct tm utc;
    char second[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t size = strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &utc);
    assert(size > 0);
    add(line, "at=%s.%03ldZ level=%s event=%s", second, now.tv_nsec / 1000000, LEVELS[level],
        event);
}

void log_line(log_level_t level, const char *event, const log_field_t *fields)
{
    assert(event && fields);
    assert(level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG);
    if ((int)level > atomic_load(&wanted_level))
        return;
    int saved_errno = errno;
    line_t line = {.size = 0};
    add_prefix(&line, level, event);
    for (const log_field_t *field = fields; field->kind != LOG_END; field++)
        add_field(&line, field);
    line.bytes[line.size++] = '\n';
    /* nobody is left to tell when this fails */
    ssize_t written = write(atomic_load(&wanted_fd), line.bytes, line.size);
    (void)written;
    errno = saved_errno;
}
