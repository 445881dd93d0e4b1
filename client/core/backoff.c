#include "client/core/backoff.h"

#include <assert.h>

void backoff_init(backoff_t *self, uint64_t min_ms, uint64_t max_ms, uint64_t entropy)
{
    assert(self && min_ms >= 1 && min_ms <= max_ms);
    *self = (backoff_t){.min_ms = min_ms, .max_ms = max_ms, .pause_ms = min_ms, .chance = entropy};
}

/* splitmix64: one addition and a scramble, good enough to spread clients. */
static uint64_t draw(backoff_t *self)
{
    uint64_t z = self->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t backoff_next(backoff_t *self)
{
    assert(self && self->pause_ms >= self->min_ms);
    uint64_t pause = self->pause_ms;
    self->pause_ms = pause > self->max_ms / 2 ? self->max_ms : pause * 2;
    uint64_t half = pause / 2;
    return pause - half + draw(self) % (half + 1);
}

void backoff_reset(backoff_t *self)
{
    assert(self);
    self->pause_ms = self->min_ms;
}
