/* bridge/core/proxy.h - who stands behind a proxy: the header that it sends first.
 *
 * Version 2 of the PROXY protocol, the binary one (HAProxy's doc/proxy-protocol.txt, section 2.2):
 *
 *   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a     the signature
 *   21                                      version 2, command PROXY; 20: LOCAL, the proxy speaks for itself
 *   11                                      TCP over IPv4; 21: over IPv6; others: no address that we know of
 *   00 0c                                   so many bytes follow
 *   c0 00 02 07   c6 33 64 01               from, to
 *   9d 78   22 b8                           from port, to port
 *   ...                                     TLVs, if the length says so: skipped
 *
 * A version, command, family or protocol that the text does not know is wrong, and so is an address that the
 * length cuts off. The header is taken in exactly as long as it is, so that what comes behind it stays in the
 * socket. Pure. */
#ifndef BRIDGE_CORE_PROXY_H
#define BRIDGE_CORE_PROXY_H

#include "proto/network.h"

enum {
    PROXY_FIXED_BYTES = 16,   /* up to the length */
    PROXY_ADDRESS_BYTES = 36, /* what is looked at of what follows: two IPv6 addresses and ports */
    PROXY_TAKE_BYTES = 4096   /* what proxy_wants() asks for at a time, at most */
};

/* All zeros is a fresh connection. */
typedef struct {
    uint32_t size;                                          /* of what has come */
    uint8_t bytes[PROXY_FIXED_BYTES + PROXY_ADDRESS_BYTES]; /* its beginning */
} proxy_t;

typedef enum {
    PROXY_MORE,  /* not complete yet */
    PROXY_DONE,  /* complete; proxy_source() tells */
    PROXY_WRONG, /* it is no such header */
} proxy_found_t;

/* How many bytes to read next, 1 to PROXY_TAKE_BYTES: none of them is behind the header. While it is
 * PROXY_MORE. */
size_t proxy_wants(const proxy_t *self);

/* Takes in bytes, at most as many as were wanted. */
proxy_found_t proxy_take(proxy_t *self, span_t bytes);

/* Who is behind the proxy. False: it does not say, or it is the proxy itself (LOCAL); then the connection's own
 * address counts. After PROXY_DONE. */
bool proxy_source(const proxy_t *self, address_t *out_address, uint16_t *out_port);

#endif
