/* tests/unit/broker_notation.h - requests and what comes back, as lines of text; see broker_kit.h. */
#ifndef TESTS_UNIT_BROKER_NOTATION_H
#define TESTS_UNIT_BROKER_NOTATION_H

#include "proto/buffer.h"

#include <msgpack.h>

enum { NOTATION_BYTES = 70000 /* of one value as text */ };

/* Appends a request to `out`. `saved` are the bytes that $c stands for, by c. False: it names its id,
 * which is then in *id; else it has *id. */
bool notation_request(buffer_t *out, const char *text, const span_t *saved, uint64_t *id);

/* The value at a path as text, bytes as hex; NULL: not there. Good for the next few calls. */
const char *notation_get(const msgpack_object *map, const char *path);

/* The bytes at a path, which must be there; borrowed. */
span_t notation_bytes(const msgpack_object *map, const char *path);

/* True if all that is listed holds. */
bool notation_has(const msgpack_object *map, const char *expected);

#endif
