/* base/log.h - one line per fact on standard error, for people and for grep.
 *
 *   log_info("session.expired", log_peer("identity", nick, nick_size),
 *            log_hex("routing_id", id, id_size), log_u64("silent_ms", silent_ms));
 *
 *   at=2024-05-01T12:00:00.123Z level=info event=session.expired identity="ada" routing_id=00a1f3 ...
 *
 * Never what people say, never secrets. Each line is one write(2), so threads do not tear each
 * other's; a line longer than LOG_LINE_BYTES is cut. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum {
    LOG_LINE_BYTES = 1024,
    LOG_PEER_BYTES = 64 /* of a value that came from outside */
};

typedef enum { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG } log_level_t;

typedef enum { LOG_END, LOG_STR, LOG_PEER, LOG_HEX, LOG_U64, LOG_I64 } log_kind_t;

/* One key=value. Made by the functions below; borrows what it points to. */
typedef struct {
    log_kind_t kind;
    const char *key;
    const void *bytes;
    size_t size;
    uint64_t number;
} log_field_t;

/* A line of that level: log_info (event, fields...). `event` is a fixed "noun.verb". */
#define log_error(...) LOG_LINE_(LOG_LEVEL_ERROR, __VA_ARGS__, log_end_())
#define log_warn(...)  LOG_LINE_(LOG_LEVEL_WARN, __VA_ARGS__, log_end_())
#define log_info(...)  LOG_LINE_(LOG_LEVEL_INFO, __VA_ARGS__, log_end_())
#define log_debug(...) LOG_LINE_(LOG_LEVEL_DEBUG, __VA_ARGS__, log_end_())

/* A string of our own (an endpoint, a reason): plain, quoted only when it has to be. */
log_field_t log_str(const char *key, const char *value);

/* `size` bytes somebody else chose: quoted, escaped, cut after LOG_PEER_BYTES. */
log_field_t log_peer(const char *key, const void *bytes, size_t size);

/* Opaque bytes as lower-case hex, cut after LOG_PEER_BYTES of them. */
log_field_t log_hex(const char *key, const void *bytes, size_t size);

/* Numbers; the key ends in the unit. */
log_field_t log_u64(const char *key, uint64_t value);

/* A number that may be negative. */
log_field_t log_i64(const char *key, int64_t value);

/* error="Address already in use" for an errno. */
log_field_t log_errno(int error);

/* Lines above `level` are dropped from now on, in all threads. At the start it is LOG_LEVEL_INFO. */
void log_set_level(log_level_t level);

/* Lines go to `fd` from now on, in all threads; borrowed. At the start it is 2. For tests. */
void log_set_fd(int fd);

/* What the macros above call; `fields` ends with one of kind LOG_END. */
void log_line(log_level_t level, const char *event, const log_field_t *fields);

/* Ends the list of fields; only the macros use it. */
log_field_t log_end_(void);

#define LOG_LINE_(level, event, ...) log_line(level, event, (const log_field_t[]){__VA_ARGS__})

#endif
