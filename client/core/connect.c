#include "client/core/connect.h"

#include "client/core/endpoint.h"
#include "client/core/greet.h"
#include "client/core/outgoing.h"
#include "client/core/repair.h"
#include "client/core/request.h"

#include <assert.h>
#include <stdlib.h>

enum {
    UNANSWERED_MAX = 3,
    FEW_SESSIONS = 8, /* so few that each asks for the head of its inbox */
    HEARTBEAT_MIN_MS = 50,
};

/* How long after a subscription the link asks what it missed. */
static const uint64_t CHECKS_MS[] = {0, 50, 250, 1000};
enum { CHECK_COUNT = sizeof CHECKS_MS / sizeof CHECKS_MS[0] };

void connect_send(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->out.size > 0);
    if (self->calls->send(self->context, buffer_span(&self->out)))
        return;
    self->is_stuck = true;
    link_due(self, now_ms);
}

static void ping(client_link_t *self, uint32_t sid, uint64_t now_ms)
{
    bool is_link = sid == CLIENT_NO_SID;
    errand_kind_t kind = is_link ? ERRAND_LINK_PING : ERRAND_SESSION_PING;
    writer_t writer;
    request_begin(&writer, &self->out, OP_ping, errand_add(&self->errands, kind, sid, NULL), 0,
                  sid);
    write_end(&writer);
    connect_send(self, now_ms);
}

static void ping_all(client_link_t *self, uint64_t now_ms)
{
    ping(self, CLIENT_NO_SID, now_ms);
    if (self->sessions.count > FEW_SESSIONS)
        return;
    for (uint32_t row = 0; row < self->sessions.capacity; row++) {
        const client_session_t *session = client_sessions_row(&self->sessions, row);
        if (session && session->state == SESSION_READY)
            ping(self, session->sid, now_ms);
    }
}

void connect_attempt(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->status != LINK_UP);
    self->status = LINK_CONNECTING;
    self->attempt_ms = now_ms + self->options.connect_ms;
    self->unanswered = 0;
    self->is_stuck = false;
    self->counters.attempts++;
    self->calls->open(self->context);
    ping(self, CLIENT_NO_SID, now_ms);
}

static void rest_sessions(client_link_t *self)
{
    for (uint32_t row = 0; row < self->sessions.capacity; row++) {
        client_session_t *session = client_sessions_row(&self->sessions, row);
        if (session == NULL)
            continue;
        outgoing_link_lost(session);
        inflow_t *inbox = client_session_flow(session);
        if (inbox)
            repair_forget(inbox);
        session->due_ms = 0;
        if (session->state != SESSION_REFUSED)
            greet_enqueue(self, session);
    }
}

static void rest_rooms(client_link_t *self)
{
    for (uint32_t index = 0; index < self->rooms.capacity; index++) {
        client_room_t *room = client_rooms_at(&self->rooms, index);
        if (room == NULL || room->references == 0)
            continue;
        repair_forget(&room->flow);
        room->flow.is_stale = room->is_presence_stale = true;
        room->presence_due_ms = 0;
        chain_remove(&room->place);
    }
}

void connect_lost(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->status != LINK_NEW);
    if (self->status == LINK_PAUSING)
        return;
    self->status = LINK_PAUSING;
    self->is_stuck = false;
    errand_drop_transient(&self->errands);
    self->greetings_in_flight = self->ready_count = 0;
    rest_sessions(self);
    rest_rooms(self);
    self->due_ms = UINT64_MAX;
    self->extra_ms = 0;
    free(
        self->endpoint); /* a SUB never sends, so it would not notice that its connection is dead */
    self->endpoint = NULL;
    uint64_t pause = backoff_next(&self->backoff);
    self->attempt_ms = now_ms + pause;
    if (self->calls->down)
        self->calls->down(self->context, pause);
}

