/* client/core/replay.h - asks for what is missing, and makes of the answer what it was asked as.
 *
 * One request per stream at most, a page at a time. What cannot be had any more is told as lost and skipped, what a later epoch
 * has undone as undone: no stream stands still. */
#ifndef CLIENT_CORE_REPLAY_H
#define CLIENT_CORE_REPLAY_H

#include "client/core/stream.h"

/* Asks for the stream's hole, if a session may. */
void replay_ask(client_link_t *self, stream_t stream, uint64_t now_ms);

/* The answer, which may be an error. */
void replay_room_answered(client_link_t *self, client_room_t *room, const message_t *reply,
                          uint64_t now_ms);
void replay_inbox_answered(client_link_t *self, client_session_t *session, const message_t *reply,
                           uint64_t now_ms);

#endif
