/* client/core/incoming.h - decoded frames to whom they concern. */
#ifndef CLIENT_CORE_INCOMING_H
#define CLIENT_CORE_INCOMING_H

#include "client/core/client_link_state.h"

/* A reply from the DEALER. */
void incoming_reply(client_link_t *self, const message_t *reply, uint64_t now_ms);

/* An event from the DEALER; `frame` is its map. */
void incoming_event(client_link_t *self, const message_t *event, span_t frame, uint64_t now_ms);

/* An event of a room, from either socket. */
void incoming_room_event(client_link_t *self, client_room_t *room, ev_t ev, const message_t *event,
                         span_t frame, uint64_t now_ms);

/* The session is over: takes it out of everything, without a word. */
void incoming_forget(client_link_t *self, client_session_t *session);

#endif
