/* broker/shell/keyed.h - which endpoints are under CURVE, and with which key of the broker.
 *
 * Beyond loopback and ipc all are, or the broker does not start: libzmq lets whoever has finished its
 * handshake abort or bloat the process, so strangers must not get that far. `--curve` puts loopback's tcp
 * under it too, `--insecure` nothing. */
#ifndef BROKER_SHELL_KEYED_H
#define BROKER_SHELL_KEYED_H

#include "base/certificate.h"
#include "broker/shell/options.h"

enum { KEYED_ERROR_BYTES = 1024 };

/* True if nobody beyond this machine reaches it: ipc, or tcp on a loopback address. */
bool keyed_is_near(const char *endpoint);

/* True if the endpoint is under CURVE by these settings. */
bool keyed_is(const options_t *options, const char *endpoint);

typedef enum { KEYED_NONE, KEYED_SOME, KEYED_REFUSED } keyed_t;

/* KEYED_SOME: endpoints are under CURVE, *out_key is the broker's, with its secret, to be wiped by the
 * caller. KEYED_NONE: none is; where that is insecure it has been said on standard error. KEYED_REFUSED:
 * `out_error` (KEYED_ERROR_BYTES) says what is missing and how to have it. */
HUB_MUST_CHECK keyed_t keyed_decide(const options_t *options, certificate_t *out_key,
                                    char *out_error);

#endif
