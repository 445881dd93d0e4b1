#include "client/lib/build.h"
#include "client/lib/handle.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGES_MAX = 20000 }; /* of 200 entries: members_max and rooms_max can be no more */

static void say_log(hubbub_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say_log(hubbub_t *self, const char *format, ...)
{
    char line[256];
    if (self->on_log == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    self->on_log(self->user, line);
}

static queue_node_t *about_room(hubbub_type_t type, span_t name)
{
    queue_node_t *node = queue_node_new(type);
    node->event.room = queue_node_text(node, name);
    return node;
}

static void on_open(void *context)
{
    hubbub_t *self = context;
    self->open_errno = sockets_open(&self->sockets) ? 0 : errno;
    if (self->open_errno)
        say_log(self, "open.failed router=%s errno=%d", self->sockets.router, self->open_errno);
}

static bool on_send(void *context, span_t frame)
{
    hubbub_t *self = context;
    return sockets_send(&self->sockets, frame);
}

static void on_listen(void *context, span_t endpoint)
{
    hubbub_t *self = context;
    sockets_listen(&self->sockets, endpoint);
    say_log(self, "listen endpoint=%.*s", (int)endpoint.size, endpoint.data);
}

static void on_subscribe(void *context, span_t topic)
{
    sockets_subscribe(&((hubbub_t *)context)->sockets, topic);
}

static void on_unsubscribe(void *context, span_t topic)
{
    sockets_unsubscribe(&((hubbub_t *)context)->sockets, topic);
}

static void on_up(void *context)
{
    hubbub_t *self = context;
    say_log(self, "up router=%s", self->sockets.router);
}

/* What is known of why, for people too. */
static void set_trouble(const hubbub_t *self, queue_node_t *node)
{
    hubbub_event_t *event = &node->event;
    switch (self->sockets.trouble) {
    case TROUBLE_NONE:
        return;
    case TROUBLE_KEY:
        event->error = "key_refused";
        event->hint =
            "the broker does not know this key: it was never enrolled there, was revoked, or "
            "its invitation has lapsed";
        return;
    case TROUBLE_HANDSHAKE:
        event->error = "handshake_failed";
        event->hint = self->sockets.keys.is_keyed
                          ? "no handshake with the broker comes about: it has another key than "
                            "we were told, or takes none at this endpoint"
                          : "no handshake with the broker comes about: it wants a key (see "
                            "hubbub --help, --invite and --key)";
        return;
    }
}

static void on_down(void *context, uint64_t retry_ms)
{
    hubbub_t *self = context;
    say_log(self, "down router=%s retry_ms=%ju", self->sockets.router, (uintmax_t)retry_ms);
    queue_node_t *node = queue_node_new(HUBBUB_DOWN);
    node->event.retry_ms = retry_ms;
    set_trouble(self, node);
    queue_put(&self->queue, &node);
}

static void on_ready(void *context, uint32_t sid, void *user, client_ready_t how,
                     const message_t *welcome)
{
    (void)sid, (void)user;
    hubbub_t *self = context;
    queue_node_t *node = queue_node_new(HUBBUB_READY);
    node->event.nick = queue_node_text(node, message_span(welcome, KEY_nick));
    node->event.uid = queue_node_text(node, message_span(welcome, KEY_uid));
    node->event.is_new = how != CLIENT_RESUMED;
    node->event.is_resumed = how == CLIENT_RESUMED;
    queue_put(&self->queue, &node);
}

/* The name and the hint of an error, the broker's own where it gave them, and when it may be tried again. */
static void set_error(queue_node_t *node, hub_err_t err, const message_t *reply)
{
    span_t name = reply ? message_span(reply, KEY_error) : (span_t){"", 0};
    span_t hint = reply ? message_span(reply, KEY_hint) : (span_t){"", 0};
    if (name.size == 0)
        name = span_of(err_name(err == HUB_ERR_COUNT ? HUB_UNSUPPORTED : err));
    if (hint.size == 0 && err != HUB_ERR_COUNT)
        hint = span_of(err_hint(err));
    node->event.error = queue_node_text(node, name);
    node->event.hint = queue_node_text(node, hint);
    node->event.retry_ms = reply ? message_uint(reply, KEY_retry_ms) : 0;
}

static void on_refused(void *context, uint32_t sid, void *user, hub_err_t err,
                       const message_t *reply)
{
    (void)sid, (void)user;
    hubbub_t *self = context;
    queue_node_t *node = queue_node_new(HUBBUB_REFUSED);
    set_error(node, err, reply);
    queue_put(&self->queue, &node);
}

static void on_joined(void *context, uint32_t sid, void *user, uint32_t room, span_t name)
{
    (void)sid, (void)user, (void)room;
    queue_node_t *node = about_room(HUBBUB_JOINED, name);
    queue_put(&((hubbub_t *)context)->queue, &node);
}

static void on_parted(void *context, uint32_t sid, void *user, uint32_t room, span_t name,
                      const message_t *why)
{
    (void)sid, (void)user, (void)room;
    queue_node_t *node = about_room(HUBBUB_PARTED, name);
    if (why) {
        node->event.reason = queue_node_text(node, message_span(why, KEY_reason));
        node->event.nick = queue_node_text(node, message_span(why, KEY_by));
        node->event.text = queue_node_text(node, message_span(why, KEY_text));
    }
    queue_put(&((hubbub_t *)context)->queue, &node);
}

static query_t **find_query(hubbub_t *self, uint64_t number)
{
    query_t **place = &self->queries;
    while (*place && (*place)->number != number)
        place = &(*place)->next;
    return place;
}

static void put_done(hubbub_t *self, uint64_t number, op_t op, hub_err_t err,
                     const message_t *reply)
{
    queue_node_t *node = queue_node_new(HUBBUB_DONE);
    if (err == HUB_OK && (op == OP_say || op == OP_tell))
        build_message(node, &node->event, reply);
    if (err == HUB_OK && op == OP_join)
        node->event.slow_ms = message_uint(reply, KEY_slow_ms);
    node->event.request = number;
    node->event.op = command_row(op)->name.data;
    if (err != HUB_OK)
        set_error(node, err, reply);
    queue_put(&self->queue, &node);
}

/* The answer becomes a DONE of no request. */
static void on_left_out(void *context, uint32_t sid, void *user, span_t name)
{
    (void)user;
    hubbub_t *self = context;
    client_request_t request = {.op = OP_join, .room = name};
    hub_err_t err = client_link_request(self->link, sid, &request, handle_now_ms());
    if (err != HUB_OK)
        put_done(self, 0, OP_join, err, NULL);
}

static hubbub_type_t type_of(op_t op)
{
    if (op == OP_who)
        return HUBBUB_MEMBERS;
    if (op == OP_bans)
        return HUBBUB_BANS;
    return op == OP_rooms ? HUBBUB_ROOMS : HUBBUB_HISTORY;
}

static void put_page(hubbub_t *self, const query_t *query, const message_t *reply)
{
    queue_node_t *node = about_room(type_of(query->op), name_span(&query->room));
    node->event.request = query->is_ours ? 0 : query->number;
    node->event.has_more = message_has(reply, KEY_next);
    if (query->op == OP_who)
        build_members(node, reply, KEY_members);
    else if (query->op == OP_rooms)
        build_rooms(node, reply);
    else if (query->op == OP_bans)
        build_bans(node, reply);
    else
        build_history(node, reply);
    queue_put(&self->queue, &node);
}

/* Of a broker that never comes to the end of a list: a page with nothing in it, or more pages than there can be. */
static bool is_endless(query_t *query, const message_t *reply)
{
    key_id_t rows = query->op == OP_who ? KEY_members : query->op == OP_bans ? KEY_bans : KEY_rooms;
    size_t count;
    (void)message_list(reply, rows, &count);
    return count == 0 || ++query->pages >= PAGES_MAX;
}

/* True: the next page has been asked for. */
static bool ask_next(hubbub_t *self, query_t *query, const message_t *reply)
{
    if (query->op == OP_history || !message_has(reply, KEY_next) || is_endless(query, reply))
        return false;
    client_request_t request = {.op = query->op, .tag = query->number};
    request.page = message_span(reply, KEY_next);
    if (query->op != OP_rooms && query->room.size > 0)
        request.room = name_span(&query->room);
    return client_link_request(self->link, self->sid, &request, handle_now_ms()) == HUB_OK;
}

static void on_query_reply(hubbub_t *self, query_t **place, hub_err_t err, const message_t *reply)
{
    query_t *query = *place;
    if (err == HUB_OK) {
        put_page(self, query, reply);
        if (ask_next(self, query, reply))
            return;
    }
    if (!query->is_ours)
        put_done(self, query->number, query->op, err, reply);
    *find_query(self, query->number) = query->next;
    free(query);
}

static void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    (void)sid, (void)user;
    hubbub_t *self = context;
    if (err == HUB_OK && op == OP_nick) {
        span_t nick = client_link_nick(self->link, self->sid);
        say_log(self, "nick nick=%.*s", (int)nick.size, nick.data);
    }
    query_t **place = find_query(self, tag);
    if (*place)
        on_query_reply(self, place, err, reply);
    else
        put_done(self, tag, op, err, reply);
}

/* Events of a later version are passed over. */
static void put_message(hubbub_t *self, ev_t ev, const message_t *event)
{
    if (ev != EV_message && ev != EV_private)
        return;
    queue_node_t *node = queue_node_new(ev == EV_message ? HUBBUB_MESSAGE : HUBBUB_PRIVATE);
    build_message(node, &node->event, event);
    queue_put(&self->queue, &node);
}

static void on_message(void *context, uint32_t room, const message_t *event)
{
    (void)room;
    put_message(context, ev_find(message_span(event, KEY_ev)), event);
}

static void on_private(void *context, uint32_t sid, void *user, const message_t *event)
{
    (void)sid, (void)user;
    put_message(context, ev_find(message_span(event, KEY_ev)), event);
}

static void on_presence(void *context, uint32_t room, const message_t *event)
{
    hubbub_t *self = context;
    queue_node_t *node = about_room(HUBBUB_PRESENCE, client_link_room_name(self->link, room));
    build_members(node, event, KEY_changes);
    node->event.at_ms = message_uint(event, KEY_at);
    queue_put(&self->queue, &node);
}

static bool is_being_repaired(const hubbub_t *self, span_t room)
{
    for (const query_t *query = self->queries; query; query = query->next)
        if (query->is_ours && span_equal(name_span(&query->room), room))
            return true;
    return false;
}

static void on_presence_gap(void *context, uint32_t room)
{
    hubbub_t *self = context;
    span_t name = client_link_room_name(self->link, room);
    client_request_t request = {.op = OP_who, .room = name};
    if (is_being_repaired(self, name))
        return;
    if (handle_request(self, &request) == 0)
        return;
    query_t *query = *find_query(self, request.tag);
    assert(query);
    query->is_ours = true;
}

static void put_range(hubbub_t *self, hubbub_type_t type, uint32_t room, uint64_t first,
                      uint64_t last)
{
    bool is_inbox = room == CLIENT_NO_ROOM;
    span_t name = is_inbox ? span_of("@") : client_link_room_name(self->link, room);
    queue_node_t *node = about_room(type, name);
    node->event.first = first;
    node->event.last = last;
    queue_put(&self->queue, &node);
}

static void on_lost(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                    uint64_t last)
{
    (void)sid, (void)user;
    put_range(context, HUBBUB_LOST, room, first, last);
}

static void on_undone(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                      uint64_t last)
{
    (void)sid, (void)user;
    put_range(context, HUBBUB_UNDONE, room, first, last);
}

static void on_warning(void *context, uint32_t sid, void *user, uint64_t idle_in_ms)
{
    (void)sid, (void)user;
    queue_node_t *node = queue_node_new(HUBBUB_WARNING);
    node->event.idle_in_ms = idle_in_ms;
    queue_put(&((hubbub_t *)context)->queue, &node);
}

static void on_treated(void *context, uint32_t sid, void *user, ev_t ev, const message_t *event)
{
    (void)sid, (void)user;
    hubbub_type_t type = ev == EV_muted     ? HUBBUB_MUTED
                         : ev == EV_unmuted ? HUBBUB_UNMUTED
                                            : HUBBUB_ROLE;
    queue_node_t *node = about_room(type, message_span(event, KEY_room));
    node->event.nick = queue_node_text(node, message_span(event, KEY_by));
    node->event.text = queue_node_text(node, message_span(event, KEY_text));
    node->event.role = queue_node_text(node, message_span(event, KEY_role));
    node->event.at_ms = message_uint(event, KEY_at);
    node->event.until_ms = message_uint(event, KEY_until);
    queue_put(&((hubbub_t *)context)->queue, &node);
}

static void on_slowed(void *context, uint32_t room, uint64_t slow_ms)
{
    hubbub_t *self = context;
    queue_node_t *node = about_room(HUBBUB_SLOW, client_link_room_name(self->link, room));
    node->event.slow_ms = slow_ms;
    queue_put(&self->queue, &node);
}

static span_t on_password(void *context, void *user)
{
    (void)user;
    const hubbub_t *self = context;
    return span_of(self->password ? self->password : "");
}

static void on_kicked(void *context, uint32_t sid, void *user, span_t reason, span_t text)
{
    (void)sid, (void)user;
    hubbub_t *self = context;
    queue_node_t *node = queue_node_new(HUBBUB_KICKED);
    node->event.reason = queue_node_text(node, reason);
    node->event.text = queue_node_text(node, text);
    queue_put(&self->queue, &node);
    self->sid = CLIENT_NO_SID;
    say_log(self, "kicked reason=%.*s", (int)reason.size, reason.data);
}

static void on_shutdown(void *context, uint64_t after_ms)
{
    queue_node_t *node = queue_node_new(HUBBUB_SHUTDOWN);
    node->event.after_ms = after_ms;
    queue_put(&((hubbub_t *)context)->queue, &node);
}

const client_calls_t HANDLE_CALLS = {
    .open = on_open,
    .send = on_send,
    .listen = on_listen,
    .subscribe = on_subscribe,
    .unsubscribe = on_unsubscribe,
    .up = on_up,
    .down = on_down,
    .ready = on_ready,
    .refused = on_refused,
    .joined = on_joined,
    .parted = on_parted,
    .left_out = on_left_out,
    .reply = on_reply,
    .message = on_message,
    .private_message = on_private,
    .presence = on_presence,
    .presence_gap = on_presence_gap,
    .lost = on_lost,
    .undone = on_undone,
    .warning = on_warning,
    .treated = on_treated,
    .slowed = on_slowed,
    .password = on_password,
    .kicked = on_kicked,
    .shutdown = on_shutdown,
};
