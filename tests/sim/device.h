/* tests/sim/device.h - the real client core on a simulated machine, and the application above it.
 *
 * Every message, loss and answer that the link hands out is compared with the ledger. */
#ifndef TESTS_SIM_DEVICE_H
#define TESTS_SIM_DEVICE_H

#include "tests/sim/world.h"

/* A process starts: a link that connects. */
void device_start(world_t *world, uint32_t number);

/* The process ends at once, without a word. Its users are absent. */
void device_die(world_t *world, device_t *device);

/* What arrives; what is due. */
void device_frame(world_t *world, device_t *device, const parcel_t *parcel);
void device_published(world_t *world, device_t *device, const parcel_t *parcel);
void device_told(world_t *world, device_t *device);
void device_tick(world_t *world, device_t *device);

/* After the link was used: when it has to be ticked. */
void device_plan_wake(world_t *world, device_t *device);

/* At the end: everything was heard, who is where is known, and nothing waits. */
void device_check_level(world_t *world, const device_t *device);

/* True when nobody on it waits for anything. */
bool device_is_settled(world_t *world, const device_t *device);

void device_fini(device_t *device);

#endif
