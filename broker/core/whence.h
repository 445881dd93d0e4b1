/* broker/core/whence.h - how many sessions come from where, so that one place does not take them all.
 *
 * Where: the address that a bridge tells of its user, IPv6 by its /64; a link that tells none is a place of its
 * own. Bans and mutes of networks look here too. */
#ifndef BROKER_CORE_WHENCE_H
#define BROKER_CORE_WHENCE_H

#include "broker/core/state.h"
#include "proto/network.h"

/* May one more come from `address` (empty: of that link) once `leaving` has gone? NULL: nobody goes. */
bool whence_has_room(core_t *core, span_t address, const link_t *link, const session_t *leaving);

/* Counts a session in that comes from there. */
void whence_enter(core_t *core, session_t *session, span_t address, const link_t *link);

/* One that was read from a record is in again, from that whence_place(). False: no place is written like that. */
HUB_MUST_CHECK bool whence_restore(core_t *core, session_t *session, span_t place);

/* Longest place: what is no address has 64 bytes. */
enum { WHENCE_PLACE_BYTES = 65 };

/* Where it comes from, as bytes to be kept; empty where that was not told. Borrowed. */
span_t whence_place(const session_t *session);

/* Its address, an IPv6 one with the first 64 bits only. False: not known. */
HUB_MUST_CHECK bool whence_address(const session_t *session, address_t *out);

/* The number of an `address`, never 0, for counting what comes from there; 0 where there is none, or none was told. */
uint64_t whence_number(const core_t *core, span_t address);

/* Counts it out; where it was not counted nothing happens. */
void whence_leave(core_t *core, session_t *session);

#endif
