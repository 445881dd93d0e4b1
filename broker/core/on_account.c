/* register, login, password; and hello's way into an account. */
#include "broker/core/accounts.h"
#include "broker/core/allowance.h"
#include "broker/core/dispatch.h"
#include "broker/core/hashing.h"
#include "broker/core/inboxes.h"
#include "broker/core/links.h"
#include "broker/core/records.h"
#include "broker/core/rights.h"
#include "broker/core/sessions.h"
#include "broker/core/whence.h"

#include <assert.h>

/* The hash of no password of anybody: who asks for a nick that nobody has registered waits as long as who is wrong. */
static const char NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$mHkH1NroIxepKVHNFjAewQ"
                             "$6V1m+tdDPYJOFSIhuG15VffmxCF6DvwhioqfyrazbCs";

enum { FIRST_WAIT_MS = 1000 };

static const char WRONG[] = "that nick and password do not go together";

static hub_err_t refuse(request_t *request)
{
    request->hint = WRONG;
    return HUB_DENIED;
}

/* What the worker answered, as the request's answer. */
static hub_err_t judge(request_t *request)
{
    hub_err_t err = hashing_result(request);
    return err == HUB_DENIED ? refuse(request) : err;
}

/* HUB_OK: that was the account's password, or is to be. */
static hub_err_t judge_of(request_t *request, const account_t *account)
{
    hub_err_t err = judge(request);
    return err == HUB_OK && (account == NULL || !hashing_is_of(request, account)) ? refuse(request)
                                                                                  : err;
}

static const backoff_rule_t PER_NICK = {LIMIT_LOGIN_TRIES, FIRST_WAIT_MS, LIMIT_LOGIN_WAIT_MS};
static const backoff_rule_t PER_ADDRESS = {LIMIT_LOGIN_TRIES_ADDRESS, FIRST_WAIT_MS,
                                           LIMIT_LOGIN_WAIT_MS};

/* Who tries a password, as numbers: for which nick, and from which address. */
typedef struct {
    uint64_t nick;
    uint32_t address; /* 0: unknown */
} tryer_t;

/* A nick that is nobody's counts like one that is. */
static tryer_t tryer_of(const core_t *core, const request_t *request, span_t nick)
{
    name_t identity;
    bool is_nick = name_fold(nick, &identity);
    span_t address = message_span(request->message, KEY_address);
    return (tryer_t){lookup_number(core->accounts_by_nick, is_nick ? name_span(&identity) : nick),
                     request->session ? request->session->whence_number
                                      : (uint32_t)whence_number(core, address)};
}

/* Has the password verified unless too many were wrong. The nick's count goes up before it is known, or many could be
 * tried at a time; where the nick's owner was last they are not kept waiting by what others try elsewhere. */
static hub_err_t try_password(core_t *core, request_t *request, const account_t *account,
                              span_t nick, span_t hash)
{
    tryer_t tryer = tryer_of(core, request, nick);
    uint64_t now_ms = core->now->mono_ms;
    bool is_at_home = account && account->whence != 0 && account->whence == tryer.address;
    uint64_t wait_ms = backoff_wait_ms(&core->wrong_passwords, tryer.address, now_ms);
    uint64_t nick_ms = backoff_wait_ms(&core->wrong_passwords, tryer.nick, now_ms);
    if (nick_ms > wait_ms && !is_at_home)
        wait_ms = nick_ms;
    request->hint = "too many wrong passwords: wait";
    request->retry_ms = wait_ms;
    core->counters.logins_delayed += wait_ms > 0;
    if (wait_ms > 0)
        return HUB_FLOOD;
    request->hint = NULL;
    span_t password = message_span(request->message, KEY_password);
    hub_err_t err = hashing_ask(core, request, account, password, hash);
    if (err == HUB_OK)
        backoff_wrong(&core->wrong_passwords, &PER_NICK, tryer.nick, now_ms);
    return err;
}

/* What was found about the password that was tried. */
static void note_tried(core_t *core, const request_t *request, account_t *account, span_t nick,
                       hub_err_t err)
{
    tryer_t tryer = tryer_of(core, request, nick);
    if (err == HUB_DENIED)
        backoff_wrong(&core->wrong_passwords, &PER_ADDRESS, tryer.address, core->now->mono_ms);
    if (err != HUB_OK)
        return;
    account->whence = tryer.address;
    backoff_right(&core->wrong_passwords, tryer.nick);
}

static void reply_person(core_t *core, const request_t *request, const session_t *session,
                         bool has_heads)
{
    writer_t *writer = reply_begin(core, request);
    write_str(writer, KEY_nick, session_nick(session));
    write_str(writer, KEY_uid, session_uid(session));
    if (has_heads)
        write_heads(core, writer, session);
    if (has_heads)
        write_private_rooms(core, writer, session);
    reply_end(core);
}

static hub_err_t may_register(const core_t *core, request_t *request)
{
    request->hint = "this nick is registered already, and is yours";
    if (request->session->account)
        return HUB_EXISTS;
    request->hint = "this broker takes no more accounts";
    if (slab_count(core->accounts) >= core->settings.accounts_max)
        return HUB_FULL;
    return hashing_check(request, KEY_password);
}

