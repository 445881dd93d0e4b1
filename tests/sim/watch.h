/* tests/sim/watch.h - what stands at the broker's door and compares all that goes in and out with what
 * the protocol permits.
 *
 * Knows from the answers alone who is bound where and is in which room. A frame that nobody may get, a
 * number that does not follow, an answer to what nobody asked: violated(). */
#ifndef TESTS_SIM_WATCH_H
#define TESTS_SIM_WATCH_H

#include "broker/core/core.h"
#include "proto/decode.h"
#include "tests/sim/ledger.h"
#include "tests/sim/plan.h"

enum { NOBODY = UINT32_MAX, SEVERAL = NOBODY - 1, NO_ROOM = -1, INBOX = -2 };

/* A request that has no answer yet. */
typedef struct {
    uint64_t id, text, cid, first, last, epoch;
    uint32_t session; /* that it was bound to when it came; NOBODY */
    uint32_t sid, target;
    op_t op;
    int room; /* NO_ROOM, INBOX or its number */
    bool has_sid, has_page, has_epoch;
    bool may_read; /* the room, when it was asked: the answer may come after one has left */
} asked_t;

typedef struct {
    uint32_t sid, session;
} bound_t;

/* An answer that the core has made and keeps until what it says is stored. */
typedef struct {
    uint64_t id, batch;
    uint32_t session, guest; /* whom it is about; NOBODY */
} promise_t;

/* A connection as ROUTER sees it. */
typedef struct {
    asked_t *asked;
    uint32_t asked_count, asked_capacity;
    bound_t *bound;
    uint32_t bound_count, bound_capacity;
    promise_t *promises;
    uint32_t promise_count, promise_capacity;
    uint64_t heard_ms;
    bool is_doubtful; /* it was heard from at the very moment at which it was lost, or was not */
} watched_link_t;

typedef struct {
    char name[MINT_NAME_CHARS + 1], uid[MINT_NAME_CHARS + 1], nick[LIMIT_NICK_BYTES + 1];
    uint64_t rooms, invited, owned; /* bits by room */
    uint8_t entered[ROOMS_MAX];     /* how often it came there and was not told to have gone */
    uint64_t uid_hash;
    uint64_t named; /* when it got its nick, as a number that grows */
    uint64_t cid_answered, cid_sent;
    uint32_t link, sid; /* where it is bound; link NOBODY: detached, or over */
    bool is_over;
    bool is_unsure; /* what it was promised may or may not be stored */
    bool was_bound; /* when the broker died */
    bool is_kicked; /* which nobody waits for: it may come back with the next broker */
    ledger_log_t *inbox;
} watched_session_t;

typedef struct {
    bool is_known, is_private;
    bool needs_head; /* something was told since the last head event */
    bool is_hazy;    /* presence events may have passed unseen: `present` says little */
    uint64_t epoch, head, pseq;
    uint64_t moved_ms;
    uint64_t *present; /* uids, as hashes, by the presence events */
    uint32_t present_count, present_capacity;
    ledger_log_t *log;
} watched_room_t;

typedef struct {
    const plan_t *plan;
    ledger_t *ledger;
    watched_link_t *links; /* by connection */
    uint32_t link_count, link_capacity;
    watched_session_t *sessions;
    uint32_t session_count, session_capacity;
    watched_room_t rooms[ROOMS_MAX];
    uint64_t now_ms;
    decoder_t decoder;
    uint32_t shown_offset; /* of the last event sent to a link: copies to others follow it */
    uint32_t shown_links;  /* how many it was sent to */
    int shown_room;        /* that it is of; NO_ROOM: none, or for one session */
    bool has_shown;
    uint64_t frames, namings;
    uint64_t settled;            /* the last batch that the store has answered for */
    bool has_failed;             /* the store could not store something since the broker's start */
    bool is_unsure;              /* when the broker died somebody waited for an answer */
    bool is_promise;             /* the answer being looked at is kept back */
    uint32_t about, about_guest; /* whom it is about */
} watch_t;

void watch_init(watch_t *self, const plan_t *plan, ledger_t *ledger);
void watch_fini(watch_t *self);

/* A frame is about to be given to the core. */
void watch_request(watch_t *self, uint32_t link, span_t frame, uint64_t now_ms);

/* The core has left these effects, from number `first` on. */
void watch_effects(watch_t *self, const outbox_t *outbox, size_t first, uint64_t now_ms);

/* ROUTER has told the core, or the core ROUTER, that the link is gone. */
void watch_link_gone(watch_t *self, uint32_t link);

/* The broker has died. `forgets`: with all that it knew; else sessions are detached. */
void watch_broker_died(watch_t *self, bool forgets);

/* The core keeps an answer back until `batch` is stored: what it says holds from now on. */
void watch_promise(watch_t *self, uint32_t link, span_t frame, uint64_t batch, uint64_t now_ms);

/* The store has answered for all up to `batch`; whether or not it could store it. */
void watch_settled(watch_t *self, uint64_t batch, bool is_stored);

/* A new broker has read back what was stored; compares it with what was promised. `is_older`: from an
 * older copy, so that anything may be missing. */
void watch_restored(watch_t *self, const core_t *core, bool is_older);

/* At the end: everything was answered on the links that live. */
void watch_check_answered(const watch_t *self, uint32_t link);

/* At the end: every room that fell quiet has told its head. */
void watch_check_quiet(const watch_t *self);

/* The number of a room by its name, NO_ROOM where it has none of ours. */
int room_number(span_t name);

/* Its canonical name; static. */
span_t room_name(int room);

/* --- shared by its files ------------------------------------------------------------------------- */

/* A hash of a uid. */
uint64_t uid_hash(span_t uid);

/* Who is bound at that sid; NULL: nobody, or the link has been silent too long. */
watched_session_t *watch_bound(watch_t *self, uint32_t link, uint32_t sid);

/* The session is no longer bound. */
void watch_unbind(watch_t *self, watched_session_t *session);

/* An event for the room's members, or (link NOBODY) over PUB; for one session; a page of events. */
void watch_room_event(watch_t *self, uint32_t link, int room, const message_t *event, bool is_copy);
void watch_session_event(watch_t *self, uint32_t link, const message_t *event);
void watch_page(watch_t *self, const asked_t *asked, const message_t *reply);

/* An answer; the heads in it; where a room stands by them. */
void watch_reply(watch_t *self, uint32_t link, const message_t *reply);
void watch_room_head(watch_t *self, int room, const uint64_t *head);

/* Some of a private room may have passed unseen. */
void watch_catch_up(watch_t *self, int room, uint64_t epoch, uint64_t head);

/* The last event of a private room went to all links where somebody is in it. */
void watch_check_audience(watch_t *self);

#endif
