/* tests/sim/chaos.h - what breaks, and when. */
#ifndef TESTS_SIM_CHAOS_H
#define TESTS_SIM_CHAOS_H

#include "tests/sim/world.h"

/* Something breaks; more follows, until all is calm. */
void chaos_strike(world_t *world);

/* Nothing is broken any more. */
void chaos_end(world_t *world);

#endif
