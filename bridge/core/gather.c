#include "bridge/core/gather.h"

#include <assert.h>

void gather_line(gather_t *self, uint32_t sleeps, uint64_t now_us)
{
    assert(self);
    if (self->lines == 0) {
        self->first_us = now_us;
        self->has_rested = sleeps != self->sleeps;
    }
    assert(now_us >= self->first_us);
    self->lines++;
}

uint64_t gather_due_us(const gather_t *self)
{
    assert(self);
    if (self->lines == 0)
        return GATHER_NEVER;
    bool is_complete = self->has_rested && self->lines >= self->swept;
    return self->is_busy && !is_complete ? self->first_us + GATHER_US + self->pause_us : 0;
}

void gather_swept(gather_t *self, uint32_t sleeps)
{
    assert(self);
    self->swept = self->lines;
    self->sleeps = sleeps;
    self->lines = 0;
}

void gather_took(gather_t *self, const gather_sweep_t *sweep, uint64_t now_us)
{
    assert(self && sweep);
    self->first_us = now_us;
    uint64_t pause_us = sweep->us / 2;
    self->pause_us = pause_us < GATHER_MORE_US ? (uint32_t)pause_us : GATHER_MORE_US;
    self->is_busy =
        self->swept >= GATHER_BUSY_LINES || sweep->lines >= sweep->writes * GATHER_BUSY_LINES;
}
