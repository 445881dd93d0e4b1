#include "tests/sim/audit.h"

#include "broker/core/accounts.h"
#include "broker/core/state.h"
#include "tests/sim/report.h"

#include <inttypes.h>

/* What waits for the store, by what it waits for. */
static uint32_t held_of(const core_t *core, uint64_t room, uint64_t session)
{
    uint32_t count = 0;
    for (size_t i = 0; i < core->pipeline.count; i++) {
        const held_t *held = &core->pipeline.queue[core->pipeline.first + i];
        bool is_of_room = held->kind == HELD_MESSAGE || held->kind == HELD_FRAME;
        bool is_answer = held->kind == HELD_ANSWER;
        count += room && is_of_room && held->owner == room;
        count += session && is_answer && held->answer.session == session;
    }
    return count;
}

static void audit_links_of(const core_t *core, const room_t *room)
{
    for (size_t i = 0; i < room->links.count; i++) {
        const link_t *link = core_link(core, room->links.list[i].number);
        uint32_t count = 0;
        if (link == NULL)
            violated("room %s goes to a link that is gone", room->name.text);
        uint32_t number;
        for (uint32_t place = 0; (number = sids_next(&link->sids, &place));)
            count += session_is_in(slab_at(core->sessions, number - 1), room->id);
        if (count != room->links.list[i].count)
            violated("room %s counts %u members on a link that has %u", room->name.text,
                     room->links.list[i].count, count);
    }
}

static void audit_room(const core_t *core, const room_t *room)
{
    size_t count = 0;
    uint64_t number = 0, id;
    while ((id = members_next(&room->members, &number)) != 0) {
        session_t *session = core_session(core, id);
        if (session == NULL)
            violated("room %s has a member who is gone", room->name.text);
        const membership_t *membership = session_membership(session, room->id);
        if (membership == NULL || membership->number != number)
            violated("%.*s is a member of room %s and does not know",
                     SPAN_ARGS(session_nick(session)), room->name.text);
        count++;
    }
    if (count != room->members.count)
        violated("room %s counts %zu members and has %zu", room->name.text, room->members.count,
                 count);
    if (room->journal.head > room->journal.tail)
        violated("room %s shows what it has not said", room->name.text);
    if (core->pipeline.count == 0 && room->journal.head != room->journal.tail)
        violated("room %s keeps a tail of what nobody waits for", room->name.text);
    if (room->held != held_of(core, room->id, 0))
        violated("room %s counts %u things that wait", room->name.text, room->held);
    if (room->invited_count > LIMIT_INVITES_PER_ROOM)
        violated("room %s has too many invitations", room->name.text);
    audit_links_of(core, room);
}

static void audit_memberships(const core_t *core, const session_t *session)
{
    for (unsigned i = 0; i < session->membership_count; i++) {
        const membership_t *membership = &session_memberships(session)[i];
        const room_t *room = core_room(core, membership->room);
        if (room == NULL)
            violated("%.*s is in a room that is gone", SPAN_ARGS(session_nick(session)));
        uint64_t number = membership->number - 1;
        if (members_next(&room->members, &number) != session->id)
            violated("%.*s is in room %s and no member of it", SPAN_ARGS(session_nick(session)),
                     room->name.text);
    }
}

static void audit_session(const core_t *core, const session_t *session)
{
    const link_t *link = core_link(core, session->address.link);
    if ((link == NULL) != (session->state == STATE_DETACHED))
        violated("%.*s is %.*s, and has %s link", SPAN_ARGS(session_nick(session)),
                 SPAN_ARGS(state_name(session->state)), link ? "a" : "no");
    if (link && core_session_at(core, link, session->address.sid) != session)
        violated("%.*s is not at its sid", SPAN_ARGS(session_nick(session)));
    if (lookup_find(core->identities, session_identity(session)) != session)
        violated("%.*s is not found under its nick", SPAN_ARGS(session_nick(session)));
    if (session->token_count == 0 || session->token_count > LIMIT_TOKENS_LIVE)
        violated("%.*s has %u tokens", SPAN_ARGS(session_nick(session)), session->token_count);
    if (session->cids.count > LIMIT_CID_WINDOW)
        violated("%.*s keeps %u answers", SPAN_ARGS(session_nick(session)), session->cids.count);
    if (session->waiting != held_of(core, 0, session->id))
        violated("%.*s counts %u answers that wait", SPAN_ARGS(session_nick(session)),
                 session->waiting);
    if (session->state == STATE_DETACHED && !deadline_is_set(&session->due))
        violated("%.*s is detached for ever", SPAN_ARGS(session_nick(session)));
    const journal_t *inbox = session->inbox ? &session->inbox->journal : NULL;
    if (inbox && core->pipeline.count == 0 && inbox->head != inbox->tail)
        violated("%.*s's inbox keeps a tail of what nobody waits for",
                 SPAN_ARGS(session_nick(session)));
    audit_memberships(core, session);
}

