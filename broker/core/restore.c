#include "broker/core/restore.h"

#include "broker/core/inboxes.h"
#include "broker/core/notes.h"
#include "broker/core/record.h"
#include "broker/core/records.h"
#include "broker/core/restore_account.h"
#include "broker/core/restore_room.h"
#include "broker/core/restore_session.h"
#include "broker/core/restore_verdict.h"
#include "broker/core/retention.h"
#include "broker/core/audit.h"
#include "broker/core/rooms.h"
#include "broker/core/verdicts.h"

#include <assert.h>
#include <czmq.h>

/* --- logs --------------------------------------------------------------------------------------- */

static void stored_log_destroy(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

static restore_t *begun(core_t *core)
{
    if (core->restore == NULL) {
        core->restore = zmalloc(sizeof *core->restore);
        core->restore->logs = zlistx_new();
        zlistx_set_destructor(core->restore->logs, stored_log_destroy);
        core->restore->by_name = lookup_like(core->rooms_by_name);
    }
    return core->restore;
}

void restore_fini(core_t *core)
{
    assert(core);
    if (core->restore == NULL)
        return;
    lookup_destroy(&core->restore->by_name);
    zlistx_destroy(&core->restore->logs);
    numbers_fini(&core->restore->sessions);
    free(core->restore);
    core->restore = NULL;
}

static void broken(core_t *core, hub_err_t err)
{
    if (core->restored == HUB_OK)
        core->restored = err;
}

void restore_log(core_t *core, const log_state_t *state)
{
    assert(core && state);
    restore_t *restore = begun(core);
    stored_log_t *log = zmalloc(sizeof *log);
    zlistx_add_end(restore->logs, log);
    log->state = *state;
    if (state->log.size == 0 || state->log.size > sizeof log->name || state->oldest == 0 ||
        state->oldest > state->head + 1 || lookup_find(restore->by_name, state->log)) {
        broken(core, HUB_MALFORMED);
        return;
    }
    memcpy(log->name, state->log.data, state->log.size);
    log->state.log = (span_t){log->name, state->log.size};
    lookup_add(restore->by_name, &log->by_name, log->state.log, log);
}

/* Reads the epochs of a record, ascending, and returns how many there are; 0: they make no sense. */
static uint32_t read_epochs(const record_t *record, epoch_t *out_epochs)
{
    const msgpack_object_array *list;
    epoch_t last = {0, 0};
    if (!record_list(record, "epochs", &list) || list->size < 2 || list->size > 2 * EPOCHS_MAX ||
        list->size % 2 != 0)
        return 0;
    for (uint32_t i = 0; i < list->size / 2; i++) {
        const msgpack_object *pair = &list->ptr[2 * (size_t)i];
        if (pair[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
            pair[1].type != MSGPACK_OBJECT_POSITIVE_INTEGER || pair[0].via.u64 <= last.epoch ||
            pair[0].via.u64 > INT64_MAX || pair[1].via.u64 < last.first || pair[1].via.u64 == 0)
            return 0;
        out_epochs[i] = last = (epoch_t){pair[0].via.u64, pair[1].via.u64};
    }
    return list->size / 2;
}

bool restore_journal(core_t *core, span_t name, const record_t *record, journal_t *out)
{
    assert(core && record && out);
    epoch_t epochs[EPOCHS_MAX] = {{0}};
    uint32_t count = read_epochs(record, epochs);
    stored_log_t *log = lookup_find(begun(core)->by_name, name);
    uint64_t head = log ? log->state.head : 0;
    if (count == 0 || epochs[count - 1].first > head + 1)
        return false;
    journal_init(out, epochs[0].epoch);
    out->epoch_first = epochs[0].first;
    for (uint32_t i = 1; i < count; i++) {
        epochs_begin(&out->epochs, epochs[i - 1], epochs[i]);
        out->epoch = epochs[i].epoch;
        out->epoch_first = epochs[i].first;
    }
    if (log) {
        log->is_taken = true;
        journal_restore(out, &log->state);
    }
    return true;
}

/* --- records ------------------------------------------------------------------------------------ */

/* An older record does not say until when. */
static bool restore_invited(const record_t *record, room_t *room)
{
    const msgpack_object_array *list, *until = NULL;
    if (!record_list(record, "invited", &list) || list->size > LIMIT_INVITES_PER_ROOM ||
        (record_list(record, "invited_until", &until) && until->size != list->size))
        return false;
    for (uint32_t i = 0; i < list->size; i++) {
        const msgpack_object *session = &list->ptr[i], *end = until ? &until->ptr[i] : NULL;
        if (session->type != MSGPACK_OBJECT_POSITIVE_INTEGER || session->via.u64 == 0 ||
            (end && end->type != MSGPACK_OBJECT_POSITIVE_INTEGER))
            return false;
        if (room->is_private &&
            room_invite(room, session->via.u64, end ? end->via.u64 : 0) != HUB_OK)
            return false;
    }
    return true;
}

static bool read_room_name(span_t key, name_t *out)
{
    if (!audit_is(key))
        return name_fold(key, out) && span_equal(name_span(out), key);
    *out = (name_t){.size = (uint8_t)key.size};
    memcpy(out->text, key.data, key.size);
    return true;
}

static hub_err_t restore_room(core_t *core, span_t key, const record_t *record)
{
    name_t name;
    bool is_private;
    if (!read_room_name(key, &name) || lookup_find(core->rooms_by_name, key) ||
        !record_bool(record, "private", &is_private))
        return HUB_MALFORMED;
    room_t *room = rooms_add(core, &name, is_private);
    if (room == NULL)
        return HUB_FULL;
    if (audit_is(key))
        core->audit = room->id;
    if (!restore_journal(core, key, record, &room->journal))
        return HUB_MALFORMED;
    room->pseq = room->pseq > room->journal.last_at_ms ? room->pseq : room->journal.last_at_ms;
    bool is_whole =
        restore_invited(record, room) && restore_room_rights(record, room, core->now->wall_ms);
    return is_whole ? HUB_OK : HUB_MALFORMED;
}

/* How many presence events a room may have had since its broker said where pseqs began. */
enum { PSEQ_AHEAD = 60000 };

static hub_err_t restore_broker(core_t *core, const record_t *record)
{
    uint64_t epoch_floor, pseq_floor;
    if (!record_uint(record, "epoch_floor", &epoch_floor) ||
        !record_uint(record, "pseq_floor", &pseq_floor) || epoch_floor > INT64_MAX ||
        pseq_floor > INT64_MAX)
        return HUB_MALFORMED;
    core->epoch_floor = epoch_floor;
    if (pseq_floor >= core->pseq_floor) /* the clock went back, which is where pseqs begin */
        core->pseq_floor = pseq_floor + PSEQ_AHEAD;
    return HUB_OK;
}

static hub_err_t restore_one(core_t *core, span_t key, const record_t *record)
{
    span_t rest = {key.data + 1, key.size - 1};
    switch (key.data[0]) {
    case RECORD_BROKER:
        return restore_broker(core, record);
    case RECORD_ROOM:
        return restore_room(core, rest, record);
    case RECORD_SESSION:
        return restore_session(core, rest, record);
    case RECORD_ACCOUNT:
        return restore_account(core, rest, record);
    case RECORD_VERDICT:
        return restore_verdict(core, rest, record);
    default:
        return HUB_OK; /* of a later version */
    }
}

void restore_record(core_t *core, span_t key, span_t value)
{
    assert(core && key.size > 0);
    record_t record;
    begun(core);
    if (core->restored != HUB_OK)
        return;
    hub_err_t err = record_open(&record, value);
    if (err == HUB_OK) {
        err = restore_one(core, key, &record);
        record_close(&record);
    }
    if (err != HUB_OK)
        broken(core, err);
}

/* --- notes and the end -------------------------------------------------------------------------- */

/* Sessions come by ascending serial. */
static session_t *find_session(core_t *core, uint64_t serial)
{
    const numbers_t *ids = &core->restore->sessions;
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (core_session(core, ids->list[middle])->serial < serial)
            low = middle + 1;
        else
            high = middle;
    }
    session_t *session = low < ids->count ? core_session(core, ids->list[low]) : NULL;
    return session && session->serial == serial ? session : NULL;
}

void restore_note(core_t *core, uint64_t number, span_t bytes)
{
    assert(core && number > 0);
    begun(core);
    if (core->restored == HUB_OK && notes_restore(core, number, bytes, find_session) != HUB_OK)
        broken(core, HUB_MALFORMED);
}

/* Whoever has heard us may have heard more than we hold. */
static bool may_have_lost(const core_t *core, const origin_t *origin)
{
    return origin->is_new || origin->is_restored ||
           (origin->is_other_boot && !origin->was_closed && !core->settings.survives_power);
}

static uint64_t next_epoch(const core_t *core, uint64_t epoch)
{
    uint64_t now = core->now->wall_ms / 1000 + 1;
    return now > epoch ? now : epoch + 1;
}

static void begin_epochs(core_t *core)
{
    room_t *room;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));) {
        journal_begin_epoch(&room->journal, next_epoch(core, room->journal.epoch));
        records_room(core, room);
    }
    session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        journal_t *journal = &inbox_of(core, session)->journal;
        journal_begin_epoch(journal, next_epoch(core, journal->epoch));
        session->inbox_epoch = journal->epoch;
        records_session(core, session);
    }
    account_t *account;
    for (uint32_t place = 0; (account = slab_next(core->accounts, &place));) {
        journal_t *journal = &account->inbox->journal;
        if (account->session == 0) /* else it began with the session */
            journal_begin_epoch(journal, next_epoch(core, journal->epoch));
        records_account(core, account);
    }
    core->epoch_floor = next_epoch(core, core->epoch_floor) - 1;
    records_broker(core);
}

