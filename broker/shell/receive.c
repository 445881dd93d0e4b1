/* The server's ears: ROUTERs, lanes and the bridge in this process. */
#include "broker/shell/server_state.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <zmq.h>

/* Of one door, or one lane, before effects are performed. */
enum { FRAMES_PER_TURN = 256 };

/* False: nothing is there. */
static bool take_part(void *router, zmq_msg_t *part)
{
    while (zmq_msg_recv(part, router, ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* Reads and drops what is left of a message; true if there was anything. */
static bool skip_rest(void *router, zmq_msg_t *part)
{
    bool had_more = false;
    while (zmq_msg_more(part) && take_part(router, part))
        had_more = true;
    return had_more;
}

/* Says under which key a frame came. False: one that has been revoked, whose connection libzmq keeps. */
static bool take_key(server_t *self, event_t *event, zmq_msg_t *frame)
{
    if (event->peer.door != DOOR_KEYED)
        return true; /* there a peer could claim to be anybody */
    const enrolled_t *who = gatekeeper_who(self->gatekeeper, frame);
    if (who == NULL)
        return false;
    event->peer_key = (span_t){(const char *)who->public_key, sizeof who->public_key};
    event->is_operator = who->is_operator;
    return true;
}

/* Feeds one message to the core. False: there is none. A message is its routing id and one frame. */
static bool receive_one(server_t *self, uint32_t door)
{
    void *router = self->doors->routers[door];
    zmq_msg_t routing, frame;
    zmq_msg_init(&routing);
    zmq_msg_init(&frame);
    bool has_message = take_part(router, &routing);
    if (has_message && zmq_msg_more(&routing) && take_part(router, &frame)) {
        zmq_msg_t rest;
        zmq_msg_init(&rest);
        bool has_rest = zmq_msg_more(&frame);
        if (has_rest && take_part(router, &rest))
            skip_rest(router, &rest);
        zmq_msg_close(&rest);
        event_t event = {.kind = EVENT_FRAME,
                         .peer = {door, {zmq_msg_data(&routing), zmq_msg_size(&routing)}},
                         .frame = {zmq_msg_data(&frame), zmq_msg_size(&frame)},
                         .is_multipart = has_rest,
                         .is_local = door == DOOR_LOCAL || door == DOOR_OPERATOR,
                         .is_operator = door == DOOR_OPERATOR};
        if (take_key(self, &event, &frame))
            server_step(self, &event);
    }
    zmq_msg_close(&routing);
    zmq_msg_close(&frame);
    return has_message;
}

static void receive_inside(server_t *self)
{
    char link[INSIDE_ROUTING_BYTES];
    peer_t peer = {DOOR_INSIDE, inside_routing(&self->inside, link)};
    span_t frame;
    for (int i = 0; i < FRAMES_PER_TURN && inside_take_request(&self->inside, &frame); i++)
        server_step(
            self, &(event_t){.kind = EVENT_FRAME, .peer = peer, .frame = frame, .is_local = true});
}

static void take_frame(void *context, span_t routing, span_t frame, bool is_multipart)
{
    server_step(context, &(event_t){.kind = EVENT_FRAME,
                                    .peer = {DOOR_LANE, routing},
                                    .frame = frame,
                                    .is_multipart = is_multipart,
                                    .is_local = true});
}

static void take_end(void *context, span_t routing)
{
    server_t *self = context;
    peer_t peer = {DOOR_LANE, routing};
    unsent_forget(self->unsent, peer);
    server_step(self, &(event_t){.kind = EVENT_LINK_GONE, .peer = peer});
}

static void receive_lanes(server_t *self)
{
    lanes_t *lanes = self->doors->lanes;
    if (lanes == NULL)
        return;
    if (watch_is_ready(&self->watch, WATCH_LANES))
        lanes_look(lanes, !self->doors->is_resting);
    lanes_receive(lanes, FRAMES_PER_TURN,
                  &(lanes_calls_t){.context = self, .frame = take_frame, .gone = take_end});
}

void server_receive(server_t *self)
{
    assert(self);
    receive_lanes(self);
    receive_inside(self);
    for (uint32_t door = 0; door < DOOR_COUNT; door++) {
        bool *may_have_input = &self->watch.may_have_input[door];
        for (int i = 0; i < FRAMES_PER_TURN && *may_have_input; i++)
            *may_have_input = receive_one(self, door);
    }
}
