#include "proto/backlog.h"

#include <assert.h>

enum { KEPT_BYTES = 1 << 16 }; /* by one that is cleared */

void backlog_init(backlog_t *self, size_t maximum)
{
    assert(self);
    self->gone = 0;
    buffer_init(&self->bytes, maximum);
}

void backlog_fini(backlog_t *self)
{
    assert(self);
    self->gone = 0;
    buffer_fini(&self->bytes);
}

/* What has gone need not be kept: once it is half of all, so that each byte is moved once at most. */
static void compact(backlog_t *self)
{
    if (self->gone <= self->bytes.size / 2)
        return;
    self->bytes.size -= self->gone;
    memmove(self->bytes.data, self->bytes.data + self->gone, self->bytes.size);
    self->gone = 0;
}

void backlog_drop(backlog_t *self, size_t size)
{
    assert(self && size <= self->bytes.size - self->gone);
    self->gone += size;
    if (self->gone < self->bytes.size) {
        compact(self);
        return;
    }
    self->gone = 0;
    buffer_recycle(&self->bytes);
}

void backlog_clear(backlog_t *self)
{
    assert(self);
    self->gone = 0;
    if (self->bytes.capacity > KEPT_BYTES)
        buffer_fini(&self->bytes);
    buffer_clear(&self->bytes);
}
