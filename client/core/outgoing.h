/* client/core/outgoing.h - a session's requests: in order, at most a window of them in flight, repeated
 * where that helps.
 *
 * A request lives here until its final reply. What is refused for now (retry_ms), lost with the link, or
 * met a broker that does not know the session is sent again with the same bytes, so with the same cid. */
#ifndef CLIENT_CORE_OUTGOING_H
#define CLIENT_CORE_OUTGOING_H

#include "client/core/client_link_state.h"

/* Adds a request at the end; errors as client_link_request(). */
HUB_MUST_CHECK hub_err_t outgoing_add(client_link_t *self, client_session_t *session,
                                      const client_request_t *request, uint64_t now_ms);

/* Sends what may be sent now. */
void outgoing_pump(client_link_t *self, client_session_t *session, uint64_t now_ms);

/* A reply to one of the session's requests. */
void outgoing_answer(client_link_t *self, client_session_t *session, client_item_t *item,
                     const message_t *reply, uint64_t now_ms);

/* The link is lost: nothing is in flight any more. */
void outgoing_link_lost(client_session_t *session);

/* The session has been welcomed by a broker that has taken everything up to `cid`. Where that is less
 * than what was acknowledged, what was sent fails and the rest gets new numbers. */
void outgoing_restart(client_link_t *self, client_session_t *session, uint64_t cid);

/* The session has ended: what was said and not acknowledged fails with HUB_EXPIRED. */
void outgoing_expire(client_link_t *self, client_session_t *session);

/* Every request fails with HUB_EXPIRED. */
void outgoing_fail_all(client_link_t *self, client_session_t *session);

/* Forgets every request without a word. */
void outgoing_drop_all(client_link_t *self, client_session_t *session);

#endif
