/* broker/core/core.h - the whole broker as one function.
 *
 * Feed it events, perform the effects it leaves in the outbox. No socket, clock, log or random source
 * inside: time and entropy come in with the moment. One owner, no locks.
 *
 *   frame ----> core_step() ----> append, send, publish       (as many frames as one turn reads)
 *   turn  ----> core_step() ----> commit(batch)               (once per turn)
 *   committed(batch) -> core_step() -> replies and events that waited for it
 *
 * A broker with a store is first told what the store has: its logs, records and notes, as they were
 * written, then EVENT_RESTORED; nothing else before that. Its sessions are then detached and may be
 * resumed. A broker without one (`has_store` false) begins with nothing.
 *
 * Whatever says that something is stored, and whatever shows it to somebody, is held back until the
 * store has confirmed the batch; when it cannot, the batch is undone and the senders are told to try
 * again. */
#ifndef BROKER_CORE_CORE_H
#define BROKER_CORE_CORE_H

#include "broker/core/history.h"
#include "broker/core/mint.h"
#include "broker/core/outbox.h"
#include "broker/core/peer_key.h"

#include <stdbool.h>

typedef struct core core_t;

/* The time and fresh randomness of a turn. */
typedef struct {
    uint64_t mono_ms;                    /* never goes back */
    uint64_t wall_ms;                    /* since 1970; may jump */
    uint8_t entropy[MINT_ENTROPY_BYTES]; /* unpredictable */
} moment_t;

/* The allocator's figures, for `stats`. */
typedef struct {
    uint64_t in_use_bytes, held_bytes, mapped_bytes;
} memory_t;

/* What happens at the gate in front of us, for `stats`. */
typedef struct {
    uint64_t keys_enrolled;                           /* now */
    uint64_t handshakes_admitted, handshakes_refused; /* whose key was asked about */
    uint64_t frames_revoked;                          /* dropped: their key is enrolled no more */
    uint64_t doors_rested; /* times that nobody new was let in for want of descriptors */
} gate_t;

/* What an operator may set; see base/settings.def for meanings and ranges. All in the unit of the name;
 * 0 where a limit may be lifted means none. */
typedef struct {
    uint64_t heartbeat_ms, idle_ms, kick_ms, resume_ms, room_keep_ms;
    uint32_t rate_per_s, rate_burst;
    uint32_t flood_refusals, flood_window_ms, flood_mute_ms; /* see flood.h */
    uint32_t greetings_per_s, greetings_burst;   /* of a link; 0 or rate_per_s 0: no limit */
    uint32_t sessions_per_address;               /* 0: no limit */
    uint32_t members_max;                        /* of one room; 0: no limit */
    uint32_t links_max, sessions_max, rooms_max; /* > 0 */
    bool refuses_guests;   /* hello needs a password, nobody registers by themselves */
    uint64_t invite_ms;    /* of an invitation that does not say until when; 0: it does not end */
    uint32_t accounts_max; /* 0: nobody may register */
    uint32_t rooms_made_per_h,
        accounts_made_per_h; /* from one place; see allowance.h; 0: no limit */
    uint32_t ring_events;    /* a power of two */
    uint32_t ring_bytes;     /* of one room's recent events, >= a frame */
    uint64_t rings_bytes;    /* of all rooms' together */
    uint64_t link_backlog_bytes;
    uint32_t pending_max; /* appends waiting for the store */
    bool has_store;       /* what is committed outlasts us, and can be read back */
    bool survives_power;  /* a commit is on the disk itself, so another boot has lost nothing */
    uint64_t history_keep_ms, history_bytes; /* of one room or inbox; 0: no bound */
    uint64_t history_events;
    uint64_t audit_events; /* of what operators did, whatever history_* say; 0: no bound */
    uint32_t
        replay_per_s; /* replayed events a link may have for long, or twice what its room gets; 0: no limit */
    uint32_t pages_max;     /* pages asked of the store at a time, > 0 */
    const char *const *pub; /* endpoints told in the welcome; borrowed for the core's life */
    size_t pub_count;
    const char *const *keyed_pub; /* likewise, told to links that came under a key */
    size_t keyed_pub_count;
    void (*memory)(memory_t *out);                     /* asked for `stats`; NULL: zeros */
    void (*gate)(const void *gatekeeper, gate_t *out); /* likewise */
    const void *gatekeeper;
} core_settings_t;

