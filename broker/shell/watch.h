/* broker/shell/watch.h - the descriptors the server sleeps on, and which ROUTER may have input.
 *
 * Asking a ROUTER whether it has input costs system calls. It need not be asked while its descriptor told of
 * nothing and nothing was sent over it since it said no: sending may swallow what the descriptor had to
 * tell. Who sends says so here. */
#ifndef BROKER_SHELL_WATCH_H
#define BROKER_SHELL_WATCH_H

#include "broker/shell/doors.h"

#include <poll.h>
#include <stdint.h>

typedef enum {
    WATCH_STOP,
    WATCH_NEIGHBOUR,
    WATCH_STORE,
    WATCH_LANES,
    WATCH_HASHER,
    WATCH_ZAP,
    WATCH_KEYS,
    WATCH_DOORS,
    WATCH_COUNT = WATCH_DOORS + DOOR_COUNT
} watched_t;

typedef struct {
    struct pollfd items[WATCH_COUNT];
    void *routers[DOOR_COUNT]; /* borrowed */
    bool may_have_input[DOOR_COUNT];
} watch_t;

/* The descriptor by which a ZeroMQ socket tells that there is something to be looked at. */
int watch_descriptor(void *socket);

/* True if the socket has something to be received. */
bool watch_socket_has_input(void *socket);

/* Watches the doors (borrowed; those that are there) and nothing else. */
void watch_init(watch_t *self, const doors_t *doors);

/* Another descriptor (borrowed) to sleep on; -1: none. */
void watch_set(watch_t *self, watched_t which, int fd);

/* True if the descriptor was readable after the last sleep. */
bool watch_is_ready(const watch_t *self, watched_t which);

/* True if a ROUTER has input: asks those that may have some. */
bool watch_has_input(const watch_t *self);

/* Sleeps until a descriptor is readable, `us` at most. False: the system does not let us; errno says why. */
bool watch_sleep(watch_t *self, uint64_t us);

#endif
