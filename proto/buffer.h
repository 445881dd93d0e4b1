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

/* Makes the memory hold `size` bytes more than are in use. False: that would exceed the maximum. Aborts
 * when memory is out. */
bool buffer_reserve(buffer_t *self, size_t size);

/* Makes room for `size` (> 0) more bytes and returns where they go (uninitialised), counted as in use. NULL:
 * it would exceed the maximum. The pointer holds until the next append. Inline, as it is called some
 * fifty times for each message. */
static inline char *buffer_extend(buffer_t *self, size_t size)
{
    if (size > self->capacity - self->size && !buffer_reserve(self, size))
        return NULL;
    char *place = self->data + self->size;
    self->size += size;
    return place;
}

/* Appends `size` bytes. False: it would exceed the maximum; nothing was appended. */
bool buffer_append(buffer_t *self, const void *data, size_t size);

/* Forgets the content, keeps the memory. */
static inline void buffer_clear(buffer_t *self)
{
    self->size = 0;
}

enum { BUFFER_KEPT_BYTES = 16384 };

/* Forgets the content; and the memory too, if it is more than BUFFER_KEPT_BYTES and less than a quarter of it was in
 * use: what a storm has made grow is given back by the first calm that follows. */
void buffer_recycle(buffer_t *self);

/* The content; borrowed until the next change. */
static inline span_t buffer_span(const buffer_t *self)
{
    return (span_t){self->data, self->size};
}

#endif
