/* broker/shell/inside.h - frames between the server and a bridge in the same thread.
 *
 * A queue each way instead of sockets: libzmq's inproc takes 25 system calls for a message and its answer.
 * Frames are copied once. Both sides look before anybody sleeps, so nobody has to be woken. What the bridge
 * has not taken is bounded as a socket's is: sending says `not yet`, publishing drops.
 *
 * One owner, no locks, no descriptors. */
#ifndef BROKER_SHELL_INSIDE_H
#define BROKER_SHELL_INSIDE_H

#include "proto/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    INSIDE_SEND_BYTES =
        4 << 20, /* waiting for the bridge: beyond, the server keeps what it sends ... */
    INSIDE_PUBLISH_BYTES =
        16 << 20, /* ... and drops what it publishes: the bridge finds the hole */
    INSIDE_REQUEST_BYTES = 64 << 20, /* waiting for the server */
    INSIDE_ROUTING_BYTES = 4
};

/* Frames in order, each behind its size and kind. All zeros is empty. */
typedef struct {
    char *bytes; /* owned */
    size_t capacity, from, to;
} inside_queue_t;

typedef struct {
    inside_queue_t requests, events;
    uint32_t link; /* number of the bridge's link, which is its routing id; 0: none yet */
} inside_t;

/* Frees the queues; all zeros again. */
void inside_fini(inside_t *self);

/* The routing id of the bridge's link, written to `out`. */
span_t inside_routing(const inside_t *self, char out[INSIDE_ROUTING_BYTES]);

/* The server's side. The next request; false: none waits. The span holds until the next call that adds a
 * request. */
bool inside_take_request(inside_t *self, span_t *out_frame);
bool inside_has_request(const inside_t *self);

/* False: too much waits. */
bool inside_put_reply(inside_t *self, span_t frame);
void inside_publish(inside_t *self, span_t frame);

/* The bridge's side; see bridge_direct_t. `context` is the inside_t. */
void inside_open(void *context);
bool inside_send(void *context, span_t frame);
bool inside_take(void *context, span_t *out_frame, bool *out_is_published);
bool inside_has(void *context);

#endif
