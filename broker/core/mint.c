#include "broker/core/mint.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static void mint_bytes(mint_t *self, const uint8_t *entropy, void *out, size_t size)
{
    assert(self && entropy && out);
    assert(size >= crypto_generichash_BYTES_MIN && size <= crypto_generichash_BYTES_MAX);
    self->counter++;
    crypto_generichash(out, size, (const uint8_t *)&self->counter, sizeof self->counter, entropy,
                       MINT_ENTROPY_BYTES);
}

void mint_name(mint_t *self, const uint8_t *entropy, char *out_name)
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
    assert(out_name);
    uint8_t bytes[crypto_generichash_BYTES_MIN];
    mint_bytes(self, entropy, bytes, sizeof bytes);
    for (int i = 0; i < MINT_NAME_CHARS; i++)
        out_name[i] = ALPHABET[bytes[i] % 32];
}

uint64_t mint_number(mint_t *self, const uint8_t *entropy)
{
    uint64_t numbers[crypto_generichash_BYTES_MIN / sizeof(uint64_t)];
    mint_bytes(self, entropy, numbers, sizeof numbers);
    return numbers[0];
}

void mint_token(mint_t *self, const uint8_t *entropy, uint64_t owner, uint8_t *out_token)
{
    assert(out_token);
    uint8_t secret[TOKEN_BYTES - sizeof owner];
    mint_bytes(self, entropy, secret, sizeof secret);
    memcpy(out_token, &owner, sizeof owner);
    memcpy(out_token + sizeof owner, secret, sizeof secret);
}

uint64_t mint_token_owner(const uint8_t *token)
{
    assert(token);
    uint64_t owner;
    memcpy(&owner, token, sizeof owner);
    return owner;
}

void mint_token_hash(const uint8_t *token, uint8_t *out_hash)
{
    assert(token && out_hash);
    crypto_generichash(out_hash, TOKEN_HASH_BYTES, token, TOKEN_BYTES, NULL, 0);
}
