#include "broker/shell/inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_BYTES = 4096, KEPT_BYTES = 1 << 20 };

/* What stands before a frame. */
typedef struct {
    uint32_t size;
    uint32_t is_published;
} header_t;

static size_t waiting(const inside_queue_t *queue)
{
    return queue->to - queue->from;
}

/* Room for so many bytes at the end: by moving what waits to the front, or by growing. */
static void widen(inside_queue_t *queue, size_t size)
{
    if (queue->to + size <= queue->capacity)
        return;
    if (queue->from > 0)
        memmove(queue->bytes, queue->bytes + queue->from, waiting(queue));
    queue->to -= queue->from;
    queue->from = 0;
    size_t capacity = queue->capacity ? queue->capacity : SMALLEST_BYTES;
    while (capacity < queue->to + size)
        capacity *= 2;
    if (capacity == queue->capacity)
        return;
    queue->bytes = realloc(queue->bytes, capacity);
    assert(queue->bytes);
    queue->capacity = capacity;
}

static void put(inside_queue_t *queue, span_t frame, bool is_published)
{
    assert(frame.size > 0 && frame.size <= UINT32_MAX);
    header_t header = {(uint32_t)frame.size, is_published};
    widen(queue, sizeof header + frame.size);
    memcpy(queue->bytes + queue->to, &header, sizeof header);
    memcpy(queue->bytes + queue->to + sizeof header, frame.data, frame.size);
    queue->to += sizeof header + frame.size;
}

static void empty(inside_queue_t *queue)
{
    queue->from = queue->to = 0;
    if (queue->capacity <= KEPT_BYTES)
        return;
    free(queue->bytes);
    *queue = (inside_queue_t){0};
}

static bool take(inside_queue_t *queue, span_t *out_frame, bool *out_is_published)
{
    if (waiting(queue) == 0) {
        empty(queue);
        return false;
    }
    header_t header;
    memcpy(&header, queue->bytes + queue->from, sizeof header);
    *out_frame = (span_t){queue->bytes + queue->from + sizeof header, header.size};
    *out_is_published = header.is_published != 0;
    queue->from += sizeof header + header.size;
    return true;
}

void inside_fini(inside_t *self)
{
    assert(self);
    free(self->requests.bytes);
    free(self->events.bytes);
    *self = (inside_t){0};
}

span_t inside_routing(const inside_t *self, char out[INSIDE_ROUTING_BYTES])
{
    assert(self && out);
    memcpy(out, &self->link, INSIDE_ROUTING_BYTES);
    return (span_t){out, INSIDE_ROUTING_BYTES};
}

bool inside_take_request(inside_t *self, span_t *out_frame)
{
    assert(self && out_frame);
    bool is_published;
    return take(&self->requests, out_frame, &is_published);
}

bool inside_has_request(const inside_t *self)
{
    assert(self);
    return waiting(&self->requests) > 0;
}

bool inside_put_reply(inside_t *self, span_t frame)
{
    assert(self);
    if (waiting(&self->events) > INSIDE_SEND_BYTES)
        return false;
    put(&self->events, frame, false);
    return true;
}

void inside_publish(inside_t *self, span_t frame)
{
    assert(self);
    if (self->link > 0 && waiting(&self->events) <= INSIDE_PUBLISH_BYTES)
        put(&self->events, frame, true);
}

void inside_open(void *context)
{
    inside_t *self = context;
    self->link++;
    empty(&self->requests);
    empty(&self->events);
}

bool inside_send(void *context, span_t frame)
{
    inside_t *self = context;
    if (waiting(&self->requests) > INSIDE_REQUEST_BYTES)
        return false;
    put(&self->requests, frame, false);
    return true;
}

bool inside_take(void *context, span_t *out_frame, bool *out_is_published)
{
    inside_t *self = context;
    return take(&self->events, out_frame, out_is_published);
}

bool inside_has(void *context)
{
    const inside_t *self = context;
    return waiting(&self->events) > 0;
}
