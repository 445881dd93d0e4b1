/* tests/sim/broker.h - the real core behind a shell of the simulator's: turns, the disk, ROUTER and PUB. */
#ifndef TESTS_SIM_BROKER_H
#define TESTS_SIM_BROKER_H

#include "tests/sim/world.h"

/* The first start, with an empty disk; and the end. */
void broker_init(world_t *world);
void broker_fini(world_t *world);

/* The process dies at once; it is started again after a while. */
void broker_die(world_t *world);

/* What the agenda says: it starts, a frame has arrived, a turn ends, the core or the disk is due, a
 * device reads again. */
void broker_start(world_t *world);
void broker_receive(world_t *world, uint32_t connection, span_t frame);
void broker_turn(world_t *world);
void broker_wake(world_t *world, uint64_t at_ms);
void broker_disk(world_t *world);
void broker_device_reads(world_t *world, const device_t *device);

#endif
