/* tests/sim/view.h - a room as an application sees it: messages in order, and who is there.
 *
 * Presence is kept as docs/protocol.md says: `who`, then the changes above its pseq; after a gap `who`
 * again. */
#ifndef TESTS_SIM_VIEW_H
#define TESTS_SIM_VIEW_H

#include "tests/sim/world.h"

/* The room is followed from now on by that device, under its link's number. */
void view_begin(view_t *self, uint32_t device, uint32_t index);

/* It is not any more. */
void view_end(view_t *self);

/* The head told at joining. */
void view_head(view_t *self, int room, uint64_t epoch, uint64_t seq);

/* A message, checked against the log; numbers that will not come; numbers that were taken back. */
void view_message(world_t *world, view_t *self, int room, const message_t *event);
void view_lost(world_t *world, view_t *self, int room, uint64_t first, uint64_t last);
void view_undone(view_t *self, int room, uint64_t first, uint64_t last);

/* Presence: changes, and the answer to a `who`. False: it is older than what is known, ask again. */
void view_presence(view_t *self, const message_t *event);
bool view_members(view_t *self, const message_t *reply);

/* Everything was heard, and the people are those of the core. */
void view_check_level(world_t *world, const view_t *self, int room);

void view_fini(view_t *self);

#endif
