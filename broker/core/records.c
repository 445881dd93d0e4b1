#include "broker/core/records.h"

#include "broker/core/record.h"
#include "broker/core/whence.h"

#include <assert.h>

/* How long to wait before trying again by ourselves what the store could not take. */
enum { RETRY_MS = 1000 };

void records_fini(records_t *self)
{
    assert(self);
    numbers_fini(&self->sessions);
    numbers_fini(&self->rooms);
    numbers_fini(&self->accounts);
    numbers_fini(&self->verdicts);
    buffer_fini(&self->scratch);
    buffer_fini(&self->removals);
}

/* Somebody waits for it: it is written at the end of this turn. */
static void mark(core_t *core)
{
    core->records.is_waited_for = true;
    core->has_changed = true;
}

static void add_session(core_t *core, session_t *session)
{
    if (session->is_dirty)
        return;
    session->is_dirty = true;
    numbers_add(&core->records.sessions, session->id);
}

static void add_room(core_t *core, room_t *room)
{
    if (room->is_dirty)
        return;
    room->is_dirty = true;
    numbers_add(&core->records.rooms, room->id);
}

static void add_account(core_t *core, account_t *account)
{
    if (account->is_dirty)
        return;
    account->is_dirty = true;
    numbers_add(&core->records.accounts, account->id);
}

static void add_verdict(core_t *core, verdict_t *verdict)
{
    if (verdict->is_dirty)
        return;
    verdict->is_dirty = true;
    numbers_add(&core->records.verdicts, verdict->id);
}

void records_session(core_t *core, session_t *session)
{
    assert(core && session);
    if (!core->settings.has_store)
        return;
    mark(core);
    add_session(core, session);
}

void records_room(core_t *core, room_t *room)
{
    assert(core && room);
    if (!core->settings.has_store)
        return;
    mark(core);
    add_room(core, room);
}

void records_account(core_t *core, account_t *account)
{
    assert(core && account);
    if (!core->settings.has_store)
        return;
    mark(core);
    add_account(core, account);
}

void records_verdict(core_t *core, verdict_t *verdict)
{
    assert(core && verdict);
    if (!core->settings.has_store)
        return;
    mark(core);
    add_verdict(core, verdict);
}

void records_broker(core_t *core)
{
    assert(core);
    if (!core->settings.has_store)
        return;
    mark(core);
    core->records.is_broker_dirty = true;
}

static void emit_removal(core_t *core, span_t key, span_t log)
{
    if (key.size > 0)
        outbox_put(core->out, core->pipeline.batch, key, (span_t){0});
    if (log.size > 0)
        outbox_erase(core->out, core->pipeline.batch, log);
}

/* Removes a record and, where it has a name, a log: at once, since a room of the same name may be made and
 * spoken in within this very turn. Both are remembered, for the case that the store cannot: a byte each
 * for their sizes, then they themselves. */
static void remove_now(core_t *core, span_t key, span_t log)
{
    assert(key.size <= UINT8_MAX && log.size <= UINT8_MAX);
    emit_removal(core, key, log);
    buffer_t *removals = &core->records.removals;
    char *place = buffer_extend(removals, 2 + key.size + log.size);
    assert(place);
    place[0] = (char)key.size;
    place[1] = (char)log.size;
    memcpy(place + 2, key.data, key.size);
    if (log.size > 0)
        memcpy(place + 2 + key.size, log.data, log.size);
}

typedef void on_removal_t(core_t *core, span_t key, span_t log);

static void each_removal(core_t *core, on_removal_t *on_removal)
{
    const buffer_t *removals = &core->records.removals;
    for (size_t i = 0; i < removals->size;) {
        span_t key = {removals->data + i + 2, (uint8_t)removals->data[i]};
        span_t log = {key.data + key.size, (uint8_t)removals->data[i + 1]};
        on_removal(core, key, log);
        i += 2 + key.size + log.size;
    }
}

