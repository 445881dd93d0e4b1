/* broker/core/request.h - one request on its way through the core, and the answers to it. */
#ifndef BROKER_CORE_REQUEST_H
#define BROKER_CORE_REQUEST_H

#include "broker/core/state.h"

typedef struct hashed hashed_t;

typedef struct {
    const message_t *message;
    peer_t peer;
    link_t *link;       /* NULL: not known yet */
    session_t *session; /* NULL: none at that sid */
    uint64_t id;
    uint32_t sid;
    bool has_sid;
    bool is_local; /* came over ipc or inproc */
    bool is_operator;
    peer_key_t peer_key;
    span_t frame;           /* as it came */
    const hashed_t *hashed; /* what became of a password; NULL: nobody has looked yet */
    op_t op;
    /* Set by a handler that refuses, where the error's own hint is not close enough or waiting helps. */
    const char *hint; /* static; NULL: the error's own */
    uint64_t retry_ms;
    bool is_too_much; /* it was refused, and so many before it that its session is to end */
    /* Set where it will be handled again: see hashing.h. */
    bool is_put_aside;
    /* Set by a handler whose answer waits for the store. */
    bool is_waiting;
    outcome_t outcome;
} request_t;

/* May something more wait for the store? HUB_BUSY with the request's retry_ms: too much does. */
HUB_MUST_CHECK hub_err_t request_may_wait(const core_t *core, request_t *request);

/* Begins the reply with `re`, `sid` and `ok`; the handler adds its results through the writer, then
 * reply_end(). */
writer_t *reply_begin(core_t *core, const request_t *request);

/* Completes the reply or event that was begun last. */
void reply_end(core_t *core);

/* The reply without results. */
void reply_ok(core_t *core, const request_t *request);

/* The reply that says of how many it was true. */
void reply_count(core_t *core, const request_t *request, uint64_t count);

/* The reply that names an error, with the request's hint and retry_ms. */
void reply_error(core_t *core, const request_t *request, hub_err_t err);

/* Gives an answer that waited, or repeats one: to the link it belongs to, if that is still there. */
void reply_answer(core_t *core, const answer_t *answer);

/* What reply_answer() needs to know of a request. */
answer_t request_answer(const request_t *request, outcome_t outcome);

/* Begins an event for one session over its link, with `ev` and, where the link carries many, `sid`.
 * NULL: the session is detached. Ended by reply_end(). */
writer_t *event_begin(core_t *core, const session_t *session, ev_t ev);

/* Sends a finished private event to its session, adding `sid` where the link carries many. Nothing
 * happens where the session is detached. */
void event_send(core_t *core, const session_t *session, span_t event);

enum { MID_BYTES = MINT_NAME_CHARS + 2 * 21 + 1 };

/* The common name of both copies of a private message: where the sender's own stands. Never made twice,
 * because neither uids nor numbers within an epoch are. Written to `out_mid`, which has MID_BYTES. */
span_t make_mid(const char *sender_uid, uint64_t epoch, uint64_t seq, char *out_mid);

/* Writes the endpoints of the events, as told in the welcome and to links: those that one can connect to
 * as this request came, with a key or without. */
void write_pub(writer_t *writer, const core_settings_t *settings, const request_t *request);

/* Writes the pair of a room into a `heads` map. */
void write_room_head(writer_t *writer, const room_t *room);

/* Writes `heads`: where the session's rooms and its inbox stand. */
void write_heads(core_t *core, writer_t *writer, const session_t *session);

/* Which of the rooms there are private, where any is. */
void write_private_rooms(core_t *core, writer_t *writer, const session_t *session);

/* Writes the pair of a session's own log, @, into a `heads` map. */
void write_inbox_head(writer_t *writer, const session_t *session);

#endif
