/* broker/core/journal.h - the numbers and recent events of one log: a room, or a person's inbox.
 *
 * `tail` is the last number given out, `head` the last one confirmed by the store; readers see no
 * further than `head`. Both are consecutive within an epoch. The recent events of all journals share
 * one budget of memory: when it is used up, the journal longest without a new event loses its. */
#ifndef BROKER_CORE_JOURNAL_H
#define BROKER_CORE_JOURNAL_H

#include "broker/core/ring.h"

#include <stdbool.h>

/* Bounds and use of memory of all journals. */
typedef struct journals journals_t;

typedef struct {
    uint64_t epoch, tail, head;
    uint64_t last_at_ms; /* of the last number given out: times never go back within a log */
    ring_t ring;
    void *place; /* in the order of use */
} journal_t;

/* At most `ring_events` (a power of two) and `ring_bytes` per journal, `rings_bytes` in all. */
journals_t *journals_new(uint32_t ring_events, uint32_t ring_bytes, uint64_t rings_bytes);

/* Frees it; all journals have ended. NULL in *self_p is fine. */
void journals_destroy(journals_t **self_p);

/* How many times a journal lost its recent events to the budget. */
uint64_t journals_dropped(const journals_t *self);

/* A journal of that epoch with nothing in it. Undone by journal_fini(). Must not move in memory. */
void journal_init(journal_t *self, uint64_t epoch);

/* Frees what it holds and gives its memory back to the budget. */
void journal_fini(journal_t *self, journals_t *all);

/* Gives out the next number; *out_at_ms is `wall_ms` or, if that went back, the last time. */
uint64_t journal_assign(journal_t *self, uint64_t wall_ms, uint64_t *out_at_ms);

/* Confirms the number after `head`; the event can now be read. */
void journal_confirm(journal_t *self, journals_t *all, uint64_t seq, uint64_t at_ms, span_t event);

/* Takes back all numbers that are not confirmed. */
void journal_roll_back(journal_t *self);

/* The lowest number that can be read; head + 1 where there is none. */
static inline uint64_t journal_oldest(const journal_t *self)
{
    return self->ring.first;
}

#endif
