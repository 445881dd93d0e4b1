/* broker/core/restore_verdict.h - takes a ban or mute up from its record. */
#ifndef BROKER_CORE_RESTORE_VERDICT_H
#define BROKER_CORE_RESTORE_VERDICT_H

#include "broker/core/record.h"
#include "broker/core/state.h"

/* Takes up the one of that key (without its first byte); what is over is taken up too, and forgotten when it is come
 * across. HUB_MALFORMED: no such record was ever written. HUB_FULL: there are LIMIT_VERDICTS. */
HUB_MUST_CHECK hub_err_t restore_verdict(core_t *core, span_t key, const record_t *record);

#endif
