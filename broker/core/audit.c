#include "broker/core/audit.h"

#include "broker/core/deliver.h"
#include "broker/core/rooms.h"

#include <assert.h>

bool audit_is(span_t log)
{
    return span_is(log, AUDIT_ROOM);
}

room_t *audit_room(const core_t *core)
{
    assert(core);
    return core->audit ? core_room(core, core->audit) : NULL;
}

static room_t *room_or_make(core_t *core)
{
    static const name_t NAME = {sizeof AUDIT_ROOM - 1, AUDIT_ROOM};
    room_t *room = audit_room(core);
    if (room == NULL)
        room = rooms_make(core, &NAME, true);
    if (room)
        core->audit = room->id;
    return room;
}

span_t audit_by(const request_t *request)
{
    assert(request);
    if (request->session)
        return session_nick(request->session);
    return span_of(AUDIT_NOBODY);
}

static void write_text(writer_t *writer, key_id_t key, span_t text)
{
    if (text.size > 0)
        write_str(writer, key, text);
}

static void write_deed(writer_t *writer, const request_t *request, const deed_t *deed)
{
    const message_t *message = request->message;
    write_str(writer, KEY_by, audit_by(request));
    if (request->peer_key.is_some)
        write_bin(writer, KEY_by_key, peer_key_span(&request->peer_key));
    write_str(writer, KEY_op, command_row(request->op)->name);
    if (deed->target == KEY_key)
        write_bin(writer, KEY_key, deed->name);
    else if (deed->target != KEY_COUNT)
        write_text(writer, deed->target, deed->name);
    write_text(writer, KEY_in, deed->room);
    write_text(writer, KEY_role, message_span(message, KEY_role));
    write_text(writer, KEY_reason, message_span(message, KEY_reason));
    if (message_has(message, KEY_until))
        write_uint(writer, KEY_until, message_uint(message, KEY_until));
    if (deed->count > 0)
        write_uint(writer, KEY_count, deed->count);
}

void audit_add(core_t *core, request_t *request, const deed_t *deed)
{
    assert(core && request && deed);
    room_t *room = room_or_make(core);
    if (room == NULL)
        return;
    held_t held;
    write_deed(deliver_begin_stored(core, room, EV_audit, &held), request, deed);
    deliver_end_stored(core, room, held);
    core->has_changed = true;
}
