/* tests/soak/person.h - one of the crowd: a handle of libhubbub that talks and writes into the ledger. */
#ifndef TESTS_SOAK_PERSON_H
#define TESTS_SOAK_PERSON_H

#include "include/hubbub.h"
#include "tests/soak/ledger.h"

enum { PERSON_WINDOW = 64 }; /* messages of one person without an answer */

/* What all have in common. */
typedef struct {
    ledger_t *ledger;
    const char *router, *room;
    uint64_t heard;  /* messages that came to anybody */
    uint64_t failed; /* requests that ended with an error */
    uint64_t
        strange; /* events that must not come: lost, undone, kicked, refused, an answer twice */
    char first_strange[96]; /* what the first of them was */
    uint64_t fault_ms;      /* by the wall clock: when the last fault was */
} crowd_t;

/* A message without an answer. */
typedef struct {
    uint64_t request, number;
    uint32_t to; /* whom; PERSON_ROOM: the room */
} pending_t;

#define PERSON_ROOM UINT32_MAX

typedef struct {
    crowd_t *crowd;
    hubbub_t *chat; /* owned */
    uint32_t index;
    bool is_joined;
    pending_t pending[PERSON_WINDOW]; /* oldest first */
    size_t pending_count;
    double credit;     /* messages it may say by now */
    uint64_t wakes_ms; /* dozing until then; 0: awake */
    uint64_t probe;    /* request that shows that one can talk again; 0: answered */
    bool has_heard;    /* something that was said after the fault */
    uint64_t back_ms;  /* how long after the fault it talked again; 0: not yet */
} person_t;

/* Begins to connect. False: no descriptors left. */
bool person_init(person_t *self, crowd_t *crowd, uint32_t index);

/* Leaves. A person that is all zero is fine. */
void person_fini(person_t *self);

/* Says the next message in the room, or tells it to one; false: the window is full. */
bool person_say(person_t *self);
bool person_tell(person_t *self, uint32_t to);

/* A fault begins: from now on it is to show when it can talk again. */
void person_probe(person_t *self);

#endif
