#include "broker/core/allowance.h"
#include "broker/core/dispatch.h"

#include "broker/core/sessions.h"
#include "broker/core/records.h"
#include "broker/core/rights.h"
#include "broker/core/room_rights.h"
#include "broker/core/rooms.h"

#include <assert.h>

static void answer_join(core_t *core, const request_t *request, const room_t *room)
{
    writer_t *writer = reply_begin(core, request);
    write_str(writer, KEY_room, name_span(&room->name));
    write_bool(writer, KEY_private, room->is_private);
    write_key(writer, KEY_heads);
    msgpack_pack_map(&writer->packer, 1);
    write_room_head(writer, room);
    write_uint(writer, KEY_count, room->members.count);
    if (room->slow_ms > 0)
        write_uint(writer, KEY_slow_ms, room->slow_ms);
    reply_end(core);
}

static hub_err_t may_join(core_t *core, request_t *request, const room_t *room)
{
    /* This tells nothing new: else the room would have been made. */
    request->hint = "it is private: somebody in there has to invite you";
    if (room_may_read(room, request->session) == HUB_NO_SUCH_ROOM)
        return HUB_NO_SUCH_ROOM;
    request->hint = NULL;
    if (message_bool(request->message, KEY_private) && !room->is_private)
        return HUB_EXISTS;
    request->hint = "that room is being removed";
    request->retry_ms = room_closed_ms(core, room);
    if (request->retry_ms > 0)
        return HUB_BUSY;
    request->hint = NULL;
    return room_may_enter(core, request, room);
}

static hub_err_t make_room(core_t *core, request_t *request, room_t **out_room)
{
    name_t name;
    hub_err_t err = room_fold(message_span(request->message, KEY_room), &name);
    if (err == HUB_OK)
        err = allowance_make(core, request, request->session, MAKES_ROOM);
    if (err != HUB_OK)
        return err;
    *out_room = rooms_make(core, &name, message_bool(request->message, KEY_private));
    if (*out_room == NULL)
        return HUB_FULL;
    room_found(*out_room, request->session);
    return HUB_OK;
}

hub_err_t on_join(core_t *core, request_t *request)
{
    session_t *session = request->session;
    room_t *room = NULL;
    hub_err_t err = rooms_find(core, message_span(request->message, KEY_room), &room);
    if (err == HUB_OK)
        err = may_join(core, request, room);
    if (err != HUB_OK && (err != HUB_NO_SUCH_ROOM || room))
        return err;
    if (room && room_has(room, session)) {
        answer_join(core, request, room);
        return HUB_OK;
    }
    request->hint = "you are in as many rooms as one may be; part from one first";
    if (session->membership_count == LIMIT_ROOMS_PER_SESSION) {
        core->counters.full_memberships++;
        return HUB_FULL;
    }
    request->hint = "there are as many in the room as may be";
    if (room && core_room_is_full(core, room)) {
        core->counters.full_members++;
        return HUB_FULL;
    }
    request->hint = NULL;
    if (room == NULL)
        err = make_room(core, request, &room);
    core->counters.full_rooms += err == HUB_FULL;
    if (err != HUB_OK)
        return err;
    session_enter(core, session, room);
    answer_join(core, request, room);
    return HUB_OK;
}

hub_err_t on_part(core_t *core, request_t *request)
{
    room_t *room;
    hub_err_t err = rooms_find(core, message_span(request->message, KEY_room), &room);
    if (err == HUB_OK)
        err = room_may_read(room, request->session);
    if (err != HUB_OK)
        return err;
    if (!room_has(room, request->session))
        return HUB_NOT_MEMBER;
    session_leave(core, request->session, room);
    reply_ok(core, request);
    return HUB_OK;
}

/* Invitations of who has left since are void and make way for others. */
static void forget_the_gone(const core_t *core, room_t *room)
{
    for (uint32_t i = room->invited_count; i-- > 0;)
        if (core_session(core, room->invited[i]) == NULL)
            (void)room_uninvite(room, room->invited[i]); /* it is there */
}

/* Until when the invitation is good; 0: it does not end. HUB_BAD_REQUEST: that is over already. */
static hub_err_t read_until(const core_t *core, request_t *request, uint64_t *out_ms)
{
    uint64_t now_ms = core->now->wall_ms, keep_ms = core->settings.invite_ms;
    *out_ms = keep_ms > 0 ? now_ms + keep_ms : 0;
    if (!message_has(request->message, KEY_until))
        return HUB_OK;
    *out_ms = message_uint(request->message, KEY_until);
    request->hint = "until is in the past";
    if (*out_ms <= now_ms)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}

/* Any member may invite, so one could take all invitations there may be: the last ones are for who looks after the room. */
static hub_err_t may_invite_more(const core_t *core, request_t *request, const room_t *room,
                                 const session_t *guest)
{
    bool looks_after_it = is_operators(core, request) ||
                          room_standing(room, session_uid(request->session)) > STANDING_MEMBER;
    request->hint = looks_after_it ? "as many are invited as may be"
                                   : "as many are invited as members may; its owner and moderators "
                                     "still can";
    uint32_t most = looks_after_it ? LIMIT_INVITES_PER_ROOM : LIMIT_INVITES_BY_MEMBERS;
    if (room->invited_count >= most && !room_is_invited(room, guest->id))
        return HUB_FULL;
    request->hint = NULL;
    return HUB_OK;
}

hub_err_t on_invite(core_t *core, request_t *request)
{
    room_t *room;
    hub_err_t err = rooms_find(core, message_span(request->message, KEY_room), &room);
    if (err == HUB_OK)
        err = room_may_read(room, request->session);
    if (err != HUB_OK)
        return err;
    if (!room_has(room, request->session))
        return HUB_NOT_MEMBER;
    request->hint = "that room is public: everybody may join";
    if (!room->is_private)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    session_t *guest = session_of_nick(core, message_span(request->message, KEY_nick));
    if (guest == NULL)
        return HUB_NO_SUCH_NICK;
    if (room_has(room, guest))
        return HUB_EXISTS;
    if (room_bars(core, room, guest))
        return HUB_BANNED;
    uint64_t until_ms;
    err = read_until(core, request, &until_ms);
    if (err != HUB_OK)
        return err;
    forget_the_gone(core, room);
    err = may_invite_more(core, request, room, guest);
    if (err == HUB_OK)
        err = room_invite(room, guest->id, until_ms);
    if (err != HUB_OK)
        return err;
    room_watch_invites(core, room);
    records_room(core, room);
    reply_ok(core, request);
    return HUB_OK;
}
