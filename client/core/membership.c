#include "client/core/membership.h"

#include "client/core/connect.h"
#include "client/core/repair.h"

#include <assert.h>

enum { HEAD_NUMBERS = 3 };

static span_t topic_of(const client_room_t *room)
{
    return (span_t){room->topic, (size_t)room->name.size + 1};
}

client_room_t *membership_want(client_link_t *self, const name_t *name, uint64_t now_ms)
{
    assert(self && name);
    client_room_t *room = client_rooms_find(&self->rooms, name_span(name));
    if (room == NULL) {
        room = client_rooms_add(&self->rooms, name);
        self->calls->subscribe(self->context, topic_of(room));
        connect_check_soon(self, now_ms);
    }
    room->references++;
    return room;
}

void membership_subscribe_again(client_link_t *self)
{
    assert(self);
    for (uint32_t index = 0; index < self->rooms.capacity; index++) {
        const client_room_t *room = client_rooms_at(&self->rooms, index);
        if (room && room->references > 0 && !room->is_private)
            self->calls->subscribe(self->context, topic_of(room));
    }
}

void membership_release(client_link_t *self, uint32_t index)
{
    assert(self);
    client_room_t *room = client_rooms_at(&self->rooms, index);
    assert(room && room->references > 0);
    if (--room->references > 0)
        return;
    repair_drop(self, &room->flow);
    client_rooms_retire(&self->rooms, room);
    chain_add(&self->gone_rooms, &room->place);
    if (!room->is_private)
        self->calls->unsubscribe(self->context, topic_of(room));
}

/* The name as the broker has it; it differs from what we folded only where the broker folds otherwise. */
static bool canonical(span_t text, name_t *out)
{
    if (text.size == 0 || text.size > NAME_BYTES)
        return false;
    *out = (name_t){.size = (uint8_t)text.size};
    memcpy(out->text, text.data, text.size);
    return true;
}

static bool is_in_all_there_may_be(client_session_t *session)
{
    const uint32_t *rooms = client_session_rooms(session);
    size_t count = 0;
    for (uint32_t i = 0; i < session->room_count; i++)
        count += (rooms[i] & SESSION_ROOM_MEMBER) != 0;
    return count >= LIMIT_ROOMS_PER_SESSION;
}

/* The session is in the room: tells the application unless it knows. A room beyond what one may be in, of which only a broken
 * broker tells, is passed over: applications count on the limit. */
static void enter(client_link_t *self, client_session_t *session, client_room_t *room)
{
    uint32_t *entry = client_session_find_room(session, room->index);
    bool is_member = entry && (*entry & SESSION_ROOM_MEMBER);
    if (!is_member && is_in_all_there_may_be(session))
        return;
    if (entry == NULL) {
        client_session_add_room(session, room->index);
        room->references++;
        entry = client_session_find_room(session, room->index);
    }
    bool is_news = !(*entry & SESSION_ROOM_MEMBER);
    room->members += is_news;
    *entry |= SESSION_ROOM_MEMBER | SESSION_ROOM_SEEN;
    room->asker = session->sid;
    if (is_news)
        self->calls->joined(self->context, session->sid, session->user, room->index,
                            name_span(&room->name));
}

static void begin(client_link_t *self, client_room_t *room, const uint64_t *head, bool is_welcome,
                  uint64_t now_ms)
{
    if (room->members == 0)
        return; /* joined() has made them leave again */
    if (room->flow.is_known && is_welcome)
        repair_room_welcome(self, room, head[0], head[1], head[2], now_ms);
    else if (room->flow.is_known)
        repair_room_head(self, room, head[0], head[1], head[2], now_ms);
    if (room->flow.is_known)
        return;
    inflow_begin(&room->flow, head[0], head[1]);
    room->pseq = room->head_pseq = head[2];
    repair_drain(self, room, now_ms);
}

