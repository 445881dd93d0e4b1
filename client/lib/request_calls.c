#include "client/lib/handle.h"

#include <assert.h>
#include <stdlib.h>

static bool has_pages(op_t op)
{
    return op == OP_who || op == OP_rooms || op == OP_history || op == OP_bans;
}

static void add_query(hubbub_t *self, const client_request_t *request)
{
    query_t *query = calloc(1, sizeof *query);
    assert(query);
    query->number = request->tag;
    query->op = request->op;
    if (request->room.size <= NAME_BYTES && request->room.data) {
        memcpy(query->room.text, request->room.data, request->room.size);
        query->room.size = (uint8_t)request->room.size;
    }
    query->next = self->queries;
    self->queries = query;
}

uint64_t handle_request(hubbub_t *self, client_request_t *request)
{
    assert(self && request);
    request->tag = self->number + 1;
    hub_err_t err = HUB_NO_SESSION;
    if (self->sid != CLIENT_NO_SID)
        err = client_link_request(self->link, self->sid, request, handle_now_ms());
    self->error = err_name(err);
    if (err != HUB_OK)
        return 0;
    self->number = request->tag;
    if (has_pages(request->op))
        add_query(self, request);
    sockets_wake(&self->sockets);
    return request->tag;
}

/* Requests about a room and nothing else. */
static uint64_t about_room(hubbub_t *self, op_t op, const char *room)
{
    assert(self && room);
    client_request_t request = {.op = op, .room = span_of(room)};
    return handle_request(self, &request);
}

uint64_t hubbub_say(hubbub_t *self, const char *room, const char *text)
{
    return hubbub_send(self, &(hubbub_message_t){.room = room, .text = text});
}

uint64_t hubbub_tell(hubbub_t *self, const char *to, const char *text)
{
    return hubbub_send(self, &(hubbub_message_t){.to = to, .text = text});
}

static span_t bytes_of(const void *data, size_t size)
{
    return (span_t){data, data ? size : 0};
}

static span_t text_or_none(const char *text)
{
    return text ? span_of(text) : (span_t){NULL, 0};
}

uint64_t hubbub_send(hubbub_t *self, const hubbub_message_t *message)
{
    assert(self && message && message->text);
    assert((message->room != NULL) != (message->to != NULL));
    client_request_t request = {
        .op = message->to ? OP_tell : OP_say,
        .room = text_or_none(message->room),
        .to = text_or_none(message->to),
        .text = span_of(message->text),
        .type = text_or_none(message->payload),
        .data = bytes_of(message->data, message->data_bytes),
        .rel = text_or_none(message->rel),
        .x = bytes_of(message->x, message->x_bytes),
        .ref = message->ref,
        .thread = message->thread,
    };
    return handle_request(self, &request);
}

uint64_t hubbub_join(hubbub_t *self, const char *room)
{
    return about_room(self, OP_join, room);
}

uint64_t hubbub_join_private(hubbub_t *self, const char *room)
{
    assert(self && room);
    client_request_t request = {.op = OP_join, .room = span_of(room), .is_private = true};
    return handle_request(self, &request);
}

uint64_t hubbub_part(hubbub_t *self, const char *room)
{
    return about_room(self, OP_part, room);
}

uint64_t hubbub_invite(hubbub_t *self, const char *room, const char *nick)
{
    return hubbub_invite_until(self, room, nick, 0);
}

uint64_t hubbub_invite_until(hubbub_t *self, const char *room, const char *nick, uint64_t until_ms)
{
    assert(self && room && nick);
    client_request_t request = {
        .op = OP_invite, .room = span_of(room), .nick = span_of(nick), .until = until_ms};
    return handle_request(self, &request);
}

uint64_t hubbub_moderate(hubbub_t *self, const hubbub_measure_t *measure)
{
    static const op_t OPS[] = {[HUBBUB_KICK] = OP_kick,
                               [HUBBUB_BAN] = OP_ban,
                               [HUBBUB_UNBAN] = OP_unban,
                               [HUBBUB_MUTE] = OP_mute,
                               [HUBBUB_UNMUTE] = OP_unmute};
    assert(self && measure && measure->nick && measure->deed < sizeof OPS / sizeof OPS[0]);
    client_request_t request = {
        .op = OPS[measure->deed],
        .room = text_or_none(measure->room),
        .nick = span_of(measure->nick),
        .reason = text_or_none(measure->reason),
        .until = measure->until_ms,
    };
    return handle_request(self, &request);
}

uint64_t hubbub_bans(hubbub_t *self, const char *room)
{
    assert(self);
    client_request_t request = {.op = OP_bans, .room = text_or_none(room)};
    return handle_request(self, &request);
}

uint64_t hubbub_role(hubbub_t *self, const char *room, const char *nick, const char *role)
{
    assert(self && room && nick && role);
    client_request_t request = {
        .op = OP_role, .room = span_of(room), .nick = span_of(nick), .role = span_of(role)};
    return handle_request(self, &request);
}

uint64_t hubbub_slow(hubbub_t *self, const char *room, uint64_t slow_ms)
{
    assert(self && room);
    client_request_t request = {
        .op = OP_slow, .room = span_of(room), .slow_ms = slow_ms, .zeros = K(slow_ms)};
    return handle_request(self, &request);
}

uint64_t hubbub_who(hubbub_t *self, const char *room)
{
    return about_room(self, OP_who, room);
}

uint64_t hubbub_rooms(hubbub_t *self)
{
    client_request_t request = {.op = OP_rooms};
    return handle_request(self, &request);
}

uint64_t hubbub_history(hubbub_t *self, const char *room, const hubbub_page_t *page)
{
    assert(self && room);
    client_request_t request = {.op = OP_history, .room = span_of(room)};
    if (page) {
        request.before = page->before;
        request.after = page->after;
        request.since = page->since_ms;
        request.until = page->until_ms;
        request.limit = page->limit;
        request.zeros = page->is_from_start ? K(after) : 0;
    }
    return handle_request(self, &request);
}

uint64_t hubbub_nick(hubbub_t *self, const char *nick)
{
    assert(self && nick);
    client_request_t request = {.op = OP_nick, .nick = span_of(nick)};
    return handle_request(self, &request);
}

uint64_t hubbub_register(hubbub_t *self, const char *password)
{
    assert(self && password);
    client_request_t request = {.op = OP_register, .password = span_of(password)};
    return handle_request(self, &request);
}

uint64_t hubbub_login(hubbub_t *self, const char *nick, const char *password)
{
    assert(self && nick && password);
    client_request_t request = {
        .op = OP_login, .nick = span_of(nick), .password = span_of(password)};
    return handle_request(self, &request);
}

uint64_t hubbub_password(hubbub_t *self, const char *old_password, const char *new_password)
{
    assert(self && old_password && new_password);
    client_request_t request = {.op = OP_password,
                                .password = span_of(old_password),
                                .new_password = span_of(new_password)};
    return handle_request(self, &request);
}

uint64_t hubbub_status(hubbub_t *self, const char *status)
{
    assert(self && status);
    client_request_t request = {.op = OP_status, .status = span_of(status)};
    return handle_request(self, &request);
}

uint64_t hubbub_active(hubbub_t *self)
{
    client_request_t request = {.op = OP_ping, .is_active = true};
    return handle_request(self, &request);
}
