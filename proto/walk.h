/* proto/walk.h - looks at foreign msgpack before anything is unpacked.
 *
 * msgpack-c sizes a list by the number in its header: five bytes (dd 00 ff ff ff) make version 4.0.0
 * reserve 512 MiB. So every frame is walked first: nothing is allocated, every declared count has to be
 * borne out by bytes that are there, nesting and the number of values are limited.
 *
 *   valid     81 a2 6f 70 a4 70 69 6e 67      {"op": "ping"}
 *   invalid   81 a2 6f 70                      cut off
 *   invalid   80 c0                            a byte after the end
 *   invalid   81 01 02                         a key that is not a string
 *   invalid   dd 00 ff ff ff                   a count without its values
 *   invalid   c1                               a byte that msgpack never uses
 *
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef PROTO_WALK_H
#define PROTO_WALK_H

#include "proto/err.h"

#include <stdint.h>

/* A place in a frame that is being walked. */
typedef struct {
    const uint8_t *at, *end;
    uint32_t values; /* seen so far */
} walk_t;

/* Begins with a frame (borrowed) and reads how many pairs its map has. False: it is no map, or has fewer
 * bytes than pairs. */
HUB_MUST_CHECK bool walk_begin(walk_t *self, const void *data, size_t size, uint32_t *out_pairs);

/* Steps over the next key. False: it is no string, or cut off. */
HUB_MUST_CHECK bool walk_key(walk_t *self, span_t *out_key);

/* Steps over the next value with all that is in it; *out_bytes is where it stands. False: it is malformed
 * or breaks a limit. */
HUB_MUST_CHECK bool walk_value(walk_t *self, span_t *out_bytes);

/* Checks that `data` (`size` bytes) is exactly one map with string keys, at most LIMIT_NESTING deep and
 * of at most LIMIT_VALUES keys and values. Reads each byte at most once, allocates nothing.
 * HUB_MALFORMED: it is not. */
HUB_MUST_CHECK hub_err_t walk_frame(const void *data, size_t size);

#endif
