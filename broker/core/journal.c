#include "broker/core/journal.h"

#include <assert.h>
#include <czmq.h>

struct journals {
    zlistx_t *by_use; /* journals with events, longest without a new one first; owns nothing */
    uint32_t ring_events, ring_bytes;
    uint64_t rings_bytes, used_bytes, dropped;
};

journals_t *journals_new(uint32_t ring_events, uint32_t ring_bytes, uint64_t rings_bytes)
{
    assert(ring_events > 0 && (ring_events & (ring_events - 1)) == 0);
    assert(ring_bytes > 0 && rings_bytes >= ring_bytes);
    journals_t *self = zmalloc(sizeof *self);
    self->by_use = zlistx_new();
    self->ring_events = ring_events;
    self->ring_bytes = ring_bytes;
    self->rings_bytes = rings_bytes;
    return self;
}

void journals_destroy(journals_t **self_p)
{
    assert(self_p);
    journals_t *self = *self_p;
    if (self == NULL)
        return;
    zlistx_destroy(&self->by_use);
    free(self);
    *self_p = NULL;
}

uint64_t journals_dropped(const journals_t *self)
{
    assert(self);
    return self->dropped;
}

void journal_init(journal_t *self, uint64_t epoch)
{
    assert(self && epoch > 0);
    *self = (journal_t){.epoch = epoch};
    ring_init(&self->ring, 1);
}

static void release(journal_t *self, journals_t *all)
{
    if (self->place == NULL)
        return;
    all->used_bytes -= ring_memory(&self->ring);
    zlistx_detach(all->by_use, self->place);
    self->place = NULL;
    ring_drop(&self->ring);
}

void journal_fini(journal_t *self, journals_t *all)
{
    assert(self && all);
    release(self, all);
    ring_fini(&self->ring);
}

uint64_t journal_assign(journal_t *self, uint64_t wall_ms, uint64_t *out_at_ms)
{
    assert(self && self->epoch > 0 && out_at_ms);
    if (wall_ms > self->last_at_ms)
        self->last_at_ms = wall_ms;
    *out_at_ms = self->last_at_ms;
    return ++self->tail;
}

/* The journal just written is last in the order, so it loses its events only when it alone is over. */
static void keep_budget(journals_t *all)
{
    while (all->used_bytes > all->rings_bytes) {
        journal_t *oldest = zlistx_head(all->by_use);
        assert(oldest);
        release(oldest, all);
        all->dropped++;
    }
}

void journal_confirm(journal_t *self, journals_t *all, uint64_t seq, uint64_t at_ms, span_t event)
{
    assert(self && all);
    assert(seq == self->head + 1 && seq <= self->tail);
    size_t before = ring_memory(&self->ring);
    ring_push(&self->ring, seq, at_ms, event, all->ring_events, all->ring_bytes);
    self->head = seq;
    all->used_bytes += ring_memory(&self->ring) - before;
    if (self->place)
        zlistx_move_end(all->by_use, self->place);
    else
        self->place = zlistx_add_end(all->by_use, self);
    keep_budget(all);
}

void journal_roll_back(journal_t *self)
{
    assert(self && self->tail >= self->head);
    self->tail = self->head;
}