/* Who is told that it is busy has spent nothing. */
static hub_err_t ask_for_hash(core_t *core, request_t *request)
{
    hub_err_t err = hashing_may_ask(core, request);
    if (err == HUB_OK)
        err = allowance_make(core, request, request->session, MAKES_ACCOUNT);
    if (err != HUB_OK)
        return err;
    return hashing_ask(core, request, NULL, message_span(request->message, KEY_password),
                       (span_t){0});
}

hub_err_t on_register(core_t *core, request_t *request)
{
    hub_err_t err = may_register(core, request);
    if (err == HUB_OK && request->hashed == NULL)
        return ask_for_hash(core, request);
    if (err == HUB_OK)
        err = judge(request);
    if (err != HUB_OK)
        return err;
    session_t *session = request->session;
    name_t identity;
    bool is_name = name_fold(session_nick(session), &identity);
    assert(is_name);
    (void)is_name;
    (void)inbox_of(core, session);
    account_t *account = account_add(core, session_nick(session), &identity, session->uid);
    assert(account); /* there was room, and a nick that is had is nobody else's account */
    account_set_hash(account, request->hashed->hash);
    account_bind(core, account, session);
    records_session(core, session);
    records_account(core, account);
    core->counters.accounts_made++;
    reply_person(core, request, session, false);
    return HUB_OK;
}

/* Has the password verified against that of the account of the request's nick, or of nobody. */
static hub_err_t ask_account(core_t *core, request_t *request)
{
    hub_err_t err = hashing_check(request, KEY_password);
    if (err != HUB_OK)
        return refuse(request);
    span_t nick = message_span(request->message, KEY_nick);
    const account_t *account = account_of_nick(core, nick);
    return try_password(core, request, account, nick, span_of(account ? account->hash : NOBODY));
}

/* HUB_OK: *out_account is proven to be the peer's. */
static hub_err_t take_account(core_t *core, request_t *request, account_t **out_account)
{
    span_t nick = message_span(request->message, KEY_nick);
    account_t *account = account_of_nick(core, nick);
    hub_err_t err = judge_of(request, account);
    note_tried(core, request, account, nick, err);
    core->counters.logins_refused += err == HUB_DENIED;
    if (err != HUB_OK)
        return err;
    core->counters.logins++;
    *out_account = account;
    return HUB_OK;
}

/* One session per account: the one that was in ends. */
static void make_way(core_t *core, const account_t *account, const session_t *session)
{
    session_t *other = core_session(core, account->session);
    if (other && other != session)
        session_kick(core, other, "login");
}

hub_err_t on_login(core_t *core, request_t *request)
{
    if (request->hashed == NULL)
        return ask_account(core, request);
    account_t *account;
    hub_err_t err = take_account(core, request, &account);
    if (err != HUB_OK)
        return err;
    session_t *session = request->session;
    person_t person = {.identity = name_span(&account->identity),
                       .uid = {account->uid, MINT_NAME_CHARS}};
    err = may_enter(core, request, &person);
    if (err != HUB_OK)
        return err;
    make_way(core, account, session);
    if (session->account != account->id)
        account_enter(core, account, session);
    reply_person(core, request, session, true);
    return HUB_OK;
}

hub_err_t hello_account(core_t *core, request_t *request, account_t **out_account)
{
    *out_account = NULL;
    request->hint = "hello with a password needs a nick";
    if (!message_has(request->message, KEY_nick))
        return HUB_BAD_REQUEST;
    return request->hashed ? take_account(core, request, out_account) : ask_account(core, request);
}

session_t *hello_as(core_t *core, account_t *account)
{
    make_way(core, account, NULL);
    session_t *session = session_open(core, account_nick(account), &account->identity);
    if (session)
        account_enter(core, account, session);
    return session;
}

static hub_err_t check_change(const core_t *core, request_t *request, account_t **out_account)
{
    *out_account = core_account(core, request->session->account);
    request->hint = "this nick is not registered: there is no password to change";
    if (*out_account == NULL)
        return HUB_DENIED;
    return hashing_check(request, KEY_new_password);
}

/* First the old password is verified, then the new one is hashed; by then the old one must still be the account's. */
hub_err_t on_password(core_t *core, request_t *request)
{
    account_t *account;
    hub_err_t err = check_change(core, request, &account);
    if (err != HUB_OK)
        return err;
    if (request->hashed == NULL)
        return hashing_check(request, KEY_password) == HUB_OK
                   ? try_password(core, request, account, account_nick(account),
                                  span_of(account->hash))
                   : refuse(request);
    bool is_old = !request->hashed->is_made;
    err = judge_of(request, account);
    if (is_old)
        note_tried(core, request, account, account_nick(account), err);
    if (err != HUB_OK)
        return err;
    if (is_old)
        return hashing_ask(core, request, account, message_span(request->message, KEY_new_password),
                           (span_t){0});
    account_set_hash(account, request->hashed->hash);
    records_account(core, account);
    core->counters.passwords_changed++;
    reply_ok(core, request);
    return HUB_OK;
}
