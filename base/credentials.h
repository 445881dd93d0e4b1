/* base/credentials.h - the three keys with which a program comes to a broker under CURVE. */
#ifndef BASE_CREDENTIALS_H
#define BASE_CREDENTIALS_H

#include "base/certificate.h"

/* What somebody was told. NULL or empty: not said. */
typedef struct {
    const char *key_file;   /* a certificate with a secret */
    const char *secret_key; /* or the secret itself, as text */
    const char *server_key; /* the broker's, as text; not said: what the file has */
} credentials_given_t;

typedef struct {
    bool is_keyed; /* or else nothing below holds */
    uint8_t public_key[CURVE_KEY_BYTES], secret_key[CURVE_KEY_BYTES];
    uint8_t server_key[CURVE_KEY_BYTES];
    char router[CERTIFICATE_ROUTER_CHARS + 1]; /* where the file says the broker is; or empty */
} credentials_t;

enum { CREDENTIALS_ERROR_BYTES = 768 };

/* Puts them together. Nothing said at all: without keys. False: `out_error` (CREDENTIALS_ERROR_BYTES)
 * says in one line what is missing or wrong; *out is untouched. */
HUB_MUST_CHECK bool credentials_load(const credentials_given_t *given, credentials_t *out,
                                     char *out_error);

/* Wipes the secret. */
void credentials_fini(credentials_t *self);

#endif
