/* broker/core/journal.h - the numbers and recent events of one log: a room, or a person's inbox.
 *
 * `tail` is the last number given out, `head` the last one confirmed by the store; readers see no
 * further than `head`. Both go on without holes across epochs. The recent events of all journals share
 * one budget of memory: when it is used up, the journal longest without a new event loses its. Where a
 * store keeps the events too, those can still be read; else they are gone. */
#ifndef BROKER_CORE_JOURNAL_H
#define BROKER_CORE_JOURNAL_H

#include "broker/core/epochs.h"
#include "broker/core/history.h"
#include "broker/core/ring.h"

#include <stdbool.h>

/* Bounds and use of memory of all journals. */
typedef struct journals journals_t;

typedef struct {
    uint64_t epoch, tail, head;
    uint64_t epoch_first; /* number the epoch began with */
    epochs_t epochs;      /* with the older ones, if there were any */
    uint64_t last_at_ms;  /* of the last number given out: times never go back within a log */
    uint64_t oldest;      /* lowest number that can be read; head + 1 where there is none */
    uint64_t oldest_ms;   /* at which it was said, if known; 0: nothing there, or not known */
    uint64_t bytes;       /* of the events in the store */
    uint64_t rate_from_ms;
    uint32_t rate_count, rate_per_s; /* events since rate_from_ms; and in the second before */
    bool is_trimming;                /* the store was asked to trim it, and has not answered */
    ring_t ring;
    void *place; /* in the order of use */
} journal_t;

/* At most `ring_events` (a power of two) and `ring_bytes` per journal, `rings_bytes` in all. `has_store`:
 * what leaves a ring can still be read. */
journals_t *journals_new(uint32_t ring_events, uint32_t ring_bytes, uint64_t rings_bytes,
                         bool has_store);

/* Frees it; all journals have ended. NULL in *self_p is fine. */
void journals_destroy(journals_t **self_p);

/* How many times a journal lost its recent events to the budget. */
uint64_t journals_dropped(const journals_t *self);

/* A journal of that epoch with nothing in it. Undone by journal_fini(). Must not move in memory. */
void journal_init(journal_t *self, uint64_t epoch);

/* Goes on where the store has it; `self` is new. */
void journal_restore(journal_t *self, const log_state_t *state);

/* What is left after trimming. */
void journal_trimmed(journal_t *self, const log_state_t *state);

/* A new epoch begins behind the head; nothing waits for the store (asserted). */
void journal_begin_epoch(journal_t *self, uint64_t epoch);

/* Frees what it holds and gives its memory back to the budget. */
void journal_fini(journal_t *self, journals_t *all);

/* Gives out the next number; *out_at_ms is `wall_ms` or, if that went back, the last time. */
uint64_t journal_assign(journal_t *self, uint64_t wall_ms, uint64_t *out_at_ms);

/* Confirms the number after `head`; the event can now be read. */
void journal_confirm(journal_t *self, journals_t *all, uint64_t seq, uint64_t at_ms, span_t event);

/* Takes back all numbers that are not confirmed. */
void journal_roll_back(journal_t *self);

/* Events confirmed per second of late. */
static inline uint32_t journal_rate(const journal_t *self)
{
    return self->rate_count > self->rate_per_s ? self->rate_count : self->rate_per_s;
}

#endif
