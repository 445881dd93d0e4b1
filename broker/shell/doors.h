/* broker/shell/doors.h - the broker's sockets.
 *
 * Two ROUTERs, so that what is allowed over ipc only can be told from what came over a
 * network, and one PUB. All are made at start-up: czmq and libzmq abort or spin when a process runs
 * out of descriptors later. */
#ifndef BROKER_SHELL_DOORS_H
#define BROKER_SHELL_DOORS_H

#include "base/settings.h"

#include <stdbool.h>

/* DOOR_INSIDE has no socket: the bridge in the server's thread (see inside.h). */
enum { DOOR_NET, DOOR_LOCAL, DOOR_COUNT, DOOR_INSIDE = DOOR_COUNT };

typedef struct {
    void *context;
    void *routers[DOOR_COUNT]; /* DOOR_NET: tcp; DOOR_LOCAL: ipc */
    void *pub;
    setting_list_t router_bound, pub_bound; /* with the real ports */
} doors_t;

enum { DOORS_ERROR_BYTES = 512 };

/* True if one can bind it: tcp://HOST:PORT, its port 0 to 65535 or *, or ipc://PATH. */
bool doors_is_endpoint(const char *endpoint);

/* Makes the context and the sockets and binds them to all endpoints. False:
 * `out_error` (DOORS_ERROR_BYTES) says which endpoint could not be had and why; close anyway. */
HUB_MUST_CHECK bool doors_open(doors_t *self, const setting_list_t *router,
                               const setting_list_t *pub, char *out_error);

/* Closes the sockets, giving what is unsent up to `linger_ms`. */
void doors_close(doors_t *self, int linger_ms);

#endif
