#include "broker/core/flood.h"

#include <assert.h>

static uint32_t past_ms(const flood_t *self, uint64_t now_ms)
{
    return (uint32_t)now_ms - self->since_ms;
}

uint64_t flood_muted_ms(flood_t *self, const flood_rules_t *rules, uint64_t now_ms)
{
    assert(self && rules);
    if (!self->is_muted)
        return 0;
    uint32_t past = past_ms(self, now_ms);
    if (past < rules->mute_ms)
        return rules->mute_ms - past;
    *self = (flood_t){0};
    return 0;
}

flood_verdict_t flood_refused(flood_t *self, const flood_rules_t *rules, uint64_t now_ms)
{
    assert(self && rules);
    if (rules->refusals == 0)
        return FLOOD_REFUSED;
    if (!self->is_muted && (self->refusals == 0 || past_ms(self, now_ms) >= rules->window_ms))
        *self = (flood_t){.since_ms = (uint32_t)now_ms};
    self->refusals++;
    if (self->refusals <= rules->refusals)
        return self->is_muted ? FLOOD_MUTED : FLOOD_REFUSED;
    if (self->is_muted)
        return FLOOD_KICKED;
    *self = (flood_t){.since_ms = (uint32_t)now_ms, .is_muted = true};
    return FLOOD_MUTED;
}
