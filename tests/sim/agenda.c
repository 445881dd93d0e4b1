#include "tests/sim/agenda.h"

#include <assert.h>
#include <stdlib.h>

static bool is_before(const due_entry_t *a, const due_entry_t *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->serial < b->serial;
}

static void grow(agenda_t *self)
{
    self->capacity = self->capacity ? 2 * self->capacity : 1024;
    self->heap = realloc(self->heap, self->capacity * sizeof *self->heap);
    assert(self->heap);
}

void agenda_add(agenda_t *self, due_entry_t entry)
{
    if (self->count == self->capacity)
        grow(self);
    entry.serial = ++self->serial;
    size_t place = self->count++;
    while (place > 0 && is_before(&entry, &self->heap[(place - 1) / 2])) {
        self->heap[place] = self->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    self->heap[place] = entry;
}

static void sink(agenda_t *self, due_entry_t entry)
{
    size_t place = 0, child;
    while ((child = 2 * place + 1) < self->count) {
        if (child + 1 < self->count && is_before(&self->heap[child + 1], &self->heap[child]))
            child++;
        if (!is_before(&self->heap[child], &entry))
            break;
        self->heap[place] = self->heap[child];
        place = child;
    }
    self->heap[place] = entry;
}

bool agenda_take(agenda_t *self, due_entry_t *out)
{
    if (self->count == 0)
        return false;
    *out = self->heap[0];
    due_entry_t last = self->heap[--self->count];
    if (self->count > 0)
        sink(self, last);
    return true;
}

void agenda_fini(agenda_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        parcel_drop(self->heap[i].parcel);
    free(self->heap);
    *self = (agenda_t){0};
}
