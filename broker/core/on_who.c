#include "broker/core/dispatch.h"

#include "broker/core/page_token.h"
#include "broker/core/presence.h"
#include "broker/core/room_rights.h"
#include "broker/core/rooms.h"

#include <assert.h>

static void write_member(writer_t *writer, const room_t *room, const session_t *member)
{
    standing_t standing = room_standing(room, session_uid(member));
    span_t status = session_status(member);
    msgpack_pack_map(&writer->packer, 4u + (status.size > 0) + (standing != STANDING_MEMBER));
    pack_key(writer, KEY_nick);
    pack_span(writer, session_nick(member));
    pack_key(writer, KEY_uid);
    pack_span(writer, session_uid(member));
    pack_key(writer, KEY_state);
    pack_span(writer, state_name(member->state));
    pack_key(writer, KEY_since);
    msgpack_pack_uint64(&writer->packer, member->since_ms);
    if (status.size > 0) {
        pack_key(writer, KEY_status);
        pack_span(writer, status);
    }
    if (standing != STANDING_MEMBER) {
        pack_key(writer, KEY_role);
        pack_span(writer, standing_name(standing));
    }
}

/* Collects the next members behind `*number`; *number becomes the last one's. */
static size_t collect(const core_t *core, const room_t *room, uint64_t *number, size_t count,
                      const session_t **out_members)
{
    size_t found = 0;
    uint64_t id;
    uint64_t at = *number;
    while (found < count && (id = members_next(&room->members, &at))) {
        out_members[found++] = core_session(core, id);
        *number = at;
    }
    return found;
}

hub_err_t on_who(core_t *core, request_t *request)
{
    /* The longest member takes 32 + 128 bytes of names and 96 of the rest. */
    _Static_assert(LIMIT_WHO_MAX * 260 + PAGE_REPLY_BYTES <= LIMIT_FRAME_BYTES,
                   "a page fits a frame");
    room_t *room;
    hub_err_t err = rooms_find(core, message_span(request->message, KEY_room), &room);
    if (err == HUB_OK)
        err = room_may_read(room, request->session);
    if (err != HUB_OK)
        return err;
    uint64_t number;
    err = page_read(request, &number);
    if (err != HUB_OK)
        return err;
    presence_flush(core, room);
    const session_t *members[LIMIT_WHO_MAX];
    size_t count =
        collect(core, room, &number, page_wanted(request->message, LIMIT_WHO_MAX), members);
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_members);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        write_member(writer, room, members[i]);
    write_uint(writer, KEY_count, room->members.count);
    write_uint(writer, KEY_pseq, room->pseq);
    uint64_t behind = number;
    if (members_next(&room->members, &behind))
        page_write_next(writer, number);
    reply_end(core);
    return HUB_OK;
}

static void write_room(writer_t *writer, const room_t *room)
{
    msgpack_pack_map(&writer->packer, 3u + (room->slow_ms > 0));
    pack_key(writer, KEY_room);
    pack_span(writer, name_span(&room->name));
    pack_key(writer, KEY_count);
    msgpack_pack_uint64(&writer->packer, room->members.count);
    pack_key(writer, KEY_seq);
    msgpack_pack_uint64(&writer->packer, room->journal.head);
    if (room->slow_ms > 0) {
        pack_key(writer, KEY_slow_ms);
        msgpack_pack_uint64(&writer->packer, room->slow_ms);
    }
}

/* The next room the session may know of, with *place behind it. */
static const room_t *next_visible(const core_t *core, const session_t *session, uint32_t *place)
{
    const room_t *room;
    while ((room = slab_next(core->rooms, place)))
        if (!room->is_private || room_has(room, session))
            return room;
    return NULL;
}

hub_err_t on_rooms(core_t *core, request_t *request)
{
    _Static_assert(LIMIT_ROOMS_PAGE * 96 + PAGE_REPLY_BYTES <= LIMIT_FRAME_BYTES,
                   "a page fits a frame");
    uint64_t number;
    hub_err_t err = page_read(request, &number);
    if (err != HUB_OK || number > UINT32_MAX)
        return HUB_BAD_REQUEST;
    const room_t *rooms[LIMIT_ROOMS_PAGE], *room;
    size_t count = 0, maximum = page_wanted(request->message, LIMIT_ROOMS_PAGE);
    uint32_t place = (uint32_t)number, behind = place;
    while (count < maximum && (room = next_visible(core, request->session, &place))) {
        rooms[count++] = room;
        behind = place;
    }
    place = behind;
    bool has_more = next_visible(core, request->session, &place) != NULL;
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_rooms);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        write_room(writer, rooms[i]);
    if (has_more)
        page_write_next(writer, behind);
    reply_end(core);
    return HUB_OK;
}
