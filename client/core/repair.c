#include "client/core/repair.h"

#include "client/core/connect.h"
#include "client/core/greet.h"
#include "client/core/reply.h"
#include "client/core/request.h"

#include <assert.h>
#include <stdlib.h>

enum {
    HEAD_GRACE_MS = 100, /* a head on the DEALER may overtake the event on the SUB */
    HOLE_GRACE_MS = 30,  /* an event overtakes only a replay */
    STALLS_MAX = 5,      /* replays in a row that bring nothing, before the hole is given up */
    HEAD_NUMBERS = 3,
};

/* One stream: of a room or of a session's inbox, the other NULL. */
typedef struct {
    inflow_t *flow;
    client_room_t *room;
    client_session_t *session;
} stream_t;

static stream_t of_room(client_room_t *room)
{
    assert(room);
    return (stream_t){.flow = &room->flow, .room = room};
}

static stream_t of_inbox(client_session_t *session)
{
    assert(session);
    return (stream_t){.flow = client_session_inbox(session), .session = session};
}

/* False once a call has made the last one leave. */
static bool is_alive(stream_t stream)
{
    return stream.room ? stream.flow->is_known : stream.session->state == SESSION_READY;
}

void repair_forget(inflow_t *flow)
{
    assert(flow);
    flow->replay_id = 0;
    flow->due_ms = 0;
    flow->stalls = 0;
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

/* Holes wait for their grace, replays that are out for their answer. */
static void watch(client_link_t *self, stream_t stream, uint64_t due_ms)
{
    inflow_t *flow = stream.flow;
    if (flow->replay_id || !inflow_is_behind(flow) || self->status != LINK_UP)
        return;
    if (flow->due_ms == 0 || due_ms < flow->due_ms) {
        self->counters.gaps += flow->due_ms == 0;
        flow->due_ms = due_ms;
    }
    if (stream.room)
        chain_add(&self->due_rooms, &stream.room->place);
    else
        chain_add(&self->due_sessions, &stream.session->place);
    link_due(self, flow->due_ms);
}

static void deliver(client_link_t *self, stream_t stream, const message_t *event)
{
    self->counters.events++;
    if (stream.room)
        self->calls->message(self->context, stream.room->index, event);
    else
        self->calls->private_message(self->context, stream.session->sid, stream.session->user,
                                     event);
}

typedef void tell_t(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                    uint64_t last);

/* By lost() or undone(), where the application wants to know. */
static void tell(client_link_t *self, tell_t *call, stream_t stream, uint64_t first, uint64_t last)
{
    if (call == NULL || first > last)
        return;
    uint32_t room = stream.room ? stream.room->index : CLIENT_NO_ROOM;
    uint32_t sid = stream.session ? stream.session->sid : CLIENT_NO_SID;
    void *user = stream.session ? stream.session->user : NULL;
    call(self->context, room, sid, user, first, last);
}

/* Held frames were good once, so they decode again. */
static void drain(client_link_t *self, stream_t stream)
{
    span_t frame;
    while (is_alive(stream) && inflow_take(stream.flow, &frame)) {
        message_t event;
        hub_err_t err = decoder_frame(&self->held_decoder, frame.data, frame.size, &event);
        assert(err == HUB_OK);
        inflow_advance(stream.flow, message_uint(&event, KEY_epoch), message_uint(&event, KEY_seq));
        deliver(self, stream, &event);
        free((char *)frame.data);
    }
    if (is_alive(stream) && !inflow_is_behind(stream.flow))
        stream.flow->due_ms = 0;
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
        deliver(self, stream, event);
        if (stream.flow->held || stream.flow->due_ms)
            drain(self, stream);
        return;
    case INFLOW_AHEAD:
        if (!inflow_hold(stream.flow, epoch, seq, frame))
            self->counters.held_dropped++;
        if (stream.flow->is_known)
            inflow_head(stream.flow, epoch, seq);
        watch(self, stream, now_ms + HOLE_GRACE_MS);
        return;
    }
}

void repair_room_event(client_link_t *self, client_room_t *room, const message_t *event,
                       span_t frame, uint64_t now_ms)
{
    assert(self && event);
    take_event(self, of_room(room), event, frame, now_ms);
}

