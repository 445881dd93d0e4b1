/* proto/payload.h - the part of a message that the broker carries without looking into it.
 *
 * `type`, `data`, `ref`, `rel`, `thread` and `x` are carried untouched when they are well formed, so
 * that a careless receiver cannot be harmed through them: all strings inside `x` are UTF-8, all its
 * keys are strings (Python's msgpack refuses others), and it holds no ext values. */
#ifndef PROTO_PAYLOAD_H
#define PROTO_PAYLOAD_H

#include "proto/decode.h"

/* The keys it is about. */
#define PAYLOAD_KEYS (K(cid) | K(type) | K(data) | K(ref) | K(rel) | K(thread) | K(x))

/* Checks what there is of them in a message. HUB_BAD_REQUEST: `rel` is none of the four words, or `x`
 * holds what it must not. HUB_TOO_LONG: `data` or the encoded `x` is over its limit. */
HUB_MUST_CHECK hub_err_t payload_check(const message_t *message);

#endif
