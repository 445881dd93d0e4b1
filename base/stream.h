/* base/stream.h - a connection's bytes, both ways, without blocking.
 *
 * A descriptor in an epoll set, and what has come over it and was not taken. Reading is by whole buffers; what waits to be sent is the
 * caller's. Knows nothing of what the bytes mean. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read at a time, and the longest thing that can be taken in one piece. */
enum { STREAM_INPUT_BYTES = 256 * 1024 };

typedef struct {
    int fd;          /* owned; -1: not open */
    int epoll_fd;    /* borrowed */
    void *place;     /* what the epoll set tells of it */
    bool is_told;    /* there may be more to read */
    bool is_waiting; /* for the descriptor to take more: the set tells */
    char *input;     /* owned; STREAM_INPUT_BYTES; NULL before the first use */
    size_t from, to; /* what has come and was not taken */
} stream_t;

typedef enum { STREAM_CAME, STREAM_NOTHING, STREAM_LOST } stream_read_t;

/* A stream that is not open. */
void stream_init(stream_t *self);

/* Opens it over a descriptor that does not block (ownership goes in, on failure it is closed). False: the set takes no more. */
HUB_MUST_CHECK bool stream_open(stream_t *self, int fd, int epoll_fd, void *place);

/* Closes the descriptor. The input's memory stays: what was taken of it holds. Not open is fine. */
void stream_close(stream_t *self);

/* The same, and frees the memory. */
void stream_fini(stream_t *self);

/* The epoll set told of it: that there is something to read. */
void stream_notice(stream_t *self, uint32_t events);

/* Sends as much of the bytes as the descriptor takes, *out_sent of them. Where that is not all the set tells when it takes more, until
 * all of something was sent. False: the connection is lost. */
HUB_MUST_CHECK bool stream_send(stream_t *self, const char *bytes, size_t size, size_t *out_sent);

/* Reads once, if there may be something: at least `whole_bytes` (STREAM_INPUT_BYTES at most) would fit, together with what was
 * not taken, which is less. What stream_input() gave before is void. */
HUB_MUST_CHECK stream_read_t stream_read(stream_t *self, size_t whole_bytes);

/* What has come and was not taken, and how much that is. */
static inline const char *stream_input(const stream_t *self, size_t *out_size)
{
    *out_size = self->to - self->from;
    return self->input + self->from;
}

/* The first bytes of it are taken: so many are left. */
static inline void stream_left(stream_t *self, size_t size)
{
    self->from = self->to - size;
}

#endif
