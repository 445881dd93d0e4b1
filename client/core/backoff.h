/* client/core/backoff.h - how long to wait before the next attempt.
 *
 * Doubles from the shortest pause to the longest. Half of each pause is chance: a thousand clients whose
 * broker restarts must not all come back in the same millisecond. */
#ifndef CLIENT_CORE_BACKOFF_H
#define CLIENT_CORE_BACKOFF_H

#include <stdint.h>

typedef struct {
    uint64_t min_ms, max_ms;
    uint64_t pause_ms; /* the next one, before chance */
    uint64_t chance;   /* state of the generator */
} backoff_t;

/* `min_ms` is 1 or more and not over `max_ms`; `entropy` is any 8 bytes. */
void backoff_init(backoff_t *self, uint64_t min_ms, uint64_t max_ms, uint64_t entropy);

/* The next pause, between half and all of what it is by now. */
uint64_t backoff_next(backoff_t *self);

/* An attempt succeeded: the next pause is the shortest again. */
void backoff_reset(backoff_t *self);

#endif
