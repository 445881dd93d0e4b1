/* tests/sim/parcel.h - bytes on their way, kept once for all who get them. */
#ifndef TESTS_SIM_PARCEL_H
#define TESTS_SIM_PARCEL_H

#include "proto/span.h"

#include <stdint.h>

typedef struct {
    uint32_t references;
    uint32_t size;
    char data[];
} parcel_t;

/* A copy of `bytes` with one reference. */
parcel_t *parcel_new(span_t bytes);

/* One more holds it. */
parcel_t *parcel_share(parcel_t *self);

/* One fewer does; the last one frees it. NULL is fine. */
void parcel_drop(parcel_t *self);

#endif
