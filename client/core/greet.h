/* client/core/greet.h - hello and resume, a bounded number at a time.
 *
 * WAITING -> GREETING -> READY, or REFUSED, or WAITING again after retry_ms. A session that has a token
 * resumes; one whose token has expired says hello again under its nick and with its rooms. */
#ifndef CLIENT_CORE_GREET_H
#define CLIENT_CORE_GREET_H

#include "client/core/client_link_state.h"

/* The session waits for its turn. */
void greet_enqueue(client_link_t *self, client_session_t *session);

/* The broker does not know the session on this link (any more): its turn comes again. */
void greet_again(client_link_t *self, client_session_t *session);

/* Sends what may be sent. */
void greet_pump(client_link_t *self, uint64_t now_ms);

/* The answer to a session's hello or resume. `reply` may be an error. */
void greet_answer(client_link_t *self, client_session_t *session, const message_t *reply,
                  uint64_t now_ms);

/* The session leaves while its greeting is in flight. */
void greet_cancel(client_link_t *self, const client_session_t *session);

#endif
