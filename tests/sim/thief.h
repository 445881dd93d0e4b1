/* tests/sim/thief.h - a bare DEALER with somebody's token.
 *
 * Either the session's old device has died, then it goes on with the next cid; or that device lives and
 * does not know yet, then what it says has no cid. Everything is asked by hand: the same request twice,
 * on sids that have no session, after the session has gone again. What the broker answers is the watch's
 * business. */
#ifndef TESTS_SIM_THIEF_H
#define TESTS_SIM_THIEF_H

#include "tests/sim/world.h"

/* Takes a user's session over, if the thief is free and there is a token. `numbers`: the old device is
 * dead. */
void thief_begin(world_t *world, const user_t *victim, bool numbers);

/* A step; an answer. */
void thief_act(world_t *world);
void thief_frame(world_t *world, const parcel_t *parcel);

/* The thief goes without a word. */
void thief_vanish(world_t *world);

#endif
