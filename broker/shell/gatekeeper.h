/* broker/shell/gatekeeper.h - asks every key that knocks whether it is enrolled (ZAP, ZeroMQ RFC 27).
 *
 * libzmq does the CURVE handshake; before it lets a peer in it asks here, over inproc. Answered in the
 * broker's own thread: a hash is all there is to ask, so there is nothing to share and nothing to lock,
 * and a key that is revoked counts no more from the next turn of the loop on. */
#ifndef BROKER_SHELL_GATEKEEPER_H
#define BROKER_SHELL_GATEKEEPER_H

#include "broker/shell/keyring.h"

#include <zmq.h>

/* What our sockets are called in a question. */
#define GATEKEEPER_DOMAIN "hubbub"

typedef struct {
    void *zap; /* REP */
    keyring_t *keyring;
    uint64_t admitted, refused; /* handshakes */
    uint64_t revoked;           /* messages under keys that are enrolled no more */
} gatekeeper_t;

/* Stands at the gate of `context`, before its sockets are bound. False: `out_error` (KEYRING_ERROR_BYTES)
 * says why not; close anyway. */
HUB_MUST_CHECK bool gatekeeper_open(gatekeeper_t *self, void *context, const char *data,
                                    char *out_error);

/* Closes it, before the context ends. */
void gatekeeper_close(gatekeeper_t *self);

/* Answers those who wait, a bounded number; `now_s` since 1970. */
void gatekeeper_answer(gatekeeper_t *self, uint64_t now_s);

/* Under which key a message came; NULL: one that is not enrolled any more, which is counted. For messages of sockets under
 * CURVE only: elsewhere a peer says what it likes. Borrowed until keyring_refresh(). */
const enrolled_t *gatekeeper_who(gatekeeper_t *self, zmq_msg_t *message);

#endif