void repair_inbox_event(client_link_t *self, client_session_t *session, const message_t *event,
                        span_t frame, uint64_t now_ms)
{
    assert(self && event);
    take_event(self, of_inbox(session), event, frame, now_ms);
}

void repair_drain(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    assert(self);
    drain(self, of_room(room));
    if (room->references == 0 || room->flow.held == NULL)
        return;
    inflow_head(&room->flow, room->flow.epoch, room->flow.seq + 1);
    watch(self, of_room(room), now_ms + HOLE_GRACE_MS);
}

void repair_presence(client_link_t *self, client_room_t *room, const message_t *event)
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
    if (is_gap && room->members > 0 && self->calls->presence_gap)
        self->calls->presence_gap(self->context, index);
}

static void take_head(client_link_t *self, stream_t stream, uint64_t epoch, uint64_t seq,
                      uint64_t now_ms)
{
    if (!stream.flow->is_known)
        return;
    inflow_head(stream.flow, epoch, seq);
    if (stream.flow->due_ms == 0)
        watch(self, stream, now_ms + HEAD_GRACE_MS);
}

void repair_room_head(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                      uint64_t pseq, uint64_t now_ms)
{
    assert(self && room);
    take_head(self, of_room(room), epoch, seq, now_ms);
    if (!room->flow.is_known || pseq <= room->pseq)
        return;
    if (room->head_pseq < pseq)
        room->head_pseq = pseq;
    if (room->presence_due_ms == 0)
        room->presence_due_ms = now_ms + HEAD_GRACE_MS;
    chain_add(&self->due_rooms, &room->place);
    link_due(self, room->presence_due_ms);
}

/* Our events beyond the head are not there any more, nor, by another epoch, any of them. */
static void set_back(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq)
{
    uint64_t heard = room->flow.seq;
    uint64_t kept = epoch == room->flow.epoch ? seq : 0;
    inflow_restart(&room->flow, epoch, kept);
    tell(self, self->calls->undone, of_room(room), kept + 1, heard);
}

static void set_presence_back(client_link_t *self, client_room_t *room, uint64_t pseq)
{
    room->pseq = room->head_pseq = pseq;
    room->is_presence_stale = false;
    if (self->calls->presence_gap)
        self->calls->presence_gap(self->context, room->index);
}

void repair_room_welcome(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                         uint64_t pseq, uint64_t now_ms)
{
    assert(self && room);
    if (room->flow.is_stale && inflow_is_beyond(&room->flow, epoch, seq))
        set_back(self, room, epoch, seq);
    room->flow.is_stale = false;
    if (room->references > 0 && room->is_presence_stale && pseq < room->pseq)
        set_presence_back(self, room, pseq);
    room->is_presence_stale = false;
    if (room->references > 0)
        repair_room_head(self, room, epoch, seq, pseq, now_ms);
}

