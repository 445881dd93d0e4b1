#include "broker/core/room_rights.h"

#include "broker/core/accounts.h"
#include "broker/core/rights.h"
#include "broker/core/rooms.h"
#include "broker/core/sessions.h"

#include <assert.h>
#include <stdlib.h>

/* --- standings ----------------------------------------------------------------------------------- */

static const char *const NAMES[] = {[STANDING_MEMBER] = "member",
                                    [STANDING_MODERATOR] = "moderator",
                                    [STANDING_OWNER] = "owner",
                                    [STANDING_OPERATOR] = "operator"};

span_t standing_name(standing_t standing)
{
    return span_of(NAMES[standing]);
}

bool standing_find(span_t name, standing_t *out)
{
    assert(out);
    for (standing_t i = STANDING_MEMBER; i <= STANDING_OWNER; i++) {
        if (!span_is(name, NAMES[i]))
            continue;
        *out = i;
        return true;
    }
    return false;
}

standing_t room_standing(const room_t *room, span_t uid)
{
    assert(room);
    const holder_t *holder = room_holder(room, uid);
    return holder ? holder->standing : STANDING_MEMBER;
}

static void drop_holder(room_t *room, holder_t *holder)
{
    holder_t *end = room->holders + --room->holder_count;
    memmove(holder, holder + 1, (size_t)(end - holder) * sizeof *holder);
}

/* The guest, if they are here still and no account's by now. */
static session_t *guest_of(const core_t *core, const holder_t *holder)
{
    session_t *session = core_session(core, holder->session);
    bool is_here = session && memcmp(session->uid, holder->uid, sizeof holder->uid) == 0;
    return is_here ? session : NULL;
}

static account_t *account_of(const core_t *core, const holder_t *holder)
{
    return account_of_uid(core, (span_t){holder->uid, sizeof holder->uid});
}

/* A guest who has gone never comes again; one who has registered since does. */
static bool is_nobody(const core_t *core, const holder_t *holder)
{
    return guest_of(core, holder) == NULL && account_of(core, holder) == NULL;
}

session_t *room_owner(const core_t *core, const room_t *room)
{
    assert(core && room);
    for (unsigned i = 0; i < room->holder_count; i++) {
        const holder_t *holder = &room->holders[i];
        if (holder->standing != STANDING_OWNER)
            continue;
        const account_t *account = account_of(core, holder);
        return account ? core_session(core, account->session) : guest_of(core, holder);
    }
    return NULL;
}

standing_t room_standing_now(const core_t *core, const room_t *room, span_t uid)
{
    assert(core && room);
    const holder_t *holder = room_holder(room, uid);
    return holder && !is_nobody(core, holder) ? holder->standing : STANDING_MEMBER;
}

static void drop_nobodies(const core_t *core, room_t *room)
{
    for (unsigned i = room->holder_count; i-- > 0;)
        if (is_nobody(core, &room->holders[i]))
            drop_holder(room, &room->holders[i]);
}

static void add_holder(room_t *room, span_t uid, uint64_t session, standing_t standing)
{
    assert(room->holder_count < LIMIT_ROLES_PER_ROOM && uid.size == MINT_NAME_CHARS);
    room->holders = realloc(room->holders, (room->holder_count + 1u) * sizeof *room->holders);
    assert(room->holders);
    holder_t *holder = &room->holders[room->holder_count++];
    *holder = (holder_t){.session = session, .standing = standing};
    memcpy(holder->uid, uid.data, MINT_NAME_CHARS);
}

static void depose_owner(room_t *room)
{
    for (unsigned i = 0; i < room->holder_count; i++) {
        if (room->holders[i].standing != STANDING_OWNER)
            continue;
        drop_holder(room, &room->holders[i]);
        return;
    }
}

hub_err_t room_set_standing(core_t *core, room_t *room, span_t uid, uint64_t session,
                            standing_t standing)
{
    assert(core && room && standing < STANDING_OPERATOR);
    bool is_new = room_holder(room, uid) == NULL && standing != STANDING_MEMBER;
    if (is_new && room->holder_count == LIMIT_ROLES_PER_ROOM)
        drop_nobodies(core, room);
    if (is_new && room->holder_count == LIMIT_ROLES_PER_ROOM)
        return HUB_FULL;
    if (standing == STANDING_OWNER)
        depose_owner(room);
    holder_t *holder = room_holder(room, uid);
    if (holder)
        drop_holder(room, holder);
    if (standing != STANDING_MEMBER)
        add_holder(room, uid, session, standing);
    return HUB_OK;
}

void room_found(room_t *room, const session_t *session)
{
    assert(room && session && room->holder_count == 0);
    if (!span_is(name_span(&room->name), LOBBY))
        add_holder(room, session_uid(session), session->account ? 0 : session->id, STANDING_OWNER);
}

/* --- bans and mutes ------------------------------------------------------------------------------ */

/* Whether who speaks has to be looked at. */
static void restrain(room_t *room)
{
    room->is_restrained = room->slow_ms > 0;
    for (unsigned i = 0; i < room->verdict_count; i++)
        room->is_restrained |= target_verdict(&room->verdicts[i].target) == VERDICT_MUTE;
}

void room_set_slow(room_t *room, uint32_t slow_ms)
{
    assert(room && slow_ms <= LIMIT_SLOW_MS);
    room->slow_ms = slow_ms;
    restrain(room);
}

