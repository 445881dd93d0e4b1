/* broker/core/sessions.h - how sessions come, change and go.
 *
 *             hello                half of idle or idle_ms
 *   (nothing) -----> active -----------------------------> inactive
 *                     |  ^      a command                     |
 *                     |  +------------------------------------+
 *    link lost        |  ^ resume                             | idle_ms or kick_ms
 *                     v  |                                    v
 *                   detached ----------------------------->  gone
 *                                    resume_ms, bye
 *
 * All of it is told to the rooms the session is in. sessions.c attaches and ends them, idle.c judges
 * their silence. */
#ifndef BROKER_CORE_SESSIONS_H
#define BROKER_CORE_SESSIONS_H

#include "broker/core/state.h"

/* The session of that nick, in whatever spelling; NULL if nobody has it. */
session_t *session_of_nick(core_t *core, span_t nick);

/* A new active session under a nick that is free, attached nowhere. NULL: sessions_max are there. */
session_t *session_open(core_t *core, span_t nick, const name_t *identity);

/* Attaches a session to a free place of a link, as active. */
void session_attach(core_t *core, session_t *session, link_t *link, uint32_t sid);

/* Takes it off its link; where it is attached nowhere nothing happens. The state stays. */
void session_detach(core_t *core, session_t *session);

/* A command came: the clock of idleness starts again. */
void session_act(core_t *core, session_t *session);

/* Enters a room it is not in; told to the room. */
void session_enter(core_t *core, session_t *session, room_t *room);

/* Leaves a room it is in; told to the room, which may then be forgotten. */
void session_leave(core_t *core, session_t *session, room_t *room);

/* Takes another nick that is free or its own, and so does its account; told to its rooms unless nothing
 * changes. */
void session_rename(core_t *core, session_t *session, span_t nick, const name_t *identity);

/* The session leaves all rooms and is freed. */
void session_end(core_t *core, session_t *session);

/* Its link is lost: it may resume for a while. */
void session_lose_link(core_t *core, session_t *session);

/* Tells it that it was kicked, and why; then it ends. */
void session_kick(core_t *core, session_t *session, const char *reason);

/* The same with what somebody says of it; empty: nothing. */
void session_kick_saying(core_t *core, session_t *session, const char *reason, span_t text);

/* The session's deadline has come: inactive, warned, kicked or gone. */
void session_is_due(core_t *core, session_t *session);

#endif
