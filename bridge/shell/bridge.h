/* bridge/shell/bridge.h - people on plain TCP (telnet, nc) in the chat, a session each.
 *
 * A bridge listens on one address and carries all its users over one link to a broker: as a program of
 * its own (hubbub-bridge), with bridge_run(), or in the loop of the broker's process:
 *
 *   bridge_config_t config = {.listen = "127.0.0.1:8888", .router = "inside", .pub = "inside",
 *                             .direct = &direct, .stop_fd = -1, .report_fd = -1};
 *   bridge_t *bridge = bridge_new (&config, zmq_context, error);   // binds; NULL: error says why
 *   printf ("tcp=%s\n", bridge_address (bridge));
 *   if (bridge_start (bridge))
 *       while (...) {
 *           // sleep until bridge_fd (bridge) is readable, bridge_wait_us (bridge) at most
 *           bridge_turn (bridge, true);
 *       }
 *   bridge_stop (bridge);
 *   bridge_destroy (&bridge);                                      // before the zmq context ends
 *
 * One owner; all sockets but the listening one are opened and closed in the thread that runs it. Never
 * exits the process. SIGPIPE must be ignored where there is a TLS port. */
#ifndef BRIDGE_SHELL_BRIDGE_H
#define BRIDGE_SHELL_BRIDGE_H

#include "proto/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/credentials.h"
#include "base/settings.h"

typedef struct bridge bridge_t;

enum { BRIDGE_ERROR_BYTES = 256, BRIDGE_ADDRESS_BYTES = 64 };

/* A broker in the same thread: frames are handed over by calls, without sockets. */
typedef struct {
    void *context;
    void (*open)(void *context); /* a fresh link: nothing from before is delivered any more */
    bool (*send)(void *context, span_t frame); /* copied; false: takes no more */
    bool (*take)(void *context, span_t *out_frame, bool *out_is_published); /* false: nothing waits;
                                                                       borrowed until the next call */
    bool (*has)(void *context);                                             /* something waits */
} bridge_direct_t;

/* Strings are copied; zero or NULL takes the default in brackets. */
typedef struct {
    const char *listen; /* HOST:PORT, [IPV6]:PORT or *:PORT; port 0 takes a free one [nowhere] */
    const char *tls_listen;         /* the same, for TLS; one of the two is needed [nowhere] */
    const char *tls_cert, *tls_key; /* files; with tls_listen */
    const setting_list_t
        *proxy_from;           /* networks whose connections begin with a PROXY header [none] */
    const char *router;        /* endpoint of the broker's ROUTER: tcp, ipc or inproc */
    const char *pub;           /* endpoint of its PUB [what the broker says in its welcome] */
    const credentials_t *keys; /* copied; NULL, or not keyed: without CURVE */
    const char *language;      /* "en" or "zh" [en] */
    const char *agent;         /* program and version, for the broker's operator [none] */
    bool show_addresses;       /* users are called by their address instead of a guest's name */
    uint32_t connections_per_address; /* [any number, and as fast as they like] */
    uint32_t connections_per_s;       /* of one address [any number] */
    uint32_t enter_ms;                /* for PROXY header and TLS handshake [10000] */
    uint32_t login_grace_ms;          /* of who has not logged in: grace.h [10000] */
    uint32_t user_waiting_bytes; /* private lines that wait for one user [65536]; at least 20480 */
    uint32_t users_max;          /* [as many as files may be opened] */
    uint32_t backlog_lines;      /* messages shown to who enters a room; at most 200 [none] */
    uint32_t resume_ms;          /* how long sessions outlive the link [5000] */
    int stop_fd; /* borrowed; once readable, bridge_run() says good-bye and returns */
    int reload_fd; /* the bridge's from bridge_new() on, also if that fails; each time it is readable the certificate
                      is read again; -1: none */
    int report_fd; /* borrowed; each time it is readable the counters are logged and it is read; -1: none */
    void (*ready)(
        void *context); /* called in bridge_run()'s thread when the broker has first answered;
                                     NULL: nobody wants to know */
    const bridge_direct_t
        *direct; /* copied; instead of sockets; `router` and `pub` are names only then;
                                      NULL: none */
    void *context;
} bridge_config_t;

/* What happened so far; `users` is how many there are now. */
#define BRIDGE_COUNTERS(X)                                                                         \
    X(users)                                                                                       \
    X(accepted)                                                                                    \
    X(refused)                                                                                     \
    X(refused_pace)                                                                                \
    X(proxied)                                                                                     \
    X(proxies_refused)                                                                             \
    X(proxies_wrong)                                                                               \
    X(handshakes)                                                                                  \
    X(handshakes_failed)                                                                           \
    X(entered_late)                                                                                \
    X(logged_in_late)                                                                              \
    X(foreign)                                                                                     \
    X(tls_at_plain)                                                                                \
    X(plain_at_tls)                                                                                \
    X(lines_in)                                                                                    \
    X(lines_too_long)                                                                              \
    X(bytes_in)                                                                                    \
    X(messages)                                                                                    \
    X(deliveries)                                                                                  \
    X(sends)                                                                                       \
    X(bytes_out)                                                                                   \
    X(skipped_lines)                                                                               \
    X(stalled_kicks)                                                                               \
    X(resets)

typedef struct {
#define BRIDGE_COUNTER(name) uint64_t name;
    BRIDGE_COUNTERS(BRIDGE_COUNTER)
#undef BRIDGE_COUNTER
} bridge_counters_t;

/* True if `listen` has the form HOST:PORT, [IPV6]:PORT or *:PORT with a port of 0 to 65535. Whether the
 * host exists is seen by bridge_new(). */
bool bridge_is_address(const char *listen);

/* What stands for nowhere, empty or "none", is NULL; anything else is itself. */
const char *bridge_place(const char *listen);

/* Binds and listens. NULL: `out_error` (BRIDGE_ERROR_BYTES) says what was tried and why it failed. The
 * caller owns the bridge; `zmq_context` is borrowed. */
bridge_t *bridge_new(const bridge_config_t *config, void *zmq_context, char *out_error);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. Not while it runs. */
void bridge_destroy(bridge_t **self_p);

/* Where it listens, as HOST:PORT with the real port; empty: nowhere. Borrowed. */
const char *bridge_address(const bridge_t *self);

/* The same of the TLS port. */
const char *bridge_tls_address(const bridge_t *self);

/* Serves people until stop_fd is readable. Once. False: it could not begin (no descriptors left);
 * that is logged. */
bool bridge_run(bridge_t *self);

/* The same for a loop of the caller's. Begins; false as above. */
bool bridge_start(bridge_t *self);

/* Readable when there is something to do. Borrowed; from start to stop. */
int bridge_fd(const bridge_t *self);

/* How long the bridge may be left alone as long as its descriptor is not readable. `context` is the bridge. */
uint64_t bridge_wait_us(void *context);

/* Does what there is to do, without sleeping. False in `may_have_input` saves looking at the descriptor.
 * `context` is the bridge. */
void bridge_turn(void *context, bool may_have_input);

/* Says good-bye to the users and closes everything but the listening socket. */
void bridge_stop(bridge_t *self);

/* The counters; exact in bridge_run()'s thread and after it, elsewhere a moment old. Borrowed. */
const bridge_counters_t *bridge_counters(const bridge_t *self);

#endif
