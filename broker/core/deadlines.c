#include "broker/core/deadlines.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST = 64 };

struct deadlines {
    deadline_t **heap; /* from 1; a parent is never later than its children */
    uint32_t count, capacity;
};

deadlines_t *deadlines_new(void)
{
    return zmalloc(sizeof(deadlines_t));
}

void deadlines_destroy(deadlines_t **self_p)
{
    assert(self_p);
    if (*self_p == NULL)
        return;
    free((*self_p)->heap);
    free(*self_p);
    *self_p = NULL;
}

static void put(deadlines_t *self, uint32_t place, deadline_t *deadline)
{
    assert(place > 0 && place <= self->count);
    self->heap[place] = deadline;
    deadline->place = place;
}

static void rise(deadlines_t *self, deadline_t *deadline)
{
    uint32_t place = deadline->place;
    while (place > 1 && self->heap[place / 2]->when_ms > deadline->when_ms) {
        put(self, place, self->heap[place / 2]);
        place /= 2;
    }
    put(self, place, deadline);
}

static void sink(deadlines_t *self, deadline_t *deadline)
{
    uint32_t place = deadline->place, child;
    while ((child = 2 * place) <= self->count) {
        if (child < self->count && self->heap[child + 1]->when_ms < self->heap[child]->when_ms)
            child++;
        if (self->heap[child]->when_ms >= deadline->when_ms)
            break;
        put(self, place, self->heap[child]);
        place = child;
    }
    put(self, place, deadline);
}

static void add(deadlines_t *self, deadline_t *deadline)
{
    if (self->count + 1 >= self->capacity) {
        self->capacity = self->capacity ? self->capacity + self->capacity / 2 : SMALLEST;
        self->heap = realloc(self->heap, self->capacity * sizeof(deadline_t *));
        assert(self->heap);
    }
    self->count++;
    put(self, self->count, deadline);
}

void deadlines_set(deadlines_t *self, deadline_t *deadline, due_t kind, uint64_t when_ms)
{
    assert(self && deadline);
    assert(!deadline_is_set(deadline) || self->heap[deadline->place] == deadline);
    deadline->kind = kind;
    deadline->when_ms = when_ms;
    if (!deadline_is_set(deadline))
        add(self, deadline);
    rise(self, deadline);
    sink(self, deadline);
}

void deadlines_cancel(deadlines_t *self, deadline_t *deadline)
{
    assert(self && deadline);
    if (!deadline_is_set(deadline))
        return;
    assert(self->heap[deadline->place] == deadline);
    deadline_t *last = self->heap[self->count];
    if (last != deadline)
        put(self, deadline->place, last);
    self->count--;
    deadline->place = 0;
    if (last != deadline) {
        rise(self, last);
        sink(self, last);
    }
}

deadline_t *deadlines_take(deadlines_t *self, uint64_t now_ms)
{
    assert(self);
    if (deadlines_next_ms(self) > now_ms)
        return NULL;
    deadline_t *soonest = self->heap[1];
    deadlines_cancel(self, soonest);
    return soonest;
}

uint64_t deadlines_next_ms(const deadlines_t *self)
{
    assert(self);
    return self->count ? self->heap[1]->when_ms : UINT64_MAX;
}
