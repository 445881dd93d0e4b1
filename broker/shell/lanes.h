/* broker/shell/lanes.h - the ways of bridges on this machine, without libzmq.
 *
 * Beside each ipc endpoint of the ROUTER and of PUB there is a lane, the endpoint's path and IPC_LANE: there a bridge's frames are
 * read and written in the server's own thread, where libzmq would have one between (docs/adr/0107). What is spoken is ZMTP, so
 * that the bridge does not mind which it reached; any DEALER and any SUB is understood, as far as a bridge needs it.
 *
 * A DEALER's connection is a link of DOOR_LANE, whose routing id is a number of ours. A SUB hears the rooms it subscribed to. What
 * waits for either is bounded as a socket's high-water mark would: sending says `not yet`, publishing drops. Nothing here blocks;
 * one owner, no locks. */
#ifndef BROKER_SHELL_LANES_H
#define BROKER_SHELL_LANES_H

#include "base/check.h"
#include "broker/shell/unsent.h"

#include <stdint.h>

enum {
    LANES_MAX = 64, /* connections; a bridge has two */
    LANE_SEND_BYTES =
        4 << 20, /* waiting for a DEALER: beyond, the server keeps what it sends ... */
    LANE_PUBLISH_BYTES =
        16 << 20, /* ... and drops what it publishes to a SUB, which finds the hole */
};

typedef struct lanes lanes_t;

/* No lanes yet. NULL: the system gives no descriptor, errno says why. */
lanes_t *lanes_new(void);

/* Ends all connections and frees *self_p; NULL in it is fine. */
void lanes_destroy(lanes_t **self_p);

/* Opens the lane beside an ipc endpoint of the ROUTER, or of PUB. False: it cannot be had, errno says why, and
 * bridges take the endpoint itself. */
HUB_MUST_CHECK bool lanes_bind(lanes_t *self, const char *endpoint, bool is_pub);

/* Readable when there is something for lanes_look(). Borrowed. */
int lanes_fd(const lanes_t *self);

/* Looks what has come, and lets in who waits at a lane, as long as `takes_new`. */
void lanes_look(lanes_t *self, bool takes_new);

/* What lanes_receive() calls; neither may call back into this. A frame of a message of several comes with `is_multipart`, and is
 * all that comes of it. `gone`: that link is no more. */
typedef struct {
    void *context;
    void (*frame)(void *context, span_t routing, span_t frame, bool is_multipart);
    void (*gone)(void *context, span_t routing);
} lanes_calls_t;

/* Hands over what has come, at most so many frames of each connection. */
void lanes_receive(lanes_t *self, int most, const lanes_calls_t *calls);

/* True if lanes_receive() would find something. */
bool lanes_has_input(const lanes_t *self);

/* Puts a frame (1 to LIMIT_FRAME_BYTES bytes) behind what waits for a link. */
sent_t lanes_send(lanes_t *self, span_t routing, span_t frame);

/* Puts a frame, a topic with its zero in front, behind what waits for each SUB that wants it. */
void lanes_publish(lanes_t *self, span_t frame);

/* Sends what waits, as much as the connections take. */
void lanes_flush(lanes_t *self);

#endif
