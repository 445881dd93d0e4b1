/* broker/core/pages.h - answers from a log's past: from its ring, or from the store.
 *
 * Recent events are in the ring and answered at once; a page that reaches further back is asked of the
 * store and answered when it comes. What reading may cost the others is bounded: so many bytes of pages a
 * turn, so many pages asked of the store at a time, by all and by one link, and for replay, which costs no
 * tokens, so many events a second and link. Beyond that it is `busy` or `flood` with `retry_ms`. */
#ifndef BROKER_CORE_PAGES_H
#define BROKER_CORE_PAGES_H

#include "broker/core/request.h"

/* A run of numbers, both ends included; empty where first > last. */
typedef struct {
    uint64_t first, last;
} range_t;

static inline bool range_is_empty(range_t range)
{
    return range.first > range.last;
}

/* The log that a request is about. */
typedef struct {
    const journal_t *journal; /* NULL: nobody wrote to it yet */
    uint64_t owner;           /* the room or inbox; 0: an inbox that is not there yet */
    bool is_inbox;
} source_t;

/* What is wanted of it. */
typedef struct {
    range_t range;               /* within what there is; empty: nothing */
    uint64_t after_ms, until_ms; /* as in query_t */
    uint32_t count;
    bool keeps_first;
    bool is_replay; /* costs the link's allowance, not the session's */
    range_t lost;   /* told in the answer */
} wanted_t;

/* A page that was asked of the store, and whom it is for. */
typedef struct {
    uint64_t link, request, owner;
    uint32_t sid;
    bool has_sid, is_inbox;
    range_t asked; /* of a replay: what the store had then; else empty */
    range_t lost;
} pending_page_t;

/* Answers the request, now or later. HUB_BUSY, HUB_FLOOD: not now, request->retry_ms says when; nothing
 * was asked of anybody. */
HUB_MUST_CHECK hub_err_t pages_answer(core_t *core, request_t *request, const source_t *source,
                                      const wanted_t *wanted);

/* The store's page has come. */
void pages_take(core_t *core, const page_t *page);

/* A turn is over: the next one may read again. */
void pages_turn(core_t *core);

#endif
