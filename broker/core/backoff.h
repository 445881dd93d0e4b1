/* broker/core/backoff.h - how long who was wrong has to wait before the next try.
 *
 * A table of fixed size of who was wrong of late, by a number that stands for them: a nick, an address. After some
 * free tries each further one doubles the wait. Who has waited and was quiet for as long as the longest wait is
 * forgotten. Where a set of the table is full, who may try again soonest makes way: filling it takes about as many
 * addresses as it has places. All zero is an empty table; the memory comes with the first wrong try. One owner, no locks. */
#ifndef BROKER_CORE_BACKOFF_H
#define BROKER_CORE_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_SETS = 1024, BACKOFF_WAYS = 4 };

typedef struct {
    uint64_t who;      /* 0: a free place */
    uint64_t until_ms; /* no try before */
    uint32_t wrong;    /* tries that were */
} backoff_entry_t;

typedef struct {
    backoff_entry_t *entries; /* owned, BACKOFF_SETS * BACKOFF_WAYS; NULL: nobody was wrong yet */
} backoff_t;

typedef struct {
    uint32_t free_tries;        /* without a wait behind them */
    uint64_t first_ms, most_ms; /* the wait behind the next one; the longest */
} backoff_rule_t;

/* For how many ms `who` has to wait yet; 0: not at all. `who` 0 is nobody and never waits. */
uint64_t backoff_wait_ms(const backoff_t *self, uint64_t who, uint64_t now_ms);

/* One more of `who` was wrong. Nothing happens for 0. */
void backoff_wrong(backoff_t *self, const backoff_rule_t *rule, uint64_t who, uint64_t now_ms);

/* `who` was right: begins anew. */
void backoff_right(backoff_t *self, uint64_t who);

/* Frees the entries: everybody is forgotten, and the table is empty again. */
void backoff_fini(backoff_t *self);

#endif
