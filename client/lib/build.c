#include "client/lib/build.h"

#include <assert.h>

static const char *text_of(queue_node_t *node, const message_t *message, key_id_t key)
{
    return queue_node_text(node, message_span(message, key));
}

static void build_extras(queue_node_t *node, hubbub_event_t *event, const message_t *message)
{
    event->payload = text_of(node, message, KEY_type);
    event->rel = text_of(node, message, KEY_rel);
    event->ref = message_uint(message, KEY_ref);
    event->thread = message_uint(message, KEY_thread);
    if (message_has(message, KEY_data)) {
        span_t data = message_span(message, KEY_data);
        event->data = queue_node_text(node, data);
        event->data_bytes = data.size;
    }
    const msgpack_object *x = message_object(message, KEY_x);
    if (x == NULL)
        return;
    msgpack_sbuffer raw;
    msgpack_packer packer;
    msgpack_sbuffer_init(&raw);
    msgpack_packer_init(&packer, &raw, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, *x);
    event->x = queue_node_text(node, (span_t){raw.data, raw.size});
    event->x_bytes = raw.size;
    msgpack_sbuffer_destroy(&raw);
}

void build_message(queue_node_t *node, hubbub_event_t *event, const message_t *message)
{
    assert(node && event && message);
    event->room = text_of(node, message, KEY_room);
    event->nick = text_of(node, message, KEY_from);
    event->uid = text_of(node, message, KEY_uid);
    event->to = text_of(node, message, KEY_to);
    event->mid = text_of(node, message, KEY_mid);
    event->text = text_of(node, message, KEY_text);
    event->text_bytes = message_span(message, KEY_text).size;
    event->epoch = message_uint(message, KEY_epoch);
    event->seq = message_uint(message, KEY_seq);
    event->at_ms = message_uint(message, KEY_at);
    event->cid = message_uint(message, KEY_cid);
    build_extras(node, event, message);
}

static void build_member(queue_node_t *node, hubbub_member_t *member, const message_t *message)
{
    member->nick = text_of(node, message, KEY_nick);
    member->uid = text_of(node, message, KEY_uid);
    member->state = text_of(node, message, KEY_state);
    member->status = text_of(node, message, KEY_status);
    member->was = text_of(node, message, KEY_was);
    member->role = text_of(node, message, KEY_role);
    member->since_ms = message_uint(message, KEY_since);
}

void build_members(queue_node_t *node, const message_t *message, key_id_t list)
{
    assert(node && message);
    size_t count;
    const msgpack_object *objects = message_list(message, list, &count);
    hubbub_member_t *members = queue_node_room(node, count, sizeof *members);
    message_t member;
    for (size_t i = 0; i < count; i++)
        if (message_from_object(&member, &objects[i]))
            build_member(node, &members[node->event.member_count++], &member);
    node->event.members = members;
    node->event.count = message_uint(message, KEY_count);
    node->event.seq = message_uint(message, KEY_pseq);
}

void build_rooms(queue_node_t *node, const message_t *reply)
{
    assert(node && reply);
    size_t count;
    const msgpack_object *objects = message_list(reply, KEY_rooms, &count);
    hubbub_room_t *rooms = queue_node_room(node, count, sizeof *rooms);
    message_t room;
    for (size_t i = 0; i < count; i++) {
        if (!message_from_object(&room, &objects[i]))
            continue;
        rooms[node->event.room_count++] = (hubbub_room_t){
            .name = text_of(node, &room, KEY_room),
            .count = message_uint(&room, KEY_count),
            .seq = message_uint(&room, KEY_seq),
            .slow_ms = message_uint(&room, KEY_slow_ms),
        };
    }
    node->event.rooms = rooms;
}

void build_bans(queue_node_t *node, const message_t *reply)
{
    assert(node && reply);
    size_t count;
    const msgpack_object *objects = message_list(reply, KEY_bans, &count);
    hubbub_ban_t *bans = queue_node_room(node, count, sizeof *bans);
    message_t ban;
    for (size_t i = 0; i < count; i++) {
        if (!message_from_object(&ban, &objects[i]))
            continue;
        bans[node->event.ban_count++] = (hubbub_ban_t){
            .verdict = text_of(node, &ban, KEY_verdict),
            .nick = text_of(node, &ban, KEY_nick),
            .account = text_of(node, &ban, KEY_account),
            .network = text_of(node, &ban, KEY_network),
            .by = text_of(node, &ban, KEY_by),
            .reason = text_of(node, &ban, KEY_reason),
            .at_ms = message_uint(&ban, KEY_at),
            .until_ms = message_uint(&ban, KEY_until),
        };
    }
    node->event.bans = bans;
}

/* Events of a kind this version does not know are left out. */
void build_history(queue_node_t *node, const message_t *reply)
{
    assert(node && reply);
    size_t count;
    const msgpack_object *objects = message_list(reply, KEY_events, &count);
    hubbub_event_t *events = queue_node_room(node, count, sizeof *events);
    message_t message;
    for (size_t i = 0; i < count; i++) {
        if (!message_from_object(&message, &objects[i]))
            continue;
        ev_t ev = ev_find(message_span(&message, KEY_ev));
        if (ev != EV_message && ev != EV_private)
            continue;
        hubbub_event_t *event = &events[node->event.event_count++];
        event->type = ev == EV_message ? HUBBUB_MESSAGE : HUBBUB_PRIVATE;
        event->op = event->hint = event->reason = event->role = "";
        build_message(node, event, &message);
    }
    node->event.events = events;
    node->event.has_more = message_bool(reply, KEY_more);
}
