#include "broker/core/rights.h"

#include "broker/core/accounts.h"

#include <assert.h>

bool is_operators(const core_t *core, const request_t *request)
{
    assert(core && request);
    return request->is_operator ||
           (request->session && session_role(core, request->session) == ROLE_OPERATOR);
}

bool is_operators_session(const core_t *core, const session_t *session)
{
    assert(core && session);
    return session->is_on_operators_link || session_role(core, session) == ROLE_OPERATOR;
}

hub_err_t may_enter(core_t *core, request_t *request, const person_t *person)
{
    assert(core && request && person);
    const verdict_t *verdict = verdicts_hit(core, VERDICT_BAN, person);
    if (verdict == NULL)
        return HUB_OK;
    core->counters.banned++;
    request->hint = verdict->reason_size > 0 ? verdict->reason : NULL;
    request->retry_ms = verdict->until_ms ? verdict->until_ms - core->now->wall_ms : 0;
    return HUB_BANNED;
}

hub_err_t may_speak(core_t *core, request_t *request)
{
    assert(core && request && request->session);
    request->hint = "an operator lets you read here but not speak";
    if (verdicts_is_muted(core, request->session))
        return HUB_MUTED;
    request->hint = NULL;
    return HUB_OK;
}