typedef enum {
    EVENT_FRAME,         /* a request came */
    EVENT_TURN,          /* the turn has read all it will read */
    EVENT_TICK,          /* time has passed: see core_next_ms() */
    EVENT_COMMITTED,     /* the store has the batch, and all before it */
    EVENT_APPEND_FAILED, /* the store has neither the batch nor any after it */
    EVENT_LINK_GONE,     /* ROUTER does not know that peer any more */
    EVENT_LINK_WAITING,  /* so many bytes wait for that peer; 0: all were taken */
    EVENT_STOP,          /* the process ends soon: tell everybody */
    EVENT_LOG,           /* restoring: a log that the store has */
    EVENT_RECORD,        /* restoring: a record */
    EVENT_NOTE,          /* restoring: a note */
    EVENT_RESTORED,      /* that was all */
    EVENT_PAGE,          /* a page that was asked for */
    EVENT_TRIMMED,       /* what is left of a log */
    EVENT_KEYS_REVOKED,  /* nobody may be here under these keys any more */
    EVENT_HASHED,        /* what EFFECT_HASH asked for */
} event_kind_t;

typedef struct {
    event_kind_t kind;
    peer_t peer;       /* FRAME, LINK_GONE, LINK_WAITING; borrowed */
    span_t frame;      /* FRAME; borrowed, aligned or not */
    bool is_multipart; /* FRAME: more frames came with it, which no request has */
    bool is_local;     /* FRAME: over ipc or inproc */
    bool is_operator;  /* FRAME: under a key that was enrolled for an operator */
    span_t peer_key;   /* FRAME: PEER_KEY_BYTES, the key it came under; empty: none; borrowed */
    span_t revoked;    /* KEYS_REVOKED: PEER_KEY_BYTES each, ascending; borrowed */
    uint64_t batch;    /* COMMITTED, APPEND_FAILED */
    uint64_t waiting_bytes; /* LINK_WAITING */
    uint64_t after_ms;      /* STOP */
    log_state_t log;        /* LOG, TRIMMED; borrowed */
    span_t key;             /* RECORD; borrowed */
    span_t value;           /* RECORD, NOTE, HASHED: the hash that was made; borrowed */
    uint64_t number;        /* NOTE, HASHED */
    hub_err_t hashed; /* HASHED: HUB_OK, HUB_DENIED: another password, HUB_BUSY: too many wait */
    origin_t origin;  /* RESTORED */
    page_t page;      /* PAGE; borrowed */
} event_t;

/* A broker with nobody in it. `settings` is copied, what it points to is borrowed. */
core_t *core_new(const core_settings_t *settings, const moment_t *now);

/* Frees *self_p and all it holds; NULL in *self_p is fine. */
void core_destroy(core_t **self_p);

/* Feeds one event at `now` and appends to `out` what the shell must do. Never blocks, never fails: a
 * bad peer gets an answer. `now->mono_ms` never goes back from call to call. */
void core_step(core_t *self, const event_t *event, const moment_t *now, outbox_t *out);

/* When the next EVENT_TICK is due (monotonic); UINT64_MAX: not before something else happens. */
uint64_t core_next_ms(const core_t *self);

/* HUB_OK while all that was restored made sense. HUB_MALFORMED: a record or note was not written by a
 * broker of this version, or records contradict each other. HUB_FULL: there is more than the settings
 * permit. After an error the core is of no use. */
HUB_MUST_CHECK hub_err_t core_restored(const core_t *self);

/* How many sessions there are, attached or detached. */
size_t core_session_count(const core_t *self);

#endif
