#include "broker/store/ops.h"

#include <assert.h>

enum { STEP = 8 };

_Static_assert(sizeof(op_t) % STEP == 0, "a record begins at a multiple of eight");

bool ops_add(buffer_t *self, op_t op, span_t name, span_t bytes)
{
    assert(self && self->size % STEP == 0);
    assert(name.size <= OP_NAME_BYTES && bytes.size < UINT32_MAX / 2);
    size_t size = (sizeof op + name.size + bytes.size + STEP - 1) / STEP * STEP;
    char *place = buffer_extend(self, size);
    if (place == NULL)
        return false;
    op.size = (uint32_t)size;
    op.bytes_size = (uint32_t)bytes.size;
    op.name_size = (uint16_t)name.size;
    memcpy(place, &op, sizeof op);
    place += sizeof op;
    if (name.size)
        memcpy(place, name.data, name.size);
    if (bytes.size)
        memcpy(place + name.size, bytes.data, bytes.size);
    return true;
}

op_t *ops_at(const buffer_t *self, size_t offset)
{
    assert(self && offset % STEP == 0 && offset + sizeof(op_t) <= self->size);
    return (op_t *)(void *)(self->data + offset);
}

span_t op_name(const op_t *self)
{
    return (span_t){(const char *)(self + 1), self->name_size};
}

span_t op_bytes(const op_t *self)
{
    return (span_t){(const char *)(self + 1) + self->name_size, self->bytes_size};
}
