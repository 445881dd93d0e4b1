#include "broker/core/numbers.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST = 16 };

void numbers_add(numbers_t *self, uint64_t number)
{
    assert(self && self->count <= self->capacity);
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : SMALLEST;
        self->list = realloc(self->list, self->capacity * sizeof *self->list);
        assert(self->list);
    }
    self->list[self->count++] = number;
}

void numbers_fini(numbers_t *self)
{
    assert(self);
    free(self->list);
    *self = (numbers_t){0};
}
