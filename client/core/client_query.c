#include "client/core/client_link_state.h"

#include <assert.h>

bool client_link_is_up(const client_link_t *self)
{
    assert(self);
    return self->status == LINK_UP;
}

size_t client_link_waiting(const client_link_t *self, uint32_t sid)
{
    assert(self);
    const client_session_t *session = client_sessions_find(&self->sessions, sid);
    return session ? session->waiting : 0;
}

size_t client_link_unacknowledged(const client_link_t *self, uint32_t sid)
{
    assert(self);
    const client_session_t *session = client_sessions_find(&self->sessions, sid);
    return session ? session->unacknowledged : 0;
}

uint64_t client_link_owed_ms(const client_link_t *self, uint32_t sid, uint64_t now_ms)
{
    assert(self);
    uint64_t longest = 0;
    const client_session_t *session = client_sessions_find(&self->sessions, sid);
    if (session == NULL)
        return 0;
    const client_item_t *item = client_session_first(session);
    for (; item; item = client_session_next(session, item))
        if (item->is_in_flight && now_ms - item->sent_ms > longest)
            longest = now_ms - item->sent_ms;
    return longest;
}

size_t client_link_sessions(const client_link_t *self)
{
    assert(self);
    return self->sessions.count;
}

bool client_link_is_ready(const client_link_t *self, uint32_t sid)
{
    assert(self);
    const client_session_t *session = client_sessions_find(&self->sessions, sid);
    return session && session->state == SESSION_READY && self->status == LINK_UP;
}

span_t client_link_nick(const client_link_t *self, uint32_t sid)
{
    assert(self);
    const client_session_t *session = client_sessions_find(&self->sessions, sid);
    bool is_given = session && session->was_ready;
    return is_given ? label_span(&session->nick) : (span_t){"", 0};
}

span_t client_link_room_name(const client_link_t *self, uint32_t index)
{
    const client_room_t *room = client_rooms_at(&self->rooms, index);
    return room ? name_span(&room->name) : (span_t){"", 0};
}

uint32_t client_link_room(const client_link_t *self, span_t text)
{
    assert(self);
    name_t name;
    if (room_fold(text, &name) != HUB_OK)
        return CLIENT_NO_ROOM;
    const client_room_t *room = client_rooms_find(&self->rooms, name_span(&name));
    return room ? room->index : CLIENT_NO_ROOM;
}

bool client_link_is_member(const client_link_t *self, uint32_t sid, uint32_t room)
{
    assert(self);
    client_session_t *session = client_sessions_find(&self->sessions, sid);
    const uint32_t *entry = session ? client_session_find_room(session, room) : NULL;
    return entry && (*entry & SESSION_ROOM_MEMBER);
}

const client_counters_t *client_link_counters(const client_link_t *self)
{
    assert(self);
    return &self->counters;
}
