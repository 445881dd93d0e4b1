/* client/core/client_link_state.h - the link's own state, for the files that make it up.
 *
 *   connect.c     attempts, up and down, heartbeats
 *   greet.c       hello and resume, a bounded number at a time
 *   outgoing.c    requests of a session: in order, repeated where that helps
 *   membership.c  which session is in which room; subscriptions
 *   repair.c      events in order; holes and their replay
 *   incoming.c    frames to whom they concern
 *   client_link.c, client_query.c: what client_link.h offers */
#ifndef CLIENT_CORE_CLIENT_LINK_STATE_H
#define CLIENT_CORE_CLIENT_LINK_STATE_H

#include "client/core/backoff.h"
#include "client/core/client_room.h"
#include "client/core/client_session.h"
#include "client/core/errand.h"
#include "proto/encode.h"

typedef enum {
    LINK_NEW,        /* not started */
    LINK_CONNECTING, /* a DEALER is open, nothing has been heard on it */
    LINK_UP,
    LINK_PAUSING, /* until the next attempt; whatever the old DEALER says is not listened to */
} client_link_status_t;

struct client_link {
    const client_calls_t *calls;
    void *context;
    client_options_t options; /* strings owned, defaults filled in */
    client_link_status_t status;
    unsigned depth; /* of running entries: what is gone is freed at 0 */

    uint64_t attempt_ms; /* CONNECTING: give up then; PAUSING: try again then */
    uint64_t ping_ms;    /* next heartbeat */
    uint64_t
        extra_ms; /* next ping beyond these, to see what a fresh subscription missed; 0: none */
    uint64_t heartbeat_ms;
    unsigned unanswered; /* heartbeats */
    bool is_stuck;       /* the DEALER took no more: to be given up at the next tick */
    unsigned extra;      /* which of the extra pings */
    backoff_t backoff;
    char *endpoint; /* owned: what the SUB listens to; NULL: nothing, or it is to connect anew */

    client_sessions_t sessions;
    client_rooms_t rooms;
    errand_table_t errands;
    chain_t greetings;    /* sessions that are WAITING and may go on */
    chain_t due_sessions; /* those with due_ms or a hole in the inbox */
    chain_t due_rooms;
    chain_t gone_sessions, gone_rooms;
    uint64_t due_ms; /* the first of these is due then, or earlier; UINT64_MAX: none */
    uint32_t greetings_in_flight;
    uint32_t ready_count;

    decoder_t decoder, held_decoder;
    buffer_t out; /* a frame being written */
    client_counters_t counters;
};

/* Something is to be looked at by client_link_tick() at `due_ms`. */
static inline void link_due(client_link_t *self, uint64_t due_ms)
{
    if (due_ms < self->due_ms)
        self->due_ms = due_ms;
}

#endif
