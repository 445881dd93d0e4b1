/* broker/shell/server_state.h - what the files of the server share. Nobody else includes it. */
#ifndef BROKER_SHELL_SERVER_STATE_H
#define BROKER_SHELL_SERVER_STATE_H

#include "base/entropy.h"
#include "base/heap.h"
#include "broker/shell/hasher.h"
#include "broker/shell/reserve.h"
#include "broker/shell/server.h"
#include "broker/shell/unsent.h"
#include "broker/shell/watch.h"

struct server {
    doors_t *doors;
    watch_t watch;
    reserve_t reserve;
    gatekeeper_t *gatekeeper; /* NULL: no door is under CURVE */
    bool renews_pub;          /* the PUB under CURVE is to be made anew */
    bool must_stop;           /* an operator said so */
    store_t *store;
    core_t *core;
    unsent_t *unsent;
    hasher_t *hasher;     /* NULL: nobody may have an account */
    recorder_t *recorder; /* NULL: nothing is written down */
    inside_t inside;
    neighbour_t neighbour; /* `turn` is NULL: none */
    entropy_t entropy;
    moment_t now;
    outbox_t outbox;
    heap_t heap;
    uint64_t turned_ms;      /* when the last turn began */
    uint64_t hears_until_ms; /* after it was held up: nobody is judged silent before */
};

/* Gives the core an event, now; what it wants done is in the outbox. */
void server_step(server_t *self, const event_t *event);

/* receive.c: gives the core what has come, so much of each door that nobody starves the rest. */
void server_receive(server_t *self);

#endif
