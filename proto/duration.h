/* proto/duration.h - how long, as people write it.
 *
 *   90s  30m  2h  7d  4w          a number, and what it counts
 *   10  0m  1h30m  2 h  -5m  7D  forever        none
 */
#ifndef PROTO_DURATION_H
#define PROTO_DURATION_H

#include "proto/span.h"

#include <stdint.h>

enum { DURATION_COUNT_MAX = 1000000 };

/* Reads a duration (1 to DURATION_COUNT_MAX of its unit). False: it is none; *out_ms is untouched. */
bool duration_read(span_t text, uint64_t *out_ms);

#endif
