/* broker/core/whence.h - how many sessions come from where, so that one place does not take them all.
 *
 * Where: the address that a bridge tells of its user, IPv6 by its /64; a link that tells none is a place of its
 * own. Nothing is kept where `sessions_per_address` is 0. A broker started anew has forgotten it: sessions that it
 * restored do not count. */
#ifndef BROKER_CORE_WHENCE_H
#define BROKER_CORE_WHENCE_H

#include "broker/core/state.h"

/* May one more come from `address` (empty: of that link) once `leaving` has gone? NULL: nobody goes. */
bool whence_has_room(core_t *core, span_t address, const link_t *link, const session_t *leaving);

/* Counts a session in that comes from there. */
void whence_enter(core_t *core, session_t *session, span_t address, const link_t *link);

/* The number of an `address`, never 0, for counting what comes from there; 0 where there is none, or none was told. */
uint64_t whence_number(const core_t *core, span_t address);

/* Counts it out; where it was not counted nothing happens. */
void whence_leave(core_t *core, session_t *session);

#endif
