/* client/core/inflow.h - a numbered stream of events as it arrives: what is next, what is a hole.
 *
 * One per room of a link and one per inbox. (epoch, seq) orders; within an epoch seq has no holes. What
 * comes beyond a hole is kept, bounded, until a replay has closed it. Asks for nothing itself: see
 * repair.h. */
#ifndef CLIENT_CORE_INFLOW_H
#define CLIENT_CORE_INFLOW_H

#include "proto/span.h"

#include <stdint.h>

enum { INFLOW_HELD_MAX = 256, INFLOW_HELD_BYTES_MAX = 256 * 1024 };

typedef struct inflow_held inflow_held_t;

/* All zero is a stream whose position is not known yet: everything is kept. */
typedef struct {
    uint64_t epoch, seq;             /* the last one delivered */
    uint64_t head_epoch, head_seq;   /* the last one known to exist */
    uint64_t due_ms;                 /* when a hole has lasted too long; 0: there is none */
    uint64_t replay_id;              /* request that is to fill it; 0: none is out */
    uint64_t asked_epoch, asked_seq; /* head_epoch and seq when that was sent */
    inflow_held_t *held;             /* what came too early; NULL: nothing */
    uint8_t stalls;                  /* replays in a row that brought nothing */
    uint8_t thin;                    /* replays in a row that brought little, and not all */
    bool is_known;                   /* the position is */
    bool is_stale;                   /* nothing has come since the link was lost */
} inflow_t;

typedef enum { INFLOW_NEXT, INFLOW_OLD, INFLOW_AHEAD } inflow_place_t;

/* Frees what is held; all zero afterwards. */
void inflow_fini(inflow_t *self);

/* Sets the position: the next event is the one after. Held events stay. */
void inflow_begin(inflow_t *self, uint64_t epoch, uint64_t seq);

/* Something exists up to here. */
void inflow_head(inflow_t *self, uint64_t epoch, uint64_t seq);

/* Sets the position back: what exists is this and no more. What is held goes. */
void inflow_restart(inflow_t *self, uint64_t epoch, uint64_t seq);

/* True if what exists ends before the position, so that events must have been forgotten. */
bool inflow_is_beyond(const inflow_t *self, uint64_t epoch, uint64_t seq);

/* True if something exists that has not been delivered. */
bool inflow_is_behind(const inflow_t *self);

/* Where an event stands. An unknown position makes everything AHEAD. */
inflow_place_t inflow_place(const inflow_t *self, uint64_t epoch, uint64_t seq);

/* The event is delivered: it is the position now. */
void inflow_advance(inflow_t *self, uint64_t epoch, uint64_t seq);

/* Keeps a copy of an event beyond a hole, in order, once. False: there is no room; the head counts it,
 * so it will be replayed. */
bool inflow_hold(inflow_t *self, uint64_t epoch, uint64_t seq, span_t frame);

/* Takes out the held event that is next, forgetting older ones. The caller frees *out_frame's data with
 * free(). False: none is next; *out_frame untouched. */
bool inflow_take(inflow_t *self, span_t *out_frame);

#endif
