/* bridge/core/pace.h - how fast connections come from one address.
 *
 * Each IPv4 address or IPv6 /64 network may come `per_s` times a second for long, and PACE_GATHERS_S seconds' worth
 * at once. The table has a fixed size: where it is full, whoever has been quiet longest makes way, and only that one
 * begins with a full allowance again. Its hash is keyed, so nobody chooses whom to push out. Pure: time and key are
 * arguments. O(1). */
#ifndef BRIDGE_CORE_PACE_H
#define BRIDGE_CORE_PACE_H

#include "proto/network.h"

enum { PACE_GATHERS_S = 4, PACE_PLACES = 2048 };

typedef struct pace pace_t;

/* An empty table; `per_s` (up to 1 000 000) connections a second from one address, 0 for any number. */
pace_t *pace_new(uint32_t per_s, uint64_t key);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. */
void pace_destroy(pace_t **self_p);

/* One more comes, at `now_us` (monotonic, never going back). False: too soon, and it does not count. */
HUB_MUST_CHECK bool pace_take(pace_t *self, address_t address, uint64_t now_us);

#endif
