/* broker/core/rights.h - who may do what operators may, and what they have forbidden to others. */
#ifndef BROKER_CORE_RIGHTS_H
#define BROKER_CORE_RIGHTS_H

#include "broker/core/request.h"
#include "broker/core/verdicts.h"

/* True if who asks is an operator: by the link (its endpoint, or the key it came under), or by the
 * account that the session is in under. Nothing that the message says changes it. */
bool is_operators(const core_t *core, const request_t *request);

/* The same of a session that asks for nothing now. */
bool is_operators_session(const core_t *core, const session_t *session);

/* HUB_BANNED, with what the operator says as the hint and, where it ends, when: the person may not come in. */
HUB_MUST_CHECK hub_err_t may_enter(core_t *core, request_t *request, const person_t *person);

/* HUB_MUTED: the request's session may not speak. Without retry_ms, or clients would hold it back for hours, and what comes
 * behind it. */
HUB_MUST_CHECK hub_err_t may_speak(core_t *core, request_t *request);

#endif
