/* bridge/shell/tls.h - lines of people who come encrypted, by OpenSSL.
 *
 *   tls_t *tls = tls_new (cert_file, key_file, error);        // NULL: error says why
 *   tls_line_t *line = tls_line_new (tls, fd);
 *   while (tls_line_handshake (line) is TLS_WANTS_...)        // wait for the descriptor
 *       ...
 *   tls_line_read (line, ...); tls_line_write (line, ...);    // as recv() and send()
 *   tls_line_destroy (&line);                                 // says so to the other end; closes no descriptor
 *   tls_destroy (&tls);
 *
 * TLS 1.2 and 1.3, forward secrecy and authenticated ciphers only, no compression, no renegotiation. Buffers exist
 * only while something is in them. Nothing blocks. SIGPIPE has to be ignored. One owner. */
#ifndef BRIDGE_SHELL_TLS_H
#define BRIDGE_SHELL_TLS_H

#include "proto/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct tls tls_t; /* a certificate, its key, and how connections are made under them */
typedef struct tls_line tls_line_t; /* one connection */

enum {
    TLS_ERROR_BYTES = 256,
    TLS_CHUNK_BYTES = 16 * 1024 /* written at a time at most: a record, and one send() */
};

/* Reads both files (PEM; the certificate with those between it and the root, behind it). The key must not be for
 * others to read or its group to write: mode 0640 at most. NULL: `out_error` (TLS_ERROR_BYTES) says what is wrong. The
 * caller owns it. */
HUB_MUST_CHECK tls_t *tls_new(const char *cert_file, const char *key_file, char *out_error);

/* Reads both files again; connections that are there keep theirs. False: `out_error` says why, and nothing has
 * changed. */
HUB_MUST_CHECK bool tls_reload(tls_t *self, char *out_error);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. Lines may outlive it. */
void tls_destroy(tls_t **self_p);

/* The server's end of a connection over `fd`, which is non-blocking and borrowed. The caller owns it. */
tls_line_t *tls_line_new(tls_t *tls, int fd);

/* Says good-bye if that can be said at once, frees *self_p and sets it to NULL; NULL in *self_p is fine. The
 * descriptor must still be open. */
void tls_line_destroy(tls_line_t **self_p);

typedef enum { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_BROKEN } tls_step_t;

/* Goes on with the handshake, until it is done or has to wait for the descriptor. */
HUB_MUST_CHECK tls_step_t tls_line_handshake(tls_line_t *self);

/* As recv(): how much was read; 0: the other end has said good-bye; -1: errno is EAGAIN, or ECONNRESET for all that
 * is wrong, an end without a good-bye among it: what came last may have been cut off. */
HUB_MUST_CHECK ssize_t tls_line_read(tls_line_t *self, char *out, size_t size);

/* True if there is something to read that the descriptor does not tell of any more. */
bool tls_line_has_input(const tls_line_t *self);

/* Takes 1 to TLS_CHUNK_BYTES bytes: `size`, though part of it may wait here until the descriptor takes more; or -1:
 * errno is EAGAIN (earlier ones wait, nothing was taken) or EPIPE (it will never take anything again). */
HUB_MUST_CHECK ssize_t tls_line_write(tls_line_t *self, const char *bytes, size_t size);

/* True if bytes wait here: call tls_line_flush() when the descriptor takes more. */
bool tls_line_has_output(const tls_line_t *self);

/* Sends what waits: TLS_DONE, TLS_WANTS_WRITE or TLS_BROKEN. */
HUB_MUST_CHECK tls_step_t tls_line_flush(tls_line_t *self);

/* Says that nothing will be written any more; reading may go on. */
void tls_line_close(tls_line_t *self);

#endif
