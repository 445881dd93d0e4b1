/* broker/store/varint.h - numbers in as few bytes as they need: LEB128, seven bits a byte, lowest first, the
 * high bit says that more follow. 3 is 03, 200 is c8 01, 300 is ac 02. */
#ifndef BROKER_STORE_VARINT_H
#define BROKER_STORE_VARINT_H

#include "proto/span.h"

#include <stdint.h>

enum { VARINT_BYTES = 10, VARINT_BITS = 7, VARINT_MASK = 0x7f, VARINT_MORE = 0x80 };

/* Writes it to `out`, which has room for VARINT_BYTES, and returns the place behind it. */
static inline char *varint_put(char *out, uint64_t number)
{
    for (; number > VARINT_MASK; number >>= VARINT_BITS)
        *out++ = (char)((number & VARINT_MASK) | VARINT_MORE);
    *out++ = (char)number;
    return out;
}

/* Takes one from the front. False: there is none; nothing has changed. */
static inline bool varint_take(span_t *from, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < from->size && i < VARINT_BYTES; i++) {
        uint8_t byte = (uint8_t)from->data[i];
        number |= (uint64_t)(byte & VARINT_MASK) << (VARINT_BITS * i);
        if (byte & VARINT_MORE)
            continue;
        *out = number;
        *from = (span_t){from->data + i + 1, from->size - i - 1};
        return true;
    }
    return false;
}

#endif
