#include "tests/sim/view.h"

#include "broker/core/state.h"

#include <assert.h>
#include <stdlib.h>

/* The head may have been told before. */
void view_begin(view_t *self, uint32_t device, uint32_t index)
{
    if (self->index != CLIENT_NO_ROOM)
        return;
    if (self->seen == NULL)
        self->seen = calloc(VIEW_MAX, sizeof *self->seen);
    assert(self->seen);
    self->device = device;
    self->index = index;
    self->seen_count = 0;
    self->pseq = self->asked = 0;
    self->is_open = false;
}

void view_end(view_t *self)
{
    self->index = CLIENT_NO_ROOM;
    self->has_position = self->is_by_message = false;
}

void view_fini(view_t *self)
{
    free(self->seen);
    self->seen = NULL;
}

void view_head(view_t *self, int room, uint64_t epoch, uint64_t seq)
{
    if (self->has_position) {
        if (self->is_by_message && self->epoch == epoch && self->first != seq + 1)
            violated("somebody joins room %d at %ju, and hears %ju first", room, (uintmax_t)seq,
                     (uintmax_t)self->first);
        self->is_by_message = false;
        return;
    }
    trace("    device %u follows room %d from (%ju, %ju)", self->device, room, (uintmax_t)epoch,
          (uintmax_t)seq);
    self->has_position = true;
    self->epoch = epoch;
    self->seq = seq;
}

/* --- messages ------------------------------------------------------------------------------------- */

static bool is_next(const view_t *self, uint64_t epoch, uint64_t seq)
{
    if (!self->has_position)
        return true;
    if (epoch == self->epoch)
        return seq == self->seq + 1;
    return epoch > self->epoch && (seq == self->seq + 1 || self->is_open);
}

void view_message(world_t *world, view_t *self, int room, const message_t *event)
{
    uint64_t epoch = message_uint(event, KEY_epoch), seq = message_uint(event, KEY_seq);
    uint64_t text = ledger_number(message_span(event, KEY_text));
    trace("    device %u hears (%ju, %ju) of room %d: text %ju", self->device, (uintmax_t)epoch,
          (uintmax_t)seq, room, (uintmax_t)text);
    if (self->index == CLIENT_NO_ROOM)
        violated("somebody hears room %d, who is not in it", room);
    if (!is_next(self, epoch, seq))
        violated("after (%ju, %ju) of room %d somebody hears (%ju, %ju)", (uintmax_t)self->epoch,
                 (uintmax_t)self->seq, room, (uintmax_t)epoch, (uintmax_t)seq);
    uint64_t stored = ledger_find(room_log(world, room), epoch, seq);
    if (stored != text)
        violated("(%ju, %ju) of room %d is heard as text %ju, where the store has %ju",
                 (uintmax_t)epoch, (uintmax_t)seq, room, (uintmax_t)text, (uintmax_t)stored);
    if (!self->has_position) {
        self->is_by_message = true;
        self->first = seq;
    }
    self->has_position = true;
    self->is_open = false;
    self->epoch = epoch;
    self->seq = seq;
}

/* What is lost has to be too old, or of an epoch that ended. */
void view_lost(world_t *world, view_t *self, int room, uint64_t first, uint64_t last)
{
    const ledger_log_t *log = room_log(world, room);
    const core_settings_t *settings = &world->broker.settings;
    uint64_t head = ledger_head(log);
    uint64_t kept = settings->has_store             ? log->trimmed + 1
                    : head >= settings->ring_events ? head - settings->ring_events + 1
                                                    : 1;
    trace("    device %u loses %ju to %ju of room %d", self->device, (uintmax_t)first,
          (uintmax_t)last, room);
    bool is_ended = self->has_position && world->watch.rooms[room].epoch > self->epoch;
    if (last >= kept && !is_ended)
        violated("%ju to %ju of room %d are said to be lost, and are kept", (uintmax_t)first,
                 (uintmax_t)last, room);
    self->seq = last;
    self->is_open = is_ended;
}

