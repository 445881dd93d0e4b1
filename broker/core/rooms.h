/* broker/core/rooms.h - the directory of rooms: which there are, made and forgotten when. */
#ifndef BROKER_CORE_ROOMS_H
#define BROKER_CORE_ROOMS_H

#include "broker/core/state.h"

/* Where who says nothing else comes in; it is the operators'. */
#define LOBBY "lobby"

/* Finds the room a request names, in whatever spelling. HUB_ROOM_INVALID: no possible name.
 * HUB_NO_SUCH_ROOM. *out_room is untouched on error. */
HUB_MUST_CHECK hub_err_t rooms_find(core_t *core, span_t name, room_t **out_room);

/* A room of a folded name that is not there yet, without a record in the store. NULL: there are
 * rooms_max. */
room_t *rooms_add(core_t *core, const name_t *name, bool is_private);

/* Makes a room of a folded name that is not there yet. NULL: there are rooms_max, and none that may make
 * way: with members, or with history in the store. */
room_t *rooms_make(core_t *core, const name_t *name, bool is_private);

/* Notes that seq or pseq of the room moved: a head event follows once it is quiet. */
void room_moved(core_t *core, room_t *room);

/* Notes that the room, or its history, may have emptied: one with neither is forgotten at once, one with
 * history when its time has passed or, where a store keeps it, when all of it was trimmed. */
void room_emptied(core_t *core, room_t *room);

/* The room may have been quiet for QUIET_MS: then its head event is told. */
void room_is_quiet(core_t *core, room_t *room);

/* An empty room's time has passed: it is forgotten unless somebody came. */
void room_is_old(core_t *core, room_t *room);

/* False: something of the room, which nobody is in, waits for the store; it must not be removed yet. */
bool rooms_may_remove(const core_t *core, const room_t *room);

/* Ends such a room with its history. */
void rooms_remove(core_t *core, room_t *room);

/* For how long nobody may join the room, which is being removed; 0: it is open. */
uint64_t room_closed_ms(const core_t *core, const room_t *room);

/* True if the room moved within the last three heartbeats. */
bool room_has_moved(const core_t *core, const room_t *room);

/* The room's invitations have changed: the next one that ends is looked for when it does. */
void room_watch_invites(core_t *core, room_t *room);

/* One may have ended. */
void room_invites_end(core_t *core, room_t *room);

#endif
