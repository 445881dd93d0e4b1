#include "client/core/repair.h"

#include "client/core/replay.h"
#include "client/core/stream.h"

#include <assert.h>

enum {
    HOLE_GRACE_MS = 30, /* an event overtakes only a replay */
    HEAD_NUMBERS = 3,
    GAP_PAUSE_MS = 100,
    GAP_PAUSE_MAX_MS = 6400,
};

void repair_forget(inflow_t *flow)
{
    assert(flow);
    flow->replay_id = 0;
    flow->due_ms = 0;
    flow->stalls = flow->thin = 0;
}

void repair_drop(client_link_t *self, inflow_t *flow)
{
    assert(self && flow);
    errand_drop(&self->errands, flow->replay_id);
    repair_forget(flow);
}

void repair_drop_inbox(client_link_t *self, const client_session_t *session)
{
    assert(self && session);
    inflow_t *inbox = client_session_flow(session);
    if (inbox)
        repair_drop(self, inbox);
}

static void take_event(client_link_t *self, stream_t stream, const message_t *event, span_t frame,
                       uint64_t now_ms)
{
    uint64_t epoch = message_uint(event, KEY_epoch), seq = message_uint(event, KEY_seq);
    switch (inflow_place(stream.flow, epoch, seq)) {
    case INFLOW_OLD:
        self->counters.duplicates++;
        return;
    case INFLOW_NEXT:
        inflow_advance(stream.flow, epoch, seq);
        stream_deliver(self, stream, event);
        if (stream.flow->held || stream.flow->due_ms)
            stream_drain(self, stream);
        return;
    case INFLOW_AHEAD:
        if (!inflow_hold(stream.flow, epoch, seq, frame))
            self->counters.held_dropped++;
        if (stream.flow->is_known)
            inflow_head(stream.flow, epoch, seq);
        stream_watch(self, stream, now_ms + HOLE_GRACE_MS);
        return;
    }
}

void repair_room_event(client_link_t *self, client_room_t *room, const message_t *event,
                       span_t frame, uint64_t now_ms)
{
    assert(self && event);
    take_event(self, stream_of_room(room), event, frame, now_ms);
}

void repair_inbox_event(client_link_t *self, client_session_t *session, const message_t *event,
                        span_t frame, uint64_t now_ms)
{
    assert(self && event);
    take_event(self, stream_of_inbox(session), event, frame, now_ms);
}

void repair_drain(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    assert(self);
    stream_drain(self, stream_of_room(room));
    if (room->references == 0 || room->flow.held == NULL)
        return;
    inflow_head(&room->flow, room->flow.epoch, room->flow.seq + 1);
    stream_watch(self, stream_of_room(room), now_ms + HOLE_GRACE_MS);
}

/* The pause doubles with each gap, and is short again once nothing was missing for as long as it was. */
static void tell_gap(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    room->is_gap_owed = now_ms < room->gap_after_ms;
    if (room->is_gap_owed) {
        if (room->presence_due_ms == 0)
            room->presence_due_ms = room->gap_after_ms;
        chain_add(&self->due_rooms, &room->place);
        link_due(self, room->presence_due_ms);
        return;
    }
    bool is_calm = now_ms - room->gap_after_ms >= room->gap_pause_ms;
    if (room->gap_pause_ms == 0 || is_calm)
        room->gap_pause_ms = GAP_PAUSE_MS;
    else if (room->gap_pause_ms < GAP_PAUSE_MAX_MS)
        room->gap_pause_ms *= 2;
    room->gap_after_ms = now_ms + room->gap_pause_ms;
    if (self->calls->presence_gap)
        self->calls->presence_gap(self->context, room->index);
}

void repair_presence(client_link_t *self, client_room_t *room, const message_t *event,
                     uint64_t now_ms)
{
    assert(self && room && event);
    uint64_t pseq = message_uint(event, KEY_pseq);
    if (!room->flow.is_known || pseq <= room->pseq) {
        self->counters.duplicates++;
        return;
    }
    bool is_gap = pseq != room->pseq + 1;
    room->pseq = pseq;
    room->is_presence_stale = false;
    if (room->head_pseq < pseq)
        room->head_pseq = pseq;
    uint32_t index = room->index;
    self->calls->presence(self->context, index, event);
    if (is_gap && room->members > 0)
        tell_gap(self, room, now_ms);
}

