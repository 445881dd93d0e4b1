/* tests/sim/user.h - people: what they do, and what they are told. */
#ifndef TESTS_SIM_USER_H
#define TESTS_SIM_USER_H

#include "tests/sim/world.h"

/* A user who will take their first step soon. */
void user_init(world_t *world, uint32_t number);

/* Takes a step: comes, says something, joins, goes ... */
void user_act(world_t *world, user_t *self);

/* Their device has died. */
void user_vanish(user_t *self);

/* What the link tells of them. */
void user_ready(world_t *world, user_t *self, client_ready_t how, const message_t *welcome);
void user_refused(world_t *world, user_t *self, hub_err_t err);
void user_joined(world_t *world, user_t *self, int room);
void user_parted(world_t *world, user_t *self, int room);
void user_replied(world_t *world, user_t *self, op_t op, uint64_t tag, hub_err_t err,
                  const message_t *reply);
void user_told(world_t *world, user_t *self, const message_t *event);
void user_lost(world_t *world, user_t *self, uint64_t first, uint64_t last);
void user_undone(world_t *world, user_t *self, uint64_t first, uint64_t last);
void user_kicked(world_t *world, user_t *self, span_t reason);

/* Somebody on the device who is in the room asks who else is. */
void user_ask_who(world_t *world, device_t *device, int room);

/* At the end: the inbox was heard. */
void user_check_level(world_t *world, const user_t *self);

#endif
