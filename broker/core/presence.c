#include "broker/core/presence.h"

#include "broker/core/deliver.h"
#include "broker/core/rooms.h"
#include "broker/core/sessions.h"

#include <assert.h>
#include <czmq.h>

/* What a room gathers at most: more changes than may be named are a count, more bytes than fit a frame
 * are told at once. */
enum {
    SMALLEST = 4,
    CHANGES_KEPT = 64, /* room for more is given back once they are told */
    CHANGES_MAX = 2 * LIMIT_PRESENCE_NAMED_MEMBERS, /* with those superseded */
    EVENT_BYTES = 1024, /* what an event has besides its changes, and a status grown meanwhile */
    CHANGE_BYTES = 64,  /* keys, uid and state of one change */
};

bool presence_is_pending(const room_t *room, const membership_t *membership)
{
    assert(room && membership);
    return membership->noted_pseq == (uint32_t)(room->pseq + 1);
}

static void count_only(room_t *room)
{
    room->is_counted = true;
    room->change_count = room->named_count = 0;
    room->change_bytes = 0;
}

/* Takes superseded changes out of the list, so that it is no longer than what is named. */
static void close_holes(core_t *core, room_t *room)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < room->change_count; i++) {
        if (room->changes[i].is_superseded)
            continue;
        session_t *session = core_session(core, room->changes[i].session);
        membership_t *membership = session ? session_membership(session, room->id) : NULL;
        if (membership && presence_is_pending(room, membership) && membership->noted_at == i)
            membership->noted_at = kept;
        room->changes[kept++] = room->changes[i];
    }
    assert(kept == room->named_count);
    room->change_count = kept;
}

static change_t *add_change(core_t *core, room_t *room)
{
    if (room->change_count == CHANGES_MAX)
        close_holes(core, room);
    if (room->change_count == room->change_capacity) {
        room->change_capacity = room->change_capacity ? 2 * room->change_capacity : SMALLEST;
        room->changes = realloc(room->changes, room->change_capacity * sizeof *room->changes);
        assert(room->changes);
    }
    room->named_count++;
    return &room->changes[room->change_count++];
}

/* Takes the member's earlier change out of the list and hands on what it says beyond the state. */
static void supersede(room_t *room, const membership_t *membership, change_t *next)
{
    assert(membership->noted_at < room->change_count);
    change_t *earlier = &room->changes[membership->noted_at];
    assert(!earlier->is_superseded);
    earlier->is_superseded = true;
    room->named_count--;
    room->change_bytes -= earlier->bytes;
    next->has_status |= earlier->has_status;
    if (earlier->was_size == 0)
        return;
    next->was_size = earlier->was_size;
    memcpy(next->was, earlier->was, earlier->was_size);
}

/* Who is called as before was not renamed. */
static void simplify(change_t *change)
{
    if (span_equal((span_t){change->nick, change->nick_size},
                   (span_t){change->was, change->was_size}))
        change->was_size = 0;
}

static void note_change(core_t *core, room_t *room, membership_t *membership, change_t change)
{
    if (presence_is_pending(room, membership))
        supersede(room, membership, &change);
    simplify(&change);
    room->change_bytes += change.bytes;
    membership->noted_pseq = (uint32_t)(room->pseq + 1);
    change_t *place = add_change(core, room);
    *place = change;
    membership->noted_at = (uint32_t)(place - room->changes);
    if (room->named_count > LIMIT_PRESENCE_NAMED_MEMBERS)
        count_only(room);
}

/* A name before a rename may come from an earlier change that this one supersedes. */
static uint32_t change_bytes(const session_t *session, span_t was)
{
    size_t names = session_nick(session).size + (was.size > 0 ? was.size : NAME_BYTES);
    return (uint32_t)(CHANGE_BYTES + names + session_status(session).size);
}

/* A rename that is not told yet cannot move to the end of the list when its old name has found another
 * owner meanwhile: who goes by names would take the new owner for the old. */
static bool has_handed_on(core_t *core, const room_t *room, const session_t *session,
                          const membership_t *membership)
{
    if (room->is_counted || !presence_is_pending(room, membership))
        return false;
    const change_t *change = &room->changes[membership->noted_at];
    if (change->was_size == 0)
        return false;
    const session_t *owner = session_of_nick(core, (span_t){change->was, change->was_size});
    return owner && owner != session;
}

