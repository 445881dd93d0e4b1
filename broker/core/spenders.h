/* broker/core/spenders.h - what those who have just gone had left of their allowance.
 *
 * A session begins with all that may be sent at once. Who spends it, goes, and says hello again would have it again: so who comes
 * from where somebody has just gone begins with what that one had left, and gains from then on as if it had stayed. Where: the
 * address that a bridge tells, else the key of the link, else the link. A table of fixed size: the later one takes the place of an
 * earlier one that falls on the same, which can only be to somebody's advantage. Pure. */
#ifndef BROKER_CORE_SPENDERS_H
#define BROKER_CORE_SPENDERS_H

#include "broker/core/bucket.h"

#include <stdint.h>

enum { SPENDERS = 256 };

/* What lasts beyond who makes it, and is counted in the same way. */
typedef enum { MAKES_ROOM, MAKES_ACCOUNT, MAKES } makes_t;

typedef struct {
    uint64_t place; /* 0: nobody */
    bucket_t left;
} spender_t;

typedef struct {
    spender_t list[SPENDERS];
} spenders_t;

/* Somebody from `place` (a number that nobody can foresee, not 0) has gone and had so much left. */
void spenders_note(spenders_t *self, uint64_t place, bucket_t left);

/* What somebody new from there begins with; `full` where nobody is remembered. */
bucket_t spenders_find(const spenders_t *self, uint64_t place, bucket_t full);

#endif
