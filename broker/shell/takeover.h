/* broker/shell/takeover.h - tells a core what the store has of the one before it. */
#ifndef BROKER_SHELL_TAKEOVER_H
#define BROKER_SHELL_TAKEOVER_H

#include "broker/core/core.h"
#include "broker/store/store.h"

enum { TAKEOVER_ERROR_BYTES = 512 };

/* Feeds the core one event and says what core_restored() says then. */
typedef hub_err_t takeover_step_t(void *context, const event_t *event);

/* Feeds it all that the store has, and that this was all. False: `out_error` (TAKEOVER_ERROR_BYTES) says in one
 * line why it cannot be, and what to do; the core is of no use then. */
HUB_MUST_CHECK bool takeover(store_t *store, takeover_step_t *step, void *context, char *out_error);

#endif
