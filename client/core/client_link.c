#include "client/core/client_link.h"

#include "client/core/connect.h"
#include "client/core/endpoint.h"
#include "client/core/greet.h"
#include "client/core/incoming.h"
#include "client/core/membership.h"
#include "client/core/outgoing.h"
#include "client/core/repair.h"
#include "client/core/request.h"

#include <assert.h>
#include <stdlib.h>

enum {
    CONNECT_MS = 3000,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 10000,
    HEARTBEAT_MS = 10000,
    GREETINGS_MAX = 256,
    REQUESTS_MAX = 1024,
};

static uint64_t or_default(uint64_t value, uint64_t standard)
{
    return value > 0 ? value : standard;
}

static char *copy_or_null(const char *text)
{
    return text ? endpoint_copy(span_of(text)) : NULL;
}

static client_options_t complete(const client_options_t *given)
{
    client_options_t options = *given;
    options.router = endpoint_copy(span_of(given->router));
    options.pub = copy_or_null(given->pub);
    options.agent = copy_or_null(given->agent);
    options.connect_ms = or_default(given->connect_ms, CONNECT_MS);
    options.pause_min_ms = or_default(given->pause_min_ms, PAUSE_MIN_MS);
    options.pause_max_ms = or_default(given->pause_max_ms, PAUSE_MAX_MS);
    if (options.pause_max_ms < options.pause_min_ms)
        options.pause_max_ms = options.pause_min_ms;
    options.heartbeat_ms = or_default(given->heartbeat_ms, HEARTBEAT_MS);
    options.sessions_max = (uint32_t)or_default(given->sessions_max, LIMIT_SESSIONS_PER_LINK);
    options.greetings_max = (uint32_t)or_default(given->greetings_max, GREETINGS_MAX);
    options.requests_max = (uint32_t)or_default(given->requests_max, REQUESTS_MAX);
    if (options.requests_max > UINT16_MAX)
        options.requests_max = UINT16_MAX;
    return options;
}

static void assert_complete(const client_calls_t *calls)
{
    assert(calls->open && calls->send && calls->listen && calls->subscribe && calls->unsubscribe);
    assert(calls->ready && calls->refused && calls->joined && calls->parted && calls->reply);
    assert(calls->message && calls->private_message && calls->presence && calls->kicked);
    (void)calls;
}

client_link_t *client_link_new(const client_options_t *options, const client_calls_t *calls,
                               void *context)
{
    assert(options && options->router && calls);
    assert_complete(calls);
    client_link_t *self = calloc(1, sizeof *self);
    assert(self);
    self->calls = calls;
    self->context = context;
    self->options = complete(options);
    self->heartbeat_ms = self->options.heartbeat_ms;
    self->due_ms = UINT64_MAX;
    uint64_t chance;
    memcpy(&chance, options->entropy + 16, sizeof chance);
    backoff_init(&self->backoff, self->options.pause_min_ms, self->options.pause_max_ms, chance);
    client_rooms_init(&self->rooms, options->entropy);
    client_sessions_init(&self->sessions, self->options.sessions_max);
    chain_init(&self->greetings);
    chain_init(&self->due_sessions);
    chain_init(&self->due_rooms);
    chain_init(&self->gone_sessions);
    chain_init(&self->gone_rooms);
    decoder_init(&self->decoder);
    decoder_init(&self->held_decoder);
    buffer_init(&self->out, LIMIT_FRAME_BYTES);
    return self;
}

static void free_items(client_session_t *session)
{
    client_item_t *item;
    while ((item = client_session_first(session)) != NULL) {
        client_session_detach(session, item);
        free(item);
    }
}

void client_link_destroy(client_link_t **self_p)
{
    assert(self_p);
    client_link_t *self = *self_p;
    if (self == NULL)
        return;
    assert(self->depth == 0);
    for (uint32_t row = 0; row < self->sessions.capacity; row++)
        if (client_sessions_row(&self->sessions, row))
            free_items(client_sessions_row(&self->sessions, row));
    client_sessions_fini(&self->sessions);
    client_rooms_fini(&self->rooms);
    errand_table_fini(&self->errands);
    decoder_fini(&self->decoder);
    decoder_fini(&self->held_decoder);
    buffer_fini(&self->out);
    free((char *)self->options.router);
    free((char *)self->options.pub);
    free((char *)self->options.agent);
    free(self->endpoint);
    free(self);
    *self_p = NULL;
}

static void enter(client_link_t *self)
{
    self->depth++;
}

