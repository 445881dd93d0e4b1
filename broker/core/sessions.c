#include "broker/core/sessions.h"

#include "broker/core/accounts.h"
#include "broker/core/allowance.h"
#include "broker/core/inboxes.h"
#include "broker/core/links.h"
#include "broker/core/whence.h"
#include "broker/core/presence.h"
#include "broker/core/records.h"
#include "broker/core/request.h"
#include "broker/core/rooms.h"
#include "broker/core/verdicts.h"

#include <assert.h>

session_t *session_of_nick(core_t *core, span_t nick)
{
    assert(core);
    name_t identity;
    if (!name_fold(nick, &identity))
        return NULL;
    return lookup_find(core->identities, name_span(&identity));
}

session_t *session_open(core_t *core, span_t nick, const name_t *identity)
{
    assert(core && identity);
    uint64_t id;
    session_t *session = slab_add(core->sessions, &id);
    if (session == NULL)
        return NULL;
    core->counters.sessions_opened++;
    session->id = id;
    session->serial = ++core->serial;
    session->state = STATE_ACTIVE;
    session->since_ms = core->now->wall_ms;
    session->inbox_epoch = core->now->wall_ms / 1000;
    mint_name(&core->mint, core->now->entropy, session->uid);
    mint_name(&core->mint, core->now->entropy, session->name);
    bucket_init(&session->allowance, core->settings.rate_burst, core->now->mono_ms);
    session_set_nick(session, nick, identity);
    lookup_add(core->identities, &session->by_nick, session_identity(session), session);
    records_session(core, session);
    return session;
}

/* Counts the session's rooms in or out of its link's. */
static void count_rooms(core_t *core, const session_t *session, link_t *link,
                        void (*count)(refs_t *, uint64_t))
{
    const membership_t *memberships = session_memberships(session);
    for (unsigned i = 0; i < session->membership_count; i++) {
        room_t *room = core_room(core, memberships[i].room);
        count(&link->rooms, room->id);
        if (room->is_private)
            count(&room->links, link->id);
    }
}

void session_attach(core_t *core, session_t *session, link_t *link, uint32_t sid)
{
    assert(core && session && link);
    assert(session->address.link == 0 && sids_find(&link->sids, sid) == 0);
    session->address = (session_address_t){link->id, sid};
    sids_add(&link->sids, sid, core_session_place(session));
    link->names_sid |= sid != 0;
    count_rooms(core, session, link, refs_add);
    session->heard_ms = core->now->mono_ms;
    session->is_warned = false;
    if (session->state != STATE_ACTIVE) {
        session->state = STATE_ACTIVE;
        session->since_ms = core->now->wall_ms;
        presence_note_everywhere(core, session, STATE_ACTIVE, (span_t){0}, false);
    }
    session_is_due(core, session);
}

void session_detach(core_t *core, session_t *session)
{
    assert(core && session);
    link_t *link = core_link(core, session->address.link);
    if (link == NULL)
        return;
    sids_remove(&link->sids, session->address.sid);
    count_rooms(core, session, link, refs_remove);
    session->address = (session_address_t){0};
    if (link->sids.count == 0)
        link_is_bare(core, link);
}

void session_lose_link(core_t *core, session_t *session)
{
    session_detach(core, session);
    session->state = STATE_DETACHED;
    session->heard_ms = core->now->mono_ms;
    session->since_ms = core->now->wall_ms;
    deadlines_set(core->deadlines, &session->due, DUE_SESSION,
                  session->heard_ms + session->resume_ms);
    presence_note_everywhere(core, session, STATE_DETACHED, (span_t){0}, false);
}

void session_enter(core_t *core, session_t *session, room_t *room)
{
    assert(core && session && room && !room_has(room, session));
    deadlines_cancel(core->deadlines, &room->keep_due);
    if (room_uninvite(room, session->id))
        records_room(core, room);
    records_session(core, session);
    session_add_membership(session, room->id, members_add(&room->members, session->id));
    if (room->slow_ms > 0) /* or who leaves and comes again need not wait */
        session_membership(session, room->id)->said_ms = core->now->mono_ms;
    link_t *link = core_link(core, session->address.link);
    if (link)
        refs_add(&link->rooms, room->id);
    if (link && room->is_private)
        refs_add(&room->links, link->id);
    presence_note(core, room, session, session->state, (span_t){0}, false);
}

void session_leave(core_t *core, session_t *session, room_t *room)
{
    assert(core && session && room);
    membership_t *membership = session_membership(session, room->id);
    assert(membership);
    presence_note(core, room, session, STATE_GONE, (span_t){0}, false);
    members_remove(&room->members, membership->number);
    link_t *link = core_link(core, session->address.link);
    if (link)
        refs_remove(&link->rooms, room->id);
    if (link && room->is_private)
        refs_remove(&room->links, link->id);
    session_remove_membership(session, room->id);
    records_session(core, session);
    room_emptied(core, room);
}

void session_rename(core_t *core, session_t *session, span_t nick, const name_t *identity)
{
    assert(core && session && identity);
    if (span_equal(nick, session_nick(session)))
        return;
    char was[NAME_BYTES];
    span_t old = {was, session_nick(session).size};
    memcpy(was, session_nick(session).data, old.size);
    lookup_remove(core->identities, &session->by_nick);
    session_set_nick(session, nick, identity);
    lookup_add(core->identities, &session->by_nick, session_identity(session), session);
    records_session(core, session);
    account_t *account = core_account(core, session->account);
    if (account)
        account_rename(core, account, nick, identity);
    verdicts_judge(core, session);
    presence_note_everywhere(core, session, session->state, old, false);
}

void session_end(core_t *core, session_t *session)
{
    assert(core && session);
    allowance_end(core, session);
    account_leave(core, session);
    while (session->membership_count > 0) {
        const membership_t *last = session_memberships(session) + session->membership_count - 1;
        session_leave(core, session, core_room(core, last->room));
    }
    session_detach(core, session);
    whence_leave(core, session);
    deadlines_cancel(core->deadlines, &session->due);
    lookup_remove(core->identities, &session->by_nick);
    records_session_gone(core, session);
    if (session->inbox)
        inbox_close(core, session->inbox);
    uint64_t id = session->id;
    session_fini(session);
    slab_remove(core->sessions, id);
}
