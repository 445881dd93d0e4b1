/* tests/unit/kit_store.h - a store for tests: what was committed lasts beyond a core.
 *
 * As naive as can be: lists that are searched from the front. What breaks the rules of a store is an assert. */
#ifndef TESTS_UNIT_KIT_STORE_H
#define TESTS_UNIT_KIT_STORE_H

#include "broker/core/core.h"
#include "proto/buffer.h"

typedef struct kit_store kit_store_t;

/* An empty store. */
kit_store_t *kit_store_new(void);
void kit_store_destroy(kit_store_t **self_p);

/* Takes an effect that belongs to a batch; nothing lasts before kit_store_commit(). */
void kit_store_take(kit_store_t *self, const outbox_t *outbox, const effect_t *effect);

/* All of that batch, and of those before it that were committed, lasts. */
void kit_store_commit(kit_store_t *self, uint64_t batch);

/* Nothing that was taken and not committed will. */
void kit_store_void(kit_store_t *self);

/* The page; its events are good until the next call. */
page_t kit_store_read(kit_store_t *self, const query_t *query);

/* Trims, event by event, and says what is left. */
log_state_t kit_store_trim(kit_store_t *self, const retention_t *retention);

/* Tells everything that lasts, as a store does when a broker begins. */
void kit_store_restore(const kit_store_t *self, void (*tell)(void *context, event_t event),
                       void *context);

/* How many logs, records and notes there are. */
size_t kit_store_count(const kit_store_t *self, char what /* 'l', 'r' or 'n' */);

/* The same store, with a life of its own. */
kit_store_t *kit_store_copy(const kit_store_t *self);

#endif
