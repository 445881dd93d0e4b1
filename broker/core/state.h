/* broker/core/state.h - the core's own record, shared by its files and nobody else. */
#ifndef BROKER_CORE_STATE_H
#define BROKER_CORE_STATE_H

#include "broker/core/account.h"
#include "broker/core/backoff.h"
#include "broker/core/core.h"
#include "broker/core/counters.h"
#include "broker/core/link.h"
#include "broker/core/numbers.h"
#include "broker/core/pipeline.h"
#include "broker/core/room.h"
#include "broker/core/slab.h"
#include "broker/core/spenders.h"
#include "broker/core/verdict.h"
#include "proto/decode.h"
#include "proto/encode.h"

#include <czmq.h>

/* What the store has to be told; see records.h. */
typedef struct {
    numbers_t sessions, rooms, accounts, verdicts; /* whose records are to be written */
    bool is_broker_dirty;
    buffer_t removals;  /* written already under the open batch */
    bool is_waited_for; /* at the end of this turn, not at retry_ms */
    uint64_t retry_ms;
    deadline_t due;
    buffer_t scratch;
} records_t;

/* A log that the store was asked to trim, and whose it is. */
typedef struct {
    uint64_t owner; /* 0: a free place */
    uint8_t log_size;
    char log[NAME_BYTES + 1];
} trim_t;

enum { RETENTION_TRIMS_MAX = 64 };

/* Looking after the age of history; see retention.h. */
typedef struct {
    deadline_t due;
    uint32_t room_place, inbox_place; /* where the round has come to */
    trim_t trims[RETENTION_TRIMS_MAX];
} retention_round_t;

/* What is kept while the store tells what it has; see restore.h. */
typedef struct {
    lookup_key_t by_name;
    char name[NAME_BYTES + 1];
    log_state_t state; /* its log is `name` */
    bool is_taken;     /* by a room or session */
} stored_log_t;

typedef struct {
    zlistx_t *logs; /* owns stored_log_t */
    lookup_t *by_name;
    numbers_t sessions;    /* by ascending serial */
    uint64_t last_session; /* restored last; 0: none yet */
} restore_t;

enum { NOTES_HINTS_MAX = 64 };

/* What became of numbered messages; see notes.h. */
typedef struct {
    buffer_t fresh, whole; /* of this turn; the note being written */
    uint64_t number;       /* of the last note */
    uint64_t written;      /* entries since the last sweep began */
    uint64_t kept;         /* entries that the last sweep copied */
    bool is_sweeping;
    uint32_t place;               /* next session to copy */
    uint64_t copied, below;       /* in this sweep; what it will drop */
    char *hints[NOTES_HINTS_MAX]; /* of refusals that were restored */
    size_t hint_count;
} notes_t;

struct core {
    core_settings_t settings;
    counters_t counters;
    mint_t mint;
    slab_t *links, *sessions, *rooms, *inboxes, *accounts;
    slab_t *hashings; /* requests that wait for a hash */
    lookup_t *links_by_peer;
    lookup_t *identities;       /* sessions by folded nick: who is online */
    lookup_t *accounts_by_nick; /* folded */
    lookup_t *accounts_by_uid;
    lookup_t *rooms_by_name;
    backoff_t wrong_passwords; /* by nick and by address */
    spenders_t spenders;       /* who has just gone */
    spenders_t makers[MAKES];  /* who has made something that lasts; see allowance.h */
    lookup_t *whences;         /* by where sessions come from */
    slab_t *verdicts;
    lookup_t *verdicts_by_target;
    lookup_t *verdicts_by_uid[VERDICT_KINDS]; /* on guests */
    uint32_t networks[VERDICT_KINDS][129];    /* verdicts by length of prefix */
    uint64_t audit;                           /* the room of what operators did; 0: none yet */
    journals_t *journals;
    deadlines_t *deadlines;
    pipeline_t pipeline;
    slab_t *pages;       /* asked of the store */
    uint64_t page_bytes; /* answered this turn */
    retention_round_t retention;
    restore_t *restore; /* while restoring */
    hub_err_t restored;
    records_t records;
    notes_t notes;
    uint64_t serial;                  /* of the session opened last */
    uint64_t epoch_floor, pseq_floor; /* above what forgotten rooms had */
    bool has_changed;                 /* this request changed something that is stored */
    uint64_t replying_to; /* the link of the reply being written; 0: it is no reply that may wait */
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

/* The session at that sid of a link, NULL where there is none. */
static inline session_t *core_session_at(const core_t *core, const link_t *link, uint32_t sid)
{
    uint32_t place = sids_find(&link->sids, sid);
    return place ? slab_at(core->sessions, place - 1) : NULL;
}

/* What a link calls a session in its sids. */
static inline uint32_t core_session_place(const session_t *session)
{
    return (uint32_t)session->id + 1;
}

static inline link_t *core_link(const core_t *core, uint64_t id)
{
    return slab_find(core->links, id);
}

static inline room_t *core_room(const core_t *core, uint64_t id)
{
    return slab_find(core->rooms, id);
}

static inline account_t *core_account(const core_t *core, uint64_t id)
{
    return slab_find(core->accounts, id);
}

static inline inbox_t *core_inbox(const core_t *core, uint64_t id)
{
    return slab_find(core->inboxes, id);
}

/* True if nobody more may come in. */
static inline bool core_room_is_full(const core_t *core, const room_t *room)
{
    return core->settings.members_max > 0 && room->members.count >= core->settings.members_max;
}

#endif
