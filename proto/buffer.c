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

static void grow(buffer_t *self, size_t needed)
{
    size_t capacity = self->capacity ? self->capacity : SMALLEST;
    while (capacity < needed)
        capacity *= 2;
    self->data = realloc(self->data, capacity);
    assert(self->data);
    self->capacity = capacity;
}

char *buffer_extend(buffer_t *self, size_t size)
{
    assert(self && self->maximum > 0);
    assert(self->size <= self->maximum);
    if (size > self->maximum - self->size)
        return NULL;
    if (self->size + size > self->capacity || self->data == NULL) /* NULL would say: full */
        grow(self, self->size + size);
    char *place = self->data + self->size;
    self->size += size;
    return place;
}

bool buffer_append(buffer_t *self, const void *data, size_t size)
{
    assert(data || size == 0);
    char *place = buffer_extend(self, size);
    if (place == NULL)
        return false;
    if (size > 0)
        memcpy(place, data, size);
    return true;
}
