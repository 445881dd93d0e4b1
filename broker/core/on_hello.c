#include "broker/core/dispatch.h"

#include "broker/core/accounts.h"
#include "broker/core/allowance.h"
#include "broker/core/limits.h"
#include "broker/core/links.h"
#include "broker/core/whence.h"
#include "broker/core/sessions.h"
#include "broker/core/presence.h"
#include "broker/core/records.h"
#include "broker/core/rights.h"
#include "broker/core/room_rights.h"
#include "broker/core/rooms.h"

#include <assert.h>

/* The versions that the client speaks have to hold ours. */
static hub_err_t check_version(request_t *request)
{
    const msgpack_object *range = message_object(request->message, KEY_proto);
    uint64_t versions[2];
    if (range == NULL)
        return HUB_OK;
    request->hint = "proto is a list of the lowest and highest version";
    if (!object_numbers(range, versions, 2))
        return HUB_BAD_REQUEST;
    request->hint = "this broker speaks version 1 of the protocol";
    if (versions[0] > PROTO_VERSION || versions[1] < PROTO_VERSION)
        return HUB_UNSUPPORTED;
    request->hint = NULL;
    return HUB_OK;
}

static bool are_strings(const message_t *message, key_id_t key)
{
    size_t count;
    const msgpack_object *list = message_list(message, key, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].type != MSGPACK_OBJECT_STR)
            return false;
    return true;
}

static hub_err_t check_greeting(request_t *request)
{
    hub_err_t err = check_version(request);
    if (err != HUB_OK)
        return err;
    request->hint = "join and caps are lists of strings";
    if (!are_strings(request->message, KEY_join) || !are_strings(request->message, KEY_caps))
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}

/* A guest's name: short while there are few of them. Two letters more after every few collisions. */
static span_t make_guest(core_t *core, char *text, name_t *out_identity)
{
    static const char PREFIX[] = "guest-", HEX[] = "0123456789abcdef";
    enum { TRIES = 4, SHORTEST = 4, LONGEST = 16 };
    memcpy(text, PREFIX, sizeof PREFIX - 1);
    for (int try = 0;; try++) {
        int digits = SHORTEST + 2 * (try / TRIES);
        assert(digits <= LONGEST);
        uint64_t number = mint_number(&core->mint, core->now->entropy);
        char *place = text + sizeof PREFIX - 1;
        for (int i = 0; i < digits; i++, number >>= 4)
            *place++ = HEX[number & 15];
        span_t nick = {text, (size_t)(place - text)};
        hub_err_t err = nick_fold(nick, out_identity);
        assert(err == HUB_OK);
        (void)err;
        if (nick_is_free(core, out_identity, NULL))
            return nick;
    }
}

static hub_err_t choose_nick(core_t *core, request_t *request, char *guest, span_t *out_nick,
                             name_t *out_identity)
{
    if (!message_has(request->message, KEY_nick)) {
        *out_nick = make_guest(core, guest, out_identity);
        return HUB_OK;
    }
    *out_nick = message_span(request->message, KEY_nick);
    hub_err_t err = nick_fold(*out_nick, out_identity);
    if (err != HUB_OK)
        return err;
    if (account_find(core, out_identity))
        request->hint = "that nick is registered: its password is needed";
    return nick_is_free(core, out_identity, NULL) ? HUB_OK : HUB_NICK_TAKEN;
}

static room_t *find_or_make(core_t *core, request_t *request, const session_t *session, span_t name)
{
    room_t *room = NULL;
    name_t folded;
    hub_err_t err = rooms_find(core, name, &room);
    if (err == HUB_NO_SUCH_ROOM && room_fold(name, &folded) == HUB_OK &&
        (span_is(name, LOBBY) || allowance_make(core, request, session, MAKES_ROOM) == HUB_OK))
        room = rooms_make(core, &folded, false);
    if (room && err != HUB_OK)
        room_found(room, session);
    return room;
}

/* Joins what can be joined; the heads in the reply tell which those were. */
static void join_at_once(core_t *core, request_t *request, session_t *session, span_t name)
{
    if (session->membership_count == LIMIT_ROOMS_PER_SESSION)
        return;
    room_t *room = find_or_make(core, request, session, name);
    if (room && room_may_read(room, session) == HUB_OK && !room_has(room, session) &&
        !core_room_is_full(core, room) && !room_bars(core, room, session) &&
        room_closed_ms(core, room) == 0)
        session_enter(core, session, room);
}

static void join_all(core_t *core, request_t *request, session_t *session)
{
    if (!message_has(request->message, KEY_join)) {
        join_at_once(core, request, session, span_of(LOBBY));
        return;
    }
    size_t count;
    const msgpack_object *rooms = message_list(request->message, KEY_join, &count);
    for (size_t i = 0; i < count; i++)
        join_at_once(core, request, session, (span_t){rooms[i].via.str.ptr, rooms[i].via.str.size});
}