static void hold_removal(core_t *core, span_t key, span_t log)
{
    buffer_t *bytes = &core->pipeline.bytes;
    held_t held = {.kind = HELD_REMOVAL,
                   .offset = pipeline_mark(&core->pipeline),
                   .topic_size = (uint32_t)key.size};
    bool has_room = buffer_append(bytes, key.data, key.size);
    if (log.size > 0)
        has_room = has_room && buffer_append(bytes, log.data, log.size);
    assert(has_room);
    (void)has_room;
    pipeline_hold(&core->pipeline, held);
}

void records_session_gone(core_t *core, const session_t *session)
{
    assert(core && session);
    if (!core->settings.has_store)
        return;
    mark(core);
    char key[RECORD_KEY_BYTES], log[INBOX_NAME_BYTES];
    bool has_log = session->inbox && session->inbox->journal.tail > 0;
    remove_now(core, record_session_key(session, key),
               has_log ? inbox_name(session->uid, log) : (span_t){0});
}

void records_account_gone(core_t *core, const account_t *account)
{
    assert(core && account);
    if (!core->settings.has_store)
        return;
    mark(core);
    char key[RECORD_KEY_BYTES], log[INBOX_NAME_BYTES];
    bool has_log = account->inbox->journal.tail > 0;
    remove_now(core, record_account_key(account, key),
               has_log ? inbox_name(account->uid, log) : (span_t){0});
}

void records_inbox_gone(core_t *core, const inbox_t *inbox)
{
    assert(core && inbox);
    if (!core->settings.has_store || inbox->journal.tail == 0)
        return;
    mark(core);
    char log[INBOX_NAME_BYTES];
    remove_now(core, (span_t){"", 0}, inbox_name(inbox->uid, log));
}

void records_room_gone(core_t *core, const room_t *room)
{
    assert(core && room);
    if (!core->settings.has_store)
        return;
    mark(core);
    char key[RECORD_KEY_BYTES];
    remove_now(core, record_room_key(room, key),
               room->journal.tail > 0 ? name_span(&room->name) : (span_t){0});
}

void records_verdict_gone(core_t *core, const verdict_t *verdict)
{
    assert(core && verdict);
    if (!core->settings.has_store)
        return;
    mark(core);
    char key[RECORD_KEY_BYTES];
    remove_now(core, record_verdict_key(verdict, key), (span_t){0});
}

/* --- writing ------------------------------------------------------------------------------------ */

static void put(core_t *core, span_t key, record_kind_t kind, uint64_t owner)
{
    outbox_put(core->out, core->pipeline.batch, key, buffer_span(&core->records.scratch));
    pipeline_hold(&core->pipeline, (held_t){.kind = HELD_RECORD,
                                            .offset = pipeline_mark(&core->pipeline),
                                            .owner = owner,
                                            .record = kind});
}

static void write_session(core_t *core, uint64_t id)
{
    session_t *session = core_session(core, id);
    if (session == NULL || !session->is_dirty)
        return; /* ended since */
    session->is_dirty = false;
    const room_t *rooms[LIMIT_ROOMS_PER_SESSION];
    for (unsigned i = 0; i < session->membership_count; i++)
        rooms[i] = core_room(core, session_memberships(session)[i].room);
    char key[RECORD_KEY_BYTES];
    buffer_clear(&core->records.scratch);
    record_write_session(&core->records.scratch, session, rooms, whence_place(session));
    put(core, record_session_key(session, key), RECORD_OF_SESSION, id);
}

static void write_room(core_t *core, uint64_t id)
{
    room_t *room = core_room(core, id);
    if (room == NULL || !room->is_dirty)
        return;
    room->is_dirty = false;
    char key[RECORD_KEY_BYTES];
    buffer_clear(&core->records.scratch);
    record_write_room(&core->records.scratch, room);
    put(core, record_room_key(room, key), RECORD_OF_ROOM, id);
}

static void write_account(core_t *core, uint64_t id)
{
    account_t *account = core_account(core, id);
    if (account == NULL || !account->is_dirty)
        return;
    account->is_dirty = false;
    const room_t *rooms[LIMIT_ROOMS_PER_SESSION];
    for (uint32_t i = 0; i < account->room_count; i++)
        rooms[i] = core_room(core, account->rooms[i]);
    char key[RECORD_KEY_BYTES];
    buffer_clear(&core->records.scratch);
    record_write_account(&core->records.scratch, account, rooms);
    put(core, record_account_key(account, key), RECORD_OF_ACCOUNT, id);
}

