#include "tests/sim/parcel.h"

#include <assert.h>
#include <stdlib.h>

parcel_t *parcel_new(span_t bytes)
{
    parcel_t *self = malloc(sizeof *self + bytes.size);
    assert(self);
    self->references = 1;
    self->size = (uint32_t)bytes.size;
    if (bytes.size > 0)
        memcpy(self->data, bytes.data, bytes.size);
    return self;
}

parcel_t *parcel_share(parcel_t *self)
{
    assert(self && self->references > 0);
    self->references++;
    return self;
}

void parcel_drop(parcel_t *self)
{
    if (self && --self->references == 0)
        free(self);
}
