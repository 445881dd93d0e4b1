/* broker/core/deadlines.h - who is due, soonest first.
 *
 * A binary heap of deadlines that live inside their owners: a look at the soonest is O(1), so a tick
 * with nothing due costs nothing; set and cancel are O(log n). One heap, not a list per duration,
 * because every session brings its own resume_ms (docs/adr/0003). Owners that are merely heard from do
 * not move their deadline: when it comes they look again and set the real one. */
#ifndef BROKER_CORE_DEADLINES_H
#define BROKER_CORE_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is due: says what kind of thing the deadline lives in. */
typedef enum {
    DUE_LINK,     /* silent? */
    DUE_SESSION,  /* inactive, warned, kicked, gone? */
    DUE_PRESENCE, /* gathered changes of a room */
    DUE_QUIET,    /* a room's head event */
    DUE_INBOX,    /* an inbox's head event */
    DUE_ROOM,     /* an empty room to forget? */
    DUE_RECORDS,  /* records that the store could not take */
    DUE_HISTORY,  /* history to trim? */
    DUE_INVITES,  /* invitations that have ended */
} due_t;

typedef struct {
    uint64_t when_ms; /* monotonic */
    uint32_t place;   /* in the heap, from 1; 0 where not set */
    due_t kind;
} deadline_t;

typedef struct deadlines deadlines_t;

/* A heap with nothing in it. */
deadlines_t *deadlines_new(void);

/* Frees the heap, not the deadlines. NULL in *self_p is fine. */
void deadlines_destroy(deadlines_t **self_p);

/* Sets or moves `deadline` (borrowed until it is due or cancelled; must not move in memory). */
void deadlines_set(deadlines_t *self, deadline_t *deadline, due_t kind, uint64_t when_ms);

/* Unsets it; fine where it is not set. */
void deadlines_cancel(deadlines_t *self, deadline_t *deadline);

/* Takes out the soonest deadline that is not after `now_ms`; NULL where there is none. */
deadline_t *deadlines_take(deadlines_t *self, uint64_t now_ms);

/* When the soonest is, UINT64_MAX where there is none. O(1). */
uint64_t deadlines_next_ms(const deadlines_t *self);

/* The thing of that type whose member of that name `deadline` is. */
#define DEADLINE_OWNER(deadline, type, member)                                                     \
    ((type *)(void *)((char *)(deadline)-offsetof(type, member)))

static inline bool deadline_is_set(const deadline_t *deadline)
{
    return deadline->place != 0;
}

#endif
