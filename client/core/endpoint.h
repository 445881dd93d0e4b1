/* client/core/endpoint.h - which of the broker's PUB endpoints to listen to.
 *
 *   router tcp://chat.example:5680, pub [ipc:///run/pub, tcp://STAR:5681] ->  tcp://chat.example:5681
 *   router inproc://hub,            pub [tcp://STAR:5681, inproc://pub]   ->  inproc://pub
 *   router inproc://hub,            pub [tcp://STAR:5681]                 ->  tcp://127.0.0.1:5681
 *
 * STAR is the character *, which a C comment cannot have after a slash. */
#ifndef CLIENT_CORE_ENDPOINT_H
#define CLIENT_CORE_ENDPOINT_H

#include "proto/decode.h"

enum { ENDPOINT_BYTES_MAX = 256 };

/* The first of a reply's `pub` that has the router's transport, else the first with tcp, else the first;
 * host * is the router's host, or 127.0.0.1 where it has none. The caller frees it with free(). NULL:
 * the reply names none that is usable. */
char *endpoint_choose(const message_t *reply, const char *router);

/* A copy, terminated by a zero, to be freed with free(). */
char *endpoint_copy(span_t endpoint);

#endif
