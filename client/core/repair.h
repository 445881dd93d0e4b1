/* client/core/repair.h - events in order, and how holes among them are found.
 *
 * A hole that does not close by itself within a short grace is asked for: replay.h. */
#ifndef CLIENT_CORE_REPAIR_H
#define CLIENT_CORE_REPAIR_H

#include "client/core/client_link_state.h"

/* A numbered event of a room. `frame` is its map, for keeping it when it comes too early. */
void repair_room_event(client_link_t *self, client_room_t *room, const message_t *event,
                       span_t frame, uint64_t now_ms);

/* The same for a session's inbox. */
void repair_inbox_event(client_link_t *self, client_session_t *session, const message_t *event,
                        span_t frame, uint64_t now_ms);

/* A presence event of a room. A gap is told at once; further ones soon after wait, longer each time, and are told as one: each
 * makes somebody ask. */
void repair_presence(client_link_t *self, client_room_t *room, const message_t *event,
                     uint64_t now_ms);

/* Events up to here exist. */
void repair_room_head(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                      uint64_t pseq, uint64_t now_ms);
void repair_inbox_head(client_link_t *self, client_session_t *session, uint64_t epoch, uint64_t seq,
                       uint64_t now_ms);

/* The same in a welcome. Where nothing has come since the link was lost, and this is before our position, the
 * broker has begun anew, and by an earlier clock. */
void repair_room_welcome(client_link_t *self, client_room_t *room, uint64_t epoch, uint64_t seq,
                         uint64_t pseq, uint64_t now_ms);

/* The `heads` of an answer to a ping; `session` is who asked, NULL: the link. */
void repair_heads(client_link_t *self, const message_t *reply, client_session_t *session,
                  uint64_t now_ms);

/* The room's position has just become known: what was kept goes out. */
void repair_drain(client_link_t *self, client_room_t *room, uint64_t now_ms);

/* The hole of a room or inbox may be due. */
void repair_room_due(client_link_t *self, client_room_t *room, uint64_t now_ms);
void repair_inbox_due(client_link_t *self, client_session_t *session, uint64_t now_ms);

/* The link is lost and with it every replay. */
void repair_forget(inflow_t *flow);

/* The same while the link is up: a late answer is not listened to. */
void repair_drop(client_link_t *self, inflow_t *flow);

/* The same for a session's inbox, whatever is known of it. */
void repair_drop_inbox(client_link_t *self, const client_session_t *session);

#endif
