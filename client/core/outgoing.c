#include "client/core/outgoing.h"

#include "client/core/connect.h"
#include "client/core/greet.h"
#include "client/core/membership.h"
#include "client/core/reply.h"
#include "client/core/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* PATIENCE_MS: what has to wait longer, as in a slow room or for one more room, is told to people instead; it would hold back all they say elsewhere. */
enum { REFUSALS_MAX = 8, REFUSED_PAUSE_MS = 20, PATIENCE_MS = 10000 };

static client_item_t *item_new(const buffer_t *frame)
{
    client_item_t *item = malloc(sizeof *item + frame->size);
    assert(item);
    *item = (client_item_t){.room = CLIENT_NO_ROOM, .size = (uint32_t)frame->size};
    memcpy(item->frame, frame->data, frame->size);
    return item;
}

/* Who tries a password wants to know now, and is not to keep all else waiting. */
static bool is_about_password(op_t op)
{
    return op == OP_login || op == OP_register || op == OP_password;
}

static void item_destroy(client_link_t *self, client_item_t *item)
{
    errand_drop(&self->errands, item->id);
    if (item->room != CLIENT_NO_ROOM)
        membership_release(self, item->room);
    if (is_about_password((op_t)item->op))
        explicit_bzero(item->frame, item->size);
    free(item);
}

/* A join makes its room ours before it is sent, so that its first events are not missed. */
static uint32_t room_of(client_link_t *self, const client_request_t *request, uint64_t now_ms)
{
    name_t name;
    bool is_about_room = request->op == OP_join || request->op == OP_part;
    if (!is_about_room || room_fold(request->room, &name) != HUB_OK)
        return CLIENT_NO_ROOM;
    return membership_want(self, &name, now_ms)->index;
}

hub_err_t outgoing_add(client_link_t *self, client_session_t *session,
                       const client_request_t *request, uint64_t now_ms)
{
    assert(self && session && request);
    if (session->waiting >= self->options.requests_max)
        return HUB_BUSY;
    uint64_t cid = request_has_cid(request->op) ? session->cid + 1 : 0;
    uint64_t id = errand_add(&self->errands, ERRAND_REQUEST, session->sid, NULL);
    hub_err_t err = request_encode(&self->out, request, id, cid, session->sid);
    if (err != HUB_OK) {
        errand_drop(&self->errands, id);
        return err;
    }
    client_item_t *item = item_new(&self->out);
    if (is_about_password(request->op))
        explicit_bzero(self->out.data, self->out.size);
    errand_give(&self->errands, id, item);
    item->id = id;
    item->tag = request->tag;
    item->cid = cid;
    item->op = (uint8_t)request->op;
    item->room = room_of(self, request, now_ms);
    if (cid > 0)
        session->cid = cid;
    client_session_append(session, item);
    outgoing_pump(self, session, now_ms);
    return HUB_OK;
}

static void send_item(client_link_t *self, client_session_t *session, client_item_t *item,
                      uint64_t now_ms)
{
    self->counters.repeated += item->was_sent;
    item->is_in_flight = item->was_sent = true;
    item->doubts++;
    item->sent_ms = now_ms;
    session->in_flight++;
    buffer_clear(&self->out);
    bool has_room = buffer_append(&self->out, item->frame, item->size);
    assert(has_room);
    connect_send(self, now_ms);
    if (is_about_password((op_t)item->op))
        explicit_bzero(self->out.data, self->out.size);
}

static bool may_go(const client_session_t *session, const client_item_t *item)
{
    if (session->in_flight >= session->window)
        return false;
    return !request_is_barrier((op_t)item->op) || session->in_flight == 0;
}

void outgoing_pump(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    assert(self && session);
    if (self->status != LINK_UP || session->state != SESSION_READY || session->due_ms > now_ms)
        return;
    for (client_item_t *item = client_session_first(session); item;
         item = client_session_next(session, item)) {
        if (!item->is_in_flight) {
            if (!may_go(session, item))
                return;
            send_item(self, session, item, now_ms);
        }
        if (request_is_barrier((op_t)item->op))
            return;
    }
}

/* The first that has a cid; NULL: there is none. */
static const client_item_t *first_said(const client_session_t *session)
{
    const client_item_t *item = client_session_first(session);
    while (item && item->cid == 0)
        item = client_session_next(session, item);
    return item;
}

/* What was never sent, or refused each time, cannot have been heard: it gets other numbers, from cid + 1 on. */
static void renumber(client_session_t *session, uint64_t cid)
{
    for (client_item_t *item = client_session_first(session); item;
         item = client_session_next(session, item)) {
        if (item->cid == 0)
            continue;
        item->cid = ++cid;
        request_renumber(item->frame, item->size, cid);
    }
    session->cid = cid;
}

/* A refusal with retry_ms has not taken its cid: it is the next one's, or none could follow. */
static void close_gap(client_session_t *session, uint64_t cid)
{
    const client_item_t *first = first_said(session);
    renumber(session, (first && first->cid < cid ? first->cid : cid) - 1);
}

/* The final word on a request; afterwards it is gone. */
static void finish(client_link_t *self, client_session_t *session, client_item_t *item,
                   hub_err_t err, const message_t *reply)
{
    client_session_detach(session, item);
    op_t op = (op_t)item->op;
    uint64_t tag = item->tag, cid = item->cid;
    item_destroy(self, item);
    if (cid > 0 && reply && err != HUB_OK && message_has(reply, KEY_retry_ms))
        close_gap(session, cid);
    self->calls->reply(self->context, session->sid, session->user, op, tag, err, reply);
}

