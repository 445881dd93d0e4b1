#include "broker/core/retention.h"

#include "broker/core/audit.h"
#include "broker/core/rooms.h"

#include <assert.h>

enum {
    SLACK_PART = 8,     /* bounds are kept but for this part ... */
    SLACK_EVENTS = 256, /* ... and this much at least: the store drops whole blocks */
    SLACK_BYTES = 1 << 17,
    LOOKS = 4096,        /* at logs in one go */
    SOON_MS = 10,        /* until the next go */
    ROUND_MIN_MS = 1000, /* between two rounds through all logs: a twentieth of what is kept */
    ROUND_MAX_MS = 60000,
    ROUND_PART = 20,
};

static void look_again(core_t *core, uint64_t after_ms)
{
    deadlines_set(core->deadlines, &core->retention.due, DUE_HISTORY,
                  core->now->mono_ms + after_ms);
}

static uint64_t round_ms(const core_t *core)
{
    uint64_t ms = core->settings.history_keep_ms / ROUND_PART;
    return ms < ROUND_MIN_MS ? ROUND_MIN_MS : ms > ROUND_MAX_MS ? ROUND_MAX_MS : ms;
}

void retention_begin(core_t *core)
{
    assert(core);
    if (core->settings.has_store && core->settings.history_keep_ms > 0)
        look_again(core, round_ms(core));
}

static bool has_more_than(uint64_t there_is, uint64_t bound, uint64_t slack_min)
{
    uint64_t slack = bound / SLACK_PART > slack_min ? bound / SLACK_PART : slack_min;
    return bound > 0 && there_is > bound + slack;
}

static uint64_t oldest_kept_ms(const core_t *core)
{
    uint64_t keep_ms = core->settings.history_keep_ms, now_ms = core->now->wall_ms;
    return keep_ms > 0 && now_ms > keep_ms ? now_ms - keep_ms : 0;
}

static trim_t *free_trim(core_t *core)
{
    for (size_t i = 0; i < RETENTION_TRIMS_MAX; i++)
        if (core->retention.trims[i].owner == 0)
            return &core->retention.trims[i];
    return NULL;
}

/* What may stay of a log. */
static retention_t bounds(const core_t *core, span_t log)
{
    if (audit_is(log))
        return (retention_t){.log = log, .events = core->settings.audit_events};
    return (retention_t){.log = log,
                         .events = core->settings.history_events,
                         .bytes = core->settings.history_bytes,
                         .before_ms = oldest_kept_ms(core)};
}

/* Asks the store. Nothing happens where it is busy with as many logs as we ask for at a time. */
static void trim(core_t *core, journal_t *journal, span_t log, uint64_t owner)
{
    trim_t *place = free_trim(core);
    if (place == NULL)
        return;
    assert(log.size > 0 && log.size <= sizeof place->log);
    place->owner = owner;
    place->log_size = (uint8_t)log.size;
    memcpy(place->log, log.data, log.size);
    journal->is_trimming = true;
    core->counters.trims_asked++;
    retention_t retention = bounds(core, log);
    outbox_trim(core->out, &retention);
}

void retention_check(core_t *core, journal_t *journal, span_t log, uint64_t owner)
{
    assert(core && journal && owner > 0);
    if (!core->settings.has_store || journal->is_trimming)
        return;
    retention_t most = bounds(core, log);
    if (has_more_than(journal->bytes, most.bytes, SLACK_BYTES) ||
        has_more_than(journal->head + 1 - journal->oldest, most.events, SLACK_EVENTS))
        trim(core, journal, log, owner);
}

static void check_age(core_t *core, journal_t *journal, span_t log, uint64_t owner)
{
    bool has_any = journal->oldest <= journal->head;
    if (has_any && !journal->is_trimming && journal->oldest_ms < bounds(core, log).before_ms)
        trim(core, journal, log, owner);
}

/* Rooms first, then inboxes, so many a go. True: that was the last. */
static bool look_at_some(core_t *core)
{
    retention_round_t *round = &core->retention;
    char name[INBOX_NAME_BYTES];
    room_t *room = NULL;
    inbox_t *inbox = NULL;
    int looks = LOOKS;
    while (looks-- > 0 && (room = slab_next(core->rooms, &round->room_place)))
        check_age(core, &room->journal, name_span(&room->name), room->id);
    while (room == NULL && looks-- > 0 && (inbox = slab_next(core->inboxes, &round->inbox_place)))
        check_age(core, &inbox->journal, inbox_name(inbox->uid, name), inbox->id);
    return room == NULL && inbox == NULL && looks >= 0;
}

void retention_is_due(core_t *core)
{
    assert(core);
    if (free_trim(core) == NULL || !look_at_some(core)) {
        look_again(core, SOON_MS);
        return;
    }
    core->retention.room_place = core->retention.inbox_place = 0;
    look_again(core, round_ms(core));
}

/* Events that came while the store was trimming were not looked at; where it dropped nothing, looking again
 * would go on for ever. */
static void take_state(core_t *core, journal_t *journal, const log_state_t *state, uint64_t owner)
{
    bool has_dropped = state->oldest > journal->oldest;
    journal_trimmed(journal, state);
    if (has_dropped)
        retention_check(core, journal, state->log, owner);
}

static trim_t *find_trim(core_t *core, span_t log)
{
    for (size_t i = 0; i < RETENTION_TRIMS_MAX; i++) {
        trim_t *place = &core->retention.trims[i];
        if (place->owner > 0 && span_equal((span_t){place->log, place->log_size}, log))
            return place;
    }
    return NULL;
}

void retention_trimmed(core_t *core, const log_state_t *state)
{
    assert(core && state && state->log.size > 0);
    trim_t *place = find_trim(core, state->log);
    assert(place); /* each is answered once */
    uint64_t owner = place->owner;
    place->owner = 0;
    bool is_inbox = state->log.data[0] == '@';
    inbox_t *inbox = is_inbox ? core_inbox(core, owner) : NULL;
    room_t *room = is_inbox ? NULL : core_room(core, owner);
    if (inbox)
        take_state(core, &inbox->journal, state, owner);
    if (room == NULL)
        return;
    take_state(core, &room->journal, state, owner);
    room_emptied(core, room);
}
