#include "broker/store/block.h"

#include "broker/store/varint.h"

#include <assert.h>

void block_add_entry(buffer_t *self, uint64_t since_ms, size_t size)
{
    assert(self && size > 0);
    bool has_room = buffer_reserve(self, (size_t)2 * VARINT_BYTES);
    assert(has_room);
    (void)has_room;
    char *end = varint_put(varint_put(self->data + self->size, since_ms), size);
    self->size = (size_t)(end - self->data);
}

bool block_open(block_cursor_t *self, span_t block, uint64_t count, uint64_t first_ms)
{
    assert(self);
    span_t rest = block;
    uint64_t since_ms, size, sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!varint_take(&rest, &since_ms) || !varint_take(&rest, &size) || size > block.size)
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
    bool has_entry = varint_take(&self->entries, &since_ms) && varint_take(&self->entries, &size);
    assert(has_entry);
    (void)has_entry;
    self->at_ms += since_ms;
    self->offset += self->size;
    self->size = size;
}
