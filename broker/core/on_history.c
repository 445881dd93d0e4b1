#include "broker/core/dispatch.h"

#include "broker/core/audit.h"
#include "broker/core/pages.h"
#include "broker/core/rooms.h"

#include <assert.h>

static const range_t NOTHING = {1, 0};

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The log a request names: a room's, or with @ one's own. */
static hub_err_t find_source(core_t *core, const request_t *request, source_t *out)
{
    span_t name = message_span(request->message, KEY_room);
    if (span_is(name, "@")) {
        const inbox_t *inbox = request->session->inbox;
        *out = (source_t){inbox ? &inbox->journal : NULL, inbox ? inbox->id : 0, true};
        return HUB_OK;
    }
    room_t *room;
    hub_err_t err = rooms_find(core, name, &room);
    if (err == HUB_OK)
        err = room_may_read(room, request->session);
    if (err == HUB_OK)
        *out = (source_t){&room->journal, room->id, false};
    return err;
}

static uint32_t page_size(const message_t *message, uint32_t maximum)
{
    uint64_t limit = message_uint(message, KEY_limit);
    return message_has(message, KEY_limit) && limit < maximum ? (uint32_t)limit : maximum;
}

/* The numbers a history request names, whether or not they are still kept: from 1 to the head. */
static range_t asked_for(const message_t *message, const journal_t *journal)
{
    range_t range = {1, journal->head};
    if (message_has(message, KEY_after))
        range.first = message_uint(message, KEY_after) + 1;
    if (message_has(message, KEY_before))
        range.last = lower(range.last, higher(message_uint(message, KEY_before), 1) - 1);
    return range;
}

/* What was named by number and is gone. */
static range_t gone(const message_t *message, const journal_t *journal, range_t range)
{
    if (!message_has(message, KEY_after) && !message_has(message, KEY_before))
        return NOTHING;
    bool ends_in_what_is_kept = range.last >= journal->oldest;
    if (!message_has(message, KEY_after) && ends_in_what_is_kept)
        return NOTHING; /* it goes back from an end that is there */
    return (range_t){range.first, lower(range.last, journal->oldest - 1)};
}

static hub_err_t answer_history(core_t *core, request_t *request, const source_t *source)
{
    const message_t *message = request->message;
    wanted_t wanted = {
        .range = NOTHING,
        .lost = NOTHING,
        .after_ms = message_uint(message, KEY_since),
        .until_ms = message_has(message, KEY_until) ? message_uint(message, KEY_until) : UINT64_MAX,
        .count = page_size(message, LIMIT_HISTORY_MAX),
        .keeps_first = message_has(message, KEY_after) || message_has(message, KEY_since)};
    if (source->journal) {
        wanted.range = asked_for(message, source->journal);
        wanted.lost = gone(message, source->journal, wanted.range);
        wanted.range.first = higher(wanted.range.first, source->journal->oldest);
    }
    return pages_answer(core, request, source, &wanted);
}

hub_err_t on_history(core_t *core, request_t *request)
{
    source_t source;
    hub_err_t err = find_source(core, request, &source);
    return err == HUB_OK ? answer_history(core, request, &source) : err;
}

hub_err_t on_audit(core_t *core, request_t *request)
{
    const room_t *room = audit_room(core);
    source_t source = {room ? &room->journal : NULL, room ? room->id : 0, false};
    return answer_history(core, request, &source);
}

/* Where the epoch that the client holds events of ended. *out_end is UINT64_MAX for the current one.
 * HUB_BAD_REQUEST: there was no such epoch, or it is forgotten. */
static hub_err_t find_end(request_t *request, const journal_t *journal, uint64_t *out_end)
{
    uint64_t current = journal ? journal->epoch : request->session->inbox_epoch, next;
    uint64_t epoch = message_uint(request->message, KEY_epoch);
    *out_end = UINT64_MAX;
    if (!message_has(request->message, KEY_epoch) || epoch == current)
        return HUB_OK;
    request->hint = "this log has no such epoch";
    if (journal == NULL || !epochs_next(&journal->epochs, epoch, &next))
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    *out_end = next;
    return HUB_OK;
}

/* What the client may hold in vain, since another epoch began before `first`, or what is not kept. */
static void find_lost(const journal_t *journal, uint64_t end, range_t asked, wanted_t *wanted)
{
    if (end < asked.first) {
        wanted->lost = (range_t){end, asked.first - 1};
        asked.first = end;
    } else {
        wanted->lost = (range_t){asked.first, lower(asked.last, journal->oldest - 1)};
    }
    wanted->range = (range_t){higher(asked.first, journal->oldest), asked.last};
}

hub_err_t on_replay(core_t *core, request_t *request)
{
    const message_t *message = request->message;
    source_t source;
    hub_err_t err = find_source(core, request, &source);
    if (err != HUB_OK)
        return err;
    range_t asked = {higher(message_uint(message, KEY_first), 1), message_uint(message, KEY_last)};
    request->hint = "first is not above last";
    if (message_uint(message, KEY_first) > asked.last)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    uint64_t end;
    err = find_end(request, source.journal, &end);
    if (err != HUB_OK)
        return err;
    wanted_t wanted = {.range = NOTHING,
                       .lost = NOTHING,
                       .until_ms = UINT64_MAX,
                       .count = LIMIT_REPLAY_MAX,
                       .keeps_first = true,
                       .is_replay = true};
    if (source.journal) {
        asked.last = lower(asked.last, source.journal->head);
        find_lost(source.journal, end, asked, &wanted);
    }
    return pages_answer(core, request, &source, &wanted);
}
