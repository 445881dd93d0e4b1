#include "broker/core/allowance.h"

#include "broker/core/accounts.h"
#include "broker/core/flood.h"
#include "broker/core/links.h"
#include "broker/core/sessions.h"
#include "broker/core/whence.h"

#include <assert.h>

static flood_rules_t rules_of(const core_settings_t *settings)
{
    return (flood_rules_t){settings->flood_refusals, settings->flood_window_ms,
                           settings->flood_mute_ms};
}

static hub_err_t refuse_muted(request_t *request, uint64_t retry_ms)
{
    request->hint = "too many commands, again and again: wait, or the session ends";
    request->retry_ms = retry_ms;
    return HUB_MUTED;
}

static hub_err_t refuse(core_t *core, request_t *request, uint64_t retry_ms, uint64_t muted_ms)
{
    const core_settings_t *settings = &core->settings;
    flood_rules_t rules = rules_of(settings);
    switch (flood_refused(&request->session->flood, &rules, core->now->mono_ms)) {
    case FLOOD_REFUSED:
        request->retry_ms = retry_ms;
        return HUB_FLOOD;
    case FLOOD_MUTED:
        core->counters.sessions_muted += muted_ms == 0;
        return refuse_muted(request, muted_ms ? muted_ms : settings->flood_mute_ms);
    case FLOOD_KICKED:
        request->is_too_much = true;
        return refuse_muted(request, muted_ms);
    }
    return HUB_FLOOD;
}

static hub_err_t take_of_session(core_t *core, request_t *request)
{
    const core_settings_t *settings = &core->settings;
    session_t *session = request->session;
    uint32_t cost = command_row(request->op)->cost;
    if (cost == 0 || settings->rate_per_s == 0)
        return HUB_OK;
    flood_rules_t rules = rules_of(settings);
    uint64_t muted_ms = flood_muted_ms(&session->flood, &rules, core->now->mono_ms);
    if (muted_ms > 0)
        return refuse(core, request, 0, muted_ms);
    uint64_t retry_ms = bucket_spend(&session->allowance, cost, settings->rate_per_s,
                                     settings->rate_burst, core->now->mono_ms);
    if (retry_ms > 0)
        return refuse(core, request, retry_ms, 0);
    flood_served(&session->flood);
    return HUB_OK;
}

/* The broker's own bridge and its operators are not strangers. */
static bool is_trusted(const request_t *request)
{
    return request->is_local || request->is_operator;
}

static hub_err_t take_of_link(core_t *core, request_t *request)
{
    const core_settings_t *settings = &core->settings;
    if (settings->rate_per_s == 0 || settings->greetings_per_s == 0 || is_trusted(request))
        return HUB_OK;
    if (request->link == NULL)
        request->link = link_make(core, request->peer, &request->peer_key);
    if (request->link == NULL)
        return HUB_OK; /* hello will be refused for it, and a ping costs little */
    request->retry_ms = bucket_spend(&request->link->greetings, 1, settings->greetings_per_s,
                                     settings->greetings_burst, core->now->mono_ms);
    if (request->retry_ms == 0)
        return HUB_OK;
    request->hint = "too many hellos and the like on this link; wait";
    core->counters.greetings_refused++;
    return HUB_FLOOD;
}

hub_err_t allowance_take(core_t *core, request_t *request)
{
    assert(core && request);
    return request->session ? take_of_session(core, request) : take_of_link(core, request);
}

/* Where somebody comes from, as a number nobody can foresee: the address that was told, else the link's key, else the link. 0: there
 * is no link any more, and no address was told. */
static uint64_t place_at(const core_t *core, uint32_t address, const peer_key_t *key, uint64_t link)
{
    enum { OF_ADDRESS = 1, OF_LINK = 2 };
    uint64_t place[2] = {OF_ADDRESS, address};
    if (address == 0 && key->is_some)
        return lookup_number(core->whences, peer_key_span(key));
    if (address == 0)
        place[0] = OF_LINK, place[1] = link;
    return place[1] ? lookup_number(core->whences, (span_t){(const char *)place, sizeof place}) : 0;
}

static uint64_t place_of(const core_t *core, const session_t *session)
{
    return place_at(core, session->whence_number, shared_key_get(session->peer_key),
                    session->address.link);
}

uint64_t allowance_place(const core_t *core, const request_t *request)
{
    assert(core && request);
    span_t address = message_span(request->message, KEY_address);
    return request->session ? place_of(core, request->session)
                            : place_at(core, (uint32_t)whence_number(core, address),
                                       &request->peer_key, request->link ? request->link->id : 0);
}

void allowance_begin(core_t *core, session_t *session)
{
    assert(core && session && session->address.link);
    session->allowance =
        spenders_find(&core->spenders, place_of(core, session), session->allowance);
}

void allowance_end(core_t *core, const session_t *session)
{
    assert(core && session);
    uint64_t place = place_of(core, session);
    if (place != 0)
        spenders_note(&core->spenders, place, session->allowance);
}

hub_err_t allowance_make(core_t *core, request_t *request, const session_t *session, makes_t what)
{
    enum { HOUR_S = 3600 };
    assert(core && request && session && what < MAKES);
    const core_settings_t *settings = &core->settings;
    const uint32_t per_h[MAKES] = {
        [MAKES_ROOM] = settings->rooms_made_per_h, [MAKES_ACCOUNT] = settings->accounts_made_per_h};
    uint64_t place = place_of(core, session), now_ms = core->now->mono_ms;
    bool is_free = settings->rate_per_s == 0 || per_h[what] == 0 || place == 0;
    if (is_free || request->is_operator || session_role(core, session) == ROLE_OPERATOR)
        return HUB_OK;
    bucket_t bucket;
    bucket_init(&bucket, per_h[what] * HOUR_S, now_ms);
    bucket = spenders_find(&core->makers[what], place, bucket);
    request->retry_ms = bucket_spend(&bucket, HOUR_S, per_h[what], per_h[what] * HOUR_S, now_ms);
    spenders_note(&core->makers[what], place, bucket);
    if (request->retry_ms == 0)
        return HUB_OK;
    request->hint = what == MAKES_ROOM ? "too many new rooms from where you are: wait"
                                       : "too many new accounts from where you are: wait";
    core->counters.makes_refused++;
    return HUB_FLOOD;
}

void allowance_punish(core_t *core, request_t *request)
{
    assert(core && request);
    if (!request->is_too_much)
        return;
    core->counters.sessions_flooding++;
    session_kick(core, request->session, "flood");
    request->session = NULL;
}
