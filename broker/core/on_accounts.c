/* accounts, account_add, account_remove, account_role, account_password: what operators do to accounts. */
#include "broker/core/accounts.h"
#include "broker/core/audit.h"
#include "broker/core/dispatch.h"
#include "broker/core/hashing.h"
#include "broker/core/inboxes.h"
#include "broker/core/page_token.h"
#include "broker/core/records.h"
#include "broker/core/room_rights.h"
#include "broker/core/sessions.h"

#include <assert.h>

/* The one that is meant; what has waited for a hash means who had the nick when it was asked. */
static hub_err_t find(core_t *core, request_t *request, account_t **out_account)
{
    *out_account = request->hashed
                       ? core_account(core, request->hashed->account)
                       : account_of_nick(core, message_span(request->message, KEY_account));
    request->hint = "nobody has registered that nick";
    if (*out_account == NULL)
        return HUB_NO_SUCH_NICK;
    request->hint = NULL;
    return HUB_OK;
}

static hub_err_t read_role(request_t *request, role_t *out)
{
    *out = ROLE_MEMBER;
    request->hint = "a role is member or operator";
    bool is_known = !message_has(request->message, KEY_role) ||
                    role_find(message_span(request->message, KEY_role), out);
    if (!is_known || *out == ROLE_GUEST)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}

static void write_down(core_t *core, request_t *request, span_t nick)
{
    deed_t deed = {.target = KEY_account, .name = nick};
    audit_add(core, request, &deed);
}

static hub_err_t may_add(core_t *core, request_t *request, name_t *out_identity, role_t *out_role)
{
    hub_err_t err = nick_fold(message_span(request->message, KEY_nick), out_identity);
    if (err != HUB_OK)
        return err;
    if (account_find(core, out_identity))
        return HUB_EXISTS;
    request->hint = "a guest has that nick: kick them first";
    if (!nick_is_free(core, out_identity, NULL))
        return HUB_NICK_TAKEN;
    request->hint = "there are as many accounts as may be";
    if (slab_count(core->accounts) >= core->settings.accounts_max)
        return HUB_FULL;
    err = read_role(request, out_role);
    return err == HUB_OK ? hashing_check(request, KEY_password) : err;
}

hub_err_t on_account_add(core_t *core, request_t *request)
{
    name_t identity;
    role_t role;
    hub_err_t err = may_add(core, request, &identity, &role);
    if (err == HUB_OK && request->hashed == NULL)
        return hashing_ask(core, request, NULL, message_span(request->message, KEY_password),
                           (span_t){0});
    if (err == HUB_OK)
        err = hashing_result(request);
    if (err != HUB_OK)
        return err;
    char uid[MINT_NAME_CHARS];
    mint_name(&core->mint, core->now->entropy, uid);
    span_t nick = message_span(request->message, KEY_nick);
    account_t *account = account_add(core, nick, &identity, uid);
    assert(account); /* there was room */
    account->role = role;
    account->inbox = inbox_open(core, account->uid, core->now->wall_ms / 1000);
    account_set_hash(account, request->hashed->hash);
    records_account(core, account);
    core->counters.accounts_made++;
    write_down(core, request, account_nick(account));
    reply_ok(core, request);
    return HUB_OK;
}

/* Who is in under it is out. */
static void end_session(core_t *core, const account_t *account)
{
    session_t *session = core_session(core, account->session);
    if (session)
        session_kick(core, session, "kicked");
}

hub_err_t on_account_remove(core_t *core, request_t *request)
{
    account_t *account;
    hub_err_t err = find(core, request, &account);
    if (err != HUB_OK)
        return err;
    request->hint = "that is who you are: let another operator do it";
    if (request->session && request->session->account == account->id)
        return HUB_DENIED;
    request->hint = NULL;
    write_down(core, request, account_nick(account));
    end_session(core, account);
    account_end(core, account);
    reply_ok(core, request);
    return HUB_OK;
}

hub_err_t on_account_role(core_t *core, request_t *request)
{
    account_t *account;
    role_t role;
    hub_err_t err = find(core, request, &account);
    if (err == HUB_OK)
        err = read_role(request, &role);
    if (err != HUB_OK)
        return err;
    account->role = role;
    records_account(core, account);
    write_down(core, request, account_nick(account));
    session_t *session = core_session(core, account->session);
    if (session)
        room_put_out(core, session);
    reply_ok(core, request);
    return HUB_OK;
}

hub_err_t on_account_password(core_t *core, request_t *request)
{
    account_t *account;
    hub_err_t err = find(core, request, &account);
    if (err == HUB_OK)
        err = hashing_check(request, KEY_new_password);
    if (err == HUB_OK && request->hashed == NULL)
        return hashing_ask(core, request, account, message_span(request->message, KEY_new_password),
                           (span_t){0});
    if (err == HUB_OK)
        err = hashing_result(request);
    if (err != HUB_OK)
        return err;
    account_set_hash(account, request->hashed->hash);
    records_account(core, account);
    core->counters.passwords_changed++;
    write_down(core, request, account_nick(account));
    if (request->session == NULL || request->session->account != account->id)
        end_session(core, account);
    reply_ok(core, request);
    return HUB_OK;
}

/* --- the list ------------------------------------------------------------------------------------ */

static void pack_account(const core_t *core, writer_t *writer, const account_t *account)
{
    const session_t *session = core_session(core, account->session);
    msgpack_pack_map(&writer->packer, 3u + (session != NULL));
    pack_key(writer, KEY_nick);
    pack_span(writer, account_nick(account));
    pack_key(writer, KEY_uid);
    pack_span(writer, span_of(account->uid));
    pack_key(writer, KEY_role);
    pack_span(writer, role_name(account->role));
    if (session == NULL)
        return;
    pack_key(writer, KEY_state);
    pack_span(writer, state_name(session->state));
}

hub_err_t on_accounts(core_t *core, request_t *request)
{
    enum { PAGE = 200, LONGEST = 128 };
    _Static_assert(PAGE * LONGEST + PAGE_REPLY_BYTES <= LIMIT_FRAME_BYTES, "a page fits a frame");
    uint64_t number;
    hub_err_t err = page_read(request, &number);
    if (err != HUB_OK || number > UINT32_MAX)
        return HUB_BAD_REQUEST;
    const account_t *list[PAGE], *account;
    size_t count = 0, most = page_wanted(request->message, PAGE);
    uint32_t place = (uint32_t)number, behind = place;
    while (count < most && (account = slab_next(core->accounts, &place))) {
        list[count++] = account;
        behind = place;
    }
    place = behind;
    bool has_more = slab_next(core->accounts, &place) != NULL;
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_accounts);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        pack_account(core, writer, list[i]);
    if (has_more)
        page_write_next(writer, behind);
    reply_end(core);
    return HUB_OK;
}
