#include "base/curve.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

_Static_assert(CURVE_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "CURVE is crypto_box");
_Static_assert(CURVE_KEY_BYTES == crypto_box_SECRETKEYBYTES, "CURVE is crypto_box");

/* Four bytes are five characters. */
enum { BYTES = 4, CHARS = 5, BASE = 85 };

static const char LETTERS[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#";

void curve_new(uint8_t *out_public, uint8_t *out_secret)
{
    assert(out_public && out_secret);
    int status = sodium_init(); /* 1 when somebody was here before */
    assert(status >= 0);
    status = crypto_box_keypair(out_public, out_secret);
    assert(status == 0);
    (void)status;
}

void curve_public(const uint8_t *secret, uint8_t *out_public)
{
    assert(secret && out_public);
    int status = crypto_scalarmult_base(out_public, secret);
    assert(status == 0);
    (void)status;
}

void curve_encode(const uint8_t *key, char out[CURVE_TEXT_CHARS + 1])
{
    assert(key && out);
    for (int group = 0; group < CURVE_KEY_BYTES / BYTES; group++) {
        uint32_t value = 0;
        for (int i = 0; i < BYTES; i++)
            value = value << 8 | key[group * BYTES + i];
        for (int i = CHARS; i-- > 0; value /= BASE)
            out[group * CHARS + i] = LETTERS[value % BASE];
    }
    out[CURVE_TEXT_CHARS] = '\0';
}

static bool decode_group(const char *text, uint8_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < CHARS; i++) {
        const char *letter = text[i] ? strchr(LETTERS, text[i]) : NULL;
        if (letter == NULL)
            return false;
        value = value * BASE + (uint64_t)(letter - LETTERS);
    }
    if (value > UINT32_MAX)
        return false;
    for (int i = BYTES; i-- > 0; value >>= 8)
        out[i] = (uint8_t)value;
    return true;
}

bool curve_decode(const char *text, size_t size, uint8_t *out_key)
{
    assert(text && out_key);
    uint8_t key[CURVE_KEY_BYTES];
    bool is_key = size == CURVE_TEXT_CHARS;
    for (size_t group = 0; is_key && group < CURVE_KEY_BYTES / BYTES; group++)
        is_key = decode_group(text + group * CHARS, key + group * BYTES);
    if (is_key)
        memcpy(out_key, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return is_key;
}
