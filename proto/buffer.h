/* proto/buffer.h - bytes that grow, up to a maximum given at birth.
 *
 * One owner, no locks. Reused by clearing: the memory stays. */
#ifndef PROTO_BUFFER_H
#define PROTO_BUFFER_H

#include "proto/span.h"

#include <stdint.h>

typedef struct {
    char *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    size_t maximum;  /* bytes it may ever hold */
} buffer_t;

/* An empty buffer of at most `maximum` bytes (> 0); allocates nothing yet. Undone by buffer_fini(). */
void buffer_init(buffer_t *self, size_t maximum);

/* Frees the bytes; the buffer is as after buffer_init(). */
void buffer_fini(buffer_t *self);

/* Appends `size` bytes. False: it would exceed the maximum; nothing was appended. Aborts when memory
 * is out. */
bool buffer_append(buffer_t *self, const void *data, size_t size);

/* Makes room for `size` more bytes and returns where they go (uninitialised), counted as in use. NULL:
 * it would exceed the maximum. The pointer holds until the next append. */
char *buffer_extend(buffer_t *self, size_t size);

/* Forgets the content, keeps the memory. */
static inline void buffer_clear(buffer_t *self)
{
    self->size = 0;
}

/* The content; borrowed until the next change. */
static inline span_t buffer_span(const buffer_t *self)
{
    return (span_t){self->data, self->size};
}

#endif
