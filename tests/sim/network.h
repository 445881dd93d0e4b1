/* tests/sim/network.h - pipes between the devices and the broker.
 *
 * DEALER and ROUTER: in order and whole while connected; a connection may end at any moment, with a part
 * of what is under way, and the DEALER connects again by itself under a new routing id and delivers what
 * it still holds. SUB: loses single frames, or all for a while. Nothing is promised between the two. */
#ifndef TESTS_SIM_NETWORK_H
#define TESTS_SIM_NETWORK_H

#include "tests/sim/world.h"

/* A fresh DEALER; the one there was is closed, and what it held forgotten. */
void network_open(world_t *world, device_t *device);

/* The DEALER is closed, the SUB too: the process has ended. */
void network_close(world_t *world, device_t *device);

/* A frame from a device. */
void network_to_broker(world_t *world, device_t *device, span_t frame);

/* A bare connection for the thief; frames over it. */
uint32_t network_connect(world_t *world, uint32_t device);
void network_push(world_t *world, uint32_t connection, parcel_t *parcel);

/* A frame from ROUTER to that connection. False: ROUTER does not know it. *out_waiting: the bytes that
 * wait because the peer does not read; 0: none. */
bool network_to_device(world_t *world, uint32_t connection, span_t frame, uint64_t *out_waiting);

/* Forgets what waits for the connection. */
void network_forget(world_t *world, uint32_t connection);

/* A frame from PUB. */
void network_publish(world_t *world, span_t frame);

/* The device's SUB connects; wants a room's events or no longer does. */
void network_listen(world_t *world, device_t *device);
void network_topic(world_t *world, device_t *device, int room, bool is_wanted);

/* The connection ends; everybody may find out. `is_silent`: nobody does. */
void network_cut(world_t *world, uint32_t connection, bool is_silent);

/* The SUB loses its connection for a while. */
void network_unplug(world_t *world, device_t *device);

/* All that was connected to the broker is no longer; it is there again. */
void network_broker_died(world_t *world);
void network_broker_started(world_t *world);

/* What the agenda says. */
void network_connected(world_t *world, device_t *device, uint64_t dealer);
void network_noticed(world_t *world, uint32_t connection);
void network_topic_heard(world_t *world, device_t *device, uint64_t number);
void network_sub_connected(world_t *world, device_t *device, uint64_t generation);

/* True if the frame that arrives was not lost with its connection. */
bool network_arrives_at_broker(world_t *world, uint32_t connection, uint64_t number);
bool network_arrives_at_device(world_t *world, uint32_t connection, uint64_t number);

/* The device reads again: what waited for it goes. Returns the connection, NOBODY where nothing did. */
uint32_t network_thawed(world_t *world, const device_t *device);

void network_fini(world_t *world);

#endif
