#include "broker/store/block.h"

#include <assert.h>

enum { GROUP_BITS = 7, GROUP_MASK = 0x7f, GROUP_MORE = 0x80, NUMBER_BYTES = 10 };

static char *put_number(char *out, uint64_t number)
{
    for (; number > GROUP_MASK; number >>= GROUP_BITS)
        *out++ = (char)((number & GROUP_MASK) | GROUP_MORE);
    *out++ = (char)number;
    return out;
}

void block_add_entry(buffer_t *self, uint64_t since_ms, size_t size)
{
    assert(self && size > 0);
    bool has_room = buffer_reserve(self, (size_t)2 * NUMBER_BYTES);
    assert(has_room);
    (void)has_room;
    char *end = put_number(put_number(self->data + self->size, since_ms), size);
    self->size = (size_t)(end - self->data);
}

/* Takes a number from the front. False: there is none. */
static bool take_number(span_t *from, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < from->size && i < NUMBER_BYTES; i++) {
        uint8_t byte = (uint8_t)from->data[i];
        number |= (uint64_t)(byte & GROUP_MASK) << (GROUP_BITS * i);
        if (byte & GROUP_MORE)
            continue;
        *out = number;
        *from = (span_t){from->data + i + 1, from->size - i - 1};
        return true;
    }
    return false;
}

bool block_open(block_cursor_t *self, span_t block, uint64_t count, uint64_t first_ms)
{
    assert(self);
    span_t rest = block;
    uint64_t since_ms, size, sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!take_number(&rest, &since_ms) || !take_number(&rest, &size) || size > block.size)
            return false;
        sum += size;
    }
    if (sum != rest.size)
        return false;
    *self = (block_cursor_t){
        .entries = {block.data, block.size - rest.size}, .events = rest, .at_ms = first_ms};
    return true;
}

void block_next(block_cursor_t *self)
{
    assert(self);
    uint64_t since_ms, size;
    bool has_entry = take_number(&self->entries, &since_ms) && take_number(&self->entries, &size);
    assert(has_entry);
    (void)has_entry;
    self->at_ms += since_ms;
    self->offset += self->size;
    self->size = size;
}
