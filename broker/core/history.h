/* broker/core/history.h - what the core and the store say to each other about logs.
 *
 * A log is a room's, under the room's name, or a person's inbox, under @ and the uid. Its events have
 * consecutive numbers; the store keeps them from `oldest` to `head`. */
#ifndef BROKER_CORE_HISTORY_H
#define BROKER_CORE_HISTORY_H

#include "proto/err.h"
#include "proto/span.h"

#include <stdbool.h>
#include <stdint.h>

/* What the store has of one log. */
typedef struct {
    span_t log;         /* borrowed */
    uint64_t oldest;    /* lowest number kept; head + 1: none is */
    uint64_t head;      /* highest number ever stored; 0: none */
    uint64_t oldest_ms; /* `at` of the oldest kept; 0: none is */
    uint64_t last_ms;   /* `at` of the head, kept or not; 0: none */
    uint64_t bytes;     /* of the events kept, as they were appended */
} log_state_t;

/* A page wanted of a log. */
typedef struct {
    uint64_t id;          /* the core's, returned with the page */
    span_t log;           /* borrowed for the call */
    uint64_t first, last; /* numbers wanted, both included; first <= last */
    uint64_t after_ms,
        until_ms;          /* only events with after_ms < at < until_ms; 0 and UINT64_MAX: all */
    uint32_t count, bytes; /* at most so many events (> 0), and together so many bytes */
    bool keeps_first;      /* where that cuts, the beginning is kept; else the end */
} query_t;

/* What was found of it: a run without holes. The first event of a page is never left out for its size
 * alone: no event is longer than a frame. */
typedef struct {
    uint64_t id;
    hub_err_t err;        /* HUB_OK, or HUB_UNAVAILABLE: it could not be read now */
    uint64_t first, last; /* what it holds; first > last: nothing */
    bool has_more;        /* count or bytes cut it: there is more in the direction that was cut */
    span_t events;        /* as they were appended, one behind the other; borrowed */
} page_t;

/* What may stay of a log; the oldest events go first, in whole blocks, so a little more may stay. */
typedef struct {
    span_t log;         /* borrowed for the call */
    uint64_t events;    /* at most so many; 0: no bound */
    uint64_t bytes;     /* at most so many; 0: no bound */
    uint64_t before_ms; /* none older than that; 0: no bound */
} retention_t;

/* How a store began. */
typedef struct {
    bool is_new;        /* there was nothing */
    bool is_restored;   /* it is a copy, put back: others may have seen more than it holds */
    bool is_other_boot; /* the machine was started since it was used last */
    bool was_closed;    /* it was closed in good order, everything on the disk */
} origin_t;

#endif
