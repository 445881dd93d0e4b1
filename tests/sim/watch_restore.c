/* What a broker started anew has to know: all that it ever promised. */
#include "tests/sim/watch.h"

#include "broker/core/state.h"
#include "tests/sim/report.h"

#include <stdio.h>

static const session_t *find_session(const core_t *core, const char *name)
{
    const session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));)
        if (span_is(session_name(session), name))
            return session;
    return NULL;
}

static uint64_t rooms_of(const core_t *core, const session_t *session)
{
    uint64_t rooms = 0;
    for (unsigned i = 0; i < session->membership_count; i++) {
        const room_t *room = core_room(core, session_memberships(session)[i].room);
        int number = room_number(name_span(&room->name));
        rooms |= number >= 0 ? UINT64_C(1) << number : 0;
    }
    return rooms;
}

static void check_session(const watched_session_t *watched, const session_t *session,
                          uint64_t rooms)
{
    if (watched->is_over && !watched->is_kicked)
        violated("%s was over, and is there again", watched->nick);
    if (!watched->was_bound)
        return; /* it may have ended unseen, and that not have been stored yet */
    if (rooms != watched->rooms)
        violated("%s was in rooms %jx, and is in %jx now", watched->nick, (uintmax_t)watched->rooms,
                 (uintmax_t)rooms);
    if (!span_is(session_nick(session), watched->nick))
        violated("%s is called %.*s now", watched->nick, SPAN_ARGS(session_nick(session)));
}

/* cids are taken or refused with the messages, never promised and then not stored. */
static void check_cids(const watched_session_t *watched, const session_t *session)
{
    if (session->cids.highest < watched->cid_answered)
        violated("%s was answered cid %ju, and %ju is the highest that is remembered",
                 watched->nick, (uintmax_t)watched->cid_answered, (uintmax_t)session->cids.highest);
}

static void adopt(watched_session_t *watched, const session_t *session, uint64_t rooms)
{
    watched->is_over = watched->is_unsure = watched->is_kicked = false;
    for (int room = 0; room < ROOMS_MAX; room++)
        if ((rooms >> room & 1) && watched->entered[room] == 0)
            watched->entered[room] = 1;
    watched->rooms = rooms;
    (void)snprintf(watched->nick, sizeof watched->nick, "%.*s", SPAN_ARGS(session_nick(session)));
}

static uint64_t invitations_of(const core_t *core, const session_t *session)
{
    uint64_t rooms = 0;
    const room_t *room;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));) {
        int number = room_number(name_span(&room->name));
        if (number >= 0 && room_is_invited(room, session->id))
            rooms |= UINT64_C(1) << number;
    }
    return rooms;
}

static uint64_t owned_by(const core_t *core, const session_t *session)
{
    uint64_t rooms = 0;
    const room_t *room;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));) {
        int number = room_number(name_span(&room->name));
        if (number >= 0 && room_holder(room, session_uid(session)))
            rooms |= UINT64_C(1) << number;
    }
    return rooms;
}

/* Rooms that are still the ones they were: a private one may have been forgotten unseen. */
static uint64_t same_rooms(const watch_t *self, const core_t *core)
{
    uint64_t rooms = 0;
    for (int number = 0; number < ROOMS_MAX; number++) {
        const room_t *room = lookup_find(core->rooms_by_name, room_name(number));
        if (room && self->rooms[number].is_known &&
            room->journal.epoch == self->rooms[number].epoch)
            rooms |= UINT64_C(1) << number;
    }
    return rooms;
}

static void compare_session(watch_t *self, watched_session_t *watched, const core_t *core,
                            bool is_older)
{
    const session_t *session = find_session(core, watched->name);
    bool is_sure = !watched->is_unsure && !is_older;
    if (session == NULL) {
        if (is_sure && watched->was_bound && !watched->is_over)
            violated("%s was there when the broker died, and is not any more", watched->nick);
        watched->is_over = true;
        return;
    }
    uint64_t rooms = rooms_of(core, session);
    uint64_t invited = invitations_of(core, session);
    if (is_sure)
        check_session(watched, session, rooms);
    if (is_sure && watched->was_bound && (watched->invited & same_rooms(self, core) & ~invited))
        violated("%s was invited to rooms %jx, and is to %jx now", watched->nick,
                 (uintmax_t)watched->invited, (uintmax_t)invited);
    watched->invited = invited;
    watched->owned = owned_by(core, session);
    if (is_older)
        watched->cid_answered = session->cids.highest;
    check_cids(watched, session);
    adopt(watched, session, rooms);
}

static void compare_room(watch_t *self, const core_t *core, int number, bool is_older)
{
    watched_room_t *watched = &self->rooms[number];
    const room_t *room = lookup_find(core->rooms_by_name, room_name(number));
    watched->present_count = 0;
    watched->is_hazy = true;
    watched->moved_ms = 0;
    watched->needs_head = false;
    if (room == NULL) {
        watched->is_known = false;
        return;
    }
    bool is_same = watched->is_known && !is_older && !self->is_unsure;
    if (is_same && watched->is_private != room->is_private)
        violated("room %d was %s", number, room->is_private ? "public" : "private");
    if (is_same && room->journal.epoch < watched->epoch)
        violated("the epoch of room %d goes from %ju to %ju", number, (uintmax_t)watched->epoch,
                 (uintmax_t)room->journal.epoch);
    if (watched->is_known && room->pseq < watched->pseq)
        violated("pseq of room %d goes from %ju to %ju", number, (uintmax_t)watched->pseq,
                 (uintmax_t)room->pseq);
    if (room->journal.head > 0 && room->journal.head != ledger_head(watched->log))
        violated("room %d ends with %ju, and %ju are stored", number, (uintmax_t)room->journal.head,
                 (uintmax_t)ledger_head(watched->log));
    watched->is_known = true;
    watched->is_private = room->is_private;
    watched->epoch = room->journal.epoch;
    watched->head = room->journal.head;
    watched->pseq = room->pseq;
}

void watch_restored(watch_t *self, const core_t *core, bool is_older)
{
    for (uint32_t i = 0; i < self->session_count; i++)
        compare_session(self, &self->sessions[i], core, is_older);
    for (int room = 0; room < ROOMS_MAX; room++)
        compare_room(self, core, room, is_older);
    self->has_failed = false;
}
