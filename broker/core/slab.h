/* broker/core/slab.h - things of one size, found by a number that is never used again.
 *
 * A number names a place and how often the place was taken before, so a number kept too long finds
 * nothing instead of somebody else. Things never move. One owner, no locks. */
#ifndef BROKER_CORE_SLAB_H
#define BROKER_CORE_SLAB_H

#include "proto/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct slab slab_t;

/* An empty slab of things of `thing_bytes` (> 0), at most `maximum` (1..2^32-1) of them. A thing is aligned
 * as a pointer is. */
slab_t *slab_new(size_t thing_bytes, size_t maximum);

/* Frees the slab with all things' places; what the things own is the caller's business. */
void slab_destroy(slab_t **self_p);

/* A zeroed thing and its number (> 0). NULL: the slab is full; *out_id untouched. O(1). */
void *slab_add(slab_t *self, uint64_t *out_id);

/* Restoring: a zeroed thing at the number it had before; slab_restored() follows the last. HUB_MALFORMED:
 * that is no number, or there is a thing already. HUB_FULL: the place is beyond the maximum. On error
 * *out_thing is untouched. */
HUB_MUST_CHECK hub_err_t slab_restore(slab_t *self, uint64_t id, void **out_thing);

/* Restoring has ended: the other places can be taken. O(places). */
void slab_restored(slab_t *self);

/* The thing of that number, NULL if it is gone or 0. O(1). */
void *slab_find(const slab_t *self, uint64_t id);

/* The thing at that place, the lower 32 bits of its number, whichever it is by now; NULL: a free place or
 * none. For who knows otherwise that it is still the same. O(1). */
void *slab_at(const slab_t *self, uint32_t place);

/* Frees the place of a thing that is there (asserted). */
void slab_remove(slab_t *self, uint64_t id);

/* How many things there are. */
size_t slab_count(const slab_t *self);

/* Visits things by ascending place: the first thing at *place or after it, with *place set behind it;
 * NULL when there is none. Start with *place = 0; a page token, since places hold across changes. */
void *slab_next(const slab_t *self, uint32_t *place);

#endif
