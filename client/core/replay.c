#include "client/core/replay.h"

#include "client/core/connect.h"
#include "client/core/greet.h"
#include "client/core/reply.h"
#include "client/core/request.h"

#include <assert.h>

enum {
    STALLS_MAX = 5, /* replays in a row that bring nothing, before the hole is given up */
    THIN_BYTES = 4096,
    THIN_MAX =
        16, /* so many replays in a row may bring less than that, and each the next is asked for at once */
    THIN_STEPS = 6 /* then a pause, which doubles so many times */
};

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
void replay_ask(client_link_t *self, stream_t stream, uint64_t now_ms)
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
    stream_tell(self, self->calls->lost, stream, first, last);
    if (!stream_is_alive(stream))
        return;
    stream_drain(self, stream);
}

/* The broker knows nothing of our epoch: the room's line begins anew. */
static void start_over(client_link_t *self, stream_t stream, uint64_t now_ms)
{
    uint64_t heard = stream.flow->seq;
    inflow_begin(stream.flow, stream.flow->head_epoch, 0);
    stream_tell(self, self->calls->undone, stream, 1, heard);
    if (stream_is_alive(stream))
        stream_watch(self, stream, now_ms);
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
        stream_watch(self, stream, now_ms + reply_pause_ms(reply));
    } else if (err == HUB_NO_SESSION) {
        client_session_t *asker = asker_of(self, stream);
        if (asker)
            greet_again(self, asker);
        greet_pump(self, now_ms);
    } else if (err == HUB_BAD_REQUEST && stream.flow->head_epoch > stream.flow->epoch) {
        start_over(self, stream, now_ms);
    } else if (has_left(err) && ++stream.flow->stalls < STALLS_MAX) {
        stream_watch(self, stream, now_ms + STREAM_GRACE_MS);
    } else {
        give_up(self, stream);
    }
}

/* What we have from `first` on was undone when a later epoch began. */
static void undo(client_link_t *self, stream_t stream, uint64_t first)
{
    uint64_t held = stream.flow->seq;
    stream.flow->seq = first > 0 ? first - 1 : 0;
    stream_tell(self, self->calls->undone, stream, first, held);
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
    stream_tell(self, self->calls->lost, stream, first, lost[1]);
}

/* What an event comes to, roughly: a full page has few that are long, or many. */
static size_t weight(const message_t *event)
{
    enum { EVENT_BYTES = 256 };
    return EVENT_BYTES + message_span(event, KEY_text).size + message_span(event, KEY_data).size;
}

/* How long to wait before the next page is asked for. A broker that has much fills its pages. */
static uint64_t page_pause_ms(inflow_t *flow, size_t taken)
{
    if (taken >= THIN_BYTES)
        flow->thin = 0;
    else if (flow->thin < THIN_MAX + THIN_STEPS)
        flow->thin++;
    return flow->thin <= THIN_MAX ? 0 : (uint64_t)STREAM_GRACE_MS << (flow->thin - THIN_MAX - 1);
}

/* A page is ascending and without holes, across epochs too. Who has started over under the newest epoch gets
 * what older ones began with. What came over PUB since we asked may be undone by what is in the page. Returns
 * what it came to. */
static size_t take_page(client_link_t *self, stream_t stream, const message_t *reply)
{
    size_t count, taken = 0;
    const msgpack_object *events = message_list(reply, KEY_events, &count);
    message_t event;
    for (size_t i = 0; i < count && stream_is_alive(stream); i++) {
        if (!message_from_object(&event, &events[i]) || !message_has(&event, KEY_seq))
            continue;
        uint64_t epoch = message_uint(&event, KEY_epoch), seq = message_uint(&event, KEY_seq);
        if (epoch > stream.flow->epoch && seq <= stream.flow->seq)
            undo(self, stream, seq);
        if (!stream_is_alive(stream))
            return 0;
        if (seq != stream.flow->seq + 1) {
            self->counters.duplicates++;
            continue;
        }
        inflow_advance(stream.flow, epoch > stream.flow->epoch ? epoch : stream.flow->epoch, seq);
        taken += weight(&event);
        stream_deliver(self, stream, &event);
    }
    return taken;
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
    size_t taken = take_page(self, stream, reply);
    if (!stream_is_alive(stream))
        return;
    cross_epoch(self, stream, reply);
    if (!stream_is_alive(stream))
        return;
    bool is_moving = flow->epoch != epoch || flow->seq != seq;
    stream_drain(self, stream);
    if (!stream_is_alive(stream))
        return;
    if (!inflow_is_behind(flow)) {
        flow->thin = 0;
        return;
    }
    if (is_moving)
        flow->stalls = 0;
    else if (++flow->stalls >= STALLS_MAX) {
        give_up(self, stream);
        return;
    }
    stream_watch(self, stream, now_ms + (is_moving ? page_pause_ms(flow, taken) : STREAM_GRACE_MS));
}

static void replayed(client_link_t *self, stream_t stream, const message_t *reply, uint64_t now_ms)
{
    hub_err_t err = reply_error(reply);
    stream.flow->replay_id = 0;
    if (err == HUB_OK)
        take_reply(self, stream, reply, now_ms);
    else if (inflow_is_behind(stream.flow))
        refused(self, stream, err, reply, now_ms);
    if (stream_is_alive(stream) && stream.flow->due_ms && stream.flow->due_ms <= now_ms)
        replay_ask(self, stream, now_ms);
}

void replay_room_answered(client_link_t *self, client_room_t *room, const message_t *reply,
                          uint64_t now_ms)
{
    assert(self && reply);
    replayed(self, stream_of_room(room), reply, now_ms);
}

void replay_inbox_answered(client_link_t *self, client_session_t *session, const message_t *reply,
                           uint64_t now_ms)
{
    assert(self && reply);
    replayed(self, stream_of_inbox(session), reply, now_ms);
}
