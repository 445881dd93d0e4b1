/* broker/shell/doors.h - the broker's sockets.
 *
 * Four ROUTERs, so that where somebody came from is known: from a network or loopback without a key, over
 * ipc, under CURVE, which is a whole socket's affair, or over the operators' endpoint. Two PUBs, likewise. All are made at
 * start-up: czmq and libzmq abort or spin when a process runs out of descriptors later. */
#ifndef BROKER_SHELL_DOORS_H
#define BROKER_SHELL_DOORS_H

#include "base/certificate.h"
#include "base/settings.h"
#include "broker/shell/lanes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DOOR_INSIDE and DOOR_LANE have no socket: the bridge in the server's thread (see inside.h), and bridges beside it (lanes.h). */
enum {
    DOOR_NET,
    DOOR_LOCAL,
    DOOR_KEYED,
    DOOR_OPERATOR,
    DOOR_COUNT,
    DOOR_INSIDE = DOOR_COUNT,
    DOOR_LANE
};
enum { PUB_PLAIN, PUB_KEYED, PUB_COUNT };

/* Where somebody listens who can be told not to for a while. */
typedef struct {
    void *const *socket_p; /* within the doors */
    int fd;                /* libzmq's */
} door_place_t;

typedef struct {
    void *context;
    void *routers[DOOR_COUNT]; /* DOOR_NET: tcp; DOOR_LOCAL: ipc; DOOR_KEYED: under CURVE */
    void *pubs[PUB_COUNT];     /* PUB_KEYED is NULL also while it is being renewed */
    lanes_t *lanes;            /* beside the ipc endpoints */
    setting_list_t router_bound, pub_bound;      /* with the real ports */
    setting_list_t pub_of[PUB_COUNT];            /* pub_bound by socket */
    setting_list_t operator_bound;               /* one, or none */
    door_place_t places[2 * SETTING_LIST_ITEMS]; /* those on TCP */
    size_t place_count;
    unsigned binds;           /* so far */
    bool is_resting;          /* those take nobody new */
    uint64_t rests;           /* how often */
    const certificate_t *key; /* borrowed; NULL: DOOR_KEYED and PUB_KEYED are not there */
} doors_t;

enum { DOORS_ERROR_BYTES = 512 };

/* True if one can bind it: tcp://HOST:PORT, its port 0 to 65535 or *, or ipc://PATH. */
bool doors_is_endpoint(const char *endpoint);

/* Makes the context and the sockets; those under CURVE only where there is a key of the broker's
 * (borrowed, with its secret). Binds nothing. False: `out_error` (DOORS_ERROR_BYTES) says why; close anyway. */
HUB_MUST_CHECK bool doors_open(doors_t *self, const certificate_t *key, char *out_error);

/* Whether an endpoint is to be under CURVE; never true where doors_open() got no key. */
typedef bool doors_is_keyed_t(const void *context, const char *endpoint);

/* Binds all endpoints, once the gatekeeper stands at the gate where there is a key. False: `out_error`
 * (DOORS_ERROR_BYTES) says which endpoint could not be had and why; close anyway. */
HUB_MUST_CHECK bool doors_bind(doors_t *self, const setting_list_t *router,
                               const setting_list_t *pub, doors_is_keyed_t *is_keyed,
                               const void *context, char *out_error);

/* Binds the operators' endpoint, ipc://DIRECTORY/operator, for its owner alone. False: `out_error` (DOORS_ERROR_BYTES) says why
 * not; the other doors are as they were. */
HUB_MUST_CHECK bool doors_bind_operator(doors_t *self, const char *directory, char *out_error);

/* From now on nobody new comes over TCP: who asks for a connection gets no answer and asks again, as TCP does; who has been let
 * in by the kernel and not yet by libzmq is turned away. Who is in stays, ipc stays open. May be repeated. (zmq_unbind() would end
 * the connections that were accepted there.) */
void doors_rest(doors_t *self);

/* They may come again. */
void doors_wake(doors_t *self);

/* Ends all connections to the PUB under CURVE, since libzmq cannot end one, and makes it anew: who may
 * connect again does so by itself. False: the port is not free yet, call again in a moment; meanwhile
 * pubs[PUB_KEYED] is NULL. */
HUB_MUST_CHECK bool doors_renew_pub(doors_t *self);

/* Closes the sockets; what is unsent has LINGER's time (sockets.def). */
void doors_shut(doors_t *self);

/* The same, and ends the context. The gatekeeper has to be closed before, but after doors_shut(). */
void doors_close(doors_t *self);

#endif
