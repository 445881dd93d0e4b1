/* broker/core/sids.h - which session of a link a sid means.
 *
 * An open hash table with linear probing; a place costs 16 bytes. The hash multiplies by a secret odd
 * number and keeps the upper bits (multiply-shift, universal: Dietzfelbinger et al. 1997), so a peer,
 * who chooses its sids, cannot choose them so that they collide. */
#ifndef BROKER_CORE_SIDS_H
#define BROKER_CORE_SIDS_H

#include <stdint.h>

typedef struct {
    void *session; /* NULL: a free place */
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

/* Frees what it holds, not the sessions. */
void sids_fini(sids_t *self);

/* The session at that sid, NULL if there is none. Borrowed. O(1). */
void *sids_find(const sids_t *self, uint32_t sid);

/* Adds a session (borrowed, not NULL) at a sid that is free (asserted). */
void sids_add(sids_t *self, uint32_t sid, void *session);

/* Frees the sid, which is taken (asserted). */
void sids_remove(sids_t *self, uint32_t sid);

#endif
