#include "broker/core/pipeline.h"

#include <assert.h>
#include <czmq.h>

enum {
    SMALLEST = 64,
    KEPT = 128,         /* things; what they had room for is kept */
    THING_BYTES = 4096, /* that may wait, for each thing that may */
};

void pipeline_init(pipeline_t *self)
{
    assert(self);
    *self = (pipeline_t){.batch = 1};
    buffer_init(&self->bytes, UINT32_MAX);
}

void pipeline_fini(pipeline_t *self)
{
    assert(self);
    free(self->queue);
    buffer_fini(&self->bytes);
}

uint64_t pipeline_mark(const pipeline_t *self)
{
    assert(self);
    return self->base + self->bytes.size;
}

/* Moves the queue to the front when half of it is free, else doubles it. */
static void make_room(pipeline_t *self)
{
    if (self->first + self->count < self->capacity)
        return;
    if (self->first < self->capacity / 2 || self->capacity == 0) {
        self->capacity = self->capacity ? 2 * self->capacity : SMALLEST;
        self->queue = realloc(self->queue, self->capacity * sizeof *self->queue);
        assert(self->queue);
    }
    memmove(self->queue, self->queue + self->first, self->count * sizeof *self->queue);
    self->first = 0;
}

void pipeline_hold(pipeline_t *self, held_t held)
{
    assert(self && held.offset >= self->base);
    make_room(self);
    held.batch = self->batch;
    held.size = (uint32_t)(pipeline_mark(self) - held.offset);
    assert(held.topic_size <= held.size);
    self->queue[self->first + self->count++] = held;
    if (held.kind == HELD_MESSAGE || held.kind == HELD_COPY)
        self->is_open = true;
}

held_t *pipeline_first(pipeline_t *self, uint64_t batch)
{
    assert(self);
    if (self->count == 0 || self->queue[self->first].batch > batch)
        return NULL;
    return &self->queue[self->first];
}

span_t pipeline_span(const pipeline_t *self, const held_t *held)
{
    assert(self && held && held->offset >= self->base);
    if (held->size == 0)
        return (span_t){NULL, 0};
    return (span_t){self->bytes.data + (held->offset - self->base), held->size};
}

bool pipeline_has_room(const pipeline_t *self, size_t maximum)
{
    assert(self);
    return self->count < maximum && self->bytes.size < maximum * THING_BYTES;
}

/* Drops the bytes before `offset` once they are more than half of what there is. */
static void reclaim(pipeline_t *self, uint64_t offset)
{
    size_t dead = (size_t)(offset - self->base);
    if (dead <= self->bytes.size / 2)
        return;
    memmove(self->bytes.data, self->bytes.data + dead, self->bytes.size - dead);
    self->bytes.size -= dead;
    self->base = offset;
}

/* Nothing is held: the queue begins at its front, and what a storm has made grow is given back. */
static void rest(pipeline_t *self)
{
    size_t most =
        self->first; /* since it was empty, or more: it does not move to the front so soon */
    self->first = 0;
    if (self->bytes.size == 0 && most < self->capacity / 4 && self->capacity > KEPT) {
        free(self->queue);
        self->queue = NULL;
        self->capacity = 0;
        buffer_fini(&self->bytes);
    }
}

void pipeline_drop(pipeline_t *self)
{
    assert(self && self->count > 0);
    held_t *held = &self->queue[self->first];
    uint64_t end = held->offset + held->size;
    self->first++;
    self->count--;
    reclaim(self, end);
    if (self->count == 0)
        rest(self);
}

void pipeline_void(pipeline_t *self)
{
    assert(self);
    self->is_open = false;
    self->settled = self->batch++;
}

uint64_t pipeline_close(pipeline_t *self)
{
    assert(self);
    if (!self->is_open)
        return 0;
    self->is_open = false;
    return self->batch++;
}
