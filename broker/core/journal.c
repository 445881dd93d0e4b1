#include "broker/core/journal.h"

#include <assert.h>
#include <czmq.h>

struct journals {
    zlistx_t *by_use; /* journals with events, longest without a new one first; owns nothing */
    uint32_t ring_events, ring_bytes;
    uint64_t rings_bytes, used_bytes, dropped;
    bool has_store;
};

journals_t *journals_new(uint32_t ring_events, uint32_t ring_bytes, uint64_t rings_bytes,
                         bool has_store)
{
    assert(ring_events > 0 && (ring_events & (ring_events - 1)) == 0);
    assert(ring_bytes > 0 && rings_bytes >= ring_bytes);
    journals_t *self = zmalloc(sizeof *self);
    self->by_use = zlistx_new();
    self->ring_events = ring_events;
    self->ring_bytes = ring_bytes;
    self->rings_bytes = rings_bytes;
    self->has_store = has_store;
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
    *self = (journal_t){.epoch = epoch, .epoch_first = 1, .oldest = 1};
    ring_init(&self->ring, 1);
}

void journal_restore(journal_t *self, const log_state_t *state)
{
    assert(self && state && self->tail == 0 && self->ring.slots == NULL);
    assert(state->oldest > 0 && state->oldest <= state->head + 1);
    self->tail = self->head = state->head;
    self->last_at_ms = state->last_ms;
    ring_init(&self->ring, state->head + 1);
    journal_trimmed(self, state);
}

void journal_trimmed(journal_t *self, const log_state_t *state)
{
    assert(self && state);
    self->is_trimming = false;
    self->oldest = state->oldest;
    self->oldest_ms = state->oldest_ms;
    self->bytes = state->bytes;
}

void journal_begin_epoch(journal_t *self, uint64_t epoch)
{
    assert(self && epoch > self->epoch && self->tail == self->head);
    epoch_t next = {epoch, self->head + 1};
    epochs_begin(&self->epochs, (epoch_t){self->epoch, self->epoch_first}, next);
    self->epoch = epoch;
    self->epoch_first = next.first;
}

/* Without a store what has left the ring is gone. */
static void follow_ring(journal_t *self, const journals_t *all)
{
    if (!all->has_store)
        self->oldest = self->ring.first;
}

static void release(journal_t *self, journals_t *all)
{
    if (self->place == NULL)
        return;
    all->used_bytes -= ring_memory(&self->ring);
    zlistx_detach(all->by_use, self->place);
    self->place = NULL;
    ring_drop(&self->ring);
    follow_ring(self, all);
}

void journal_fini(journal_t *self, journals_t *all)
{
    assert(self && all);
    release(self, all);
    ring_fini(&self->ring);
    epochs_fini(&self->epochs);
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

/* By the times of the events themselves: no clock is asked. */
static void count_rate(journal_t *self, uint64_t at_ms)
{
    if (at_ms - self->rate_from_ms >= 1000) {
        self->rate_per_s = at_ms - self->rate_from_ms < 2000 ? self->rate_count : 0;
        self->rate_from_ms = at_ms;
        self->rate_count = 0;
    }
    self->rate_count++;
}

void journal_confirm(journal_t *self, journals_t *all, uint64_t seq, uint64_t at_ms, span_t event)
{
    assert(self && all);
    assert(seq == self->head + 1 && seq <= self->tail);
    size_t before = ring_memory(&self->ring);
    ring_push(&self->ring, seq, at_ms, event, all->ring_events, all->ring_bytes);
    self->head = seq;
    self->bytes += event.size;
    if (self->oldest_ms == 0)
        self->oldest_ms = at_ms;
    count_rate(self, at_ms);
    follow_ring(self, all);
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
