/* broker/store/chores.h - what the scribe does between batches: dropping, some blocks at a time. */
#ifndef BROKER_STORE_CHORES_H
#define BROKER_STORE_CHORES_H

#include "broker/store/scribe.h"

/* True if something is to be done. */
bool chores_wait(const scribe_t *self);

/* One bounded step, in a transaction of its own. */
void chores_step(scribe_t *self);

#endif