verdict_t *room_find_verdict(const room_t *room, const target_t *target)
{
    assert(room && target);
    for (unsigned i = 0; i < room->verdict_count; i++)
        if (span_equal(target_span(&room->verdicts[i].target), target_span(target)))
            return &room->verdicts[i];
    return NULL;
}

void room_remove_verdict(room_t *room, verdict_t *verdict)
{
    assert(room && verdict >= room->verdicts && verdict < room->verdicts + room->verdict_count);
    verdict_t *end = room->verdicts + --room->verdict_count;
    memmove(verdict, verdict + 1, (size_t)(end - verdict) * sizeof *verdict);
    restrain(room);
}

static void drop_what_is_over(room_t *room, uint64_t wall_ms)
{
    for (unsigned i = room->verdict_count; i-- > 0;)
        if (verdict_is_over(&room->verdicts[i], wall_ms))
            room_remove_verdict(room, &room->verdicts[i]);
}

verdict_t *room_add_verdict(room_t *room, const target_t *target, const verdict_words_t *words,
                            uint64_t wall_ms)
{
    assert(room && target && words);
    verdict_t *verdict = room_find_verdict(room, target);
    if (verdict == NULL) {
        drop_what_is_over(room, wall_ms);
        if (room->verdict_count == LIMIT_VERDICTS_PER_ROOM)
            return NULL;
        room->verdicts =
            realloc(room->verdicts, (room->verdict_count + 1u) * sizeof *room->verdicts);
        assert(room->verdicts);
        verdict = &room->verdicts[room->verdict_count++];
        *verdict = (verdict_t){.target = *target};
    }
    verdict_set(verdict, words);
    restrain(room);
    return verdict;
}

const verdict_t *room_hit(const room_t *room, verdict_kind_t kind, const session_t *session,
                          uint64_t wall_ms)
{
    assert(room && session);
    person_t person = {.identity = session_identity(session), .uid = session_uid(session)};
    for (unsigned i = 0; i < room->verdict_count; i++) {
        const verdict_t *verdict = &room->verdicts[i];
        if (target_verdict(&verdict->target) == kind && !verdict_is_over(verdict, wall_ms) &&
            verdict_hits(verdict, &person))
            return verdict;
    }
    return NULL;
}

/* --- what they forbid ---------------------------------------------------------------------------- */

static bool is_above(const core_t *core, const room_t *room, const session_t *session)
{
    return is_operators_session(core, session) ||
           room_standing(room, session_uid(session)) > STANDING_MEMBER;
}

const verdict_t *room_barred(const core_t *core, const room_t *room, const session_t *session)
{
    assert(core && room && session);
    if (room->verdict_count == 0 || is_above(core, room, session))
        return NULL;
    return room_hit(room, VERDICT_BAN, session, core->now->wall_ms);
}

bool room_bars(const core_t *core, const room_t *room, const session_t *session)
{
    return room_barred(core, room, session) != NULL;
}

hub_err_t room_may_enter(core_t *core, request_t *request, const room_t *room)
{
    assert(core && request && request->session && room);
    const verdict_t *verdict = room_barred(core, room, request->session);
    if (verdict == NULL)
        return HUB_OK;
    core->counters.banned_rooms++;
    request->hint = verdict->reason_size > 0 ? verdict->reason : "you are banned from that room";
    request->retry_ms = verdict->until_ms ? verdict->until_ms - core->now->wall_ms : 0;
    return HUB_BANNED;
}

void room_expel(core_t *core, session_t *session, room_t *room, const char *reason, span_t by,
                span_t text)
{
    assert(core && session && room && reason);
    writer_t *writer = event_begin(core, session, EV_kicked);
    if (writer) {
        write_str(writer, KEY_room, name_span(&room->name));
        write_str(writer, KEY_reason, span_of(reason));
        write_str(writer, KEY_by, by);
        if (text.size > 0)
            write_str(writer, KEY_text, text);
        reply_end(core);
    }
    core->counters.members_removed++;
    session_leave(core, session, room);
}

void room_put_out(core_t *core, session_t *session)
{
    assert(core && session);
    for (unsigned i = session->membership_count; i-- > 0;) {
        room_t *room = core_room(core, session_memberships(session)[i].room);
        const verdict_t *verdict = room_barred(core, room, session);
        if (verdict)
            room_expel(core, session, room, "banned", verdict_by(verdict), verdict_reason(verdict));
    }
}

const verdict_t *room_mutes(const core_t *core, const room_t *room, const session_t *session)
{
    assert(core && room && session);
    if (is_above(core, room, session))
        return NULL;
    return room_hit(room, VERDICT_MUTE, session, core->now->wall_ms);
}

hub_err_t room_may_speak(core_t *core, request_t *request, const room_t *room)
{
    assert(core && request && request->session && room);
    session_t *session = request->session;
    if (!room->is_restrained || is_above(core, room, session))
        return HUB_OK;
    if (room_mutes(core, room, session)) {
        request->hint = "you may read in this room but not speak";
        return HUB_MUTED;
    }
    const membership_t *membership = session_membership(session, room->id);
    uint64_t next_ms = membership->said_ms + room->slow_ms;
    if (membership->said_ms == 0 || core->now->mono_ms >= next_ms)
        return HUB_OK;
    core->counters.slowed++;
    request->hint = "this room is slow: wait before the next message";
    request->retry_ms = next_ms - core->now->mono_ms;
    return HUB_FLOOD;
}
