/* proto/network.h - where somebody comes from, and whether that is in a range.
 *
 *   networks    192.0.2.0/24   10.0.0.7   2001:db8::/32   ::1   0.0.0.0/0 (all of IPv4)   ::/0 (all of IPv6)
 *   not         192.0.2.0/33   10.1/8   192.0.2.0/024   192.0.2.0/   [::1]   fe80::1%eth0   localhost
 *   peers       192.0.2.7   192.0.2.7:40312   ::1   [2001:db8::7]:40312
 *   not         2001:db8::7:40312, which is another address
 *
 * The text is that of RFC 4632 and RFC 4291. Bits behind the prefix may be set, and are dropped: 192.0.2.7/24 is
 * 192.0.2.0/24. Pure: names are not looked up. */
#ifndef PROTO_NETWORK_H
#define PROTO_NETWORK_H

#include "proto/err.h"

#include <stdint.h>

/* One address: the 16 bytes of IPv6, or of IPv4 mapped into it (::ffff:a.b.c.d, RFC 4291 2.5.5.2). */
typedef struct {
    uint8_t bytes[16];
} address_t;

/* All addresses with the same first `bits` bits. */
typedef struct {
    address_t first; /* the bits behind the prefix are zero */
    uint8_t bits;    /* 0..128; of an IPv4 network 96 more than are written */
} network_t;

enum { NETWORK_CHARS = 49 }; /* the longest text, eight groups and /128, without its zero */

/* The IPv4 address of those four bytes, in network order. */
address_t network_of_four(const void *bytes);

/* True if it is an IPv4 address. */
bool network_is_four(address_t address);

/* Reads a network; an address alone is the network of that one. False: it is none; *out is untouched. */
HUB_MUST_CHECK bool network_read(span_t text, network_t *out);

/* Reads where a peer comes from, with or without a port. False: as above. */
HUB_MUST_CHECK bool network_read_peer(span_t text, address_t *out);

/* Writes the shortest text of a network, which reads the same again; of a single address without the prefix. */
void network_write(const network_t *self, char out[NETWORK_CHARS + 1]);

/* True if the address is in the network. IPv4 addresses are in IPv4 networks only: ::/0 is not for them. */
bool network_has(const network_t *self, address_t address);

/* True if both are the same network. */
bool network_equal(const network_t *a, const network_t *b);

#endif