/* Where the session's rooms and its inbox stand. */
void write_heads(core_t *core, writer_t *writer, const session_t *session)
{
    write_key(writer, KEY_heads);
    msgpack_pack_map(&writer->packer, session->membership_count + 1u);
    for (unsigned i = 0; i < session->membership_count; i++)
        write_room_head(writer, core_room(core, session_memberships(session)[i].room));
    write_inbox_head(writer, session);
}

/* Which of them are private: a client hears of those over its own link. Left out where none is. */
void write_private_rooms(core_t *core, writer_t *writer, const session_t *session)
{
    uint32_t count = 0;
    const membership_t *memberships = session_memberships(session);
    for (unsigned i = 0; i < session->membership_count; i++)
        count += core_room(core, memberships[i].room)->is_private;
    if (count == 0)
        return;
    write_key(writer, KEY_rooms);
    msgpack_pack_array(&writer->packer, count);
    for (unsigned i = 0; i < session->membership_count; i++) {
        const room_t *room = core_room(core, memberships[i].room);
        if (room->is_private)
            pack_span(writer, name_span(&room->name));
    }
}

static void write_token(core_t *core, writer_t *writer, session_t *session)
{
    uint8_t token[TOKEN_BYTES];
    mint_token(&core->mint, core->now->entropy, session->id, token);
    session_add_token(session, token);
    records_session(core, session);
    write_bin(writer, KEY_token, (span_t){(char *)token, sizeof token});
}

/* What hello and resume answer. */
static void welcome(core_t *core, const request_t *request, session_t *session)
{
    const core_settings_t *settings = &core->settings;
    writer_t *writer = reply_begin(core, request);
    write_str(writer, KEY_nick, session_nick(session));
    write_str(writer, KEY_uid, session_uid(session));
    write_str(writer, KEY_session, session_name(session));
    write_token(core, writer, session);
    write_uint(writer, KEY_version, PROTO_VERSION);
    write_key(writer, KEY_caps);
    msgpack_pack_array(&writer->packer, 0);
    write_uint(writer, KEY_heartbeat_ms, settings->heartbeat_ms);
    write_uint(writer, KEY_idle_ms, settings->idle_ms);
    write_uint(writer, KEY_resume_ms, session->resume_ms);
    write_pub(writer, settings, request);
    limits_write(writer, settings);
    write_heads(core, writer, session);
    write_private_rooms(core, writer, session);
    write_uint(writer, KEY_cid, session->cids.highest);
    reply_end(core);
}

static uint32_t agreed_resume_ms(const core_t *core, const message_t *message)
{
    uint64_t longest = core->settings.resume_ms;
    if (!message_has(message, KEY_resume_ms))
        return (uint32_t)longest;
    uint64_t wanted = message_uint(message, KEY_resume_ms);
    return (uint32_t)(wanted < longest ? wanted : longest);
}

/* The link of the request, made where it is new. NULL: there are too many, or it carries too many. */
static link_t *link_with_room(core_t *core, request_t *request)
{
    if (request->link == NULL)
        request->link = link_make(core, request->peer, &request->peer_key);
    core->counters.full_links += request->link == NULL;
    if (request->link == NULL)
        return NULL;
    bool is_full = request->link->sids.count == LIMIT_SESSIONS_PER_LINK;
    core->counters.full_link += is_full;
    return is_full ? NULL : request->link;
}

/* The sid carries a session already: the same one, by its nick, gets a new token. */
static hub_err_t greet_again(core_t *core, request_t *request)
{
    session_t *session = request->session;
    bool is_same = message_has(request->message, KEY_nick) &&
                   session_of_nick(core, message_span(request->message, KEY_nick)) == session;
    request->hint = "this sid carries another session: say bye there first";
    if (!is_same)
        return HUB_BAD_REQUEST;
    welcome(core, request, session);
    return HUB_OK;
}

/* HUB_FULL: as many as may be are in from that address. Who is in under the account is about to make way. */
static hub_err_t check_origin(core_t *core, request_t *request, const link_t *link,
                              const account_t *account)
{
    const session_t *leaving = account ? core_session(core, account->session) : NULL;
    if (whence_has_room(core, message_span(request->message, KEY_address), link, leaving))
        return HUB_OK;
    core->counters.full_address++;
    request->hint = "there are as many from your address as may be";
    return HUB_FULL;
}

/* The session of somebody new, or of who is in under the account. NULL: there are too many. */
static session_t *open_session(core_t *core, account_t *account, span_t nick,
                               const name_t *identity)
{
    return account ? hello_as(core, account) : session_open(core, nick, identity);
}

