/* client/lib/build.h - events for the application from messages of the wire. */
#ifndef CLIENT_LIB_BUILD_H
#define CLIENT_LIB_BUILD_H

#include "client/lib/queue.h"
#include "proto/decode.h"

/* Fills `event`, which is the node's or lies in its room, with a `message` or `private`, or with what a
 * reply to say or tell has of one. */
void build_message(queue_node_t *node, hubbub_event_t *event, const message_t *message);

/* Members from a list of maps: `members` of who, `changes` of presence. */
void build_members(queue_node_t *node, const message_t *message, key_id_t list);

/* Rooms of a reply to rooms. */
void build_rooms(queue_node_t *node, const message_t *reply);

/* Bans and mutes of a reply to bans. */
void build_bans(queue_node_t *node, const message_t *reply);

/* Events of a reply to history. */
void build_history(queue_node_t *node, const message_t *reply);

#endif
