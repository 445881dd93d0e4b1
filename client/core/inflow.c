#include "client/core/inflow.h"

#include <assert.h>
#include <stdlib.h>

typedef struct entry {
    struct entry *next;
    uint64_t epoch, seq;
    char *data; /* owned */
    size_t size;
} entry_t;

struct inflow_held {
    entry_t *first, *last; /* ascending by (epoch, seq) */
    size_t count, bytes;
};

static bool is_before(uint64_t epoch, uint64_t seq, uint64_t other_epoch, uint64_t other_seq)
{
    return epoch < other_epoch || (epoch == other_epoch && seq < other_seq);
}

static void entry_destroy(entry_t *entry)
{
    free(entry->data);
    free(entry);
}

static entry_t *take_first(inflow_t *self)
{
    inflow_held_t *held = self->held;
    assert(held && held->first);
    entry_t *entry = held->first;
    held->first = entry->next;
    held->bytes -= entry->size;
    if (--held->count == 0) {
        free(held);
        self->held = NULL;
    }
    return entry;
}

void inflow_fini(inflow_t *self)
{
    assert(self);
    while (self->held)
        entry_destroy(take_first(self));
    *self = (inflow_t){0};
}

void inflow_begin(inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    self->epoch = epoch;
    self->seq = seq;
    self->is_known = true;
    inflow_head(self, epoch, seq);
}

void inflow_head(inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    if (!is_before(self->head_epoch, self->head_seq, epoch, seq))
        return;
    self->head_epoch = epoch;
    self->head_seq = seq;
}

void inflow_restart(inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    inflow_fini(self);
    inflow_begin(self, epoch, seq);
}

bool inflow_is_beyond(const inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    return self->is_known && is_before(epoch, seq, self->epoch, self->seq);
}

bool inflow_is_behind(const inflow_t *self)
{
    assert(self);
    return self->is_known && is_before(self->epoch, self->seq, self->head_epoch, self->head_seq);
}

inflow_place_t inflow_place(const inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    if (!self->is_known)
        return INFLOW_AHEAD;
    if (epoch == self->epoch && seq == self->seq + 1)
        return INFLOW_NEXT;
    return is_before(self->epoch, self->seq, epoch, seq) ? INFLOW_AHEAD : INFLOW_OLD;
}

void inflow_advance(inflow_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self && self->is_known && epoch >= self->epoch);
    self->epoch = epoch;
    self->seq = seq;
    self->stalls = 0;
    self->is_stale = false;
    inflow_head(self, epoch, seq);
}

static entry_t *entry_new(uint64_t epoch, uint64_t seq, span_t frame)
{
    entry_t *entry = calloc(1, sizeof *entry);
    assert(entry);
    entry->data = malloc(frame.size);
    assert(entry->data);
    memcpy(entry->data, frame.data, frame.size);
    entry->size = frame.size;
    entry->epoch = epoch;
    entry->seq = seq;
    return entry;
}

static bool has_room(const inflow_held_t *held, size_t size)
{
    return held == NULL ||
           (held->count < INFLOW_HELD_MAX && held->bytes + size <= INFLOW_HELD_BYTES_MAX);
}

/* Where the new entry's pointer goes; almost always the end. NULL: it is there already. */
static entry_t **position(inflow_held_t *held, uint64_t epoch, uint64_t seq)
{
    if (held->last && is_before(held->last->epoch, held->last->seq, epoch, seq))
        return &held->last->next;
    entry_t **place = &held->first;
    while (*place && is_before((*place)->epoch, (*place)->seq, epoch, seq))
        place = &(*place)->next;
    bool is_there = *place && (*place)->epoch == epoch && (*place)->seq == seq;
    return is_there ? NULL : place;
}

bool inflow_hold(inflow_t *self, uint64_t epoch, uint64_t seq, span_t frame)
{
    assert(self && frame.data && frame.size > 0);
    if (!has_room(self->held, frame.size))
        return false;
    if (self->held == NULL)
        self->held = calloc(1, sizeof *self->held);
    inflow_held_t *held = self->held;
    assert(held);
    entry_t **place = held->count ? position(held, epoch, seq) : &held->first;
    if (place == NULL)
        return true;
    entry_t *entry = entry_new(epoch, seq, frame);
    entry->next = held->count ? *place : NULL;
    *place = entry;
    if (entry->next == NULL)
        held->last = entry;
    held->count++;
    held->bytes += frame.size;
    return true;
}

bool inflow_take(inflow_t *self, span_t *out_frame)
{
    assert(self && out_frame);
    while (self->held) {
        const entry_t *first = self->held->first;
        inflow_place_t place = inflow_place(self, first->epoch, first->seq);
        if (place == INFLOW_AHEAD)
            return false;
        entry_t *entry = take_first(self);
        span_t frame = {entry->data, entry->size};
        if (place == INFLOW_NEXT) {
            free(entry);
            *out_frame = frame;
            return true;
        }
        entry_destroy(entry);
    }
    return false;
}
