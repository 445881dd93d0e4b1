#include "proto/walk.h"

#include "proto/tables.h"

#include <assert.h>

typedef enum { SHAPE_BAD, SHAPE_LEAF, SHAPE_STR, SHAPE_LIST, SHAPE_MAP } shape_t;

/* What follows a first byte: `width` bytes of a big-endian number, then that many bytes (`is_counted`)
 * and `fixed` more. Lists and maps: the number counts elements. */
typedef struct {
    shape_t shape;
    uint8_t width;
    bool is_counted;
    uint8_t fixed;
} form_t;

/* 0xc0 to 0xdf, in order. */
static const form_t FORMS[32] = {
    {SHAPE_LEAF, 0, false, 0}, {SHAPE_BAD, 0, false, 0},  /* nil, never used */
    {SHAPE_LEAF, 0, false, 0}, {SHAPE_LEAF, 0, false, 0}, /* false, true */
    {SHAPE_LEAF, 1, true, 0},  {SHAPE_LEAF, 2, true, 0},   {SHAPE_LEAF, 4, true, 0}, /* bin */
    {SHAPE_LEAF, 1, true, 1},  {SHAPE_LEAF, 2, true, 1},   {SHAPE_LEAF, 4, true, 1}, /* ext */
    {SHAPE_LEAF, 0, false, 4}, {SHAPE_LEAF, 0, false, 8},                            /* float */
    {SHAPE_LEAF, 0, false, 1}, {SHAPE_LEAF, 0, false, 2},                            /* uint */
    {SHAPE_LEAF, 0, false, 4}, {SHAPE_LEAF, 0, false, 8},  {SHAPE_LEAF, 0, false, 1},
    {SHAPE_LEAF, 0, false, 2}, /* int */
    {SHAPE_LEAF, 0, false, 4}, {SHAPE_LEAF, 0, false, 8},  {SHAPE_LEAF, 0, false, 2},
    {SHAPE_LEAF, 0, false, 3}, {SHAPE_LEAF, 0, false, 5}, /* fixext */
    {SHAPE_LEAF, 0, false, 9}, {SHAPE_LEAF, 0, false, 17}, {SHAPE_STR, 1, true, 0},
    {SHAPE_STR, 2, true, 0},   {SHAPE_STR, 4, true, 0}, /* str */
    {SHAPE_LIST, 2, false, 0}, {SHAPE_LIST, 4, false, 0},  {SHAPE_MAP, 2, false, 0},
    {SHAPE_MAP, 4, false, 0},
};

static size_t left(const walk_t *walk)
{
    return (size_t)(walk->end - walk->at);
}

static bool skip(walk_t *walk, size_t size)
{
    if (size > left(walk))
        return false;
    walk->at += size;
    return true;
}

static bool number(walk_t *walk, unsigned width, uint32_t *out_number)
{
    assert(width <= 4);
    if (width > left(walk))
        return false;
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value = value << 8 | *walk->at++;
    *out_number = value;
    return true;
}

/* Reads one first byte and what belongs to it; of a list or map only the count. */
static shape_t header(walk_t *walk, uint32_t *out_count)
{
    if (left(walk) == 0 || ++walk->values > LIMIT_VALUES)
        return SHAPE_BAD;
    uint8_t first = *walk->at++;
    *out_count = first & 0x0f;
    if (first < 0x80 || first >= 0xe0)
        return SHAPE_LEAF;
    if (first < 0x90)
        return SHAPE_MAP;
    if (first < 0xa0)
        return SHAPE_LIST;
    if (first < 0xc0)
        return skip(walk, first & 0x1f) ? SHAPE_STR : SHAPE_BAD;

    const form_t *form = &FORMS[first - 0xc0];
    if (!number(walk, form->width, out_count))
        return SHAPE_BAD;
    if (!skip(walk, form->fixed) || (form->is_counted && !skip(walk, *out_count)))
        return SHAPE_BAD;
    return form->shape;
}

static bool elements(walk_t *walk, shape_t shape, uint32_t count, unsigned depth);

static bool value(walk_t *walk, unsigned depth)
{
    uint32_t count;
    shape_t shape = header(walk, &count);
    if (shape == SHAPE_LIST || shape == SHAPE_MAP)
        return elements(walk, shape, count, depth + 1);
    return shape != SHAPE_BAD;
}

/* The loops end by the bytes that are there: every element takes at least one. */
static bool elements(walk_t *walk, shape_t shape, uint32_t count, unsigned depth)
{
    if (depth > LIMIT_NESTING || count > left(walk))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if ((shape == SHAPE_MAP && !value(walk, depth)) || !value(walk, depth))
            return false;
    return true;
}

bool walk_begin(walk_t *self, const void *data, size_t size, uint32_t *out_pairs)
{
    assert(self && (data || size == 0) && out_pairs);
    if (size == 0)
        return false;
    *self = (walk_t){data, (const uint8_t *)data + size, 0};
    return header(self, out_pairs) == SHAPE_MAP && *out_pairs <= left(self);
}

bool walk_key(walk_t *self, span_t *out_key)
{
    assert(self && out_key);
    const uint8_t *begin = self->at;
    uint32_t size;
    if (header(self, &size) != SHAPE_STR)
        return false;
    if (*begin < 0xc0)
        size = *begin & 0x1f;
    *out_key = (span_t){(const char *)self->at - size, size};
    return true;
}

bool walk_value(walk_t *self, span_t *out_bytes)
{
    assert(self && out_bytes);
    const uint8_t *begin = self->at;
    if (!value(self, 1))
        return false;
    *out_bytes = (span_t){(const char *)begin, (size_t)(self->at - begin)};
    return true;
}

hub_err_t walk_frame(const void *data, size_t size)
{
    walk_t walk;
    uint32_t count;
    span_t ignored;
    if (!walk_begin(&walk, data, size, &count))
        return HUB_MALFORMED;
    for (uint32_t i = 0; i < count; i++)
        if (!walk_key(&walk, &ignored) || !walk_value(&walk, &ignored))
            return HUB_MALFORMED;
    return left(&walk) == 0 ? HUB_OK : HUB_MALFORMED;
}
