/* broker/core/mint.h - makes names and secrets out of entropy that the caller brings.
 *
 * BLAKE2b (libsodium's crypto_generichash) of a counter, keyed with the entropy: nothing is ever made
 * twice, even if the same entropy comes again, and nothing tells about what was made before. */
#ifndef BROKER_CORE_MINT_H
#define BROKER_CORE_MINT_H

#include <stdint.h>

enum { MINT_NAME_CHARS = 16, MINT_ENTROPY_BYTES = 32, TOKEN_BYTES = 32, TOKEN_HASH_BYTES = 16 };

typedef struct {
    uint64_t counter;
} mint_t;

/* A name of MINT_NAME_CHARS characters of a-z and 2-7 (80 bits), without a zero behind it. */
void mint_name(mint_t *self, const uint8_t *entropy, char *out_name);

/* A number of 64 random bits. */
uint64_t mint_number(mint_t *self, const uint8_t *entropy);

/* A resume token of TOKEN_BYTES: `owner`, a number, and a secret. */
void mint_token(mint_t *self, const uint8_t *entropy, uint64_t owner, uint8_t *out_token);

/* The number in a token, which anybody may have written: look whether the token is live. */
uint64_t mint_token_owner(const uint8_t *token);

/* What is kept of a token: TOKEN_HASH_BYTES that do not tell it. */
void mint_token_hash(const uint8_t *token, uint8_t *out_hash);

#endif
