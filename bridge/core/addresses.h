/* bridge/core/addresses.h - how many connections come from where.
 *
 * A count per IPv4 address or IPv6 /64 network (what one household gets), in a table whose hash is keyed:
 * nobody chooses their addresses so that all fall into one place. Pure: the key is an argument. */
#ifndef BRIDGE_CORE_ADDRESSES_H
#define BRIDGE_CORE_ADDRESSES_H

#include "proto/network.h"

typedef struct addresses addresses_t;

/* What is counted as one: an IPv4 address as it is, of an IPv6 address its /64 network. */
address_t addresses_network(address_t address);

/* A hash of that, which nobody foresees who does not know the key. */
uint64_t addresses_hash(address_t address, uint64_t key);

/* An empty table; at most `limit` connections per address, 0 for any number. */
addresses_t *addresses_new(uint32_t limit, uint64_t key);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. */
void addresses_destroy(addresses_t **self_p);

/* Counts one more connection. False: the limit is reached, nothing was counted. */
bool addresses_add(addresses_t *self, address_t address);

/* One connection less; it was added before. */
void addresses_remove(addresses_t *self, address_t address);

/* How many connections come from there. */
uint32_t addresses_count(const addresses_t *self, address_t address);

#endif
