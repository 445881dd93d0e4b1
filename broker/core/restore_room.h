/* broker/core/restore_room.h - takes up who may do what in a room. */
#ifndef BROKER_CORE_RESTORE_ROOM_H
#define BROKER_CORE_RESTORE_ROOM_H

#include "broker/core/record.h"

/* Reads the roles, bans, mutes and slowness of a room, as record_write_room() wrote them, or an older broker did not. False:
 * they make no sense. */
HUB_MUST_CHECK bool restore_room_rights(const record_t *record, room_t *room, uint64_t wall_ms);

#endif
