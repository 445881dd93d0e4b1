/* base/curve.h - CURVE keys: 32 bytes, or as people see them 40 characters of Z85 (ZeroMQ RFC 32).
 *
 * The same keys that libzmq and czmq make; only libsodium is needed. */
#ifndef BASE_CURVE_H
#define BASE_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

enum { CURVE_KEY_BYTES = 32, CURVE_TEXT_CHARS = 40 };

/* Makes a pair from the kernel's randomness; aborts where there is none. */
void curve_new(uint8_t *out_public, uint8_t *out_secret);

/* The public key that belongs to a secret one. */
void curve_public(const uint8_t *secret, uint8_t *out_public);

/* Writes a key as CURVE_TEXT_CHARS characters and a zero. */
void curve_encode(const uint8_t *key, char out[CURVE_TEXT_CHARS + 1]);

/* Reads `size` characters. False: they are no key; *out_key is untouched. */
HUB_MUST_CHECK bool curve_decode(const char *text, size_t size, uint8_t *out_key);

#endif
