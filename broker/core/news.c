#include "broker/core/news.h"

#include "broker/core/deliver.h"
#include "broker/core/room_rights.h"

#include <assert.h>

/* Begins news of the session; in the room, if there is one, which it is in. NULL: it is away. */
static writer_t *begin(core_t *core, const session_t *session, const room_t *room, ev_t ev,
                       span_t by)
{
    assert(room == NULL || room_has(room, session));
    writer_t *writer = event_begin(core, session, ev);
    if (writer && room) {
        write_str(writer, KEY_room, name_span(&room->name));
        write_str(writer, KEY_by, by);
    }
    return writer;
}

void news_muted(core_t *core, const session_t *session, const room_t *room,
                const verdict_t *verdict)
{
    assert(core && session && verdict);
    writer_t *writer = begin(core, session, room, EV_muted, verdict_by(verdict));
    if (writer == NULL)
        return;
    write_uint(writer, KEY_at, verdict->at_ms);
    if (verdict->until_ms > 0)
        write_uint(writer, KEY_until, verdict->until_ms);
    if (verdict->reason_size > 0)
        write_str(writer, KEY_text, verdict_reason(verdict));
    reply_end(core);
}

void news_unmuted(core_t *core, const session_t *session, const room_t *room, span_t by)
{
    assert(core && session);
    if (begin(core, session, room, EV_unmuted, by))
        reply_end(core);
}

void news_role(core_t *core, const session_t *session, const room_t *room, span_t by)
{
    assert(core && session && room);
    writer_t *writer = begin(core, session, room, EV_role, by);
    if (writer == NULL)
        return;
    write_str(writer, KEY_role, standing_name(room_standing(room, session_uid(session))));
    reply_end(core);
}

void news_slow(core_t *core, room_t *room)
{
    assert(core && room);
    write_uint(deliver_begin(core, room, EV_slow), KEY_slow_ms, room->slow_ms);
    deliver_end(core, room);
}
