#include "broker/shell/unsent.h"

#include <assert.h>
#include <czmq.h>

typedef struct {
    uint32_t door;
    size_t bytes;
    zlistx_t *frames; /* of zframe_t *, oldest first */
    size_t routing_size;
    char routing[UINT8_MAX];
} queue_t;

struct unsent {
    zlistx_t *queues; /* of queue_t *: few, and only while a peer does not read */
};

static void destroy_frame(void **item)
{
    zframe_destroy((zframe_t **)item);
}

static void destroy_queue(void **item)
{
    queue_t *queue = *item;
    zlistx_destroy(&queue->frames);
    free(queue);
    *item = NULL;
}

unsent_t *unsent_new(void)
{
    unsent_t *self = zmalloc(sizeof *self);
    self->queues = zlistx_new();
    zlistx_set_destructor(self->queues, destroy_queue);
    return self;
}

void unsent_destroy(unsent_t **self_p)
{
    assert(self_p);
    if (*self_p == NULL)
        return;
    zlistx_destroy(&(*self_p)->queues);
    free(*self_p);
    *self_p = NULL;
}

bool unsent_is_empty(const unsent_t *self)
{
    assert(self);
    return zlistx_size(self->queues) == 0;
}

static peer_t peer_of(const queue_t *queue)
{
    return (peer_t){queue->door, {queue->routing, queue->routing_size}};
}

/* Leaves the list's cursor at what it found. */
static queue_t *find(unsent_t *self, peer_t peer)
{
    for (queue_t *queue = zlistx_first(self->queues); queue; queue = zlistx_next(self->queues))
        if (queue->door == peer.door && span_equal(peer_of(queue).routing, peer.routing))
            return queue;
    return NULL;
}

bool unsent_has(unsent_t *self, peer_t peer)
{
    assert(self);
    return find(self, peer) != NULL;
}

static queue_t *add_queue(unsent_t *self, peer_t peer)
{
    assert(peer.routing.size > 0 && peer.routing.size <= UINT8_MAX);
    queue_t *queue = zmalloc(sizeof *queue);
    queue->door = peer.door;
    queue->routing_size = peer.routing.size;
    memcpy(queue->routing, peer.routing.data, peer.routing.size);
    queue->frames = zlistx_new();
    zlistx_set_destructor(queue->frames, destroy_frame);
    zlistx_add_end(self->queues, queue);
    return queue;
}

size_t unsent_add(unsent_t *self, peer_t peer, span_t frame)
{
    assert(self && frame.size > 0);
    queue_t *queue = find(self, peer);
    if (queue == NULL)
        queue = add_queue(self, peer);
    zlistx_add_end(queue->frames, zframe_new(frame.data, frame.size));
    queue->bytes += frame.size;
    return queue->bytes;
}

void unsent_forget(unsent_t *self, peer_t peer)
{
    assert(self);
    if (find(self, peer))
        zlistx_delete(self->queues, zlistx_cursor(self->queues));
}

/* Sends from the front; returns what stopped it, SENT if nothing did. */
static sent_t send_front(queue_t *queue, const unsent_calls_t *calls)
{
    zframe_t *frame;
    while ((frame = zlistx_head(queue->frames))) {
        span_t bytes = {(const char *)zframe_data(frame), zframe_size(frame)};
        sent_t sent = calls->send(calls->context, peer_of(queue), bytes);
        if (sent != SENT)
            return sent;
        queue->bytes -= bytes.size;
        zlistx_delete(queue->frames, NULL);
    }
    return SENT;
}

static void retry_one(queue_t *queue, const unsent_calls_t *calls, bool *out_is_done)
{
    size_t before = queue->bytes;
    sent_t sent = send_front(queue, calls);
    *out_is_done = sent != NOT_YET;
    if (sent == NO_PEER)
        calls->gone(calls->context, peer_of(queue));
    else if (queue->bytes != before)
        calls->waiting(calls->context, peer_of(queue), queue->bytes);
}

void unsent_retry(unsent_t *self, const unsent_calls_t *calls)
{
    assert(self && calls && calls->send && calls->waiting && calls->gone);
    for (size_t left = zlistx_size(self->queues); left > 0; left--) {
        queue_t *queue = zlistx_detach(self->queues, NULL);
        assert(queue);
        bool is_done;
        retry_one(queue, calls, &is_done);
        if (is_done)
            destroy_queue((void **)&queue);
        else
            zlistx_add_end(self->queues, queue);
    }
}
