#include "base/entropy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sodium.h>

_Static_assert(ENTROPY_BYTES == crypto_stream_chacha20_KEYBYTES, "a key is what one call gives");

void entropy_init(entropy_t *self)
{
    assert(self);
    int status = sodium_init(); /* 1 when somebody was here before */
    assert(status >= 0);
    randombytes_buf(self->key, sizeof self->key);
}

void entropy_fini(entropy_t *self)
{
    assert(self);
    sodium_memzero(self, sizeof *self);
}

void entropy_fill(entropy_t *self, uint8_t out[ENTROPY_BYTES])
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES]; /* a key is used once only */
    uint8_t block[2 * ENTROPY_BYTES];
    assert(self && out);
    int status = crypto_stream_chacha20(block, sizeof block, nonce, self->key);
    assert(status == 0);
    memcpy(self->key, block, sizeof self->key);
    memcpy(out, block + sizeof self->key, ENTROPY_BYTES);
    sodium_memzero(block, sizeof block);
}

void entropy_seed_srand(void)
{
    unsigned seed = 0;
    ssize_t got = getrandom(&seed, sizeof seed, 0); /* so few bytes come whole or not at all */
    assert(got == (ssize_t)sizeof seed);
    srand(seed);
}
