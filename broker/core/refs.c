#include "broker/core/refs.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST = 4 };

static size_t seek(const refs_t *self, uint64_t number)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->list[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const refs_t *self, size_t place, uint64_t number)
{
    return place < self->count && self->list[place].number == number;
}

void refs_add(refs_t *self, uint64_t number)
{
    assert(self);
    size_t place = seek(self, number);
    if (is_at(self, place, number)) {
        self->list[place].count++;
        return;
    }
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : SMALLEST;
        self->list = realloc(self->list, self->capacity * sizeof *self->list);
        assert(self->list);
    }
    memmove(&self->list[place + 1], &self->list[place], (self->count - place) * sizeof *self->list);
    self->list[place] = (ref_t){number, 1};
    self->count++;
}

void refs_remove(refs_t *self, uint64_t number)
{
    assert(self);
    size_t place = seek(self, number);
    assert(is_at(self, place, number));
    if (--self->list[place].count > 0)
        return;
    self->count--;
    memmove(&self->list[place], &self->list[place + 1], (self->count - place) * sizeof *self->list);
}

bool refs_has(const refs_t *self, uint64_t number)
{
    assert(self);
    return is_at(self, seek(self, number), number);
}

void refs_fini(refs_t *self)
{
    assert(self);
    free(self->list);
    *self = (refs_t){0};
}
