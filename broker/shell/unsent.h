/* broker/shell/unsent.h - frames for peers whose pipe is full.
 *
 * libzmq holds so many messages per peer and then says EAGAIN; what comes after waits here, in order,
 * and is tried again. How much may wait is the core's decision: it is told the bytes. */
#ifndef BROKER_SHELL_UNSENT_H
#define BROKER_SHELL_UNSENT_H

#include "broker/core/outbox.h"

#include <stdbool.h>

typedef struct unsent unsent_t;

/* Nothing waits for anybody. */
unsent_t *unsent_new(void);

/* Drops what waits and frees *self_p; NULL in it is fine. */
void unsent_destroy(unsent_t **self_p);

/* True if nothing waits for anybody: the usual case. */
bool unsent_is_empty(const unsent_t *self);

/* True if something waits for that peer: what is new has to wait behind it. */
bool unsent_has(unsent_t *self, peer_t peer);

/* Adds a frame (copied) behind what waits for the peer; returns the bytes that wait for it now. */
size_t unsent_add(unsent_t *self, peer_t peer, span_t frame);

/* Drops what waits for the peer; fine where nothing does. */
void unsent_forget(unsent_t *self, peer_t peer);

/* What became of a frame. */
typedef enum { SENT, NOT_YET, NO_PEER } sent_t;

/* What unsent_retry() calls; none may call back into this. `send` is given frames in order until it says
 * something else than SENT for that peer. `waiting` is then told the bytes left (0: all gone), or `gone`
 * that there is NO_PEER and what waited was dropped. */
typedef struct {
    void *context;
    sent_t (*send)(void *context, peer_t peer, span_t frame);
    void (*waiting)(void *context, peer_t peer, size_t bytes);
    void (*gone)(void *context, peer_t peer);
} unsent_calls_t;

/* Tries everything again. O(peers for whom something waits). */
void unsent_retry(unsent_t *self, const unsent_calls_t *calls);

#endif
