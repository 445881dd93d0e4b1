/* broker/store/fold.h - brings events from `recent` into blocks, log by log. */
#ifndef BROKER_STORE_FOLD_H
#define BROKER_STORE_FOLD_H

#include "broker/store/scribe.h"

/* True if there is enough for it to pay. */
bool fold_is_due(const scribe_t *self);

/* Brings all of them, in one transaction; writes the rows of the logs. Fine where there are none. */
HUB_MUST_CHECK int fold_all(scribe_t *self);

#endif
