/* client/lib/sockets.h - the DEALER, its monitor and the SUB, as one descriptor to wait on.
 *
 * ZeroMQ's descriptors tell of changes only: what has been looked at is not told again. So whoever reads
 * drains, looks once more, and calls sockets_wake() where something is left or where a send may have
 * swallowed the news. */
#ifndef CLIENT_LIB_SOCKETS_H
#define CLIENT_LIB_SOCKETS_H

#include "base/credentials.h"
#include "proto/span.h"

#include <stdint.h>
#include <zmq.h>

/* Why no connection came about, as far as it is known; the worst since the DEALER was opened. */
typedef enum {
    TROUBLE_NONE,
    TROUBLE_HANDSHAKE, /* the two do not understand each other: one has keys the other does not know */
    TROUBLE_KEY,       /* the broker does not know our key */
} trouble_t;

typedef struct {
    void *context;
    void *dealer, *monitor; /* NULL: not open */
    void *sub;
    credentials_t keys;
    trouble_t trouble;
    char *router;   /* owned */
    char *endpoint; /* owned: what the SUB is connected to; NULL: nothing */
    int epoll, timer, wake;
    unsigned opened;   /* DEALERs so far: names the monitors */
    uint64_t armed_ms; /* what the timer is set to */
} sockets_t;

/* Opens all but the DEALER. False with errno: no descriptors left; *self needs no sockets_fini(). `keys` is
 * copied. */
bool sockets_init(sockets_t *self, const char *router, const credentials_t *keys);

/* Closes everything; what is being sent gets at most `linger_ms`. */
void sockets_fini(sockets_t *self, int linger_ms);

/* Opens a fresh DEALER, closing the one before. False with errno: it cannot be; none is open then. */
bool sockets_open(sockets_t *self);

/* Sends a frame. False: none is open, or it takes no more. */
bool sockets_send(sockets_t *self, span_t frame);

/* Connects the SUB to this endpoint, and to no other. */
void sockets_listen(sockets_t *self, span_t endpoint);

void sockets_subscribe(sockets_t *self, span_t topic);
void sockets_unsubscribe(sockets_t *self, span_t topic);

/* Receives one frame of a socket into `message` (initialised). False: there is none. Messages of several
 * frames, which this protocol does not have, are passed over. */
bool sockets_receive(void *socket, zmq_msg_t *message);

/* True if the monitor has seen the DEALER lose its connection or fail to get one; notes the trouble. */
bool sockets_is_lost(sockets_t *self);

/* True if any socket has something to read. */
bool sockets_has_more(sockets_t *self);

/* The descriptor becomes readable at once, or at `at_ms` of the monotonic clock. */
void sockets_wake(sockets_t *self);
void sockets_wake_at(sockets_t *self, uint64_t at_ms);

/* Takes back what sockets_wake() and the timer have said. */
void sockets_rest(sockets_t *self);

#endif
