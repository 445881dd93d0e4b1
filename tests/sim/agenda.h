/* tests/sim/agenda.h - what happens when: virtual time as a queue.
 *
 * Things due at the same moment come in the order in which they were added, so a run is the same every
 * time. A binary heap; add and take are O(log n). */
#ifndef TESTS_SIM_AGENDA_H
#define TESTS_SIM_AGENDA_H

#include "tests/sim/parcel.h"

#include <stddef.h>

typedef enum {
    DUE_AT_BROKER, /* a frame reaches ROUTER: `who` is the connection, `number` the frame's there */
    DUE_AT_DEALER, /* a frame reaches a device over that connection */
    DUE_AT_SUB,    /* a frame reaches a device; `number` is its SUB's generation */
    DUE_TOPIC,     /* PUB hears of a subscription: `number` says which, and of which generation */
    DUE_CONNECT,   /* a device's DEALER connects; `number` is its generation */
    DUE_NOTICE,    /* ROUTER notices that a connection is gone */
    DUE_TOLD,      /* a device's monitor says that the connection is gone */
    DUE_LISTEN,    /* a device's SUB connects; `number` is its generation */
    DUE_THAW,      /* a device goes on */
    DUE_TURN,      /* the broker's turn ends */
    DUE_BROKER_WAKE, /* the broker's core has something to do */
    DUE_DEVICE_WAKE, /* a device's link has */
    DUE_STORE,       /* the disk answers */
    DUE_START,       /* the broker starts again */
    DUE_ACT,         /* a user does something; `who` is the user */
    DUE_THIEF,       /* somebody with a token does something */
    DUE_CHAOS,       /* something breaks */
    DUE_DISK_WELL,   /* the disk takes writes again */
} due_kind_t;

typedef struct {
    uint64_t at_ms;
    uint64_t serial; /* set by agenda_add() */
    uint64_t number;
    parcel_t *parcel; /* owned */
    uint32_t who;
    due_kind_t kind;
} due_entry_t;

typedef struct {
    due_entry_t *heap;
    size_t count, capacity;
    uint64_t serial;
} agenda_t;

/* Adds something; the parcel in it is the agenda's from now on. */
void agenda_add(agenda_t *self, due_entry_t entry);

/* Takes out the soonest. False: there is nothing. */
bool agenda_take(agenda_t *self, due_entry_t *out);

/* Frees what it holds; it is as new. */
void agenda_fini(agenda_t *self);

#endif
