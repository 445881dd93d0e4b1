/* base/stream.h - a connection's bytes, both ways, without blocking.
 *
 * A descriptor in an epoll set, what has come over it and was not taken, and what waits to be sent. Reading is by whole buffers,
 * sending all there is at once. Knows nothing of what the bytes mean. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/check.h"
#include "proto/buffer.h"

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
    buffer_t output;
    size_t sent; /* of the output */
} stream_t;

typedef enum { STREAM_CAME, STREAM_NOTHING, STREAM_LOST } stream_read_t;

/* A stream that is not open, for which at most `output_max` bytes may wait. */
void stream_init(stream_t *self, size_t output_max);

/* Opens it over a descriptor that does not block (ownership goes in, on failure it is closed); what the output held before
 * waits to be sent. False: the set takes no more. */
HUB_MUST_CHECK bool stream_open(stream_t *self, int fd, int epoll_fd, void *place);

/* Closes the descriptor, and forgets what waits either way. The input's memory stays: what was taken of it holds. Not open is fine. */
void stream_close(stream_t *self);

/* The same, and frees the memory. */
void stream_fini(stream_t *self);

/* The epoll set told of it: that there is something to read. */
void stream_notice(stream_t *self, uint32_t events);

/* Sends what waits, `most` bytes of the output at most, as much as the descriptor takes. What is out is forgotten. False: the connection is lost. */
HUB_MUST_CHECK bool stream_flush(stream_t *self, size_t most);

/* Bytes that wait to be sent. */
static inline size_t stream_waiting(const stream_t *self)
{
    return self->output.size - self->sent;
}

/* Reads once, if there may be something: at least `whole_bytes` (STREAM_INPUT_BYTES at most) would fit, together with what was
 * not taken, which is less. What stream_input() gave before is void. */
HUB_MUST_CHECK stream_read_t stream_read(stream_t *self, size_t whole_bytes);

/* What has come and was not taken. */
static inline span_t stream_input(const stream_t *self)
{
    return (span_t){self->input + self->from, self->to - self->from};
}

/* The first bytes of it are taken: so many are left. */
static inline void stream_left(stream_t *self, size_t size)
{
    self->from = self->to - size;
}

#endif
