/* broker/core/retention.h - what of the history may stay.
 *
 * The settings bound each log by age, number and bytes of its events. A log that has grown over its bounds
 * by an eighth, and by a block of the store, is trimmed at once, age is looked at every now and then, some logs at a time; the store
 * does it in the background and says what is left. A room that nobody is in ends with its history. */
#ifndef BROKER_CORE_RETENTION_H
#define BROKER_CORE_RETENTION_H

#include "broker/core/state.h"

/* Begins to look after the logs' age; once, when the broker begins. */
void retention_begin(core_t *core);

/* The log has one event more; has it grown too large? `owner` is the room or inbox. */
void retention_check(core_t *core, journal_t *journal, span_t log, uint64_t owner);

/* Time to look for what is too old. */
void retention_is_due(core_t *core);

/* The store has trimmed a log. */
void retention_trimmed(core_t *core, const log_state_t *state);

#endif
