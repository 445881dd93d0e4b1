/* broker/core/sids.h - which session of a link a sid means.
 *
 * An open hash table with linear probing; a place costs 8 bytes. The hash multiplies by a secret odd
 * number and keeps the upper bits (multiply-shift, universal: Dietzfelbinger et al. 1997), so a peer,
 * who chooses its sids, cannot choose them so that they collide. */
#ifndef BROKER_CORE_SIDS_H
#define BROKER_CORE_SIDS_H

#include <stdint.h>

typedef struct {
    uint32_t session; /* the caller's number for it, > 0; 0: a free place */
    uint32_t sid;
} sid_t;

typedef struct {
    uint64_t secret;
    sid_t *places;  /* 2^bits of them, at most three quarters taken; NULL while nothing was added */
    uint32_t count; /* of sessions */
    uint32_t bits;
} sids_t;

/* An empty table; `secret` is random. Undone by sids_fini(). */
void sids_init(sids_t *self, uint64_t secret);

/* Frees what it holds. */
void sids_fini(sids_t *self);

/* The session at that sid, 0 if there is none. O(1). */
uint32_t sids_find(const sids_t *self, uint32_t sid);

/* Adds a session (> 0) at a sid that is free (asserted). */
void sids_add(sids_t *self, uint32_t sid, uint32_t session);

/* Frees the sid, which is taken (asserted). */
void sids_remove(sids_t *self, uint32_t sid);

/* Visits the sessions in no order: the first at *place or behind it, with *place set behind it; 0 when
 * there is none. Start with *place = 0; nothing may be added or removed meanwhile. */
uint32_t sids_next(const sids_t *self, uint32_t *place);

#endif
