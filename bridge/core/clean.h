/* bridge/core/clean.h - makes text harmless to a terminal.
 *
 * Used both ways: on what users type and on what they are shown. Output is UTF-8 on one line:
 *
 *   "a\x1b[31mb"  "a\xc2\x9b31mb"        "ab": whole escape sequences go, in both their forms
 *   "a\x1b]0;title\x07b"                 "ab": so do strings for the terminal (OSC, DCS, SOS, PM, APC)
 *   "a\x07\x7f\xc2\x85" "b"              "ab": control characters go
 *   "a\tb"                               as it is
 *   "a\xff" "b\xe4\xbd"                  U+FFFD for every broken piece of UTF-8
 *
 * A sequence that does not end takes the rest of the line with it. Pure. */
#ifndef BRIDGE_CORE_CLEAN_H
#define BRIDGE_CORE_CLEAN_H

#include "proto/buffer.h"

typedef enum {
    CLEAN_IN, /* towards the broker: format characters stay, as the wire allows them */
    CLEAN_OUT /* towards a terminal: bidi controls and U+2028, U+2029 go too, so nobody reorders a line */
} clean_way_t;

/* The output is at most so many times as long: one broken byte becomes U+FFFD. */
enum { CLEAN_GROWTH = 3 };

/* Appends what is left of `raw` to `out`, which must have room for CLEAN_GROWTH times as many bytes
 * (asserted). Reads each byte at most twice. */
void clean_append(buffer_t *out, span_t raw, clean_way_t way);

#endif
