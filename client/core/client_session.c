#include "client/core/client_session.h"

#include <assert.h>
#include <stdlib.h>

enum { SESSION_BLOCK = 64 };

static client_session_t *row_at(const client_sessions_t *self, uint32_t row)
{
    assert(row < self->capacity);
    return &self->blocks[row / SESSION_BLOCK][row % SESSION_BLOCK];
}

void client_sessions_init(client_sessions_t *self, uint32_t maximum)
{
    assert(self && maximum > 0);
    *self = (client_sessions_t){.maximum = maximum};
}

static void session_fini(client_session_t *session)
{
    assert(session->last == NULL);
    chain_remove(&session->place);
    client_session_forget_inbox(session);
    label_fini(&session->nick);
    if (session->room_capacity > 1)
        free(session->rooms);
    *session = (client_session_t){.sid = CLIENT_NO_SID};
}

void client_sessions_fini(client_sessions_t *self)
{
    assert(self);
    for (uint32_t row = 0; row < self->capacity; row++)
        session_fini(row_at(self, row));
    for (uint32_t block = 0; block < self->capacity / SESSION_BLOCK; block++)
        free(self->blocks[block]);
    free(self->blocks);
    client_sessions_init(self, self->maximum);
}

static void grow(client_sessions_t *self)
{
    uint32_t block = self->capacity / SESSION_BLOCK;
    self->blocks = realloc(self->blocks, (block + 1) * sizeof(client_session_t *));
    assert(self->blocks);
    self->blocks[block] = calloc(SESSION_BLOCK, sizeof *self->blocks[block]);
    assert(self->blocks[block]);
    uint32_t first = self->capacity;
    self->free = first;
    self->capacity += SESSION_BLOCK;
    for (uint32_t row = first; row < self->capacity; row++) {
        row_at(self, row)->sid = CLIENT_NO_SID;
        row_at(self, row)->room = row + 1;
    }
}

client_session_t *client_sessions_add(client_sessions_t *self)
{
    assert(self && self->count <= self->maximum);
    if (self->count == self->maximum)
        return NULL;
    if (self->free == self->capacity)
        grow(self);
    uint32_t sid = self->free;
    client_session_t *session = row_at(self, sid);
    assert(session->sid == CLIENT_NO_SID);
    self->free = session->room;
    *session = (client_session_t){
        .sid = sid,
        .state = SESSION_WAITING,
        .window = CLIENT_WINDOW_MAX,
        .room_capacity = 1,
    };
    self->count++;
    return session;
}

void client_sessions_retire(client_sessions_t *self, client_session_t *session)
{
    assert(self && session->state != SESSION_GONE && self->count > 0);
    session->state = SESSION_GONE;
    self->count--;
}

void client_sessions_free(client_sessions_t *self, client_session_t *session)
{
    assert(self && session->state == SESSION_GONE);
    uint32_t sid = session->sid;
    session_fini(session);
    session->room = self->free;
    self->free = sid;
}

client_session_t *client_sessions_row(const client_sessions_t *self, uint32_t row)
{
    client_session_t *session = row_at(self, row);
    bool is_there = session->sid != CLIENT_NO_SID && session->state != SESSION_GONE;
    return is_there ? session : NULL;
}

client_session_t *client_sessions_find(const client_sessions_t *self, uint64_t sid)
{
    assert(self);
    return sid < self->capacity ? client_sessions_row(self, (uint32_t)sid) : NULL;
}

uint32_t *client_session_rooms(client_session_t *self)
{
    assert(self && self->room_count <= self->room_capacity);
    return self->room_capacity > 1 ? self->rooms : &self->room;
}

uint32_t *client_session_find_room(client_session_t *self, uint32_t room)
{
    uint32_t *rooms = client_session_rooms(self);
    for (uint32_t i = 0; i < self->room_count; i++)
        if ((rooms[i] & SESSION_ROOM_INDEX) == room)
            return &rooms[i];
    return NULL;
}

void client_session_add_room(client_session_t *self, uint32_t entry)
{
    assert(client_session_find_room(self, entry & SESSION_ROOM_INDEX) == NULL);
    assert(self->room_capacity > 0);
    if (self->room_count == self->room_capacity) {
        uint16_t capacity = (uint16_t)(self->room_capacity * 2);
        uint32_t *rooms = malloc(capacity * sizeof *rooms);
        assert(rooms);
        memcpy(rooms, client_session_rooms(self), self->room_count * sizeof *rooms);
        if (self->room_capacity > 1)
            free(self->rooms);
        self->rooms = rooms;
        self->room_capacity = capacity;
    }
    client_session_rooms(self)[self->room_count++] = entry;
}

void client_session_remove_room(client_session_t *self, uint32_t place)
{
    assert(self && place < self->room_count);
    uint32_t *rooms = client_session_rooms(self);
    rooms[place] = rooms[--self->room_count];
}

bool client_session_set_nick(client_session_t *self, span_t nick)
{
    assert(self);
    if (nick.size == 0 || nick.size > NAME_BYTES)
        return false;
    label_set(&self->nick, nick);
    return true;
}

client_item_t *client_session_first(const client_session_t *self)
{
    assert(self);
    return self->last ? self->last->next : NULL;
}

client_item_t *client_session_next(const client_session_t *self, const client_item_t *item)
{
    assert(self && item);
    return item == self->last ? NULL : item->next;
}

void client_session_append(client_session_t *self, client_item_t *item)
{
    assert(self && item);
    item->next = self->last ? self->last->next : item;
    if (self->last)
        self->last->next = item;
    self->last = item;
    self->waiting++;
    self->unacknowledged = (uint16_t)(self->unacknowledged + (item->cid > 0));
}

void client_session_detach(client_session_t *self, client_item_t *item)
{
    assert(self && item && self->last && self->waiting > 0);
    client_item_t *before = self->last;
    while (before->next != item)
        before = before->next;
    before->next = item->next;
    if (self->last == item)
        self->last = before == item ? NULL : before;
    self->waiting--;
    self->unacknowledged = (uint16_t)(self->unacknowledged - (item->cid > 0));
    self->in_flight = (uint8_t)(self->in_flight - item->is_in_flight);
}

inflow_t *client_session_flow(const client_session_t *self)
{
    assert(self);
    return self->inbox_state == INBOX_FLOW ? self->inbox.flow : NULL;
}

inflow_t *client_session_inbox(client_session_t *self)
{
    assert(self);
    if (self->inbox_state == INBOX_FLOW)
        return self->inbox.flow;
    inflow_t *flow = calloc(1, sizeof *flow);
    assert(flow);
    if (self->inbox_state == INBOX_EMPTY)
        inflow_begin(flow, self->inbox.epoch, 0);
    self->inbox.flow = flow;
    self->inbox_state = INBOX_FLOW;
    return flow;
}

void client_session_begin_inbox(client_session_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    bool is_empty = seq == 0 && self->inbox_state != INBOX_FLOW;
    if (!is_empty) {
        inflow_begin(client_session_inbox(self), epoch, seq);
        return;
    }
    self->inbox.epoch = epoch;
    self->inbox_state = INBOX_EMPTY;
}

bool client_session_has_inbox(const client_session_t *self, uint64_t epoch, uint64_t seq)
{
    assert(self);
    return self->inbox_state == INBOX_EMPTY && seq == 0 && epoch <= self->inbox.epoch;
}

void client_session_forget_inbox(client_session_t *self)
{
    assert(self);
    inflow_t *flow = client_session_flow(self);
    if (flow)
        inflow_fini(flow);
    free(flow);
    self->inbox_state = INBOX_UNKNOWN;
}
