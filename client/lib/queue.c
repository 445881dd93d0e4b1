#include "client/lib/queue.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 480, ALIGNMENT = 16 };

struct chunk {
    chunk_t *next;
    size_t used, capacity;
    _Alignas(ALIGNMENT) char bytes[];
};

queue_node_t *queue_node_new(hubbub_type_t type)
{
    queue_node_t *node = calloc(1, sizeof *node);
    assert(node);
    hubbub_event_t *event = &node->event;
    event->type = type;
    event->op = event->hint = event->room = event->nick = event->uid = event->to = "";
    event->text = event->mid = event->reason = event->payload = event->rel = event->role = "";
    return node;
}

void queue_node_destroy(queue_node_t **node_p)
{
    assert(node_p);
    queue_node_t *node = *node_p;
    if (node == NULL)
        return;
    while (node->chunks) {
        chunk_t *chunk = node->chunks;
        node->chunks = chunk->next;
        free(chunk);
    }
    free(node);
    *node_p = NULL;
}

static chunk_t *chunk_with(queue_node_t *node, size_t size)
{
    chunk_t *chunk = node->chunks;
    if (chunk && size <= chunk->capacity - chunk->used)
        return chunk;
    size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    chunk = calloc(1, sizeof *chunk + capacity);
    assert(chunk);
    chunk->capacity = capacity;
    chunk->next = node->chunks;
    node->chunks = chunk;
    return chunk;
}

void *queue_node_room(queue_node_t *node, size_t count, size_t size)
{
    assert(node && size > 0 && count <= SIZE_MAX / 2 / size);
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk_t *chunk = chunk_with(node, bytes);
    void *place = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return place;
}

const char *queue_node_text(queue_node_t *node, span_t text)
{
    assert(node);
    if (text.size == 0)
        return "";
    char *copy = queue_node_room(node, text.size + 1, 1);
    memcpy(copy, text.data, text.size);
    return copy;
}

void queue_put(queue_t *self, queue_node_t **node_p)
{
    assert(self && node_p && *node_p);
    queue_node_t *node = *node_p;
    *node_p = NULL;
    if (self->last)
        self->last->next = node;
    else
        self->first = node;
    self->last = node;
    self->count++;
}

queue_node_t *queue_take(queue_t *self)
{
    assert(self);
    queue_node_t *node = self->first;
    if (node == NULL)
        return NULL;
    self->first = node->next;
    if (self->first == NULL)
        self->last = NULL;
    self->count--;
    node->next = NULL;
    return node;
}

void queue_fini(queue_t *self)
{
    assert(self);
    queue_node_t *node;
    while ((node = queue_take(self)) != NULL)
        queue_node_destroy(&node);
}
