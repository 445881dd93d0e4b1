/* role and slow, and kick, ban, unban, mute, unmute, bans within a room: what owners and moderators may; room_remove, which operators may. */
#include "broker/core/accounts.h"
#include "broker/core/aim.h"
#include "broker/core/audit.h"
#include "broker/core/bans.h"
#include "broker/core/dispatch.h"
#include "broker/core/news.h"
#include "broker/core/page_token.h"
#include "broker/core/records.h"
#include "broker/core/rights.h"
#include "broker/core/room_rights.h"
#include "broker/core/rooms.h"
#include "broker/core/sessions.h"

#include <assert.h>

/* Whom a request within a room means. */
typedef struct {
    aim_t aim;
    account_t *account; /* NULL: a guest, or nobody */
    session_t *session; /* NULL: not here */
    standing_t standing;
} whom_t;

/* The room that is meant, which whoever asks can see, and in which they stand that high: rights come before arguments. */
static hub_err_t find_room(core_t *core, request_t *request, standing_t least, room_t **out_room)
{
    bool is_operator = is_operators(core, request);
    room_t *room = NULL;
    hub_err_t err = rooms_find(core, message_span(request->message, KEY_room), &room);
    if (err == HUB_OK && room->id == core->audit)
        err = HUB_NO_SUCH_ROOM;
    if (err == HUB_OK && !is_operator)
        err = room_may_read(room, request->session);
    if (err != HUB_OK)
        return err;
    request->hint = least == STANDING_OWNER ? "that is for the room's owner"
                                            : "that is for the room's owner and moderators";
    if (!is_operator && room_standing(room, session_uid(request->session)) < least)
        return HUB_DENIED;
    request->hint = NULL;
    *out_room = room;
    return HUB_OK;
}

static standing_t standing_of_asker(const core_t *core, const request_t *request,
                                    const room_t *room)
{
    if (is_operators(core, request))
        return STANDING_OPERATOR;
    return room_standing(room, session_uid(request->session));
}

static span_t uid_of(const whom_t *whom)
{
    if (whom->account)
        return (span_t){whom->account->uid, MINT_NAME_CHARS};
    return whom->session ? session_uid(whom->session) : (span_t){"", 0};
}

static void find_whom(core_t *core, const room_t *room, span_t nick, whom_t *whom)
{
    whom->account = account_of_nick(core, nick);
    whom->session =
        whom->account ? core_session(core, whom->account->session) : session_of_nick(core, nick);
    whom->standing = room_standing(room, uid_of(whom));
    bool is_operators = whom->account && whom->account->role == ROLE_OPERATOR;
    if (is_operators || (whom->session && is_operators_session(core, whom->session)))
        whom->standing = STANDING_OPERATOR;
}

/* Who is meant, and stands below who asks. */
static hub_err_t read_whom(core_t *core, request_t *request, const room_t *room,
                           verdict_kind_t kind, whom_t *out)
{
    hub_err_t err = aim_read(core, request, kind, &out->aim);
    if (err != HUB_OK)
        return err;
    request->hint = "in a room people are meant by nick or account";
    if (out->aim.key != KEY_nick && out->aim.key != KEY_account)
        return HUB_BAD_REQUEST;
    find_whom(core, room, out->aim.name, out);
    request->hint = "they may as much as you in this room";
    if (out->standing >= standing_of_asker(core, request, room))
        return HUB_DENIED;
    request->hint = NULL;
    return HUB_OK;
}

/* Operators answer for what they do, in rooms too. */
static void write_down(core_t *core, request_t *request, const room_t *room, const aim_t *aim)
{
    if (!is_operators(core, request))
        return;
    deed_t deed = {.target = aim ? aim->key : KEY_COUNT, .room = name_span(&room->name)};
    if (aim)
        deed.name = aim->name;
    audit_add(core, request, &deed);
}

/* --- kick and ban -------------------------------------------------------------------------------- */

static void expel(core_t *core, const request_t *request, session_t *session, room_t *room,
                  const char *reason)
{
    room_expel(core, session, room, reason, audit_by(request),
               message_span(request->message, KEY_reason));
}

/* Who would come back into it by logging in is out as well. The last to leave would have it forgotten, but for what is held. */
static uint64_t expel_all(core_t *core, const request_t *request, room_t *room)
{
    uint64_t number = 0, session, count = room->members.count;
    account_forget_room(core, room);
    room->held++;
    while ((session = members_next(&room->members, &number)))
        expel(core, request, core_session(core, session), room, "kicked");
    room->held--;
    return count;
}

static bool is_in(const whom_t *whom, const room_t *room)
{
    return whom->session && room_has(room, whom->session);
}

static hub_err_t kick(core_t *core, request_t *request, room_t *room)
{
    whom_t whom;
    hub_err_t err = read_whom(core, request, room, VERDICT_BAN, &whom);
    if (err != HUB_OK)
        return err;
    request->hint = "nobody of that name is in the room";
    bool was_away = whom.account && account_forget(core, whom.account, room);
    if (!was_away && !is_in(&whom, room))
        return HUB_NO_SUCH_NICK;
    request->hint = NULL;
    write_down(core, request, room, &whom.aim);
    if (!was_away)
        expel(core, request, whom.session, room, "kicked");
    reply_count(core, request, 1);
    return HUB_OK;
}

