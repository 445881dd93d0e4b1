#include "broker/core/epochs.h"

#include <assert.h>
#include <czmq.h>

static void add(epochs_t *self, epoch_t epoch)
{
    assert(self->count == 0 || self->list[self->count - 1].epoch < epoch.epoch);
    if (self->count == EPOCHS_MAX)
        memmove(self->list, self->list + 1, --self->count * sizeof *self->list);
    self->list[self->count++] = epoch;
}

void epochs_begin(epochs_t *self, epoch_t before, epoch_t next)
{
    assert(self && before.epoch < next.epoch && before.first <= next.first);
    if (self->list == NULL) {
        self->list = zmalloc(EPOCHS_MAX * sizeof *self->list);
        add(self, before);
    }
    assert(self->list[self->count - 1].epoch == before.epoch);
    add(self, next);
}

bool epochs_next(const epochs_t *self, uint64_t epoch, uint64_t *out_first)
{
    assert(self && out_first);
    for (uint32_t i = 0; i + 1 < self->count; i++)
        if (self->list[i].epoch == epoch) {
            *out_first = self->list[i + 1].first;
            return true;
        }
    return false;
}

void epochs_fini(epochs_t *self)
{
    assert(self);
    free(self->list);
    *self = (epochs_t){0};
}