static void audit_link(const core_t *core, const link_t *link)
{
    uint32_t count = 0, number;
    size_t memberships = 0, referred = 0;
    for (uint32_t place = 0; (number = sids_next(&link->sids, &place)); count++) {
        const session_t *session = slab_at(core->sessions, number - 1);
        if (session == NULL || session->address.link != link->id)
            violated("a link lists a session that is not there");
        memberships += session->membership_count;
    }
    if (count != link->sids.count)
        violated("a link lists %u sessions and finds %u", count, link->sids.count);
    for (size_t i = 0; i < link->rooms.count; i++)
        referred += link->rooms.list[i].count;
    if (memberships != referred)
        violated("a link counts %zu memberships of its sessions' %zu", referred, memberships);
    if (!deadline_is_set(&link->due))
        violated("a link is never looked at");
}

static void audit_account(const core_t *core, const account_t *account)
{
    const session_t *session = core_session(core, account->session);
    int size = account->nick_size;
    if (lookup_find(core->accounts_by_nick, name_span(&account->identity)) != account ||
        account_of_uid(core, (span_t){account->uid, MINT_NAME_CHARS}) != account)
        violated("the account %.*s is not found under its nick or uid", size, account->nick);
    if (account->inbox == NULL || account->inbox->session != account->session)
        violated("the account %.*s has no inbox, or another reader's", size, account->nick);
    if ((session == NULL) != (account->session == 0))
        violated("the account %.*s has a session that is gone", size, account->nick);
    if (session && (session->account != account->id || session->inbox != account->inbox ||
                    !span_equal(session_nick(session), account_nick(account)) ||
                    memcmp(session->uid, account->uid, sizeof session->uid) != 0))
        violated("the account %.*s and its session disagree", size, account->nick);
    for (uint32_t i = 0; i < account->room_count; i++) {
        const room_t *room = core_room(core, account->rooms[i]);
        if (session || room == NULL || !refs_has(&room->absent, account->id))
            violated("the account %.*s remembers what it should not", size, account->nick);
    }
}

static void audit_limits(const core_t *core, const core_settings_t *settings)
{
    enum { MORE = 64 }; /* what is held without being asked whether there is room: presence */
    if (slab_count(core->links) > settings->links_max ||
        slab_count(core->sessions) > settings->sessions_max ||
        slab_count(core->rooms) > settings->rooms_max + (core->audit != 0) ||
        slab_count(core->accounts) > settings->accounts_max)
        violated("more links, sessions, rooms or accounts than the settings permit");
    if (core->pipeline.count > settings->pending_max + 2 + MORE * settings->rooms_max)
        violated("%zu things wait for the store", core->pipeline.count);
    if (core->pipeline.count == 0 && core->pipeline.bytes.size > 0)
        violated("nothing waits for the store, in %zu bytes", core->pipeline.bytes.size);
}

void audit_core(const core_t *core, const core_settings_t *settings)
{
    const room_t *room;
    const session_t *session;
    const account_t *account;
    const link_t *link;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));)
        audit_room(core, room);
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));)
        audit_session(core, session);
    for (uint32_t place = 0; (account = slab_next(core->accounts, &place));)
        audit_account(core, account);
    for (uint32_t place = 0; (link = slab_next(core->links, &place));)
        audit_link(core, link);
    audit_limits(core, settings);
}

/* What is due is done with the next tick, which may be late. */
void audit_times(const core_t *core, const core_settings_t *settings, uint64_t now_ms)
{
    enum { LATE_MS = 200 };
    const session_t *session;
    const link_t *link;
    for (uint32_t place = 0; (link = slab_next(core->links, &place));)
        if (link->heard_ms + 3 * settings->heartbeat_ms + LATE_MS < now_ms)
            violated("a link has been silent for %ju ms, and is kept",
                     (uintmax_t)(now_ms - link->heard_ms));
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        uint64_t silent_ms = now_ms - session->heard_ms;
        uint64_t kick_ms = session->is_kicked_when_idle ? settings->idle_ms : settings->kick_ms;
        bool is_detached = session->state == STATE_DETACHED;
        if (is_detached && silent_ms > session->resume_ms + LATE_MS)
            violated("%.*s has been detached for %ju ms", SPAN_ARGS(session_nick(session)),
                     (uintmax_t)silent_ms);
        if (!is_detached && kick_ms > 0 && silent_ms > kick_ms + LATE_MS)
            violated("%.*s has been idle for %ju ms, and is kept", SPAN_ARGS(session_nick(session)),
                     (uintmax_t)silent_ms);
        if (session->state == STATE_ACTIVE && silent_ms > settings->idle_ms + LATE_MS)
            violated("%.*s has been idle for %ju ms, and is active",
                     SPAN_ARGS(session_nick(session)), (uintmax_t)silent_ms);
    }
}

bool audit_is_quiet(const core_t *core, uint64_t now_ms)
{
    enum { A_WHILE_MS = 500 };
    const room_t *room;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));)
        if (room->has_news || room->held > 0 || room->moved_ms + A_WHILE_MS > now_ms)
            return false;
    return true;
}
