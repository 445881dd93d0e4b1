/* broker/core/epochs.h - where each epoch of a log began.
 *
 * A log's numbers go on without holes, but after a loss (an older copy put back, a power cut) some are given
 * out anew: then a new epoch begins behind what is left, and who holds more of an older one learns here
 * from which number on theirs is void.
 *
 *   epochs 7 (from 1), 9 (from 101): who holds 1 to 120 of epoch 7 holds 101 to 120 in vain */
#ifndef BROKER_CORE_EPOCHS_H
#define BROKER_CORE_EPOCHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Older epochs are unknown, as if they had never been. */
enum { EPOCHS_MAX = 32 };

typedef struct {
    uint64_t epoch, first; /* its first number */
} epoch_t;

typedef struct {
    epoch_t *list; /* ascending; NULL while there is one epoch from 1 */
    uint32_t count;
} epochs_t;

/* Notes that `next` begins behind `before`, the last one (asserted) or the only one so far. The oldest
 * makes way where there are EPOCHS_MAX. */
void epochs_begin(epochs_t *self, epoch_t before, epoch_t next);

/* Where the epoch after `epoch` began. False: `epoch` is the last or not known. */
bool epochs_next(const epochs_t *self, uint64_t epoch, uint64_t *out_first);

/* Frees what it holds; it is as new. */
void epochs_fini(epochs_t *self);

#endif