void presence_note(core_t *core, room_t *room, session_t *session, state_t state, span_t was,
                   bool has_status)
{
    assert(core && room && session && was.size <= NAME_BYTES);
    membership_t *membership = session_membership(session, room->id);
    assert(membership);
    uint32_t bytes = change_bytes(session, was);
    if (has_handed_on(core, room, session, membership) ||
        room->change_bytes + bytes > LIMIT_FRAME_BYTES - EVENT_BYTES)
        presence_flush(core, room);
    if (!room->has_news)
        deadlines_set(core->deadlines, &room->presence_due, DUE_PRESENCE,
                      core->now->mono_ms + PRESENCE_GATHER_MS);
    room->has_news = true;
    if (!room->is_counted && room->members.count > LIMIT_PRESENCE_NAMED_MEMBERS)
        count_only(room);
    if (room->is_counted)
        return;
    span_t nick = session_nick(session);
    change_t change = {.state = state,
                       .session = session->id,
                       .bytes = bytes,
                       .has_status = has_status,
                       .nick_size = (uint8_t)nick.size,
                       .was_size = (uint8_t)was.size};
    memcpy(change.uid, session->uid, sizeof change.uid);
    memcpy(change.nick, nick.data, nick.size);
    if (was.size > 0)
        memcpy(change.was, was.data, was.size);
    note_change(core, room, membership, change);
}

void presence_note_everywhere(core_t *core, session_t *session, state_t state, span_t was,
                              bool has_status)
{
    assert(session);
    for (unsigned i = 0; i < session->membership_count; i++)
        presence_note(core, core_room(core, session_memberships(session)[i].room), session, state,
                      was, has_status);
}

/* A status is told wherever there is one, since a change may supersede the one that told it first, and
 * when it was cleared. */
static bool tells_status(const change_t *change, span_t status)
{
    return change->has_status || (change->state != STATE_GONE && status.size > 0);
}

static void write_change(core_t *core, const change_t *change)
{
    writer_t *writer = &core->writer;
    const session_t *session = core_session(core, change->session);
    span_t status = session ? session_status(session) : (span_t){"", 0};
    bool has_status = tells_status(change, status);
    msgpack_pack_map(&writer->packer, 3u + (change->was_size > 0) + has_status);
    pack_key(writer, KEY_nick);
    pack_span(writer, (span_t){change->nick, change->nick_size});
    pack_key(writer, KEY_uid);
    pack_span(writer, (span_t){change->uid, sizeof change->uid});
    pack_key(writer, KEY_state);
    pack_span(writer, state_name(change->state));
    if (change->was_size > 0) {
        pack_key(writer, KEY_was);
        pack_span(writer, (span_t){change->was, change->was_size});
    }
    if (has_status) {
        pack_key(writer, KEY_status);
        pack_span(writer, status);
    }
}

static bool is_named(const room_t *room)
{
    return !room->is_counted && room->told_count <= LIMIT_PRESENCE_NAMED_MEMBERS &&
           room->members.count <= LIMIT_PRESENCE_NAMED_MEMBERS &&
           room->named_count <= LIMIT_PRESENCE_NAMED_MEMBERS;
}

static void write_changes(core_t *core, const room_t *room)
{
    write_key(&core->writer, KEY_changes);
    msgpack_pack_array(&core->writer.packer, room->named_count);
    for (uint32_t i = 0; i < room->change_count; i++)
        if (!room->changes[i].is_superseded)
            write_change(core, &room->changes[i]);
}

static void drop_list(room_t *room)
{
    free(room->changes);
    room->changes = NULL;
    room->change_capacity = 0;
}

void presence_flush(core_t *core, room_t *room)
{
    assert(core && room);
    if (!room->has_news)
        return;
    room->has_news = false;
    deadlines_cancel(core->deadlines, &room->presence_due);
    room->pseq++;
    writer_t *writer = deliver_begin(core, room, EV_presence);
    write_uint(writer, KEY_pseq, room->pseq);
    write_uint(writer, KEY_at, core->now->wall_ms);
    write_uint(writer, KEY_count, room->members.count);
    if (is_named(room))
        write_changes(core, room);
    else
        core->counters.presence_counts++;
    room->told_count = room->members.count;
    room->is_counted = false;
    room->change_count = room->named_count = 0;
    room->change_bytes = 0;
    if (room->change_capacity > CHANGES_KEPT)
        drop_list(room);
    deliver_end(core, room);
    room_moved(core, room);
}
