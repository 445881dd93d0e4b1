#include "broker/core/accounts.h"

#include "broker/core/inboxes.h"
#include "broker/core/records.h"
#include "broker/core/room_rights.h"
#include "broker/core/sessions.h"
#include "broker/core/verdicts.h"

#include <assert.h>

account_t *account_find(core_t *core, const name_t *identity)
{
    assert(core && identity);
    return lookup_find(core->accounts_by_nick, name_span(identity));
}

account_t *account_of_nick(core_t *core, span_t nick)
{
    assert(core);
    name_t identity;
    return name_fold(nick, &identity) ? account_find(core, &identity) : NULL;
}

account_t *account_of_uid(const core_t *core, span_t uid)
{
    assert(core);
    return lookup_find(core->accounts_by_uid, uid);
}

bool nick_is_free(core_t *core, const name_t *identity, const session_t *session)
{
    assert(core && identity);
    const session_t *owner = lookup_find(core->identities, name_span(identity));
    const account_t *account = account_find(core, identity);
    bool is_own = account && session && session->account == account->id;
    return (owner == NULL || owner == session) && (account == NULL || is_own);
}

account_t *account_add(core_t *core, span_t nick, const name_t *identity, const char *uid)
{
    assert(core && uid && account_find(core, identity) == NULL);
    uint64_t id;
    bool is_full = slab_count(core->accounts) >= core->settings.accounts_max;
    bool is_there = account_of_uid(core, (span_t){uid, MINT_NAME_CHARS}) != NULL;
    account_t *account = is_full || is_there ? NULL : slab_add(core->accounts, &id);
    if (account == NULL)
        return NULL;
    account->id = id;
    account->role = ROLE_MEMBER;
    memcpy(account->uid, uid, MINT_NAME_CHARS);
    account_set_nick(account, nick, identity);
    lookup_add(core->accounts_by_nick, &account->by_nick, name_span(&account->identity), account);
    lookup_add(core->accounts_by_uid, &account->by_uid, (span_t){account->uid, MINT_NAME_CHARS},
               account);
    return account;
}

void account_bind(core_t *core, account_t *account, session_t *session)
{
    assert(core && account && session && session->account == 0 && account->session == 0);
    assert(span_equal(name_span(&account->identity), session_identity(session)));
    assert(memcmp(account->uid, session->uid, MINT_NAME_CHARS) == 0);
    assert(account->inbox == NULL || session->inbox == NULL);
    account->session = session->id;
    session->account = account->id;
    if (session->inbox)
        account->inbox = session->inbox;
    session->inbox = account->inbox;
    if (session->inbox)
        session->inbox->session = session->id;
}

void account_rename(core_t *core, account_t *account, span_t nick, const name_t *identity)
{
    assert(core && account && identity);
    lookup_remove(core->accounts_by_nick, &account->by_nick);
    account_set_nick(account, nick, identity);
    lookup_add(core->accounts_by_nick, &account->by_nick, name_span(&account->identity), account);
    records_account(core, account);
}

/* Before it leaves them: where it was the last, a room may be forgotten by that. */
static void remember_rooms(core_t *core, account_t *account, const session_t *session)
{
    assert(account->room_count == 0);
    for (unsigned i = 0; i < session->membership_count; i++) {
        room_t *room = core_room(core, session_memberships(session)[i].room);
        account_add_room(account, room->id);
        refs_add(&room->absent, account->id);
    }
}

void account_leave(core_t *core, session_t *session)
{
    assert(core && session);
    account_t *account = core_account(core, session->account);
    if (account == NULL)
        return;
    remember_rooms(core, account, session);
    account->session = account->inbox->session = 0;
    session->account = 0;
    session->inbox = NULL;
    records_account(core, account);
}

/* Out of what it has had so far: another account, or an inbox that ends with a guest. */
static void become_nobody(core_t *core, session_t *session)
{
    account_leave(core, session);
    if (session->inbox == NULL)
        return;
    records_inbox_gone(core, session->inbox);
    inbox_close(core, session->inbox);
    session->inbox = NULL;
}

/* Those that do not fit are left for good. */
static void enter_rooms(core_t *core, account_t *account, session_t *session)
{
    while (account->room_count > 0) {
        room_t *room = core_room(core, account->rooms[account->room_count - 1]);
        account_remove_room(account, room->id);
        refs_remove(&room->absent, account->id);
        if (session->membership_count < LIMIT_ROOMS_PER_SESSION && !room_has(room, session) &&
            !room_bars(core, room, session))
            session_enter(core, session, room);
    }
}

void account_enter(core_t *core, account_t *account, session_t *session)
{
    assert(core && account && session && account->session == 0 && account->inbox);
    become_nobody(core, session);
    memcpy(session->uid, account->uid, MINT_NAME_CHARS);
    session_rename(core, session, account_nick(account), &account->identity);
    account_bind(core, account, session);
    session->inbox_epoch = account->inbox->journal.epoch;
    verdicts_judge(core, session); /* where the nick stayed the same the uid has not */
    room_put_out(core, session);
    enter_rooms(core, account, session);
    records_session(core, session);
    records_account(core, account);
}

void account_end(core_t *core, account_t *account)
{
    assert(core && account && account->session == 0);
    while (account->room_count > 0) {
        room_t *room = core_room(core, account->rooms[account->room_count - 1]);
        account_remove_room(account, room->id);
        refs_remove(&room->absent, account->id);
    }
    records_account_gone(core, account);
    inbox_close(core, account->inbox);
    lookup_remove(core->accounts_by_nick, &account->by_nick);
    lookup_remove(core->accounts_by_uid, &account->by_uid);
    uint64_t id = account->id;
    account_fini(account);
    slab_remove(core->accounts, id);
}

bool account_forget(core_t *core, account_t *account, room_t *room)
{
    assert(core && account && room);
    if (!refs_has(&room->absent, account->id))
        return false;
    account_remove_room(account, room->id);
    refs_remove(&room->absent, account->id);
    records_account(core, account);
    return true;
}

void account_forget_room(core_t *core, room_t *room)
{
    assert(core && room);
    for (size_t i = 0; i < room->absent.count; i++) {
        account_t *account = core_account(core, room->absent.list[i].number);
        account_remove_room(account, room->id);
        records_account(core, account);
    }
    refs_fini(&room->absent);
}

role_t session_role(const core_t *core, const session_t *session)
{
    assert(core && session);
    const account_t *account = core_account(core, session->account);
    return account ? account->role : ROLE_GUEST;
}
