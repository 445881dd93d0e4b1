#include "broker/core/restore_account.h"

#include "broker/core/accounts.h"
#include "broker/core/inboxes.h"
#include "broker/core/restore_session.h"

#include <assert.h>

static hub_err_t open_account(core_t *core, span_t uid, const record_t *record,
                              account_t **out_account)
{
    span_t nick;
    name_t identity;
    if (uid.size != MINT_NAME_CHARS || !record_span(record, "nick", &nick) ||
        !name_fold(nick, &identity) || account_find(core, &identity) || account_of_uid(core, uid))
        return HUB_MALFORMED;
    *out_account = account_add(core, nick, &identity, uid.data);
    return *out_account ? HUB_OK : HUB_FULL;
}

static bool take_secret(const record_t *record, account_t *account)
{
    span_t role, hash;
    if (!record_span(record, "role", &role) || !role_find(role, &account->role) ||
        account->role == ROLE_GUEST || !record_span(record, "hash", &hash) || hash.size == 0 ||
        hash.size >= ACCOUNT_HASH_BYTES)
        return false;
    account_set_hash(account, hash);
    return true;
}

/* Both records have been written in one batch whenever either changed the nick. */
static bool take_session(core_t *core, account_t *account)
{
    session_t *session = lookup_find(core->identities, name_span(&account->identity));
    if (session == NULL)
        return true;
    if (memcmp(session->uid, account->uid, MINT_NAME_CHARS) != 0)
        return false;
    account_bind(core, account, session);
    return true;
}

/* That of the session is taken up already, if it has one. */
static bool take_inbox(core_t *core, const record_t *record, account_t *account)
{
    char name[INBOX_NAME_BYTES];
    if (account->inbox)
        return true;
    inbox_t *inbox = account->inbox = inbox_open(core, account->uid, 1);
    if (!restore_journal(core, inbox_name(account->uid, name), record, &inbox->journal))
        return false;
    session_t *session = core_session(core, account->session);
    if (session == NULL)
        return true;
    session->inbox = inbox;
    session->inbox_epoch = inbox->journal.epoch;
    inbox->session = session->id;
    return true;
}

static bool take_rooms(core_t *core, const record_t *record, account_t *account)
{
    const msgpack_object_array *list;
    if (!record_list(record, "rooms", &list) || list->size > LIMIT_ROOMS_PER_SESSION ||
        (list->size > 0 && account->session))
        return false;
    for (uint32_t i = 0; i < list->size; i++) {
        span_t name;
        room_t *room =
            object_span(&list->ptr[i], &name) ? lookup_find(core->rooms_by_name, name) : NULL;
        if (room == NULL || refs_has(&room->absent, account->id))
            return false;
        account_add_room(account, room->id);
        refs_add(&room->absent, account->id);
    }
    return true;
}

hub_err_t restore_account(core_t *core, span_t uid, const record_t *record)
{
    assert(core && record && core->restore);
    account_t *account;
    hub_err_t err = open_account(core, uid, record, &account);
    if (err != HUB_OK)
        return err;
    bool is_whole = take_secret(record, account) && take_session(core, account) &&
                    take_inbox(core, record, account) && take_rooms(core, record, account);
    return is_whole ? HUB_OK : HUB_MALFORMED;
}
