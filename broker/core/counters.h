/* broker/core/counters.h - what happened so far, by name. */
#ifndef BROKER_CORE_COUNTERS_H
#define BROKER_CORE_COUNTERS_H

#include "proto/err.h"
#include "proto/tables.h"

typedef struct {
#define COUNTER(name, text) uint64_t name;
#include "broker/core/counters.def"
#undef COUNTER
    uint64_t commands[OP_COUNT];
    uint64_t events[EV_COUNT];
    uint64_t errors[HUB_ERR_COUNT];
} counters_t;

#endif
