/* client/shell/reader.h - lines from a descriptor, bounded. */
#ifndef CLIENT_SHELL_READER_H
#define CLIENT_SHELL_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

enum { READER_LINE_BYTES = 128 * 1024 }; /* of one line; a message with all its data fits */

typedef struct {
    int fd; /* borrowed */
    char *data;
    size_t used, size; /* what lies between is unread */
    size_t line;       /* number of the last one, from 1 */
    bool is_skipping;  /* the rest of a line that was too long */
    bool is_ended;
} reader_t;

typedef enum {
    READER_NONE, /* no whole line: reader_fill() */
    READER_LINE,
    READER_TOO_LONG, /* told once for each, when its end has come */
    READER_END,
} reader_result_t;

/* Reads from `fd`. Undone by reader_fini(). */
void reader_init(reader_t *self, int fd);
void reader_fini(reader_t *self);

/* Reads once, which blocks unless the descriptor is readable. */
void reader_fill(reader_t *self);

/* The next byte that has not been taken, 0: none has been read. `offset` bytes further on likewise. */
char reader_peek(const reader_t *self, size_t offset);

/* Takes the next line, without CR LF, LF; it holds until reader_fill(). What stands before the end
 * without one is a line too. */
HUB_MUST_CHECK reader_result_t reader_next(reader_t *self, const char **out_line, size_t *out_size);

#endif
