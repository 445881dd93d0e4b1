#include "bridge/core/gather.h"

#include <assert.h>

void gather_line(gather_t *self, uint64_t now_us)
{
    assert(self);
    if (self->lines == 0)
        self->first_us = now_us;
    assert(now_us >= self->first_us);
    self->lines++;
}

uint64_t gather_wait_us(const gather_t *self, uint64_t now_us)
{
    assert(self);
    if (self->lines == 0)
        return UINT64_MAX;
    if (self->has_rested && self->lines >= self->swept)
        return 0;
    uint64_t due_us = self->first_us + (self->is_busy ? GATHER_US + self->pause_us : 0);
    return due_us > now_us ? due_us - now_us : 0;
}

void gather_swept(gather_t *self)
{
    assert(self);
    self->is_busy = self->lines >= GATHER_BUSY_LINES;
    self->swept = self->lines;
    self->has_rested = false;
    self->lines = 0;
}

void gather_took(gather_t *self, uint64_t us)
{
    assert(self);
    self->pause_us = us / 2 < GATHER_MORE_US ? (uint32_t)(us / 2) : GATHER_MORE_US;
}

void gather_rested(gather_t *self)
{
    assert(self);
    if (self->lines == 0) /* else something came meanwhile */
        self->has_rested = true;
}
