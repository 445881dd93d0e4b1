#include "client/core/errand.h"

#include <assert.h>
#include <stdlib.h>

enum { ROW_BITS = 24, FIRST_ROWS = 16 };
#define ROW_MASK ((UINT64_C(1) << ROW_BITS) - 1)

void errand_table_fini(errand_table_t *self)
{
    assert(self);
    free(self->rows);
    *self = (errand_table_t){0};
}

static void grow(errand_table_t *self)
{
    uint32_t capacity = self->capacity ? self->capacity * 2 : FIRST_ROWS;
    assert(capacity <= ROW_MASK);
    self->rows = realloc(self->rows, capacity * sizeof *self->rows);
    assert(self->rows);
    for (uint32_t row = self->capacity; row < capacity; row++)
        self->rows[row] = (errand_t){.id = row, .next_free = row + 1};
    self->free = self->capacity;
    self->capacity = capacity;
}

uint64_t errand_add(errand_table_t *self, errand_kind_t kind, uint32_t subject, void *item)
{
    assert(self && kind != ERRAND_NONE);
    if (self->free == self->capacity)
        grow(self);
    errand_t *row = &self->rows[self->free];
    assert(row->kind == ERRAND_NONE);
    self->free = row->next_free;
    row->id += ROW_MASK + 1;
    row->kind = kind;
    row->subject = subject;
    row->item = item;
    return row->id;
}

const errand_t *errand_find(const errand_table_t *self, uint64_t id)
{
    assert(self);
    uint64_t row = id & ROW_MASK;
    if (row >= self->capacity || self->rows[row].id != id || self->rows[row].kind == ERRAND_NONE)
        return NULL;
    return &self->rows[row];
}

void errand_give(errand_table_t *self, uint64_t id, void *item)
{
    assert(errand_find(self, id));
    self->rows[id & ROW_MASK].item = item;
}

void errand_drop(errand_table_t *self, uint64_t id)
{
    assert(self);
    if (errand_find(self, id) == NULL)
        return;
    errand_t *row = &self->rows[id & ROW_MASK];
    row->kind = ERRAND_NONE;
    row->item = NULL;
    row->next_free = self->free;
    self->free = (uint32_t)(id & ROW_MASK);
}

void errand_drop_transient(errand_table_t *self)
{
    assert(self);
    for (uint32_t row = 0; row < self->capacity; row++)
        if (self->rows[row].kind != ERRAND_REQUEST)
            errand_drop(self, self->rows[row].id);
}
