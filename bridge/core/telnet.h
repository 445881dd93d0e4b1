/* bridge/core/telnet.h - takes telnet's own bytes out of what a user sends.
 *
 * A byte filter with a few bytes of state per user. Options are refused and nothing is negotiated but that, while a
 * password is typed, we say that we echo, so that the user's terminal stays in its line mode and plain TCP (nc) works
 * just as well:
 *
 *   "hi\r\n"  "hi\n"  "hi\r\0"           one line, ended by LF on the way out
 *   ff fb 18  (WILL terminal type)       answered ff fe 18 (DONT)
 *   ff fd 01  (DO echo)                  answered ff fc 01 (WONT), but for the answer to our own WILL
 *   ff fa 18 ... ff f0                   a subnegotiation: skipped, at most TELNET_SKIP_BYTES of it
 *   ff ff                                one byte ff
 *   ff f6                                are you there: the caller answers
 *   ff f4                                interrupt and all other commands: ignored
 *
 * RFC 854, RFC 855. Pure. Why not libtelnet: docs/adr/0101-own-telnet-filter.md. */
#ifndef BRIDGE_CORE_TELNET_H
#define BRIDGE_CORE_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TELNET_ANSWERS = 64,     /* refusals that a connection gets: clients ask for each option once */
    TELNET_SKIP_BYTES = 1024 /* a longer subnegotiation is taken for broken, and ends */
};

/* All zeros is a fresh connection. */
typedef struct {
    uint8_t state;
    uint8_t answered;     /* refusals given, up to TELNET_ANSWERS */
    uint16_t skipped;     /* bytes of the subnegotiation that is being skipped */
    bool is_after_return; /* a CR is waiting for what follows it */
    bool has_echo; /* we have said that we echo (RFC 857), and echo nothing: DO ECHO is no news */
} telnet_t;

/* What the filter wants sent back. */
typedef struct {
    char bytes[96];
    size_t size;
    bool was_asked; /* "are you there?" came at least once */
} telnet_answers_t;

/* What makes a telnet client stop showing what is typed, and show it again; RFC 857. A client that is none shows three odd
 * characters. */
#define TELNET_HIDE "\xff\xfb\x01"
#define TELNET_SHOW "\xff\xfc\x01"

/* Filters `bytes` in place and returns how many are left: text with LF at the end of each line. The
 * answers are appended to `answers` (begin with all zeros; what does not fit is dropped). State is
 * kept from segment to segment. A CR that no LF or NUL follows is dropped. */
size_t telnet_filter(telnet_t *self, char *bytes, size_t size, telnet_answers_t *answers);

#endif
