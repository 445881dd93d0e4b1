/* bridge/core/foreign.h - who is wrong here: connections that begin as another protocol does.
 *
 *   16 03                                             TLS: a record that holds a client's hello
 *   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a               PROXY: the signature of version 2
 *   ff 00 00 00 00 00 00 00 01 7f                     ZMTP: the greeting of ZeroMQ
 *   GET / HTTP/1.1 CR LF                              HTTP: its first line, however long
 *   not   \x16 and a text; ff fd 03 (telnet); "GET / HTTP" and no version; "GETTING old"
 *
 * None of it is a line that somebody types first, so a browser that was sent here by a hostile page, or a scanner,
 * says nothing in anybody's name. It may come in any pieces. No bytes are kept for that: what may still become one of
 * these holds no whole line but empty ones, so bridge/core/line.h keeps it as it keeps any line that has not ended, and
 * whoever only types is not delayed by it. Pure. */
#ifndef BRIDGE_CORE_FOREIGN_H
#define BRIDGE_CORE_FOREIGN_H

#include "proto/span.h"

#include <stdint.h>

typedef enum {
    FOREIGN_NONE, /* somebody who types, or nobody knows yet */
    FOREIGN_TLS,
    FOREIGN_PROXY,
    FOREIGN_ZMTP,
    FOREIGN_HTTP,
} foreign_t;

enum { FOREIGN_TLS_BYTE = 0x16 }; /* what TLS begins with */

/* How a connection has begun, as far as it matters. All zeros: nothing has come. */
typedef struct {
    uint8_t state;
} beginning_t;

/* What a connection is, after these bytes of it, the next ones. What was found stays found, and who has turned out to type
 * is never taken for anything else. O(size), at once where it is known. */
foreign_t foreign_take(beginning_t *self, span_t bytes);

#endif
