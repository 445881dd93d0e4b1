#include "broker/shell/mask.h"

#include "proto/names.h"
#include "proto/walk.h"

#include <stdint.h>

enum { NEVER_USED = 0xc1, FIRST_LETTER = 0x20, LAST_ASCII = 0x7e };

static bool is_one_of(span_t key, const char *const *keys)
{
    for (; *keys; keys++)
        if (span_is(key, *keys))
            return true;
    return false;
}

static const char *const SECRETS[] = {"password", "new_password", "hash", NULL};
static const char *const TEXTS[] = {"text",     "data",         "x",    "status",
                                    "password", "new_password", "hash", NULL};

/* What is no good text stays none: what makes it so is kept. */
static void blank(char *bytes, size_t size)
{
    bool is_good = text_check((span_t){bytes, size}, size, TEXT_PARAGRAPH) == HUB_OK;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= FIRST_LETTER && (is_good || byte <= LAST_ASCII))
            bytes[i] = 'x';
    }
}

/* What a value's header says; see msgpack's format. */
typedef struct {
    size_t header;     /* bytes before the payload */
    uint32_t children; /* of a list; twice the pairs of a map */
    bool is_bytes;     /* a string or bin */
} shape_t;

static uint32_t number_at(const unsigned char *at, size_t bytes)
{
    uint32_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static shape_t shape_of(const unsigned char *at)
{
    unsigned char head = at[0];
    if ((head & 0xe0) == 0xa0)
        return (shape_t){.header = 1, .is_bytes = true};
    if ((head & 0xf0) == 0x80)
        return (shape_t){.header = 1, .children = 2u * (head & 0x0fu)};
    if ((head & 0xf0) == 0x90)
        return (shape_t){.header = 1, .children = head & 0x0fu};
    if (head >= 0xd9 && head <= 0xdb) /* str 8, 16, 32 */
        return (shape_t){.header = 1u + (1u << (head - 0xd9)), .is_bytes = true};
    if (head >= 0xc4 && head <= 0xc6) /* bin 8, 16, 32 */
        return (shape_t){.header = 1u + (1u << (head - 0xc4)), .is_bytes = true};
    if (head == 0xdc || head == 0xdd) /* array 16, 32 */
        return (shape_t){.header = head == 0xdc ? 3 : 5,
                         .children = number_at(at + 1, head == 0xdc ? 2 : 4)};
    if (head == 0xde || head == 0xdf) /* map 16, 32 */
        return (shape_t){.header = head == 0xde ? 3 : 5,
                         .children = 2 * number_at(at + 1, head == 0xde ? 2 : 4)};
    return (shape_t){0};
}

/* `size` bytes that a walk has found to be one value, at most LIMIT_NESTING deep. */
static void mask_value(char *value, size_t size)
{
    shape_t shape = shape_of((const unsigned char *)value);
    if (shape.is_bytes)
        blank(value + shape.header, size - shape.header);
    walk_t walk = {.at = (const uint8_t *)value + shape.header,
                   .end = (const uint8_t *)value + size};
    span_t child;
    for (uint32_t i = 0; i < shape.children && walk_value(&walk, &child); i++)
        mask_value(value + (child.data - value), child.size);
}

/* Masks the map at the front and returns its size; 0: it is none. */
static size_t mask_map(char *bytes, size_t size, const char *const *keys)
{
    walk_t walk;
    uint32_t pairs;
    span_t key, value;
    if (!walk_begin(&walk, bytes, size, &pairs))
        return 0;
    for (uint32_t i = 0; i < pairs; i++) {
        if (!walk_key(&walk, &key) || !walk_value(&walk, &value))
            return 0;
        if (is_one_of(key, keys))
            mask_value(bytes + (value.data - bytes), value.size);
    }
    return (size_t)((const char *)walk.at - bytes);
}

/* Returns how much of it was maps. */
static size_t mask_maps(char *bytes, size_t size, const char *const *keys)
{
    size_t done = 0, map = 1;
    while (done < size && map > 0) {
        map = mask_map(bytes + done, size - done, keys);
        done += map;
    }
    return done;
}

void mask_texts(char *bytes, size_t size)
{
    if (mask_maps(bytes, size, TEXTS) < size)
        memset(bytes, NEVER_USED, size);
}

void mask_secrets(char *bytes, size_t size)
{
    (void)mask_maps(bytes, size, SECRETS);
}