/* Only here is anything freed that a running call may still look at. */
static void leave(client_link_t *self)
{
    assert(self->depth > 0);
    if (--self->depth > 0)
        return;
    chain_t *node;
    while ((node = chain_take(&self->gone_sessions)) != NULL)
        client_sessions_free(&self->sessions, CHAIN_OWNER(client_session_t, node));
    while ((node = chain_take(&self->gone_rooms)) != NULL)
        client_rooms_free(&self->rooms, CHAIN_OWNER(client_room_t, node));
}

void client_link_start(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->status == LINK_NEW && self->depth == 0);
    enter(self);
    connect_attempt(self, now_ms);
    leave(self);
}

static bool are_rooms_valid(const client_hello_t *hello)
{
    name_t name;
    for (size_t i = 0; i < hello->room_count; i++)
        if (room_fold(hello->rooms[i], &name) != HUB_OK)
            return false;
    return true;
}

static hub_err_t check_hello(const client_hello_t *hello)
{
    name_t name;
    if (hello->nick.size > 0 && nick_fold(hello->nick, &name) != HUB_OK)
        return HUB_NICK_INVALID;
    if (hello->room_count > LIMIT_ROOMS_PER_SESSION)
        return HUB_TOO_LONG;
    return are_rooms_valid(hello) ? HUB_OK : HUB_ROOM_INVALID;
}

static void want_rooms(client_link_t *self, client_session_t *session, const client_hello_t *hello,
                       uint64_t now_ms)
{
    name_t name;
    for (size_t i = 0; i < hello->room_count; i++) {
        hub_err_t err = room_fold(hello->rooms[i], &name);
        assert(err == HUB_OK);
        const client_room_t *room = client_rooms_find(&self->rooms, name_span(&name));
        if (room && client_session_find_room(session, room->index))
            continue;
        client_session_add_room(session, membership_want(self, &name, now_ms)->index);
    }
}

hub_err_t client_link_hello(client_link_t *self, const client_hello_t *hello, uint64_t now_ms,
                            uint32_t *out_sid)
{
    assert(self && hello && out_sid && (hello->rooms || hello->room_count == 0));
    hub_err_t err = check_hello(hello);
    if (err != HUB_OK)
        return err;
    client_session_t *session = client_sessions_add(&self->sessions);
    if (session == NULL)
        return HUB_FULL;
    enter(self);
    (void)client_session_set_nick(session, hello->nick); /* else a guest */
    session->user = hello->user;
    session->is_kicked_idle = hello->is_kicked_idle;
    session->resume_ms = hello->resume_ms < UINT32_MAX ? (uint32_t)hello->resume_ms : UINT32_MAX;
    want_rooms(self, session, hello, now_ms);
    *out_sid = session->sid;
    greet_enqueue(self, session);
    greet_pump(self, now_ms);
    leave(self);
    return HUB_OK;
}

hub_err_t client_link_hello_as(client_link_t *self, uint32_t sid, span_t nick, uint64_t now_ms)
{
    assert(self);
    name_t name;
    client_session_t *session = client_sessions_find(&self->sessions, sid);
    if (session == NULL || session->state != SESSION_REFUSED)
        return HUB_NO_SESSION;
    if (nick.size > 0 && nick_fold(nick, &name) != HUB_OK)
        return HUB_NICK_INVALID;
    enter(self);
    if (!client_session_set_nick(session, nick))
        label_fini(&session->nick);
    greet_enqueue(self, session);
    greet_pump(self, now_ms);
    leave(self);
    return HUB_OK;
}

/* Its reply matches nothing. */
static void send_bye(client_link_t *self, const client_session_t *session, uint64_t now_ms)
{
    bool is_known = session->state == SESSION_READY || session->state == SESSION_GREETING;
    if (self->status != LINK_UP || !is_known)
        return;
    uint64_t id = errand_add(&self->errands, ERRAND_LINK_PING, session->sid, NULL);
    errand_drop(&self->errands, id);
    writer_t writer;
    request_begin(&writer, &self->out, OP_bye, id, 0, session->sid);
    write_end(&writer);
    connect_send(self, now_ms);
}

void client_link_bye(client_link_t *self, uint32_t sid, uint64_t now_ms)
{
    assert(self);
    client_session_t *session = client_sessions_find(&self->sessions, sid);
    if (session == NULL)
        return;
    enter(self);
    send_bye(self, session, now_ms);
    incoming_forget(self, session);
    greet_pump(self, now_ms);
    leave(self);
}

hub_err_t client_link_request(client_link_t *self, uint32_t sid, const client_request_t *request,
                              uint64_t now_ms)
{
    assert(self && request);
    client_session_t *session = client_sessions_find(&self->sessions, sid);
    if (session == NULL || session->is_ending)
        return HUB_NO_SESSION;
    enter(self);
    hub_err_t err = outgoing_add(self, session, request, now_ms);
    leave(self);
    return err;
}

