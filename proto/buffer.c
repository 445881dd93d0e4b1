#include "proto/buffer.h"

#include <assert.h>
#include <stdlib.h>

enum { SMALLEST = 256 };

void buffer_init(buffer_t *self, size_t maximum)
{
    assert(self && maximum > 0);
    *self = (buffer_t){.maximum = maximum};
}

void buffer_fini(buffer_t *self)
{
    assert(self);
    free(self->data);
    buffer_init(self, self->maximum);
}

bool buffer_reserve(buffer_t *self, size_t size)
{
    assert(self && self->maximum > 0);
    assert(self->size <= self->capacity && self->capacity <= self->maximum);
    if (size > self->maximum - self->size)
        return false;
    size_t capacity = self->capacity ? self->capacity : SMALLEST;
    while (capacity < self->size + size)
        capacity *= 2;
    if (capacity > self->maximum)
        capacity = self->maximum;
    if (capacity == self->capacity)
        return true;
    self->data = realloc(self->data, capacity);
    assert(self->data);
    self->capacity = capacity;
    return true;
}

void buffer_recycle(buffer_t *self)
{
    assert(self);
    if (self->capacity > BUFFER_KEPT_BYTES && self->size < self->capacity / 4)
        buffer_fini(self);
    else
        buffer_clear(self);
}

bool buffer_append(buffer_t *self, const void *data, size_t size)
{
    assert(self && (data || size == 0));
    if (size == 0)
        return true; /* also where there is no memory yet */
    char *place = buffer_extend(self, size);
    if (place == NULL)
        return false;
    memcpy(place, data, size);
    return true;
}
