#include "client/core/stream.h"

#include <assert.h>
#include <stdlib.h>

stream_t stream_of_room(client_room_t *room)
{
    assert(room);
    return (stream_t){.flow = &room->flow, .room = room};
}

stream_t stream_of_inbox(client_session_t *session)
{
    assert(session);
    return (stream_t){.flow = client_session_inbox(session), .session = session};
}

bool stream_is_alive(stream_t stream)
{
    return stream.room ? stream.flow->is_known : stream.session->state == SESSION_READY;
}

void stream_watch(client_link_t *self, stream_t stream, uint64_t due_ms)
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

void stream_deliver(client_link_t *self, stream_t stream, const message_t *event)
{
    self->counters.events++;
    if (stream.room)
        self->calls->message(self->context, stream.room->index, event);
    else
        self->calls->private_message(self->context, stream.session->sid, stream.session->user,
                                     event);
}

void stream_tell(client_link_t *self, tell_t *call, stream_t stream, uint64_t first, uint64_t last)
{
    if (call == NULL || first > last)
        return;
    uint32_t room = stream.room ? stream.room->index : CLIENT_NO_ROOM;
    uint32_t sid = stream.session ? stream.session->sid : CLIENT_NO_SID;
    void *user = stream.session ? stream.session->user : NULL;
    call(self->context, room, sid, user, first, last);
}

/* Held frames were good once, so they decode again. */
void stream_drain(client_link_t *self, stream_t stream)
{
    span_t frame;
    while (stream_is_alive(stream) && inflow_take(stream.flow, &frame)) {
        message_t event;
        hub_err_t err = decoder_frame(&self->held_decoder, frame.data, frame.size, &event);
        assert(err == HUB_OK);
        inflow_advance(stream.flow, message_uint(&event, KEY_epoch), message_uint(&event, KEY_seq));
        stream_deliver(self, stream, &event);
        free((char *)frame.data);
    }
    if (stream_is_alive(stream) && !inflow_is_behind(stream.flow))
        stream.flow->due_ms = 0;
}