static void take_effect(client_link_t *self, client_session_t *session, client_item_t *item,
                        const message_t *reply, uint64_t now_ms)
{
    if (session->window < CLIENT_WINDOW_MAX)
        session->window++;
    if (item->op == OP_nick)
        (void)client_session_set_nick(session,
                                      message_span(reply, KEY_nick)); /* else the old one */
    if (item->op == OP_login)
        membership_login(self, session, reply, now_ms);
    if (item->op == OP_join)
        membership_join(self, session, item->room, reply, now_ms);
    if (item->op == OP_part && item->room != CLIENT_NO_ROOM)
        membership_part(self, session, item->room, NULL);
}

static void rest(client_link_t *self, client_session_t *session, uint64_t until_ms)
{
    if (session->state != SESSION_READY)
        return;
    if (until_ms > session->due_ms)
        session->due_ms = until_ms;
    chain_add(&self->due_sessions, &session->place);
    link_due(self, session->due_ms);
}

static bool is_first_said(const client_session_t *session, const client_item_t *item)
{
    return first_said(session) == item;
}

/* A ban that ends is told at once, however soon it does. */
static bool is_too_long_to_wait(hub_err_t err, const message_t *reply)
{
    if (err == HUB_BANNED)
        return true;
    return err == HUB_FLOOD && message_uint(reply, KEY_retry_ms) > PATIENCE_MS;
}

/* False: it helps no more. */
static bool try_again(client_link_t *self, client_session_t *session, client_item_t *item,
                      hub_err_t err, const message_t *reply, uint64_t now_ms)
{
    bool is_misplaced = err == HUB_OUT_OF_ORDER && item->cid > 0;
    bool is_for_now = message_has(reply, KEY_retry_ms);
    if (is_about_password((op_t)item->op) && err != HUB_NO_SESSION && err != HUB_BUSY)
        return false;
    if (is_too_long_to_wait(err, reply))
        return false;
    if (err != HUB_NO_SESSION && !is_misplaced && !is_for_now)
        return false;
    bool is_odd = err == HUB_NO_SESSION || (is_misplaced && is_first_said(session, item));
    if (is_odd && !is_for_now && ++item->refusals > REFUSALS_MAX)
        return false;
    assert(item->doubts > 0);
    item->doubts--; /* whatever of these the broker says, it has not taken it */
    item->is_in_flight = false;
    session->in_flight--;
    if (is_for_now) {
        session->window = session->window > 1 ? session->window / 2 : 1;
        rest(self, session, now_ms + reply_pause_ms(reply));
    } else if (err == HUB_NO_SESSION) {
        greet_again(self, session);
        greet_pump(self, now_ms);
    } else if (is_odd) {
        rest(self, session, now_ms + REFUSED_PAUSE_MS);
    }
    return true;
}

void outgoing_answer(client_link_t *self, client_session_t *session, client_item_t *item,
                     const message_t *reply, uint64_t now_ms)
{
    assert(self && session && item && reply);
    if (!item->is_in_flight)
        return;
    hub_err_t err = reply_error(reply);
    if (err != HUB_OK && try_again(self, session, item, err, reply, now_ms)) {
        outgoing_pump(self, session, now_ms);
        return;
    }
    uint32_t sid = session->sid;
    if (err == HUB_OK)
        take_effect(self, session, item, reply, now_ms);
    if (session->state == SESSION_GONE)
        return; /* said bye in joined() or parted(): the item is gone too */
    finish(self, session, item, err, reply);
    assert(session->sid == sid);
    outgoing_pump(self, session, now_ms);
}

void outgoing_link_lost(client_session_t *session)
{
    assert(session);
    for (client_item_t *item = client_session_first(session); item;
         item = client_session_next(session, item))
        item->is_in_flight = false;
    session->in_flight = 0;
    session->window = CLIENT_WINDOW_MAX;
}

/* One by one from the start, since reply() may change the list. */
static client_item_t *first_lost(const client_session_t *session, bool is_all)
{
    client_item_t *item = client_session_first(session);
    while (item && !is_all && !(item->cid > 0 && item->doubts > 0))
        item = client_session_next(session, item);
    return item;
}

static void fail(client_link_t *self, client_session_t *session, bool is_all)
{
    client_item_t *item;
    while (session->state != SESSION_GONE && (item = first_lost(session, is_all)) != NULL)
        finish(self, session, item, HUB_EXPIRED, NULL);
}

void outgoing_restart(client_link_t *self, client_session_t *session, uint64_t cid)
{
    assert(self && session);
    const client_item_t *first = first_said(session);
    uint64_t expected = first ? first->cid : session->cid + 1;
    if (cid + 1 >= expected && (first || cid == session->cid))
        return;
    fail(self, session, false);
    if (session->state != SESSION_GONE)
        renumber(session, cid);
}

void outgoing_expire(client_link_t *self, client_session_t *session)
{
    assert(self && session);
    fail(self, session, false);
    if (session->state != SESSION_GONE)
        renumber(session, 0);
}

void outgoing_fail_all(client_link_t *self, client_session_t *session)
{
    assert(self && session);
    fail(self, session, true);
}

void outgoing_drop_all(client_link_t *self, client_session_t *session)
{
    assert(self && session);
    client_item_t *item;
    while ((item = client_session_first(session)) != NULL) {
        client_session_detach(session, item);
        item_destroy(self, item);
    }
}