void connect_listen(client_link_t *self, const message_t *reply)
{
    assert(self && reply);
    char *endpoint = self->options.pub ? endpoint_copy(span_of(self->options.pub))
                                       : endpoint_choose(reply, self->options.router);
    if (endpoint == NULL)
        return;
    if (self->endpoint && span_is(span_of(endpoint), self->endpoint)) {
        free(endpoint);
        return;
    }
    free(self->endpoint);
    self->endpoint = endpoint;
    self->calls->listen(self->context, span_of(endpoint));
}

void connect_check_soon(client_link_t *self, uint64_t now_ms)
{
    assert(self);
    if (self->status != LINK_UP)
        return;
    self->extra = 0;
    uint64_t check_ms = now_ms + CHECKS_MS[1];
    if (self->extra_ms == 0 || check_ms < self->extra_ms)
        self->extra_ms = check_ms;
}

static void come_up(client_link_t *self, uint64_t now_ms)
{
    self->status = LINK_UP;
    self->ping_ms = now_ms + self->heartbeat_ms;
    backoff_reset(&self->backoff);
    connect_check_soon(self, now_ms);
    if (self->calls->up)
        self->calls->up(self->context);
    greet_pump(self, now_ms);
}

/* Fewer than we think are left: which, the broker does not say, so all resume. */
static void resume_all(client_link_t *self, uint64_t now_ms)
{
    for (uint32_t row = 0; row < self->sessions.capacity; row++) {
        client_session_t *session = client_sessions_row(&self->sessions, row);
        if (session && session->state == SESSION_READY)
            greet_again(self, session);
    }
    greet_pump(self, now_ms);
}

void connect_pong(client_link_t *self, const message_t *reply, uint64_t now_ms)
{
    assert(self && reply);
    connect_listen(self, reply);
    if (self->status == LINK_CONNECTING)
        come_up(self, now_ms);
    repair_heads(self, reply, NULL, now_ms);
    if (message_has(reply, KEY_sessions) && message_uint(reply, KEY_sessions) < self->ready_count)
        resume_all(self, now_ms);
}

static void beat(client_link_t *self, uint64_t now_ms)
{
    if (self->unanswered >= UNANSWERED_MAX) {
        connect_lost(self, now_ms);
        return;
    }
    uint64_t heartbeat =
        self->heartbeat_ms > HEARTBEAT_MIN_MS ? self->heartbeat_ms : HEARTBEAT_MIN_MS;
    self->ping_ms = now_ms + heartbeat;
    self->unanswered++;
    ping_all(self, now_ms);
}

static void check(client_link_t *self, uint64_t now_ms)
{
    self->extra++;
    assert(self->extra < CHECK_COUNT);
    bool is_last = self->extra == CHECK_COUNT - 1;
    self->extra_ms = is_last ? 0 : now_ms + CHECKS_MS[self->extra + 1] - CHECKS_MS[self->extra];
    ping_all(self, now_ms);
}

void connect_tick(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->status != LINK_NEW);
    bool is_over = self->status == LINK_CONNECTING && now_ms >= self->attempt_ms;
    if (self->is_stuck || is_over)
        connect_lost(self, now_ms);
    if (self->status == LINK_PAUSING && now_ms >= self->attempt_ms)
        connect_attempt(self, now_ms);
    if (self->status == LINK_UP && now_ms >= self->ping_ms)
        beat(self, now_ms);
    if (self->status == LINK_UP && self->extra_ms && now_ms >= self->extra_ms)
        check(self, now_ms);
}

uint64_t connect_next_ms(const client_link_t *self)
{
    assert(self);
    if (self->status == LINK_NEW)
        return UINT64_MAX;
    if (self->is_stuck)
        return 0;
    if (self->status != LINK_UP)
        return self->attempt_ms;
    bool is_checking = self->extra_ms && self->extra_ms < self->ping_ms;
    return is_checking ? self->extra_ms : self->ping_ms;
}