void client_link_frame(client_link_t *self, const void *data, size_t size, uint64_t now_ms)
{
    assert(self && self->depth == 0 && (data || size == 0));
    if (self->status == LINK_NEW || self->status == LINK_PAUSING)
        return;
    message_t message;
    if (decoder_frame(&self->decoder, data, size, &message) != HUB_OK) {
        self->counters.frames_bad++;
        return;
    }
    enter(self);
    self->unanswered = 0;
    if (message_has(&message, KEY_re))
        incoming_reply(self, &message, now_ms);
    else if (message_has(&message, KEY_ev))
        incoming_event(self, &message, (span_t){data, size}, now_ms);
    else
        self->counters.frames_bad++;
    leave(self);
}

void client_link_published(client_link_t *self, const void *data, size_t size, uint64_t now_ms)
{
    assert(self && self->depth == 0 && (data || size == 0));
    const char *zero = size > 0 ? memchr(data, '\0', size) : NULL;
    message_t event;
    if (zero == NULL) {
        self->counters.frames_bad++;
        return;
    }
    size_t topic_bytes = (size_t)(zero + 1 - (const char *)data);
    span_t frame = {zero + 1, size - topic_bytes};
    client_room_t *room = client_rooms_find(&self->rooms, (span_t){data, topic_bytes - 1});
    if (room == NULL)
        return; /* still on its way when we unsubscribed */
    if (decoder_frame(&self->decoder, frame.data, frame.size, &event) != HUB_OK) {
        self->counters.frames_bad++;
        return;
    }
    enter(self);
    incoming_room_event(self, room, ev_find(message_span(&event, KEY_ev)), &event, frame, now_ms);
    leave(self);
}

static void room_due(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    repair_room_due(self, room, now_ms);
    if (room->references == 0)
        return;
    uint64_t due = room->flow.due_ms ? room->flow.due_ms : UINT64_MAX;
    if (room->presence_due_ms && room->presence_due_ms < due)
        due = room->presence_due_ms;
    if (due == UINT64_MAX)
        return;
    chain_add(&self->due_rooms, &room->place);
    link_due(self, due);
}

static void session_due(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    assert(session->state != SESSION_GREETING); /* which has no due_ms */
    bool is_rested = session->due_ms && session->due_ms <= now_ms;
    if (is_rested)
        session->due_ms = 0;
    if (session->state == SESSION_WAITING && is_rested) {
        greet_enqueue(self, session);
        return;
    }
    if (session->state == SESSION_READY) {
        repair_inbox_due(self, session, now_ms);
        outgoing_pump(self, session, now_ms);
    }
    const inflow_t *inbox = client_session_flow(session);
    uint64_t due = session->due_ms ? session->due_ms : UINT64_MAX;
    if (inbox && inbox->due_ms && inbox->due_ms < due)
        due = inbox->due_ms;
    if (due == UINT64_MAX)
        return;
    chain_add(&self->due_sessions, &session->place);
    link_due(self, due);
}

/* What a call removes is taken out of these chains, so they are emptied from the front. */
static void all_due(client_link_t *self, uint64_t now_ms)
{
    chain_t rooms, sessions, *node;
    self->due_ms = UINT64_MAX;
    chain_move(&rooms, &self->due_rooms);
    chain_move(&sessions, &self->due_sessions);
    while ((node = chain_take(&rooms)) != NULL)
        room_due(self, CHAIN_OWNER(client_room_t, node), now_ms);
    while ((node = chain_take(&sessions)) != NULL)
        session_due(self, CHAIN_OWNER(client_session_t, node), now_ms);
    greet_pump(self, now_ms);
}

void client_link_tick(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->depth == 0 && self->status != LINK_NEW);
    enter(self);
    connect_tick(self, now_ms);
    if (self->status == LINK_UP && now_ms >= self->due_ms)
        all_due(self, now_ms);
    leave(self);
}

uint64_t client_link_next_ms(const client_link_t *self)
{
    assert(self);
    uint64_t next = connect_next_ms(self);
    return self->status == LINK_UP && self->due_ms < next ? self->due_ms : next;
}

void client_link_subscribe_again(client_link_t *self)
{
    assert(self);
    membership_subscribe_again(self);
}

void client_link_disconnected(client_link_t *self, uint64_t now_ms)
{
    assert(self && self->depth == 0);
    if (self->status != LINK_UP && self->status != LINK_CONNECTING)
        return;
    enter(self);
    connect_lost(self, now_ms);
    leave(self);
}