static void take_head(client_link_t *self, client_session_t *session, span_t name,
                      const uint64_t *head, bool is_welcome, uint64_t now_ms)
{
    name_t folded;
    if (span_is(name, "@")) {
        if (session->inbox_state == INBOX_UNKNOWN)
            client_session_begin_inbox(session, head[0], head[1]);
        else
            repair_inbox_head(self, session, head[0], head[1], now_ms);
        return;
    }
    if (!canonical(name, &folded))
        return;
    client_room_t *room = membership_want(self, &folded, now_ms);
    uint32_t index = room->index;
    enter(self, session, room);
    begin(self, room, head, is_welcome, now_ms);
    membership_release(self, index);
}

/* With the last member go the place in the room's line and what is held: a request to join may keep the
 * room, but what is said until it is answered is for nobody. */
static void lose_member(client_link_t *self, uint32_t entry)
{
    if (!(entry & SESSION_ROOM_MEMBER))
        return;
    client_room_t *room = client_rooms_at(&self->rooms, entry & SESSION_ROOM_INDEX);
    assert(room && room->members > 0);
    if (--room->members > 0)
        return;
    repair_drop(self, &room->flow);
    inflow_fini(&room->flow);
    room->presence_due_ms = 0;
    room->is_gap_owed = false;
}

/* Removes the entry at `place`: the broker does not know the session there. */
static void expel(client_link_t *self, client_session_t *session, uint32_t place,
                  const message_t *why)
{
    uint32_t entry = client_session_rooms(session)[place];
    uint32_t index = entry & SESSION_ROOM_INDEX;
    client_session_remove_room(session, place);
    lose_member(self, entry);
    if (entry & SESSION_ROOM_MEMBER)
        self->calls->parted(self->context, session->sid, session->user, index,
                            name_span(&client_rooms_at(&self->rooms, index)->name), why);
    else if (self->calls->left_out) /* hello wanted it */
        self->calls->left_out(self->context, session->sid, session->user,
                              name_span(&client_rooms_at(&self->rooms, index)->name));
    membership_release(self, index);
}

/* Marks the rooms that are among the heads. */
static void look(client_link_t *self, client_session_t *session, const msgpack_object_kv *pairs,
                 size_t count)
{
    uint32_t *rooms = client_session_rooms(session);
    for (uint32_t i = 0; i < session->room_count; i++)
        rooms[i] &= ~SESSION_ROOM_SEEN;
    uint64_t head[HEAD_NUMBERS];
    span_t name;
    for (size_t i = 0; i < count; i++) {
        bool is_head =
            object_span(&pairs[i].key, &name) && object_numbers(&pairs[i].val, head, HEAD_NUMBERS);
        client_room_t *room = is_head ? client_rooms_find(&self->rooms, name) : NULL;
        uint32_t *entry = room ? client_session_find_room(session, room->index) : NULL;
        if (entry)
            *entry |= SESSION_ROOM_SEEN;
    }
}

/* Of the rooms that are not among the heads: those it was in, or those it only wanted. */
static void expel_unseen(client_link_t *self, client_session_t *session, bool was_in)
{
    uint32_t wanted = was_in ? SESSION_ROOM_MEMBER : 0;
    for (uint32_t i = session->room_count; i > 0 && session->state == SESSION_READY; i--) {
        uint32_t entry = i <= session->room_count ? client_session_rooms(session)[i - 1] : ~0U;
        if ((entry & (SESSION_ROOM_SEEN | SESSION_ROOM_MEMBER)) == wanted)
            expel(self, session, i - 1, NULL);
    }
}

/* A name may have been a private room's before it became a public one's. */
static void note_private(client_link_t *self, client_room_t *room, bool is_private)
{
    if (room->is_private == is_private)
        return;
    room->is_private = is_private;
    if (is_private)
        self->calls->unsubscribe(self->context, topic_of(room));
    else
        self->calls->subscribe(self->context, topic_of(room));
}