static hub_err_t pass(core_t *core, request_t *request, room_t *room, const whom_t *whom)
{
    verdict_words_t words;
    hub_err_t err = aim_words(core, request, &whom->aim, &words);
    if (err != HUB_OK)
        return err;
    words.uid = whom->aim.uid;
    request->hint = "there are as many bans and mutes in this room as may be: take some back";
    if (room_add_verdict(room, &whom->aim.target, &words, core->now->wall_ms) == NULL) {
        core->counters.full_verdicts++;
        return HUB_FULL;
    }
    request->hint = NULL;
    records_room(core, room);
    return HUB_OK;
}

static hub_err_t ban(core_t *core, request_t *request, room_t *room)
{
    whom_t whom;
    hub_err_t err = read_whom(core, request, room, VERDICT_BAN, &whom);
    if (err == HUB_OK)
        err = pass(core, request, room, &whom);
    if (err != HUB_OK)
        return err;
    write_down(core, request, room, &whom.aim);
    if (uid_of(&whom).size > 0)
        err = room_set_standing(core, room, uid_of(&whom), 0, STANDING_MEMBER);
    assert(err == HUB_OK); /* taking away always works */
    if (whom.session)
        (void)room_uninvite(room, whom.session->id); /* whether there was one or not */
    if (whom.account)
        (void)account_forget(core, whom.account, room); /* likewise */
    bool was_in = is_in(&whom, room);
    if (was_in)
        expel(core, request, whom.session, room, "banned");
    reply_count(core, request, was_in);
    return HUB_OK;
}

/* --- mute, and back ------------------------------------------------------------------------------ */

/* What keeps them from speaking, if they are in the room; NULL: nothing does. */
static const verdict_t *member_mute(const core_t *core, const room_t *room, const whom_t *whom)
{
    return is_in(whom, room) ? room_mutes(core, room, whom->session) : NULL;
}

static hub_err_t mute(core_t *core, request_t *request, room_t *room)
{
    whom_t whom;
    hub_err_t err = read_whom(core, request, room, VERDICT_MUTE, &whom);
    if (err != HUB_OK)
        return err;
    request->hint = "who has a role in a room speaks there all the same: make them a member first";
    if (whom.standing > STANDING_MEMBER)
        return HUB_DENIED;
    err = pass(core, request, room, &whom);
    if (err != HUB_OK)
        return err;
    write_down(core, request, room, &whom.aim);
    const verdict_t *verdict = member_mute(core, room, &whom);
    if (verdict)
        news_muted(core, whom.session, room, verdict);
    reply_count(core, request, is_in(&whom, room));
    return HUB_OK;
}

/* Of a guest who was meant under a nick that may be nobody's by now. */
static standing_t standing_of_hit(const core_t *core, const room_t *room, const verdict_t *verdict)
{
    return verdict->has_uid ? room_standing_now(core, room, (span_t){verdict->uid, MINT_NAME_CHARS})
                            : STANDING_MEMBER;
}

/* Of those one may act on: who is a moderator does not take back what the owner said of them. */
static hub_err_t take_back(core_t *core, request_t *request, room_t *room, verdict_kind_t kind)
{
    whom_t whom;
    hub_err_t err = read_whom(core, request, room, kind, &whom);
    if (err != HUB_OK)
        return err;
    aim_t *aim = &whom.aim;
    verdict_t *verdict = room_find_verdict(room, &aim->target);
    if (verdict == NULL && aim->key == KEY_account) {
        aim->target = aim_as_guest(aim, kind);
        verdict = room_find_verdict(room, &aim->target);
    }
    if (verdict == NULL || verdict_is_over(verdict, core->now->wall_ms))
        return HUB_NO_SUCH_BAN;
    request->hint = "they may as much as you in this room";
    if (standing_of_hit(core, room, verdict) >= standing_of_asker(core, request, room))
        return HUB_DENIED;
    request->hint = NULL;
    bool was_muted = member_mute(core, room, &whom) != NULL;
    room_remove_verdict(room, verdict);
    records_room(core, room);
    write_down(core, request, room, aim);
    if (was_muted && member_mute(core, room, &whom) == NULL)
        news_unmuted(core, whom.session, room, audit_by(request));
    reply_ok(core, request);
    return HUB_OK;
}

/* --- the list ------------------------------------------------------------------------------------ */

static bool is_live(const core_t *core, const room_t *room, uint64_t place)
{
    return !verdict_is_over(&room->verdicts[place], core->now->wall_ms);
}

static hub_err_t list(core_t *core, request_t *request, const room_t *room)
{
    _Static_assert((int)LIMIT_VERDICTS_PER_ROOM <= (int)BANS_PAGE, "all of a room fit a page");
    uint64_t place;
    hub_err_t err = page_read(request, &place);
    if (err != HUB_OK)
        return err;
    const verdict_t *page[BANS_PAGE];
    size_t count = 0, most = page_wanted(request->message, BANS_PAGE);
    for (; place < room->verdict_count && count < most; place++)
        if (is_live(core, room, place))
            page[count++] = &room->verdicts[place];
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_bans);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        bans_write(writer, page[i]);
    if (place < room->verdict_count)
        page_write_next(writer, place);
    reply_end(core);
    return HUB_OK;
}

