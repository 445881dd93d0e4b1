/* broker/core/cids.h - what became of a session's numbered messages, so that a retry is safe.
 *
 * A client numbers its `say` and `tell` 1, 2, 3 and so on. The outcomes of the last LIMIT_CID_WINDOW
 * are kept; a known number gets the same answer again and is not done again. */
#ifndef BROKER_CORE_CIDS_H
#define BROKER_CORE_CIDS_H

#include "proto/err.h"

#include <stdint.h>

typedef struct {
    hub_err_t err;   /* HUB_OK or the permanent refusal */
    bool is_waiting; /* its answer waits for a commit */
    bool is_private; /* it was a tell: its answer has a mid */
    union {
        struct {
            uint64_t epoch, seq, at_ms;
        };                /* of what was done */
        const char *hint; /* of a refusal; static, or NULL */
    };
} outcome_t;
_Static_assert(sizeof(outcome_t) <= 32, "a session may keep LIMIT_CID_WINDOW of them");

typedef struct {
    uint64_t highest;    /* taken; 0: none */
    outcome_t *outcomes; /* of cid: outcomes[cid & (count - 1)] */
    uint32_t count;      /* a power of two up to LIMIT_CID_WINDOW, or 0 */
    uint32_t kept;       /* outcomes, those of the highest cids; at most `count` */
} cids_t;

/* The highest cid whose outcome is not kept. */
static inline uint64_t cids_forgotten(const cids_t *self)
{
    return self->highest - self->kept;
}

typedef enum {
    CID_NEXT,    /* the next one: to be done, then cids_take() */
    CID_KNOWN,   /* done before */
    CID_OLD,     /* done before, and forgotten */
    CID_TOO_FAR, /* one before it is missing */
} cid_state_t;

/* What is known of `cid` (> 0); for CID_KNOWN *out_outcome (borrowed) is what became of it. */
cid_state_t cids_look(const cids_t *self, uint64_t cid, const outcome_t **out_outcome);

/* Remembers what became of the next cid. Memory grows by doubling up to the window. */
void cids_take(cids_t *self, uint64_t cid, outcome_t outcome);

/* Restoring: what became of `cid`, which may be known already; one beyond a gap begins the window anew. */
void cids_restore(cids_t *self, uint64_t cid, outcome_t outcome);

/* The answer of `cid` no longer waits. Nothing happens where it is not known any more. */
void cids_settle(cids_t *self, uint64_t cid);

/* Forgets `cid` and all after it: they may be tried again. */
void cids_forget_from(cids_t *self, uint64_t cid);

/* Frees what it holds; it is as new. */
void cids_fini(cids_t *self);

#endif
