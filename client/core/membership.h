/* client/core/membership.h - which session is in which room; subscriptions by reference count. */
#ifndef CLIENT_CORE_MEMBERSHIP_H
#define CLIENT_CORE_MEMBERSHIP_H

#include "client/core/client_link_state.h"

/* One more reference to the room of that (folded) name; the first one subscribes. */
client_room_t *membership_want(client_link_t *self, const name_t *name, uint64_t now_ms);

/* Calls subscribe() for every topic there is to be. */
void membership_subscribe_again(client_link_t *self);

/* One reference less; the last one unsubscribes and forgets the room. */
void membership_release(client_link_t *self, uint32_t room);

/* A welcome tells by its heads in which rooms the session is, and where they and the inbox stand. */
void membership_welcome(client_link_t *self, client_session_t *session, const message_t *reply,
                        uint64_t now_ms);

/* The session is in under an account now: its nick, its inbox unless it was that before, and its rooms too. */
void membership_login(client_link_t *self, client_session_t *session, const message_t *reply,
                      uint64_t now_ms);

/* The session's join of `room` (its name as asked for) has succeeded. */
void membership_join(client_link_t *self, client_session_t *session, uint32_t room,
                     const message_t *reply, uint64_t now_ms);

/* The session has left, or was put out, which `why` tells then. */
void membership_part(client_link_t *self, client_session_t *session, uint32_t room,
                     const message_t *why);

/* Releases all rooms of a session that is going, without a word. */
void membership_leave(client_link_t *self, client_session_t *session);

#endif
