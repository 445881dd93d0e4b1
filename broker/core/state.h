/* broker/core/state.h - the core's own record, shared by its files and nobody else. */
#ifndef BROKER_CORE_STATE_H
#define BROKER_CORE_STATE_H

#include "broker/core/core.h"
#include "broker/core/counters.h"
#include "broker/core/link.h"
#include "broker/core/pipeline.h"
#include "broker/core/room.h"
#include "broker/core/slab.h"
#include "proto/decode.h"
#include "proto/encode.h"

struct core {
    core_settings_t settings;
    counters_t counters;
    mint_t mint;
    slab_t *links, *sessions, *rooms;
    lookup_t *links_by_peer;
    lookup_t *identities; /* sessions by folded nick: who is online */
    lookup_t *rooms_by_name;
    journals_t *journals;
    deadlines_t *deadlines;
    pipeline_t pipeline;
    uint64_t epoch_floor, pseq_floor; /* above what forgotten rooms had */
    decoder_t decoder;
    message_t message;
    writer_t writer;     /* of the reply or event being written */
    const moment_t *now; /* of the step in progress */
    outbox_t *out;       /* of the step in progress */
};

/* How long after the first change a room's presence is told, and how long a room is quiet before its
 * head event; milliseconds. */
enum { PRESENCE_GATHER_MS = 50, QUIET_MS = 200 };

/* When to try again what the store could not take, or what found too much waiting for it. */
enum { UNAVAILABLE_RETRY_MS = 1000, BUSY_RETRY_MS = 100 };

/* The things behind the numbers; NULL where they are gone. */
static inline session_t *core_session(const core_t *core, uint64_t id)
{
    return slab_find(core->sessions, id);
}

static inline link_t *core_link(const core_t *core, uint64_t id)
{
    return slab_find(core->links, id);
}

static inline room_t *core_room(const core_t *core, uint64_t id)
{
    return slab_find(core->rooms, id);
}

#endif