hub_err_t room_verdict(core_t *core, request_t *request)
{
    assert(core && request);
    room_t *room;
    hub_err_t err = find_room(core, request, STANDING_MODERATOR, &room);
    if (err != HUB_OK)
        return err;
    switch ((unsigned)request->op) {
    case OP_kick:
        return kick(core, request, room);
    case OP_ban:
        return ban(core, request, room);
    case OP_mute:
        return mute(core, request, room);
    case OP_unban:
        return take_back(core, request, room, VERDICT_BAN);
    case OP_unmute:
        return take_back(core, request, room, VERDICT_MUTE);
    case OP_bans:
        return list(core, request, room);
    }
    return HUB_UNSUPPORTED;
}

/* --- role and slow ------------------------------------------------------------------------------- */

/* An owner who names another one stays as a moderator. */
static hub_err_t give(core_t *core, const request_t *request, room_t *room, const whom_t *whom,
                      standing_t standing)
{
    uint64_t guest = whom->account || !whom->session ? 0 : whom->session->id;
    bool hands_over = standing == STANDING_OWNER && whom->session != request->session &&
                      standing_of_asker(core, request, room) == STANDING_OWNER;
    hub_err_t err = room_set_standing(core, room, uid_of(whom), guest, standing);
    if (err != HUB_OK || !hands_over)
        return err;
    session_t *asker = request->session;
    return room_set_standing(core, room, session_uid(asker), asker->account ? 0 : asker->id,
                             STANDING_MODERATOR);
}

/* Whose role it was: who asks has the answer. */
static void tell_role(core_t *core, const request_t *request, const room_t *room,
                      const session_t *session, standing_t before)
{
    if (session && session != request->session && room_has(room, session) &&
        room_standing(room, session_uid(session)) != before)
        news_role(core, session, room, audit_by(request));
}

hub_err_t on_role(core_t *core, request_t *request)
{
    room_t *room;
    hub_err_t err = find_room(core, request, STANDING_OWNER, &room);
    if (err != HUB_OK)
        return err;
    standing_t standing;
    request->hint = "role is owner, moderator or member";
    if (!standing_find(message_span(request->message, KEY_role), &standing))
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    span_t nick = message_span(request->message, KEY_nick);
    whom_t whom = {.aim = {.key = KEY_nick, .name = nick}};
    find_whom(core, room, nick, &whom);
    if (uid_of(&whom).size == 0)
        return HUB_NO_SUCH_NICK;
    request->hint = "as many have a role in this room as may: take it from somebody first";
    standing_t before = room_standing(room, uid_of(&whom));
    session_t *owner = room_owner(core, room);
    err = give(core, request, room, &whom, standing);
    if (err != HUB_OK)
        return err;
    request->hint = NULL;
    records_room(core, room);
    write_down(core, request, room, &whom.aim);
    tell_role(core, request, room, whom.session, before);
    if (owner != whom.session)
        tell_role(core, request, room, owner, STANDING_OWNER);
    if (whom.session) /* from here on the room may be forgotten */
        room_put_out(core, whom.session);
    if (owner && owner != whom.session)
        room_put_out(core, owner);
    reply_ok(core, request);
    return HUB_OK;
}

hub_err_t on_slow(core_t *core, request_t *request)
{
    room_t *room;
    hub_err_t err = find_room(core, request, STANDING_MODERATOR, &room);
    if (err != HUB_OK)
        return err;
    uint32_t slow_ms = (uint32_t)message_uint(request->message, KEY_slow_ms);
    bool is_news = slow_ms != room->slow_ms;
    room_set_slow(room, slow_ms);
    records_room(core, room);
    write_down(core, request, room, NULL);
    if (is_news)
        news_slow(core, room);
    reply_ok(core, request);
    return HUB_OK;
}

/* --- the end of a room --------------------------------------------------------------------------- */

hub_err_t on_room_remove(core_t *core, request_t *request)
{
    enum { CLOSED_MS = 10000, RETRY_MS = 100 };
    room_t *room;
    hub_err_t err = find_room(core, request, STANDING_OWNER, &room);
    if (err != HUB_OK)
        return err;
    deed_t deed = {.target = KEY_COUNT, .room = name_span(&room->name)};
    deed.count = expel_all(core, request, room);
    bool may_remove = rooms_may_remove(core, room);
    if (may_remove || deed.count > 0)
        audit_add(core, request, &deed);
    room->closed_until_ms = core->now->mono_ms + CLOSED_MS;
    request->hint = "what was said there last is being stored: ask again";
    request->retry_ms = RETRY_MS;
    if (!may_remove)
        return HUB_BUSY;
    rooms_remove(core, room);
    reply_count(core, request, deed.count);
    return HUB_OK;
}
