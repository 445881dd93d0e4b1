#include "broker/core/dispatch.h"

#include "broker/core/rooms.h"

#include <assert.h>

/* A reply must fit a frame: a link in more rooms than this learns of the rest by their head events. */
enum { HEADS_MAX = 512 };

/* Rooms that moved of late, and how many. */
typedef struct {
    const room_t *rooms[HEADS_MAX];
    size_t count;
} moved_t;

static void add_if_moved(const core_t *core, moved_t *moved, uint64_t id)
{
    const room_t *room = core_room(core, id);
    if (moved->count < HEADS_MAX && room_has_moved(core, room))
        moved->rooms[moved->count++] = room;
}

/* Begins the reply with the heads of those rooms and `more` heads, which the caller writes next. */
static writer_t *reply_heads(core_t *core, const request_t *request, const moved_t *moved,
                             size_t more)
{
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_heads);
    msgpack_pack_map(&writer->packer, moved->count + more);
    for (size_t i = 0; i < moved->count; i++)
        write_room_head(writer, moved->rooms[i]);
    return writer;
}

static hub_err_t ping_link(core_t *core, request_t *request)
{
    const link_t *link = request->link;
    moved_t moved = {.count = 0};
    for (size_t i = 0; link && i < link->rooms.count; i++)
        add_if_moved(core, &moved, link->rooms.list[i].number);
    writer_t *writer = reply_heads(core, request, &moved, 0);
    write_pub(writer, &core->settings, request);
    write_uint(writer, KEY_sessions, link ? link->sids.count : 0);
    reply_end(core);
    return HUB_OK;
}

static hub_err_t ping_session(core_t *core, request_t *request)
{
    const session_t *session = request->session;
    const core_settings_t *settings = &core->settings;
    moved_t moved = {.count = 0};
    for (unsigned i = 0; i < session->membership_count; i++)
        add_if_moved(core, &moved, session_memberships(session)[i].room);
    writer_t *writer = reply_heads(core, request, &moved, 1);
    write_inbox_head(writer, session);
    if (settings->rate_per_s > 0)
        write_uint(writer, KEY_left,
                   bucket_left(&session->allowance, settings->rate_per_s, settings->rate_burst,
                               core->now->mono_ms));
    reply_end(core);
    return HUB_OK;
}

hub_err_t on_ping(core_t *core, request_t *request)
{
    return request->has_sid ? ping_session(core, request) : ping_link(core, request);
}