static void take_heads(client_link_t *self, client_session_t *session, const message_t *reply,
                       bool is_welcome, uint64_t now_ms)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    uint64_t head[HEAD_NUMBERS];
    span_t name;
    look(self, session, pairs, count);
    expel_unseen(self, session, true); /* first: they make room for others */
    for (size_t i = 0; i < count && session->state == SESSION_READY; i++)
        if (object_span(&pairs[i].key, &name) && object_numbers(&pairs[i].val, head, HEAD_NUMBERS))
            take_head(self, session, name, head, is_welcome, now_ms);
    expel_unseen(self, session, false);
    if (session->state == SESSION_READY && session->inbox_state == INBOX_UNKNOWN)
        client_session_begin_inbox(session, 0, 0);
}

/* Which of the rooms are private; what is said there comes over ROUTER, and hello must not make them anew. */
static void take_private(client_link_t *self, client_session_t *session, const message_t *reply)
{
    size_t count;
    const msgpack_object *names = message_list(reply, KEY_rooms, &count);
    span_t name;
    for (size_t i = 0; i < count; i++) {
        client_room_t *room =
            object_span(&names[i], &name) && name.size > 0 && name.size <= NAME_BYTES
                ? client_rooms_find(&self->rooms, name)
                : NULL;
        if (room && client_session_find_room(session, room->index))
            note_private(self, room, true);
    }
}

void membership_welcome(client_link_t *self, client_session_t *session, const message_t *reply,
                        uint64_t now_ms)
{
    assert(self && session && reply);
    take_heads(self, session, reply, true, now_ms);
    if (session->state == SESSION_READY)
        take_private(self, session, reply);
}

void membership_login(client_link_t *self, client_session_t *session, const message_t *reply,
                      uint64_t now_ms)
{
    assert(self && session && reply);
    span_t nick = message_span(reply, KEY_nick);
    if (!span_equal(nick, label_span(&session->nick))) { /* else it was in under it already */
        repair_drop_inbox(self, session);
        client_session_forget_inbox(session);
    }
    (void)client_session_set_nick(session, nick); /* else the old one */
    take_heads(self, session, reply, false, now_ms);
    if (session->state == SESSION_READY)
        take_private(self, session, reply);
}

static bool head_of(const message_t *reply, span_t name, uint64_t *out_head)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    span_t key;
    for (size_t i = 0; i < count; i++)
        if (object_span(&pairs[i].key, &key) && span_equal(key, name))
            return object_numbers(&pairs[i].val, out_head, HEAD_NUMBERS);
    return false;
}

void membership_join(client_link_t *self, client_session_t *session, uint32_t index,
                     const message_t *reply, uint64_t now_ms)
{
    assert(self && session && reply);
    uint64_t head[HEAD_NUMBERS];
    span_t asked = {"", 0}, told = message_span(reply, KEY_room);
    if (index != CLIENT_NO_ROOM)
        asked = name_span(&client_rooms_at(&self->rooms, index)->name);
    name_t name;
    if (!canonical(told.size > 0 ? told : asked, &name))
        return;
    client_room_t *room = membership_want(self, &name, now_ms);
    note_private(self, room, message_bool(reply, KEY_private));
    uint32_t wanted = room->index;
    enter(self, session, room);
    if (head_of(reply, name_span(&name), head))
        begin(self, room, head, true, now_ms);
    membership_release(self, wanted);
}

void membership_part(client_link_t *self, client_session_t *session, uint32_t room,
                     const message_t *why)
{
    assert(self && session);
    const uint32_t *entry = client_session_find_room(session, room);
    if (entry)
        expel(self, session, (uint32_t)(entry - client_session_rooms(session)), why);
}

void membership_leave(client_link_t *self, client_session_t *session)
{
    assert(self && session);
    while (session->room_count > 0) {
        uint32_t entry = client_session_rooms(session)[0];
        client_session_remove_room(session, 0);
        lose_member(self, entry);
        membership_release(self, entry & SESSION_ROOM_INDEX);
    }
}
