#include "broker/core/rooms.h"

#include "broker/core/accounts.h"
#include "broker/core/audit.h"
#include "broker/core/deliver.h"
#include "broker/core/presence.h"
#include "broker/core/records.h"

#include <assert.h>

/* How long an invitation may outlive its end where the clock was set forward. */
enum { INVITES_LOOK_MS = 60000 };

hub_err_t rooms_find(core_t *core, span_t name, room_t **out_room)
{
    assert(core && out_room);
    room_t *room =
        name.size > 0 && name.size <= NAME_BYTES ? lookup_find(core->rooms_by_name, name) : NULL;
    if (room == NULL) {
        name_t folded;
        hub_err_t err = room_fold(name, &folded);
        if (err != HUB_OK)
            return err;
        room = lookup_find(core->rooms_by_name, name_span(&folded));
    }
    if (room == NULL)
        return HUB_NO_SUCH_ROOM;
    *out_room = room;
    return HUB_OK;
}

static uint64_t at_least(uint64_t number, uint64_t floor)
{
    return number > floor ? number : floor;
}

static bool is_forgettable(const core_t *core, const room_t *room)
{
    return room->members.count == 0 && room->held == 0 && room->id != core->audit;
}

static void forget(core_t *core, room_t *room)
{
    assert(is_forgettable(core, room));
    presence_flush(core, room);
    core->counters.rooms_forgotten++;
    core->epoch_floor = at_least(core->epoch_floor, room->journal.epoch);
    core->pseq_floor = at_least(core->pseq_floor, room->pseq);
    account_forget_room(core, room);
    records_room_gone(core, room);
    records_broker(core);
    deadlines_cancel(core->deadlines, &room->quiet_due);
    deadlines_cancel(core->deadlines, &room->keep_due);
    deadlines_cancel(core->deadlines, &room->invites_due);
    lookup_remove(core->rooms_by_name, &room->by_name);
    journal_fini(&room->journal, core->journals);
    uint64_t id = room->id;
    room_fini(room);
    slab_remove(core->rooms, id);
}

/* When the directory is full: the room that has been empty and silent longest makes way. Not for its
 * history's price, where a store keeps that. */
static void make_way(core_t *core)
{
    room_t *oldest = NULL, *room;
    if (core->settings.has_store)
        return;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));)
        if (is_forgettable(core, room) && (oldest == NULL || room->moved_ms < oldest->moved_ms))
            oldest = room;
    if (oldest)
        forget(core, oldest);
}

/* Without the log of what operators did, which has a place of its own. */
static size_t room_count(const core_t *core)
{
    return slab_count(core->rooms) - (core->audit != 0);
}

room_t *rooms_add(core_t *core, const name_t *name, bool is_private)
{
    assert(core && name);
    uint64_t id;
    bool has_room = audit_is(name_span(name)) || room_count(core) < core->settings.rooms_max;
    room_t *room = has_room ? slab_add(core->rooms, &id) : NULL;
    if (room == NULL)
        return NULL;
    core->counters.rooms_made++;
    room->id = id;
    room->name = *name;
    room->is_private = is_private;
    room->pseq = at_least(core->now->wall_ms, core->pseq_floor);
    room->moved_ms = core->now->mono_ms;
    journal_init(&room->journal, at_least(core->now->wall_ms / 1000, core->epoch_floor + 1));
    lookup_add(core->rooms_by_name, &room->by_name, name_span(&room->name), room);
    return room;
}

room_t *rooms_make(core_t *core, const name_t *name, bool is_private)
{
    assert(core && name);
    if (!audit_is(name_span(name)) && room_count(core) >= core->settings.rooms_max)
        make_way(core);
    room_t *room = rooms_add(core, name, is_private);
    if (room)
        records_room(core, room);
    return room;
}

void room_moved(core_t *core, room_t *room)
{
    assert(core && room);
    room->moved_ms = core->now->mono_ms;
    if (!deadline_is_set(&room->quiet_due))
        deadlines_set(core->deadlines, &room->quiet_due, DUE_QUIET, room->moved_ms + QUIET_MS);
}

bool room_has_moved(const core_t *core, const room_t *room)
{
    assert(core && room && core->now->mono_ms >= room->moved_ms);
    return core->now->mono_ms - room->moved_ms <= 3 * core->settings.heartbeat_ms;
}

void room_emptied(core_t *core, room_t *room)
{
    assert(core && room);
    const journal_t *journal = &room->journal;
    bool has_store = core->settings.has_store;
    if (!is_forgettable(core, room) || journal->is_trimming)
        return;
    if (journal->head == 0 || (has_store && journal->oldest > journal->head))
        forget(core, room);
    else if (!has_store)
        deadlines_set(core->deadlines, &room->keep_due, DUE_ROOM,
                      core->now->mono_ms + core->settings.room_keep_ms);
}

void room_is_quiet(core_t *core, room_t *room)
{
    assert(core && room);
    /* What waits for the store will move it again; a head held behind that would tell an older number. */
    bool is_busy = room->held > 0;
    uint64_t quiet_ms = (is_busy ? core->now->mono_ms : room->moved_ms) + QUIET_MS;
    if (core->now->mono_ms < quiet_ms) {
        deadlines_set(core->deadlines, &room->quiet_due, DUE_QUIET, quiet_ms);
        return;
    }
    writer_t *writer = deliver_begin(core, room, EV_head);
    write_uint(writer, KEY_epoch, room->journal.epoch);
    write_uint(writer, KEY_seq, room->journal.head);
    write_uint(writer, KEY_pseq, room->pseq);
    deliver_end(core, room);
}

void room_is_old(core_t *core, room_t *room)
{
    assert(core && room);
    if (is_forgettable(core, room))
        forget(core, room);
}

bool rooms_may_remove(const core_t *core, const room_t *room)
{
    assert(core && room && room->members.count == 0);
    return is_forgettable(core, room) && !room->journal.is_trimming;
}

void rooms_remove(core_t *core, room_t *room)
{
    assert(rooms_may_remove(core, room));
    forget(core, room);
}

uint64_t room_closed_ms(const core_t *core, const room_t *room)
{
    assert(core && room);
    uint64_t now_ms = core->now->mono_ms;
    return room->closed_until_ms > now_ms ? room->closed_until_ms - now_ms : 0;
}

void room_watch_invites(core_t *core, room_t *room)
{
    assert(core && room);
    uint64_t next_ms = room_next_invitation_ms(room), wall_ms = core->now->wall_ms;
    if (next_ms == 0) {
        deadlines_cancel(core->deadlines, &room->invites_due);
        return;
    }
    uint64_t wait_ms = next_ms > wall_ms ? next_ms - wall_ms : 0;
    if (wait_ms > INVITES_LOOK_MS)
        wait_ms = INVITES_LOOK_MS; /* the wall clock may be set meanwhile */
    deadlines_set(core->deadlines, &room->invites_due, DUE_INVITES, core->now->mono_ms + wait_ms);
}

void room_invites_end(core_t *core, room_t *room)
{
    assert(core && room);
    if (room_drop_invitations(room, core->now->wall_ms))
        records_room(core, room);
    room_watch_invites(core, room);
}