static void take_head(client_link_t *self, stream_t stream, uint64_t epoch, uint64_t seq,
                      uint64_t now_ms)
{
    if (!stream.flow->is_known)
        return;
    inflow_head(stream.flow, epoch, seq);
    if (stream.flow->due_ms == 0)
        stream_watch(self, stream, now_ms + STREAM_GRACE_MS);
}

void repair_room_head(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                      uint64_t pseq, uint64_t now_ms)
{
    assert(self && room);
    take_head(self, stream_of_room(room), epoch, seq, now_ms);
    if (!room->flow.is_known || pseq <= room->pseq)
        return;
    if (room->head_pseq < pseq)
        room->head_pseq = pseq;
    if (room->presence_due_ms == 0)
        room->presence_due_ms = now_ms + STREAM_GRACE_MS;
    chain_add(&self->due_rooms, &room->place);
    link_due(self, room->presence_due_ms);
}

/* Our events beyond the head are not there any more, nor, by another epoch, any of them. */
static void set_back(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq)
{
    uint64_t heard = room->flow.seq;
    uint64_t kept = epoch == room->flow.epoch ? seq : 0;
    inflow_restart(&room->flow, epoch, kept);
    stream_tell(self, self->calls->undone, stream_of_room(room), kept + 1, heard);
}

static void set_presence_back(client_link_t *self, client_room_t *room, uint64_t pseq,
                              uint64_t now_ms)
{
    room->pseq = room->head_pseq = pseq;
    room->is_presence_stale = false;
    tell_gap(self, room, now_ms);
}

void repair_room_welcome(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                         uint64_t pseq, uint64_t now_ms)
{
    assert(self && room);
    if (room->flow.is_stale && inflow_is_beyond(&room->flow, epoch, seq))
        set_back(self, room, epoch, seq);
    room->flow.is_stale = false;
    if (room->references > 0 && room->is_presence_stale && pseq < room->pseq)
        set_presence_back(self, room, pseq, now_ms);
    room->is_presence_stale = false;
    if (room->references == 0)
        return;
    if (room->is_gap_owed) /* since before the link was lost */
        tell_gap(self, room, now_ms);
    repair_room_head(self, room, epoch, seq, pseq, now_ms);
}

void repair_inbox_head(client_link_t *self, client_session_t *session, uint64_t epoch, uint64_t seq,
                       uint64_t now_ms)
{
    assert(self && session);
    if (!client_session_has_inbox(session, epoch, seq))
        take_head(self, stream_of_inbox(session), epoch, seq, now_ms);
}

void repair_heads(client_link_t *self, const message_t *reply, client_session_t *session,
                  uint64_t now_ms)
{
    assert(self && reply);
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    uint64_t head[HEAD_NUMBERS];
    span_t name;
    for (size_t i = 0; i < count; i++) {
        if (!object_span(&pairs[i].key, &name) ||
            !object_numbers(&pairs[i].val, head, HEAD_NUMBERS))
            continue;
        if (span_is(name, "@")) {
            if (session)
                repair_inbox_head(self, session, head[0], head[1], now_ms);
            continue;
        }
        client_room_t *room = client_rooms_find(&self->rooms, name);
        if (room)
            repair_room_head(self, room, head[0], head[1], head[2], now_ms);
    }
}

static void hole_due(client_link_t *self, stream_t stream, uint64_t now_ms)
{
    inflow_t *flow = stream.flow;
    if (flow->due_ms == 0 || flow->due_ms > now_ms)
        return;
    flow->due_ms = 0;
    if (inflow_is_behind(flow) && flow->replay_id == 0)
        replay_ask(self, stream, now_ms);
}

void repair_room_due(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    assert(self && room);
    hole_due(self, stream_of_room(room), now_ms);
    if (room->presence_due_ms == 0 || room->presence_due_ms > now_ms)
        return;
    room->presence_due_ms = 0;
    bool is_behind = room->pseq < room->head_pseq;
    if (is_behind)
        room->pseq = room->head_pseq;
    if (is_behind || (room->is_gap_owed && room->members > 0))
        tell_gap(self, room, now_ms);
}

void repair_inbox_due(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    assert(self && session);
    if (client_session_flow(session))
        hole_due(self, stream_of_inbox(session), now_ms);
}