static void write_verdict(core_t *core, uint64_t id)
{
    verdict_t *verdict = slab_find(core->verdicts, id);
    if (verdict == NULL || !verdict->is_dirty)
        return;
    verdict->is_dirty = false;
    char key[RECORD_KEY_BYTES];
    buffer_clear(&core->records.scratch);
    record_write_verdict(&core->records.scratch, verdict);
    put(core, record_verdict_key(verdict, key), RECORD_OF_VERDICT, id);
}

static void write_broker(core_t *core)
{
    core->records.is_broker_dirty = false;
    buffer_clear(&core->records.scratch);
    record_write_broker(&core->records.scratch,
                        &(broker_record_t){core->epoch_floor, core->pseq_floor});
    static const char KEY[] = {RECORD_BROKER};
    put(core, (span_t){KEY, sizeof KEY}, RECORD_OF_BROKER, 0);
}

static bool has_any(const records_t *self)
{
    return self->sessions.count > 0 || self->rooms.count > 0 || self->accounts.count > 0 ||
           self->verdicts.count > 0 || self->is_broker_dirty || self->removals.size > 0;
}

/* Worth a batch of its own, or there is one anyway. */
static bool is_time(const core_t *core)
{
    const records_t *records = &core->records;
    return records->is_waited_for || core->pipeline.is_open ||
           (has_any(records) && core->now->mono_ms >= records->retry_ms);
}

void records_write(core_t *core)
{
    assert(core);
    records_t *records = &core->records;
    if (!is_time(core))
        return;
    if (has_any(records))
        core->pipeline.is_open = true;
    for (size_t i = 0; i < records->rooms.count; i++)
        write_room(core, records->rooms.list[i]);
    for (size_t i = 0; i < records->sessions.count; i++)
        write_session(core, records->sessions.list[i]);
    for (size_t i = 0; i < records->accounts.count; i++)
        write_account(core, records->accounts.list[i]);
    for (size_t i = 0; i < records->verdicts.count; i++)
        write_verdict(core, records->verdicts.list[i]);
    if (records->is_broker_dirty)
        write_broker(core);
    each_removal(core, hold_removal);
    buffer_clear(&records->removals);
    numbers_clear(&records->rooms);
    numbers_clear(&records->sessions);
    numbers_clear(&records->accounts);
    numbers_clear(&records->verdicts);
    records->is_waited_for = false;
}

/* --- after a failure ----------------------------------------------------------------------------- */

void records_void(core_t *core)
{
    assert(core);
    each_removal(core, emit_removal);
}

static void remove_again(core_t *core, const held_t *held)
{
    span_t bytes = pipeline_span(&core->pipeline, held);
    remove_now(core, (span_t){bytes.data, held->topic_size},
               (span_t){bytes.data + held->topic_size, bytes.size - held->topic_size});
}

void records_again(core_t *core, const held_t *held)
{
    assert(core && held);
    if (held->kind == HELD_REMOVAL) {
        remove_again(core, held);
        return;
    }
    assert(held->kind == HELD_RECORD);
    session_t *session = held->record == RECORD_OF_SESSION ? core_session(core, held->owner) : NULL;
    room_t *room = held->record == RECORD_OF_ROOM ? core_room(core, held->owner) : NULL;
    account_t *account = held->record == RECORD_OF_ACCOUNT ? core_account(core, held->owner) : NULL;
    verdict_t *verdict =
        held->record == RECORD_OF_VERDICT ? slab_find(core->verdicts, held->owner) : NULL;
    if (session)
        add_session(core, session);
    if (verdict)
        add_verdict(core, verdict);
    if (account)
        add_account(core, account);
    if (room)
        add_room(core, room);
    if (held->record == RECORD_OF_BROKER)
        core->records.is_broker_dirty = true;
}

void records_retry_later(core_t *core)
{
    assert(core);
    records_t *records = &core->records;
    if (!has_any(records))
        return;
    records->retry_ms = core->now->mono_ms + RETRY_MS;
    deadlines_set(core->deadlines, &records->due, DUE_RECORDS, records->retry_ms);
}
