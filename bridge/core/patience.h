/* bridge/core/patience.h - how long somebody is waited for.
 *
 * A list of those who are waited for, in order of their last progress: who is given up is at its front.
 * One list for users whose socket takes nothing, others for what else has a time limit; a user is in at
 * most one. All O(1).
 *
 * Pure: the caller brings the time. The nodes are the caller's. */
#ifndef BRIDGE_CORE_PATIENCE_H
#define BRIDGE_CORE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long who reads nothing is waited for: 10 s without progress end the connection. */
enum { PATIENCE_MS = 10000 };

typedef struct patience patience_t;

/* A member; all zeros is one who is in no list. */
typedef struct patient {
    struct patient *next, *previous;
    patience_t *list;  /* NULL: in none */
    uint64_t since_ms; /* last progress */
} patient_t;

struct patience {
    patient_t *first, *last;
    uint64_t limit_ms;
};

/* An empty list whose members are due after `limit_ms`. */
void patience_init(patience_t *self, uint64_t limit_ms);

/* `node` is waited for from `now_ms` (never going back) on. Already in this list: nothing changes. In
 * another one: it leaves that. */
void patience_wait(patience_t *self, patient_t *node, uint64_t now_ms);

/* The time begins anew for a member. */
void patience_progress(patient_t *node, uint64_t now_ms);

/* Not waited for any more. Being in no list is fine. */
void patience_leave(patient_t *node);

/* One who has been waited for as long as the limit; NULL: nobody. The caller must make them leave. */
patient_t *patience_due(const patience_t *self, uint64_t now_ms);

#endif
