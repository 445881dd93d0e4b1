#include "broker/core/spenders.h"

#include <assert.h>

void spenders_note(spenders_t *self, uint64_t place, bucket_t left)
{
    assert(self && place != 0);
    self->list[place % SPENDERS] = (spender_t){place, left};
}

bucket_t spenders_find(const spenders_t *self, uint64_t place, bucket_t full)
{
    assert(self && place != 0);
    const spender_t *found = &self->list[place % SPENDERS];
    return found->place == place ? found->left : full;
}
