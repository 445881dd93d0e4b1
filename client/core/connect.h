/* client/core/connect.h - the link's connection: attempts, up and down, heartbeats. */
#ifndef CLIENT_CORE_CONNECT_H
#define CLIENT_CORE_CONNECT_H

#include "client/core/client_link_state.h"

/* Opens a fresh DEALER and pings over it. */
void connect_attempt(client_link_t *self, uint64_t now_ms);

/* The connection is gone or never came: every session waits, the next attempt follows a pause. */
void connect_lost(client_link_t *self, uint64_t now_ms);

/* Sends self->out. What the DEALER does not take ends the connection at the next tick. */
void connect_send(client_link_t *self, uint64_t now_ms);

/* The link's ping is answered; the first time the link is up. */
void connect_pong(client_link_t *self, const message_t *reply, uint64_t now_ms);

/* A reply says where events are published. Changes nothing if that is known. */
void connect_listen(client_link_t *self, const message_t *reply);

/* A subscription is fresh: pings a few times soon, so that what it missed is seen. */
void connect_check_soon(client_link_t *self, uint64_t now_ms);

/* Attempts and heartbeats that are due. */
void connect_tick(client_link_t *self, uint64_t now_ms);

/* When connect_tick() has something to do. */
uint64_t connect_next_ms(const client_link_t *self);

#endif
