/* broker/core/room_rights.h - who may do what in one room: its owner, its moderators, its bans and mutes.
 *
 * Who makes a room owns it, by uid: an account's owner for good, a guest for as long as that session lasts, since no
 * uid comes again. The lobby is the operators'. An operator stands above the owner, the owner above moderators, those above
 * all others; one may act only on who stands below oneself. */
#ifndef BROKER_CORE_ROOM_RIGHTS_H
#define BROKER_CORE_ROOM_RIGHTS_H

#include "broker/core/request.h"
#include "broker/core/verdicts.h"

/* The name of a standing on the wire. */
span_t standing_name(standing_t standing);

/* The standing of that name, of those that a room gives. False: there is none, *out is untouched. */
HUB_MUST_CHECK bool standing_find(span_t name, standing_t *out);

/* The session has made the room: it owns it, unless it is the lobby. */
void room_found(room_t *room, const session_t *session);

/* What the room says of that uid; not of operators. O(roles). */
standing_t room_standing(const room_t *room, span_t uid);

/* The same, where it may be of a guest who has gone: what they had makes way when it must, and is nobody's before. O(roles). */
standing_t room_standing_now(const core_t *core, const room_t *room, span_t uid);

/* The uid is that from now on, and the only owner if it is one. `session`: of a guest, with whom it ends; 0: an account's.
 * HUB_FULL: LIMIT_ROLES_PER_ROOM have one, all of whom may come again; nothing has changed. */
HUB_MUST_CHECK hub_err_t room_set_standing(core_t *core, room_t *room, span_t uid, uint64_t session,
                                           standing_t standing);

/* The verdict on that target; NULL: there is none. */
verdict_t *room_find_verdict(const room_t *room, const target_t *target);

/* A new verdict, or what is said anew of the one there is; ones that are over make way. NULL: LIMIT_VERDICTS_PER_ROOM. Borrowed
 * until the next change. */
verdict_t *room_add_verdict(room_t *room, const target_t *target, const verdict_words_t *words,
                            uint64_t wall_ms);

/* Takes it back. */
void room_remove_verdict(room_t *room, verdict_t *verdict);

/* The verdict of that kind that hits the session now; NULL: none does. O(verdicts). */
const verdict_t *room_hit(const room_t *room, verdict_kind_t kind, const session_t *session,
                          uint64_t wall_ms);

/* Sets how long a member waits between two messages; 0: not at all. */
void room_set_slow(room_t *room, uint32_t slow_ms);

/* HUB_BANNED, with what was said of it as the hint and, where it ends, when: the session may not come into the room. */
HUB_MUST_CHECK hub_err_t room_may_enter(core_t *core, request_t *request, const room_t *room);

/* True if it is banned from the room, without a word. Who has a role there is not: a ban takes that away, so what there is
 * was meant for another who had the nick, or for who has been given the role since. */
bool room_bars(const core_t *core, const room_t *room, const session_t *session);

/* The ban that does so; NULL: none. Borrowed until the next change. */
const verdict_t *room_barred(const core_t *core, const room_t *room, const session_t *session);

/* Tells a member that it is out, why, by whom and with which words (none: empty), all of which may be of the room; then it is. The room may be
 * forgotten by that. */
void room_expel(core_t *core, session_t *session, room_t *room, const char *reason, span_t by,
                span_t text);

/* Puts the session out of the rooms it is in and is barred from, being somebody else or less than before. Rooms may be forgotten
 * by that. */
void room_put_out(core_t *core, session_t *session);

/* May the request's session, a member, speak in a room that is restrained? HUB_MUTED, for good; HUB_FLOOD, with the
 * request's retry_ms. */
HUB_MUST_CHECK hub_err_t room_may_speak(core_t *core, request_t *request, const room_t *room);

/* The mute that keeps the session from speaking there; NULL: none, or it has a role, with which none counts. Borrowed until the
 * next change. */
const verdict_t *room_mutes(const core_t *core, const room_t *room, const session_t *session);

/* The session of the room's owner; NULL: nobody owns it, or they are not here. O(roles). */
session_t *room_owner(const core_t *core, const room_t *room);

/* kick, ban, unban, mute, unmute and bans, where the request has `room`. on_room.c. */
HUB_MUST_CHECK hub_err_t room_verdict(core_t *core, request_t *request);

#endif