void view_undone(view_t *self, int room, uint64_t first, uint64_t last)
{
    trace("    device %u is told that %ju to %ju of room %d are undone", self->device,
          (uintmax_t)first, (uintmax_t)last, room);
    if (!self->has_position || last != self->seq || first > last)
        violated("%ju to %ju of room %d are undone for somebody who has heard up to %ju",
                 (uintmax_t)first, (uintmax_t)last, room, (uintmax_t)self->seq);
    self->seq = first - 1;
    self->is_open = true;
    if (first == 1)
        self->epoch = 0; /* whatever there is comes again */
}

/* --- presence ------------------------------------------------------------------------------------- */

static seen_t *find(view_t *self, uint64_t uid)
{
    for (uint32_t i = 0; i < self->seen_count; i++)
        if (self->seen[i].uid == uid)
            return &self->seen[i];
    return NULL;
}

static void see(view_t *self, const message_t *person)
{
    uint64_t uid = uid_hash(message_span(person, KEY_uid));
    span_t state = message_span(person, KEY_state);
    seen_t *seen = find(self, uid);
    trace("        %.*s is %.*s", SPAN_ARGS(message_span(person, KEY_nick)), SPAN_ARGS(state));
    if (span_is(state, "gone")) {
        if (seen)
            *seen = self->seen[--self->seen_count];
        return;
    }
    assert(state.size > 0 && self->seen_count < VIEW_MAX);
    if (seen == NULL)
        seen = &self->seen[self->seen_count++];
    *seen = (seen_t){uid, uid_hash(message_span(person, KEY_nick)), state.data[0]};
}

static void see_all(view_t *self, const message_t *message, key_id_t key)
{
    size_t count;
    const msgpack_object *people = message_list(message, key, &count);
    for (size_t i = 0; i < count; i++) {
        message_t person;
        if (message_from_object(&person, &people[i]))
            see(self, &person);
    }
}

void view_presence(view_t *self, const message_t *event)
{
    uint64_t pseq = message_uint(event, KEY_pseq);
    trace("    device %u index %u hears presence at pseq %ju, after %ju", self->device, self->index,
          (uintmax_t)pseq, (uintmax_t)self->pseq);
    if (pseq <= self->pseq)
        return;
    self->pseq = pseq;
    see_all(self, event, KEY_changes);
}

bool view_members(view_t *self, const message_t *reply)
{
    uint64_t pseq = message_uint(reply, KEY_pseq);
    trace("    device %u index %u learns who is there at pseq %ju, after %ju", self->device,
          self->index, (uintmax_t)pseq, (uintmax_t)self->pseq);
    if (pseq < self->pseq)
        return false;
    self->seen_count = 0;
    self->pseq = pseq;
    see_all(self, reply, KEY_members);
    return true;
}

/* --- at the end ----------------------------------------------------------------------------------- */

static void check_person(view_t *self, int room, const session_t *session)
{
    const seen_t *seen = find(self, uid_hash(session_uid(session)));
    if (seen == NULL)
        violated("%.*s is in room %d, and somebody there does not see them",
                 SPAN_ARGS(session_nick(session)), room);
    if (seen->nick != uid_hash(session_nick(session)) ||
        seen->state != state_name(session->state).data[0])
        violated("%.*s is %.*s in room %d, and somebody there sees them otherwise",
                 SPAN_ARGS(session_nick(session)), SPAN_ARGS(state_name(session->state)), room);
}

void view_check_level(world_t *world, const view_t *self, int number)
{
    const core_t *core = world->broker.core;
    const room_t *room = lookup_find(core->rooms_by_name, room_name(number));
    if (room == NULL)
        violated("somebody is in room %d, which is not there", number);
    if (self->has_position && self->seq != room->journal.head)
        violated("room %d ends with (%ju, %ju), and device %u has heard up to (%ju, %ju)", number,
                 (uintmax_t)room->journal.epoch, (uintmax_t)room->journal.head, self->device,
                 (uintmax_t)self->epoch, (uintmax_t)self->seq);
    uint64_t member = 0, id, count = 0;
    while ((id = members_next(&room->members, &member)) != 0) {
        check_person((view_t *)self, number, core_session(core, id));
        count++;
    }
    if (count != self->seen_count)
        violated("%ju are in room %d, and device %u sees %u there at pseq %ju", (uintmax_t)count,
                 number, self->device, self->seen_count, (uintmax_t)self->pseq);
}
