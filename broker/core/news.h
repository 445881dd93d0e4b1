/* broker/core/news.h - what those who look after rooms, or the broker, have done, told to whom it is about.
 *
 * What is about one person goes to that session alone, and names a room only to who is in it; that a room is slow goes to its
 * members. None of it has a number or is stored: who is away finds the same in `who`, `join` and the answer to `say`. */
#ifndef BROKER_CORE_NEWS_H
#define BROKER_CORE_NEWS_H

#include "broker/core/request.h"
#include "broker/core/verdict.h"

/* The session is muted, in the room, or everywhere (NULL): not by whom then, as with `kicked`. */
void news_muted(core_t *core, const session_t *session, const room_t *room,
                const verdict_t *verdict);

/* That was taken back; `by` is told of a room only. */
void news_unmuted(core_t *core, const session_t *session, const room_t *room, span_t by);

/* The role that the session, a member of the room, has there by now. */
void news_role(core_t *core, const session_t *session, const room_t *room, span_t by);

/* How slow the room is by now, behind what was said there before. */
void news_slow(core_t *core, room_t *room);

#endif