void repair_inbox_head(client_link_t *self, client_session_t *session, uint64_t epoch, uint64_t seq,
                       uint64_t now_ms)
{
    assert(self && session);
    if (!client_session_has_inbox(session, epoch, seq))
        take_head(self, of_inbox(session), epoch, seq, now_ms);
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

static bool may_ask(client_session_t *session, const client_room_t *room)
{
    if (session == NULL || session->state != SESSION_READY)
        return false;
    const uint32_t *entry = client_session_find_room(session, room->index);
    return entry && (*entry & SESSION_ROOM_MEMBER);
}

/* A session that may ask for the stream. NULL: none now; the welcome of the next will show the hole. */
static client_session_t *asker_of(client_link_t *self, stream_t stream)
{
    if (stream.session)
        return stream.session;
    client_session_t *session = client_sessions_find(&self->sessions, stream.room->asker);
    if (may_ask(session, stream.room))
        return session;
    for (uint32_t row = 0; row < self->sessions.capacity; row++) {
        session = client_sessions_row(&self->sessions, row);
        if (!may_ask(session, stream.room))
            continue;
        stream.room->asker = session->sid;
        return session;
    }
    return NULL;
}

/* Of the epoch we know: where a newer one has begun, the broker tells what of ours is undone. */
static void ask(client_link_t *self, stream_t stream, uint64_t now_ms)
{
    inflow_t *flow = stream.flow;
    client_session_t *asker = asker_of(self, stream);
    flow->due_ms = 0;
    if (asker == NULL)
        return;
    uint64_t first = flow->seq + 1;
    errand_kind_t kind = stream.room ? ERRAND_ROOM_REPLAY : ERRAND_INBOX_REPLAY;
    uint32_t subject = stream.room ? stream.room->index : stream.session->sid;
    flow->replay_id = errand_add(&self->errands, kind, subject, NULL);
    flow->asked_epoch = flow->head_epoch;
    flow->asked_seq = flow->seq;
    writer_t writer;
    request_begin(&writer, &self->out, OP_replay, flow->replay_id, 0, asker->sid);
    write_str(&writer, KEY_room, stream.room ? name_span(&stream.room->name) : span_of("@"));
    write_uint(&writer, KEY_first, first);
    write_uint(&writer, KEY_last, flow->head_seq > first ? flow->head_seq : first);
    if (flow->epoch > 0)
        write_uint(&writer, KEY_epoch, flow->epoch);
    write_end(&writer);
    self->counters.replays++;
    connect_send(self, now_ms);
}

/* Nothing more is to be had up to the head. */
static void give_up(client_link_t *self, stream_t stream)
{
    inflow_t *flow = stream.flow;
    uint64_t first = flow->head_epoch == flow->epoch ? flow->seq + 1 : flow->head_seq;
    uint64_t last = flow->head_seq;
    inflow_begin(flow, flow->head_epoch, flow->head_seq);
    flow->stalls = 0;
    tell(self, self->calls->lost, stream, first, last);
    if (!is_alive(stream))
        return;
    drain(self, stream);
}

/* The broker knows nothing of our epoch: the room's line begins anew. */
static void start_over(client_link_t *self, stream_t stream, uint64_t now_ms)
{
    uint64_t heard = stream.flow->seq;
    inflow_begin(stream.flow, stream.flow->head_epoch, 0);
    tell(self, self->calls->undone, stream, 1, heard);
    if (is_alive(stream))
        watch(self, stream, now_ms);
}

/* The session that asked has left, and the link has not been told yet. */
static bool has_left(hub_err_t err)
{
    return err == HUB_NO_SUCH_ROOM || err == HUB_NOT_MEMBER;
}

static void refused(client_link_t *self, stream_t stream, hub_err_t err, const message_t *reply,
                    uint64_t now_ms)
{
    if (message_has(reply, KEY_retry_ms)) {
        watch(self, stream, now_ms + reply_pause_ms(reply));
    } else if (err == HUB_NO_SESSION) {
        client_session_t *asker = asker_of(self, stream);
        if (asker)
            greet_again(self, asker);
        greet_pump(self, now_ms);
    } else if (err == HUB_BAD_REQUEST && stream.flow->head_epoch > stream.flow->epoch) {
        start_over(self, stream, now_ms);
    } else if (has_left(err) && ++stream.flow->stalls < STALLS_MAX) {
        watch(self, stream, now_ms + HEAD_GRACE_MS);
    } else {
        give_up(self, stream);
    }
}

/* What we have from `first` on was undone when a later epoch began. */
static void undo(client_link_t *self, stream_t stream, uint64_t first)
{
    uint64_t held = stream.flow->seq;
    stream.flow->seq = first > 0 ? first - 1 : 0;
    tell(self, self->calls->undone, stream, first, held);
}

/* `lost` up to where we stood when we asked: that was undone when the next epoch began. Beyond it: it is not kept. */
static void take_lost(client_link_t *self, stream_t stream, const message_t *reply)
{
    uint64_t lost[2];
    inflow_t *flow = stream.flow;
    const msgpack_object *object = message_object(reply, KEY_lost);
    if (object == NULL || !object_numbers(object, lost, 2) || lost[0] > lost[1])
        return;
    if (lost[0] <= flow->seq && lost[1] <= flow->asked_seq) {
        undo(self, stream, lost[0]);
        return;
    }
    if (lost[1] <= flow->seq)
        return;
    uint64_t first = lost[0] > flow->seq ? lost[0] : flow->seq + 1;
    flow->seq = lost[1];
    inflow_head(flow, flow->epoch, flow->seq);
    tell(self, self->calls->lost, stream, first, lost[1]);
}

/* A page is ascending and without holes, across epochs too. Who has started over under the newest epoch gets
 * what older ones began with. What came over PUB since we asked may be undone by what is in the page. */
static void take_page(client_link_t *self, stream_t stream, const message_t *reply)
{
    size_t count;
    const msgpack_object *events = message_list(reply, KEY_events, &count);
    message_t event;
    for (size_t i = 0; i < count && is_alive(stream); i++) {
        if (!message_from_object(&event, &events[i]) || !message_has(&event, KEY_seq))
            continue;
        uint64_t epoch = message_uint(&event, KEY_epoch), seq = message_uint(&event, KEY_seq);
        if (epoch > stream.flow->epoch && seq <= stream.flow->seq)
            undo(self, stream, seq);
        if (!is_alive(stream))
            return;
        if (seq != stream.flow->seq + 1) {
            self->counters.duplicates++;
            continue;
        }
        inflow_advance(stream.flow, epoch > stream.flow->epoch ? epoch : stream.flow->epoch, seq);
        deliver(self, stream, &event);
    }
}

/* The whole page is there and our epoch has ended: we stand where the new one begins. That holds for the epoch that had
 * begun when we asked; the answer may be older than what has begun since. */
static void cross_epoch(client_link_t *self, stream_t stream, const message_t *reply)
{
    inflow_t *flow = stream.flow;
    uint64_t head = message_uint(reply, KEY_head);
    if (message_bool(reply, KEY_more) || flow->asked_epoch <= flow->epoch || flow->seq < head)
        return;
    flow->epoch = flow->asked_epoch;
    if (flow->seq > head)
        undo(self, stream, head + 1);
}

static void take_reply(client_link_t *self, stream_t stream, const message_t *reply,
                       uint64_t now_ms)
{
    inflow_t *flow = stream.flow;
    uint64_t epoch = flow->epoch, seq = flow->seq;
    take_lost(self, stream, reply);
    take_page(self, stream, reply);
    if (!is_alive(stream))
        return;
    cross_epoch(self, stream, reply);
    if (!is_alive(stream))
        return;
    bool is_moving = flow->epoch != epoch || flow->seq != seq;
    drain(self, stream);
    if (!is_alive(stream) || !inflow_is_behind(flow))
        return;
    if (is_moving)
        flow->stalls = 0;
    else if (++flow->stalls >= STALLS_MAX) {
        give_up(self, stream);
        return;
    }
    watch(self, stream, now_ms + (is_moving ? 0 : HEAD_GRACE_MS));
}

static void replayed(client_link_t *self, stream_t stream, const message_t *reply, uint64_t now_ms)
{
    hub_err_t err = reply_error(reply);
    stream.flow->replay_id = 0;
    if (err == HUB_OK)
        take_reply(self, stream, reply, now_ms);
    else if (inflow_is_behind(stream.flow))
        refused(self, stream, err, reply, now_ms);
    if (is_alive(stream) && stream.flow->due_ms && stream.flow->due_ms <= now_ms)
        ask(self, stream, now_ms);
}

void repair_room_replayed(client_link_t *self, client_room_t *room, const message_t *reply,
                          uint64_t now_ms)
{
    assert(self && reply);
    replayed(self, of_room(room), reply, now_ms);
}

void repair_inbox_replayed(client_link_t *self, client_session_t *session, const message_t *reply,
                           uint64_t now_ms)
{
    assert(self && reply);
    replayed(self, of_inbox(session), reply, now_ms);
}

static void hole_due(client_link_t *self, stream_t stream, uint64_t now_ms)
{
    inflow_t *flow = stream.flow;
    if (flow->due_ms == 0 || flow->due_ms > now_ms)
        return;
    flow->due_ms = 0;
    if (inflow_is_behind(flow) && flow->replay_id == 0)
        ask(self, stream, now_ms);
}

void repair_room_due(client_link_t *self, client_room_t *room, uint64_t now_ms)
{
    assert(self && room);
    hole_due(self, of_room(room), now_ms);
    if (room->presence_due_ms == 0 || room->presence_due_ms > now_ms)
        return;
    room->presence_due_ms = 0;
    if (room->pseq >= room->head_pseq)
        return;
    room->pseq = room->head_pseq;
    if (self->calls->presence_gap)
        self->calls->presence_gap(self->context, room->index);
}

void repair_inbox_due(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    assert(self && session);
    if (client_session_flow(session))
        hole_due(self, of_inbox(session), now_ms);
}
