/* broker/core/aim.h - whom an operator's request means. */
#ifndef BROKER_CORE_AIM_H
#define BROKER_CORE_AIM_H

#include "broker/core/request.h"
#include "broker/core/verdict.h"

typedef struct {
    key_id_t key; /* KEY_nick, KEY_account, KEY_key or KEY_network: what the request has */
    target_t target;
    span_t
        name; /* as it was written: a nick, an account's own, the key's bytes, the network's shortest text */
    span_t uid; /* of a guest of that nick who is here; else empty */
    char text[NETWORK_CHARS + 1];
} aim_t;

/* Reads whom a verdict of that kind is meant for; a nick that is registered is its account. Spans in *out are borrowed
 * from the request, the core and *out itself. HUB_BAD_REQUEST, with a hint: not exactly one of the four, or no network,
 * or an IPv6 network of less than a /64, which one household has. HUB_NO_SUCH_NICK: there is no such account.
 * HUB_NICK_INVALID: nobody can be called that. */
HUB_MUST_CHECK hub_err_t aim_read(core_t *core, request_t *request, verdict_kind_t kind,
                                  aim_t *out);

/* The target that an account's nick was before it was registered: a verdict may be on that still. */
target_t aim_as_guest(const aim_t *aim, verdict_kind_t kind);

/* What the request says of a verdict on *aim; `uid` is for the caller. Spans in *out are borrowed from the request and
 * *aim. HUB_BAD_REQUEST, with a hint: it would end in the past. */
HUB_MUST_CHECK hub_err_t aim_words(const core_t *core, request_t *request, const aim_t *aim,
                                   verdict_words_t *out);

#endif