/* Where the request comes from, as far as it says. */
static person_t stranger(const request_t *request)
{
    const peer_key_t *key = &request->peer_key;
    person_t person = {.key = key->is_some ? peer_key_span(key) : (span_t){0}};
    person.has_address =
        network_read_peer(message_span(request->message, KEY_address), &person.address);
    return person;
}

static hub_err_t check_bans(core_t *core, request_t *request, const account_t *account,
                            const name_t *identity)
{
    person_t person = stranger(request);
    person.identity = name_span(account ? &account->identity : identity);
    if (account)
        person.uid = (span_t){account->uid, MINT_NAME_CHARS};
    return may_enter(core, request, &person);
}

static hub_err_t greet(core_t *core, request_t *request, account_t *account)
{
    char guest[NAME_BYTES];
    span_t nick = {0};
    name_t identity;
    hub_err_t err = account ? HUB_OK : choose_nick(core, request, guest, &nick, &identity);
    if (err == HUB_OK)
        err = check_bans(core, request, account, &identity);
    if (err != HUB_OK)
        return err;
    link_t *link = link_with_room(core, request);
    if (link == NULL)
        return HUB_FULL;
    err = check_origin(core, request, link, account);
    if (err != HUB_OK)
        return err;
    session_t *session = open_session(core, account, nick, &identity);
    core->counters.full_sessions += session == NULL;
    if (session == NULL)
        return HUB_FULL;
    whence_enter(core, session, message_span(request->message, KEY_address), link);
    session->peer_key = shared_key_hold(link->peer_key);
    session->whence_number =
        (uint32_t)whence_number(core, message_span(request->message, KEY_address));
    session->is_on_operators_link = request->is_operator;
    session->is_kicked_when_idle = message_bool(request->message, KEY_kick);
    session->resume_ms = agreed_resume_ms(core, request->message);
    verdicts_judge(core, session);
    session_attach(core, session, link, request->sid);
    allowance_begin(core, session);
    join_all(core, request, session);
    welcome(core, request, session);
    return HUB_OK;
}

hub_err_t on_hello(core_t *core, request_t *request)
{
    account_t *account = NULL;
    hub_err_t err = check_greeting(request);
    if (err != HUB_OK)
        return err;
    if (request->session)
        return greet_again(core, request);
    request->hint = "this broker has no accounts: leave the password out";
    bool has_password = message_has(request->message, KEY_password);
    if (has_password && core->settings.accounts_max == 0)
        return HUB_UNSUPPORTED;
    request->hint = NULL;
    person_t person = stranger(request);
    err = may_enter(core, request, &person); /* before a password is looked at */
    if (err == HUB_OK && !has_password && core->settings.refuses_guests) {
        request->hint = "there are no guests here: a nick and its password are needed";
        return HUB_DENIED;
    }
    if (err == HUB_OK && has_password)
        err = hello_account(core, request, &account);
    if (err != HUB_OK || request->is_put_aside)
        return err;
    return greet(core, request, account);
}

/* Tells the old link, if there is one and it is another place, that the session went on. */
static void take_over(core_t *core, const request_t *request, session_t *session)
{
    bool is_here = request->session == session;
    writer_t *writer = is_here ? NULL : event_begin(core, session, EV_kicked);
    if (writer) {
        write_str(writer, KEY_reason, span_of("resumed"));
        reply_end(core);
    }
    session_detach(core, session);
}

hub_err_t on_resume(core_t *core, request_t *request)
{
    hub_err_t err = check_greeting(request);
    if (err != HUB_OK)
        return err;
    span_t token = message_span(request->message, KEY_token);
    if (token.size != TOKEN_BYTES)
        return HUB_EXPIRED;
    const uint8_t *bytes = (const uint8_t *)token.data;
    session_t *session = core_session(core, mint_token_owner(bytes));
    request->hint = "this sid carries another session: say bye there first";
    if (request->session && request->session != session)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    if (session == NULL || !session_has_token(session, bytes) ||
        !peer_key_equal(shared_key_get(session->peer_key), &request->peer_key))
        return HUB_EXPIRED;
    person_t person = person_of(session);
    err = may_enter(core, request, &person);
    if (err != HUB_OK)
        return err;
    if (request->session == NULL && link_with_room(core, request) == NULL)
        return HUB_FULL;
    session_use_token(session, bytes);
    core->counters.sessions_resumed++;
    take_over(core, request, session);
    session->is_on_operators_link = request->is_operator;
    session_attach(core, session, request->link, request->sid);
    welcome(core, request, session);
    return HUB_OK;
}

hub_err_t on_bye(core_t *core, request_t *request)
{
    core->counters.sessions_left++;
    session_end(core, request->session);
    request->session = NULL;
    reply_ok(core, request);
    return HUB_OK;
}
