#include "broker/core/bucket.h"

#include <assert.h>

enum { MILLI = 1000 };

void bucket_init(bucket_t *self, uint32_t burst, uint64_t now_ms)
{
    assert(self && burst <= BUCKET_MOST);
    *self = (bucket_t){burst * MILLI, (uint32_t)now_ms};
}

/* One token a second is one thousandth a millisecond. */
static uint64_t level(const bucket_t *self, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
    uint64_t full = (uint64_t)burst * MILLI, past_ms = (uint32_t)now_ms - self->filled_ms;
    if (self->milli >= full || past_ms >= (full - self->milli) / (per_s ? per_s : 1) + 1)
        return full;
    uint64_t milli = self->milli + past_ms * per_s;
    return milli < full ? milli : full;
}

uint64_t bucket_spend(bucket_t *self, uint32_t cost, uint32_t per_s, uint32_t burst,
                      uint64_t now_ms)
{
    assert(self);
    if (per_s == 0 || cost == 0)
        return 0;
    assert(burst <= BUCKET_MOST);
    self->milli = (uint32_t)level(self, per_s, burst, now_ms);
    self->filled_ms = (uint32_t)now_ms;
    uint64_t wanted = (uint64_t)(cost < burst ? cost : burst) * MILLI;
    if (self->milli < wanted)
        return (wanted - self->milli + per_s - 1) / per_s;
    self->milli -= (uint32_t)wanted;
    return 0;
}

uint64_t bucket_left(const bucket_t *self, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
    assert(self && per_s > 0);
    return level(self, per_s, burst, now_ms) / MILLI;
}
