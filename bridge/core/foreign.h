/* bridge/core/foreign.h - who is wrong here: connections that begin as another protocol does.
 *
 *   16 03 01 02 00 01 ...                             TLS: a record that holds a client's hello
 *   0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a               PROXY: the signature of version 2
 *   ff 00 00 00 00 00 00 00 01 7f                     ZMTP: the greeting of ZeroMQ
 *   GET / HTTP/1.1 CR LF                              HTTP: its first line
 *   not   \x16 and a text; ff fd 03 (telnet); "GET / HTTP" and no version
 *
 * None of it is a line that somebody types first, so a browser that was sent here by a hostile page, or a scanner,
 * says nothing in anybody's name. Pure. */
#ifndef BRIDGE_CORE_FOREIGN_H
#define BRIDGE_CORE_FOREIGN_H

#include "proto/span.h"

typedef enum {
    FOREIGN_NONE, /* it may well be somebody who types */
    FOREIGN_TLS,
    FOREIGN_PROXY,
    FOREIGN_ZMTP,
    FOREIGN_HTTP,
} foreign_t;

enum { FOREIGN_TLS_BYTE = 0x16 }; /* what TLS begins with */

/* What a connection is by the first bytes that came of it, as many as there were. */
foreign_t foreign_look(span_t first);

#endif
