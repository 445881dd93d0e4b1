/* client/lib/queue.h - events on their way to the application.
 *
 * An event and all its strings and lists live in one node and go with it. */
#ifndef CLIENT_LIB_QUEUE_H
#define CLIENT_LIB_QUEUE_H

#include "include/hubbub.h"
#include "proto/span.h"

typedef struct chunk chunk_t;

typedef struct queue_node {
    hubbub_event_t event;
    struct queue_node *next;
    chunk_t *chunks;
} queue_node_t;

typedef struct {
    queue_node_t *first, *last;
    size_t count;
} queue_t;

/* An event of that type with nothing in it, not queued yet. */
queue_node_t *queue_node_new(hubbub_type_t type);

/* Frees *node_p with all that belongs to it, and sets it to NULL. NULL in it is fine. */
void queue_node_destroy(queue_node_t **node_p);

/* Room for `count` things of `size` bytes, zeroed, that lives as long as the node. */
void *queue_node_room(queue_node_t *node, size_t count, size_t size);

/* A copy of the bytes with a zero at the end, likewise. Never NULL. */
const char *queue_node_text(queue_node_t *node, span_t text);

/* Adds *node_p at the end and sets it to NULL. */
void queue_put(queue_t *self, queue_node_t **node_p);

/* Takes the first one out; NULL: there is none. */
queue_node_t *queue_take(queue_t *self);

/* Frees all. */
void queue_fini(queue_t *self);

#endif
