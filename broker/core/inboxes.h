/* broker/core/inboxes.h - how inboxes are made, fall quiet and end. */
#ifndef BROKER_CORE_INBOXES_H
#define BROKER_CORE_INBOXES_H

#include "broker/core/state.h"

/* A new inbox of that person, which nobody reads. */
inbox_t *inbox_open(core_t *core, const char *uid, uint64_t epoch);

/* The session's inbox, made where there is none yet; borrowed. */
inbox_t *inbox_of(core_t *core, session_t *session);

/* It ends here; what the store has of it is the caller's business. */
void inbox_close(core_t *core, inbox_t *inbox);

/* Its head event is due. */
void inbox_is_quiet(core_t *core, const inbox_t *inbox);

#endif