/* Of no room and nobody: whose record was removed while the log could not be. */
static void erase_ownerless(core_t *core)
{
    for (stored_log_t *log = zlistx_first(core->restore->logs); log;
         log = zlistx_next(core->restore->logs)) {
        if (log->is_taken)
            continue;
        core->pipeline.is_open = true;
        outbox_erase(core->out, core->pipeline.batch, log->state.log);
    }
}

/* Invitations of who is not here any more must not become somebody else's: not now, nor after the next start, when somebody
 * may be stored under the number that is free again. */
static void forget_the_gone(core_t *core, room_t *room)
{
    uint32_t before = room->invited_count;
    for (uint32_t i = before; i-- > 0;)
        if (core_session(core, room->invited[i]) == NULL)
            (void)room_uninvite(room, room->invited[i]); /* it is there */
    if (room->invited_count < before)
        records_room(core, room);
}

static void tidy_rooms(core_t *core)
{
    room_t *room;
    for (uint32_t place = 0; (room = slab_next(core->rooms, &place));) {
        room->told_count = room->members.count;
        forget_the_gone(core, room);
        room_invites_end(core, room);
        room_emptied(core, room);
    }
}

void restore_end(core_t *core, const origin_t *origin)
{
    assert(core && origin);
    begun(core);
    slab_restored(core->sessions);
    if (core->restored == HUB_OK) {
        erase_ownerless(core);
        if (may_have_lost(core, origin))
            begin_epochs(core);
        tidy_rooms(core);
        verdicts_judge_all(core);
        records_broker(core); /* its pseqs begin here */
        retention_begin(core);
    }
    restore_fini(core);
}
