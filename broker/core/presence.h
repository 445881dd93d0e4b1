/* broker/core/presence.h - tells rooms who came, went and changed.
 *
 * Changes are gathered: a room gets at most one presence event in PRESENCE_GATHER_MS, and in a large
 * room that event has the count alone, so n arrivals cost O(n) and never O(n^2). A change is a set
 * (nick -> state), in the order in which things happened; a member's later change replaces the earlier
 * one at the end of the list, unless that would mix up who has a name: then what there is is told first. */
#ifndef BROKER_CORE_PRESENCE_H
#define BROKER_CORE_PRESENCE_H

#include "broker/core/state.h"

/* Notes that a member of `room` is now in `state`; `was` is the nick before a rename, else empty;
 * `has_status`: the status line is new. The session is still a member here. */
void presence_note(core_t *core, room_t *room, session_t *session, state_t state, span_t was,
                   bool has_status);

/* The same for every room that the session is in. */
void presence_note_everywhere(core_t *core, session_t *session, state_t state, span_t was,
                              bool has_status);

/* Tells what was gathered in the room, now; nothing where nothing was. */
void presence_flush(core_t *core, room_t *room);

/* True if something about that member is not told yet. */
bool presence_is_pending(const room_t *room, const membership_t *membership);

#endif
