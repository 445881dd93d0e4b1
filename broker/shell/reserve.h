/* broker/shell/reserve.h - descriptors that are kept back.
 *
 * libzmq spins when it has accepted connections until the process has no descriptor left, and whoever is in then suffers. Before that
 * the doors to TCP rest: new clients wait, those who are in go on, ipc stays open for the operator. */
#ifndef BROKER_SHELL_RESERVE_H
#define BROKER_SHELL_RESERVE_H

#include "broker/shell/doors.h"

#include <stdint.h>

typedef struct {
    uint64_t next_ms; /* monotonic: when to look again */
} reserve_t;

/* Looks, if the time has come, whether descriptors are few, and shuts or opens the doors to TCP. How soon it wants to look
 * again depends on how many are left: O(1), while the doors rest O(descriptors) twice a second. */
void reserve_keep(reserve_t *self, doors_t *doors, uint64_t now_ms);

#endif
