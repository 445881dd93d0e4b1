#include "broker/core/cids.h"

#include "proto/tables.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST = 4 };
_Static_assert((LIMIT_CID_WINDOW & (LIMIT_CID_WINDOW - 1)) == 0, "the window is a power of two");

static outcome_t *place_of(const cids_t *self, uint64_t cid)
{
    assert(self->count > 0);
    return &self->outcomes[cid & (self->count - 1)];
}

static bool is_kept(const cids_t *self, uint64_t cid)
{
    return cid > cids_forgotten(self) && cid <= self->highest;
}

cid_state_t cids_look(const cids_t *self, uint64_t cid, const outcome_t **out_outcome)
{
    assert(self && cid > 0 && out_outcome);
    if (cid == self->highest + 1)
        return CID_NEXT;
    if (cid > self->highest)
        return CID_TOO_FAR;
    if (!is_kept(self, cid))
        return CID_OLD;
    *out_outcome = place_of(self, cid);
    return CID_KNOWN;
}

static void grow(cids_t *self)
{
    uint32_t count = self->count ? 2 * self->count : SMALLEST;
    outcome_t *outcomes = zmalloc(count * sizeof *outcomes);
    for (uint64_t cid = self->highest; is_kept(self, cid); cid--)
        outcomes[cid & (count - 1)] = *place_of(self, cid);
    free(self->outcomes);
    self->outcomes = outcomes;
    self->count = count;
}

void cids_take(cids_t *self, uint64_t cid, outcome_t outcome)
{
    assert(self && cid == self->highest + 1);
    if (self->kept == self->count && self->count < LIMIT_CID_WINDOW)
        grow(self);
    self->highest = cid;
    if (self->kept < self->count)
        self->kept++;
    *place_of(self, cid) = outcome;
}

void cids_restore(cids_t *self, uint64_t cid, outcome_t outcome)
{
    assert(self && cid > 0 && !outcome.is_waiting);
    if (is_kept(self, cid))
        *place_of(self, cid) = outcome;
    if (cid <= self->highest)
        return;
    if (cid > self->highest + 1) {
        self->highest = cid - 1;
        self->kept = 0;
    }
    cids_take(self, cid, outcome);
}

void cids_settle(cids_t *self, uint64_t cid)
{
    assert(self);
    if (is_kept(self, cid))
        place_of(self, cid)->is_waiting = false;
}

void cids_forget_from(cids_t *self, uint64_t cid)
{
    assert(self && cid > 0);
    if (cid > self->highest)
        return;
    uint64_t count = self->highest - cid + 1;
    self->kept = count < self->kept ? self->kept - (uint32_t)count : 0;
    self->highest = cid - 1;
}

void cids_fini(cids_t *self)
{
    assert(self);
    free(self->outcomes);
    *self = (cids_t){0};
}
