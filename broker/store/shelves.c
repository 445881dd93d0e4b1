#include "broker/store/shelves.h"

#include "base/entropy.h"

#include <assert.h>
#include <stdlib.h>

enum { SMALLEST = 16 };

void shelves_init(shelves_t *self)
{
    assert(self);
    entropy_t entropy;
    uint8_t secret[ENTROPY_BYTES];
    _Static_assert((int)ENTROPY_BYTES >= (int)LOOKUP_SECRET_BYTES, "one filling is enough");
    entropy_init(&entropy);
    entropy_fill(&entropy, secret);
    entropy_fini(&entropy);
    *self = (shelves_t){.by_name = lookup_new(secret)};
}

static void push(shelf_ids_t *self, uint32_t id)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : SMALLEST;
        self->ids = realloc(self->ids, self->capacity * sizeof *self->ids);
        assert(self->ids);
    }
    self->ids[self->count++] = id;
}

static shelf_t *add(shelves_t *self, span_t name)
{
    shelf_t *shelf = calloc(1, sizeof *shelf + name.size);
    assert(shelf);
    memcpy(shelf->name, name.data, name.size);
    shelf->now.oldest = 1;
    lookup_add(self->by_name, &shelf->key, (span_t){shelf->name, name.size}, shelf);
    shelf->next = self->first;
    if (self->first)
        self->first->previous = shelf;
    self->first = shelf;
    return shelf;
}

static void drop(shelves_t *self, shelf_t *shelf)
{
    lookup_remove(self->by_name, &shelf->key);
    if (shelf->previous)
        shelf->previous->next = shelf->next;
    else
        self->first = shelf->next;
    if (shelf->next)
        shelf->next->previous = shelf->previous;
    free(shelf);
}

void shelves_fini(shelves_t *self)
{
    assert(self);
    lookup_destroy(&self->by_name);
    for (shelf_t *shelf = self->first, *next; shelf; shelf = next) {
        next = shelf->next;
        free(shelf);
    }
    free(self->by_id);
    free(self->free.ids);
    free(self->gone.ids);
}

shelf_t *shelves_find(shelves_t *self, span_t name)
{
    assert(self);
    return lookup_find(self->by_name, name);
}

shelf_t *shelves_by_id(const shelves_t *self, uint32_t id)
{
    assert(self);
    return id < self->by_id_count ? self->by_id[id] : NULL;
}

static void set_by_id(shelves_t *self, uint32_t id, shelf_t *shelf)
{
    size_t count = self->by_id_count ? self->by_id_count : SMALLEST;
    while (count <= id)
        count *= 2;
    if (count > self->by_id_count) {
        self->by_id = realloc(self->by_id, count * sizeof(shelf_t *));
        assert(self->by_id);
        memset(self->by_id + self->by_id_count, 0, (count - self->by_id_count) * sizeof(shelf_t *));
        self->by_id_count = count;
    }
    self->by_id[id] = shelf;
}

static void touch(shelves_t *self, shelf_t *shelf)
{
    if (shelf->is_touched)
        return;
    shelf->is_touched = true;
    shelf->before = shelf->now;
    shelf->touched = self->touched;
    self->touched = shelf;
}

shelf_t *shelves_touch(shelves_t *self, span_t name)
{
    assert(self);
    shelf_t *shelf = shelves_find(self, name);
    if (shelf == NULL)
        shelf = add(self, name);
    touch(self, shelf);
    return shelf;
}

/* Ids that were passed over are free. */
static void reach(shelves_t *self, uint32_t id)
{
    assert(id > self->highest && id < SHELVES_MAX);
    while (++self->highest < id)
        push(&self->free, self->highest);
}

shelf_t *shelves_load(shelves_t *self, span_t name, uint32_t id)
{
    assert(self);
    reach(self, id);
    shelf_t *shelf = add(self, name);
    shelf->now.id = id;
    set_by_id(self, id, shelf);
    return shelf;
}

void shelves_load_gone(shelves_t *self, uint32_t id)
{
    assert(self);
    reach(self, id);
    push(&self->gone, id);
}

void shelves_number(shelves_t *self, shelf_t *shelf)
{
    assert(self && shelf->is_touched && shelf->now.id == 0);
    if (self->free.count > 0) {
        shelf->now.id = self->free.ids[--self->free.count];
        return;
    }
    shelf->now.id = ++self->highest;
    assert(self->highest < SHELVES_MAX);
}

void shelves_erase(shelves_t *self, shelf_t *shelf)
{
    assert(self && shelf->is_touched);
    shelf->now = (shelf_state_t){.oldest = 1};
    shelf->op_count = 0;
}

/* Takes the shelf that was touched last from the list; one that the database has not is dropped. */
static void settle(shelves_t *self)
{
    shelf_t *shelf = self->touched;
    self->touched = shelf->touched;
    shelf->is_touched = false;
    shelf->op_count = 0;
    if (shelf->now.id == 0)
        drop(self, shelf);
}

void shelves_keep(shelves_t *self)
{
    assert(self);
    while (self->touched) {
        shelf_t *shelf = self->touched;
        if (shelf->before.id != 0 && shelf->before.id != shelf->now.id) {
            push(&self->gone, shelf->before.id);
            set_by_id(self, shelf->before.id, NULL);
        }
        if (shelf->now.id != 0)
            set_by_id(self, shelf->now.id, shelf);
        settle(self);
    }
}

void shelves_undo(shelves_t *self)
{
    assert(self);
    while (self->touched) {
        shelf_t *shelf = self->touched;
        if (shelf->now.id != 0 && shelf->now.id != shelf->before.id)
            push(&self->free, shelf->now.id);
        shelf->now = shelf->before;
        settle(self);
    }
}

uint32_t shelves_gone(const shelves_t *self)
{
    assert(self);
    return self->gone.count ? self->gone.ids[self->gone.count - 1] : 0;
}

void shelves_end_gone(shelves_t *self)
{
    assert(self && self->gone.count > 0);
    push(&self->free, self->gone.ids[--self->gone.count]);
}

log_state_t shelf_state(const shelf_t *self)
{
    assert(self);
    return (log_state_t){.log = lookup_name(&self->key),
                         .oldest = self->now.oldest,
                         .head = self->now.head,
                         .oldest_ms = self->now.oldest_ms,
                         .last_ms = self->now.last_ms,
                         .bytes = self->now.bytes};
}
