/* broker/core/restore_session.h - takes up one session, and what restoring needs on the way.
 *
 * For restore.c and restore_account.c only. */
#ifndef BROKER_CORE_RESTORE_SESSION_H
#define BROKER_CORE_RESTORE_SESSION_H

#include "broker/core/record.h"
#include "broker/core/state.h"

/* The session of that record; `key` is its serial number. HUB_MALFORMED, HUB_FULL: it cannot be. */
HUB_MUST_CHECK hub_err_t restore_session(core_t *core, span_t key, const record_t *record);

/* Makes a journal with the epochs of a record, which goes on where the store has the log of that name; where
 * it has none, nothing was said. False: that makes no sense; nothing to undo. */
HUB_MUST_CHECK bool restore_journal(core_t *core, span_t name, const record_t *record,
                                    journal_t *out);

#endif
