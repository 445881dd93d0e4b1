/* broker/core/restore.h - takes up what the store has: logs, then records, then notes.
 *
 * Everybody begins detached and may resume; resume_ms counts from now. What does not make sense stops it:
 * core_restored() says so, and the broker must not begin. */
#ifndef BROKER_CORE_RESTORE_H
#define BROKER_CORE_RESTORE_H

#include "broker/core/state.h"

/* A log; its room or session comes later. */
void restore_log(core_t *core, const log_state_t *state);

/* A record; they come by ascending key: rooms before sessions, and those before accounts. */
void restore_record(core_t *core, span_t key, span_t value);

/* A note; all sessions are there. */
void restore_note(core_t *core, uint64_t number, span_t bytes);

/* That was all. Where others may have seen more than the store holds, a new epoch of every log begins. */
void restore_end(core_t *core, const origin_t *origin);

/* Frees what a restoring that did not end has kept. */
void restore_fini(core_t *core);

#endif
