/* proto/backlog.h - bytes that wait to be sent, and go from the front.
 *
 * Things are put at the end of `bytes`, as into any buffer; what has gone is dropped. One owner, no locks. */
#ifndef PROTO_BACKLOG_H
#define PROTO_BACKLOG_H

#include "proto/buffer.h"

typedef struct {
    buffer_t bytes; /* the first `gone` of them are no more */
    size_t gone;
} backlog_t;

/* Nothing waits, and at most `maximum` bytes ever will. Undone by backlog_fini(). */
void backlog_init(backlog_t *self, size_t maximum);

/* Frees the bytes; as after backlog_init(). */
void backlog_fini(backlog_t *self);

/* What waits; borrowed until the next change. */
static inline span_t backlog_span(const backlog_t *self)
{
    return (span_t){self->bytes.data ? self->bytes.data + self->gone : "",
                    self->bytes.size - self->gone};
}

/* The first `size` bytes of it have gone. Memory that a storm took is given back once nothing waits (buffer_recycle()). */
void backlog_drop(backlog_t *self, size_t size);

/* Nothing waits any more; what a storm took is given back. */
void backlog_clear(backlog_t *self);

#endif
