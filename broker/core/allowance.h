/* broker/core/allowance.h - whether a request may still be asked now.
 *
 * A session pays for its commands, and who goes on without the means is muted, then kicked (flood.h).
 * Requests that need no session are paid for by their link: hello, resume and the link's ping. */
#ifndef BROKER_CORE_ALLOWANCE_H
#define BROKER_CORE_ALLOWANCE_H

#include "broker/core/request.h"

/* Takes what the request costs. HUB_FLOOD, HUB_MUTED: there is not enough, and retry_ms says when there
 * will be; nothing was taken. The request's session may then be about to be kicked: after the answer
 * allowance_punish() is called. */
HUB_MUST_CHECK hub_err_t allowance_take(core_t *core, request_t *request);

/* Gives a new session, which is attached to its link, what it may send at once: less where somebody who has just gone from the same
 * place has spent it (spenders.h). */
void allowance_begin(core_t *core, session_t *session);

/* Remembers what a session has left that is about to end. */
void allowance_end(core_t *core, const session_t *session);

/* Takes what it costs to make something that lasts beyond the session; what makes_t counts is limited per hour and place, where a
 * place is what spenders.h says: else one address could make all there may be. HUB_FLOOD: there is not enough, and retry_ms
 * says when there will be; nothing was taken. Operators may always. */
HUB_MUST_CHECK hub_err_t allowance_make(core_t *core, request_t *request, const session_t *session,
                                        makes_t what);

/* The place that a request comes from, session or not, as a number nobody can foresee; 0: unknown. */
uint64_t allowance_place(const core_t *core, const request_t *request);

/* Kicks the session of a request that was refused too often. */
void allowance_punish(core_t *core, request_t *request);

#endif
