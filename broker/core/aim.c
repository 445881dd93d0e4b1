#include "broker/core/aim.h"

#include "broker/core/accounts.h"
#include "broker/core/audit.h"
#include "broker/core/sessions.h"

#include <assert.h>

enum { SIX_BITS = 64 };

static void aim_at_account(aim_t *aim, verdict_kind_t kind, const account_t *account)
{
    aim->key = KEY_account;
    aim->target = target_account(kind, account->uid);
    aim->name = account_nick(account);
}

static hub_err_t aim_at_nick(core_t *core, span_t nick, verdict_kind_t kind, aim_t *aim)
{
    name_t identity;
    if (!name_fold(nick, &identity))
        return HUB_NICK_INVALID;
    const account_t *account = account_find(core, &identity);
    if (account) {
        aim_at_account(aim, kind, account);
        return HUB_OK;
    }
    const session_t *guest = session_of_nick(core, nick);
    aim->target = target_nick(kind, name_span(&identity));
    aim->name = nick;
    if (guest)
        aim->uid = session_uid(guest);
    return HUB_OK;
}

static hub_err_t aim_at_network(request_t *request, span_t text, verdict_kind_t kind, aim_t *aim)
{
    network_t network;
    request->hint = "a network is an address or a range: 192.0.2.7, 192.0.2.0/24, 2001:db8::/48";
    if (!network_read(text, &network))
        return HUB_BAD_REQUEST;
    request->hint = "of IPv6 one household has a /64: name that, or more";
    if (!network_is_four(network.first) && network.bits > SIX_BITS)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    network_write(&network, aim->text);
    aim->target = target_network(kind, &network);
    aim->name = span_of(aim->text);
    return HUB_OK;
}

static hub_err_t aim_at_key(request_t *request, span_t key, verdict_kind_t kind, aim_t *aim)
{
    request->hint = "a key has 32 bytes";
    if (key.size != PEER_KEY_BYTES)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    aim->target = target_key(kind, key);
    aim->name = key;
    return HUB_OK;
}

static hub_err_t aim_at(core_t *core, request_t *request, verdict_kind_t kind, aim_t *aim)
{
    span_t value = message_span(request->message, aim->key);
    const account_t *account;
    switch (aim->key) {
    case KEY_nick:
        return aim_at_nick(core, value, kind, aim);
    case KEY_network:
        return aim_at_network(request, value, kind, aim);
    case KEY_key:
        return aim_at_key(request, value, kind, aim);
    default:
        account = account_of_nick(core, value);
        request->hint = "nobody has registered that nick";
        if (account == NULL)
            return HUB_NO_SUCH_NICK;
        request->hint = NULL;
        aim_at_account(aim, kind, account);
        return HUB_OK;
    }
}

hub_err_t aim_read(core_t *core, request_t *request, verdict_kind_t kind, aim_t *out)
{
    assert(core && request && out);
    static const key_id_t KEYS[] = {KEY_nick, KEY_account, KEY_key, KEY_network};
    int count = 0;
    *out = (aim_t){.key = KEY_COUNT};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        if (!message_has(request->message, KEYS[i]))
            continue;
        out->key = KEYS[i];
        count++;
    }
    request->hint = "name one of nick, account, key and network";
    if (count != 1)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return aim_at(core, request, kind, out);
}

target_t aim_as_guest(const aim_t *aim, verdict_kind_t kind)
{
    assert(aim && aim->key == KEY_account);
    name_t identity;
    bool is_name = name_fold(aim->name, &identity);
    assert(is_name);
    (void)is_name;
    return target_nick(kind, name_span(&identity));
}

hub_err_t aim_words(const core_t *core, request_t *request, const aim_t *aim, verdict_words_t *out)
{
    assert(core && request && aim && out);
    const message_t *message = request->message;
    bool is_named = aim->key == KEY_nick || aim->key == KEY_account;
    *out = (verdict_words_t){.name = is_named ? aim->name : (span_t){"", 0},
                             .by = audit_by(request),
                             .reason = message_span(message, KEY_reason),
                             .uid = {"", 0},
                             .at_ms = core->now->wall_ms,
                             .until_ms = message_uint(message, KEY_until)};
    request->hint = "until is in the past";
    if (message_has(message, KEY_until) && out->until_ms <= core->now->wall_ms)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}
