/* broker/core/commit.h - what happens when the store has answered. */
#ifndef BROKER_CORE_COMMIT_H
#define BROKER_CORE_COMMIT_H

#include "broker/core/state.h"

/* The turn is over: the open batch goes to the store, if there is anything in it. */
void commit_turn(core_t *core);

/* The store has `batch` and all before it: everything that waited for them is shown and answered. */
void commit_release(core_t *core, uint64_t batch);

/* The store could not take `batch`, nor anything after it: all that waits is undone, every number and
 * cid given out for it is taken back, and the senders are told to try again. Nothing happens where the
 * batch was undone with an earlier one. */
void commit_undo(core_t *core, uint64_t batch);

#endif
