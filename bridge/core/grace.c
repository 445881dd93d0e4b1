#include "bridge/core/grace.h"

#include <assert.h>

void grace_begin(grace_t *self, uint64_t now_ms)
{
    assert(self);
    if (!self->is_running)
        *self = (grace_t){.since_ms = now_ms, .is_running = true};
}

bool grace_line(grace_t *self, uint64_t grace_ms, uint64_t now_ms)
{
    assert(self && self->is_running && now_ms >= self->since_ms);
    return ++self->lines <= GRACE_LINES && now_ms - self->since_ms < grace_ms * GRACE_TIMES;
}
