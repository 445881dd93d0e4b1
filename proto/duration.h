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

/* True: it begins with a digit. Where a duration may be left out, what is none and does so is a slip. */
bool duration_is_meant(span_t text);

typedef enum { DURATION_S, DURATION_M, DURATION_H, DURATION_D, DURATION_W } duration_unit_t;

/* The largest unit that `ms` (> 0; parts of a second do not count) is a whole number of, and that number: of 60 minutes one hour. */
duration_unit_t duration_parts(uint64_t ms, uint64_t *out_count);

/* The largest unit in which at most a twentieth is added by rounding up, and how many of it: of 59 s one minute, of 61 s 61
 * seconds, of 86 399 s one day; of 0 ms 0 s. For a wait, which is told no shorter than it is. */
duration_unit_t duration_about(uint64_t ms, uint64_t *out_count);

enum { DURATION_WORDS_BYTES = 64 };

/* "for 90 seconds", "for 1 hour"; of 0: `otherwise`. Borrowed from it or *out. */
const char *duration_words(uint64_t ms, const char *otherwise, char out[DURATION_WORDS_BYTES]);

/* "90 seconds", "1 day": a wait, by duration_about(). Borrowed from *out. */
const char *duration_wait(uint64_t ms, char out[DURATION_WORDS_BYTES]);

#endif
