#include "client/core/incoming.h"

#include "client/core/connect.h"
#include "client/core/greet.h"
#include "client/core/membership.h"
#include "client/core/outgoing.h"
#include "client/core/repair.h"
#include "client/core/replay.h"

#include <assert.h>

void incoming_forget(client_link_t *self, client_session_t *session)
{
    greet_cancel(self, session);
    if (session->state == SESSION_READY)
        self->ready_count--;
    repair_drop_inbox(self, session);
    client_sessions_retire(&self->sessions, session);
    outgoing_drop_all(self, session);
    membership_leave(self, session);
    chain_add(&self->gone_sessions, &session->place);
}

/* Somebody has put the session out of a room; it goes on, and does not go back by itself. */
static void on_put_out(client_link_t *self, client_session_t *session, const message_t *event)
{
    client_room_t *room = client_rooms_find(&self->rooms, message_span(event, KEY_room));
    if (room)
        membership_part(self, session, room->index, event);
}

static void on_kicked(client_link_t *self, client_session_t *session, const message_t *event,
                      uint64_t now_ms)
{
    span_t reason = message_span(event, KEY_reason);
    if (session->state != SESSION_READY)
        return;
    if (message_has(event, KEY_room)) {
        on_put_out(self, session, event);
        return;
    }
    if (span_is(reason, "silent")) { /* no fault of the user's: the resume will tell */
        greet_again(self, session);
        greet_pump(self, now_ms);
        return;
    }
    session->is_ending = true; /* who asks again in reply() would be answered for ever */
    outgoing_fail_all(self, session);
    if (session->state == SESSION_GONE)
        return;
    self->calls->kicked(self->context, session->sid, session->user, reason,
                        message_span(event, KEY_text));
    if (session->state != SESSION_GONE)
        incoming_forget(self, session);
}

static bool is_treatment(ev_t ev)
{
    return ev == EV_muted || ev == EV_unmuted || ev == EV_role;
}

static void on_session_event(client_link_t *self, ev_t ev, const message_t *event, span_t frame,
                             uint64_t now_ms)
{
    uint64_t sid = message_uint(event, KEY_sid);
    client_session_t *session = client_sessions_find(&self->sessions, sid);
    if (session == NULL || session->state != SESSION_READY)
        return;
    if (ev == EV_kicked)
        on_kicked(self, session, event, now_ms);
    else if (ev == EV_private)
        repair_inbox_event(self, session, event, frame, now_ms);
    else if (ev == EV_head)
        repair_inbox_head(self, session, message_uint(event, KEY_epoch),
                          message_uint(event, KEY_seq), now_ms);
    else if (ev == EV_warning && self->calls->warning)
        self->calls->warning(self->context, session->sid, session->user,
                             message_uint(event, KEY_idle_in_ms));
    else if (is_treatment(ev) && self->calls->treated)
        self->calls->treated(self->context, session->sid, session->user, ev, event);
}

static bool is_numbered(const message_t *event)
{
    return message_has(event, KEY_epoch) && message_has(event, KEY_seq);
}

/* Who joins is told by the answer. */
static void on_slowed(client_link_t *self, const client_room_t *room, const message_t *event)
{
    if (room->members > 0 && self->calls->slowed)
        self->calls->slowed(self->context, room->index, message_uint(event, KEY_slow_ms));
}

void incoming_room_event(client_link_t *self, client_room_t *room, ev_t ev, const message_t *event,
                         span_t frame, uint64_t now_ms)
{
    if (ev == EV_presence)
        repair_presence(self, room, event, now_ms);
    else if (ev == EV_head)
        repair_room_head(self, room, message_uint(event, KEY_epoch), message_uint(event, KEY_seq),
                         message_uint(event, KEY_pseq), now_ms);
    else if (ev == EV_slow)
        on_slowed(self, room, event);
    else if (is_numbered(event))
        repair_room_event(self, room, event, frame, now_ms);
}

void incoming_event(client_link_t *self, const message_t *event, span_t frame, uint64_t now_ms)
{
    ev_t ev = ev_find(message_span(event, KEY_ev));
    span_t name = message_span(event, KEY_room);
    bool is_inbox = span_is(name, "@");
    if (ev == EV_shutdown) {
        if (self->calls->shutdown)
            self->calls->shutdown(self->context, message_uint(event, KEY_after_ms));
        return;
    }
    if (is_inbox || ev == EV_kicked || ev == EV_warning || is_treatment(ev)) {
        bool is_unknown = is_inbox && ev == EV_COUNT && is_numbered(event);
        on_session_event(self, is_unknown ? EV_private : ev, event, frame, now_ms);
        return;
    }
    client_room_t *room = name.size > 0 ? client_rooms_find(&self->rooms, name) : NULL;
    if (room)
        incoming_room_event(self, room, ev, event, frame, now_ms);
}

static void on_session_reply(client_link_t *self, const errand_t *errand, const message_t *reply,
                             uint64_t now_ms)
{
    client_session_t *session = client_sessions_find(&self->sessions, errand->subject);
    if (session == NULL)
        return;
    bool is_greeting = session->state == SESSION_GREETING && session->greeting_id == errand->id;
    if (errand->kind == ERRAND_GREETING && is_greeting)
        greet_answer(self, session, reply, now_ms);
    else if (errand->kind == ERRAND_INBOX_REPLAY)
        replay_inbox_answered(self, session, reply, now_ms);
    else if (errand->kind == ERRAND_REQUEST)
        outgoing_answer(self, session, errand->item, reply, now_ms);
    else if (errand->kind == ERRAND_SESSION_PING && session->state == SESSION_READY)
        repair_heads(self, reply, session, now_ms);
}

void incoming_reply(client_link_t *self, const message_t *reply, uint64_t now_ms)
{
    const errand_t *found = errand_find(&self->errands, message_uint(reply, KEY_re));
    if (found == NULL)
        return;
    errand_t errand = *found;
    if (errand.kind != ERRAND_REQUEST)
        errand_drop(&self->errands, errand.id);
    if (errand.kind == ERRAND_LINK_PING) {
        connect_pong(self, reply, now_ms);
    } else if (errand.kind == ERRAND_ROOM_REPLAY) {
        client_room_t *room = client_rooms_at(&self->rooms, errand.subject);
        if (room && room->references > 0)
            replay_room_answered(self, room, reply, now_ms);
    } else {
        on_session_reply(self, &errand, reply, now_ms);
    }
}
