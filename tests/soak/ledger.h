/* tests/soak/ledger.h - what was said, what was acknowledged, who heard what: the judge of a soak.
 *
 * Speakers number what they say in the room 1, 2, 3 ... and likewise what they tell each listener. The
 * ledger is told of every answer and of every message heard, and says what does not fit: an acknowledged
 * message that somebody did not hear, one heard twice, another order for one than for others or than its
 * speaker's. Pure; costs a few bytes a message, whatever the number of listeners. One owner, no locks. */
#ifndef TESTS_SOAK_LEDGER_H
#define TESTS_SOAK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ledger ledger_t;

/* What does not fit, and how often. All 0: nothing was lost. */
typedef struct {
    uint64_t missing; /* acknowledged, and somebody did not hear it */
    uint64_t twice;   /* heard before by the same listener */
    uint64_t holes;   /* numbers of the room passed over by a listener */
    uint64_t
        differing; /* under a number that is another message for somebody else, or in the answer */
    uint64_t disorder; /* before one that its speaker said earlier */
    uint64_t unknown;  /* answers and messages of something that was never said */
} verdict_t;

/* People are numbered from 0, each speaks and listens, all from the room's first message on. The caller owns it: ledger_destroy(). */
ledger_t *ledger_new(uint32_t people);

/* Frees *self_p and sets it to NULL; NULL in it is fine. */
void ledger_destroy(ledger_t **self_p);

/* Somebody says the next in the room, or tells it to one; returns its number, from 1. */
uint64_t ledger_say(ledger_t *self, uint32_t from);
uint64_t ledger_tell(ledger_t *self, uint32_t from, uint32_t to);

/* It was acknowledged; in the room under this number of this epoch. */
void ledger_said(ledger_t *self, uint32_t from, uint64_t number, uint64_t epoch, uint64_t seq);
void ledger_told(ledger_t *self, uint32_t from, uint32_t to, uint64_t number);

/* A message came to a listener: of the room, of the inbox. */
void ledger_heard(ledger_t *self, uint32_t who, uint64_t epoch, uint64_t seq, uint32_t from,
                  uint64_t number);
void ledger_heard_privately(ledger_t *self, uint32_t who, uint32_t from, uint64_t number);

/* True once everybody has heard all that was acknowledged. */
bool ledger_is_complete(const ledger_t *self);

/* What does not fit so far; what is missing as if nothing more came. */
verdict_t ledger_verdict(const ledger_t *self);

/* How many were acknowledged: in the room, privately. */
uint64_t ledger_said_count(const ledger_t *self);
uint64_t ledger_told_count(const ledger_t *self);

#endif
