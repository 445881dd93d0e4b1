/* broker/core/restore_account.h - takes up one account. For restore.c only. */
#ifndef BROKER_CORE_RESTORE_ACCOUNT_H
#define BROKER_CORE_RESTORE_ACCOUNT_H

#include "broker/core/record.h"
#include "broker/core/state.h"

/* The account of that record; `uid` is its person. The session that was in under it is there already, and
 * found by the nick that both have. HUB_MALFORMED, HUB_FULL: it cannot be. */
HUB_MUST_CHECK hub_err_t restore_account(core_t *core, span_t uid, const record_t *record);

#endif
