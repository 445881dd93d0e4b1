/* bridge/core/patience.h - how long people who do not read are waited for.
 *
 * A list of those who have something to be sent that their socket does not take, in order of their last
 * progress: who is given up is at its front. All O(1).
 *
 * Pure: the caller brings the time. The nodes are the caller's. */
#ifndef BRIDGE_CORE_PATIENCE_H
#define BRIDGE_CORE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATIENCE_MS = 10000 };

/* A member; all zeros is one who is not in a list. */
typedef struct patient {
    struct patient *next, *previous;
    uint64_t since_ms; /* last progress; 0: not in the list */
} patient_t;

/* All zeros is an empty list. */
typedef struct {
    patient_t *first, *last;
} patience_t;

/* Nothing more was taken at `now_ms` (> 0, never going back). The first time counts. */
void patience_wait(patience_t *self, patient_t *node, uint64_t now_ms);

/* Something was taken, but not all: the time begins anew. */
void patience_progress(patience_t *self, patient_t *node, uint64_t now_ms);

/* All was taken, or the user is gone. Not being in the list is fine. */
void patience_leave(patience_t *self, patient_t *node);

/* One who has been waited for PATIENCE_MS or longer; NULL: nobody. The caller must then make them
 * leave. */
patient_t *patience_due(const patience_t *self, uint64_t now_ms);

#endif
