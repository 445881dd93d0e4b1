/* client/core/stream.h - a room's events, or an inbox', on their way to the application.
 *
 * What repair.c and replay.c share: which stream it is, whom it goes to, when its hole is looked at. For nobody else. */
#ifndef CLIENT_CORE_STREAM_H
#define CLIENT_CORE_STREAM_H

#include "client/core/client_link_state.h"

/* Of a room or of a session's inbox, the other NULL. Borrowed for one call. */
typedef struct {
    inflow_t *flow;
    client_room_t *room;
    client_session_t *session;
} stream_t;

/* A head on the DEALER may overtake the event on the SUB: so long it may take. */
enum { STREAM_GRACE_MS = 100 };

stream_t stream_of_room(client_room_t *room);
stream_t stream_of_inbox(client_session_t *session);

/* False once a call has made the last one leave. */
bool stream_is_alive(stream_t stream);

/* If events are known to be missing, looks for them at that time or, where a replay is out, when that is answered. */
void stream_watch(client_link_t *self, stream_t stream, uint64_t due_ms);

/* Gives the application an event. The stream may not be alive afterwards. */
void stream_deliver(client_link_t *self, stream_t stream, const message_t *event);

/* The calls lost() and undone(); NULL where the application does not want to know. */
typedef void tell_t(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                    uint64_t last);
void stream_tell(client_link_t *self, tell_t *call, stream_t stream, uint64_t first, uint64_t last);

/* Delivers what was kept and is next now. */
void stream_drain(client_link_t *self, stream_t stream);

#endif
