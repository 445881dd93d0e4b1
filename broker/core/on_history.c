#include "broker/core/dispatch.h"

#include "broker/core/rooms.h"

#include <assert.h>

/* What a page has besides its events. */
enum { PAGE_BYTES = 512 };

/* A run of numbers, both ends included; empty where first > last. */
typedef struct {
    uint64_t first, last;
} range_t;

static bool is_empty(range_t range)
{
    return range.first > range.last;
}

/* The log a request names: a room's, or with @ one's own. A log nobody wrote to is NULL. */
static hub_err_t find_journal(core_t *core, const request_t *request, const journal_t **out)
{
    span_t name = message_span(request->message, KEY_room);
    if (span_is(name, "@")) {
        *out = request->session->inbox;
        return HUB_OK;
    }
    room_t *room;
    hub_err_t err = rooms_find(core, name, &room);
    if (err == HUB_OK)
        err = room_may_read(room, request->session);
    if (err == HUB_OK)
        *out = &room->journal;
    return err;
}

static size_t wanted(const message_t *message, size_t maximum)
{
    uint64_t limit = message_uint(message, KEY_limit);
    return message_has(message, KEY_limit) && limit < maximum ? (size_t)limit : maximum;
}

/* Cuts a range to at most `count` events that fit one frame, keeping its beginning or its end. */
static range_t cut(const journal_t *journal, range_t range, size_t count, bool keeps_first)
{
    size_t bytes = PAGE_BYTES;
    range_t page = keeps_first ? (range_t){range.first, range.first - 1}
                               : (range_t){range.last + 1, range.last};
    while (count-- > 0 && page.last - page.first + 1 < range.last - range.first + 1) {
        uint64_t next = keeps_first ? page.last + 1 : page.first - 1;
        bytes += ring_event(&journal->ring, next).size;
        if (bytes > LIMIT_FRAME_BYTES)
            break;
        if (keeps_first)
            page.last = next;
        else
            page.first = next;
    }
    return page;
}

static void write_events(core_t *core, writer_t *writer, const journal_t *journal, range_t page)
{
    write_key(writer, KEY_events);
    msgpack_pack_array(&writer->packer, is_empty(page) ? 0 : page.last - page.first + 1);
    for (uint64_t seq = page.first; seq <= page.last; seq++) {
        span_t event = ring_event(&journal->ring, seq);
        bool has_room = buffer_append(&core->out->bytes, event.data, event.size);
        assert(has_room);
        (void)has_room;
    }
}

static void answer_page(core_t *core, const request_t *request, const journal_t *journal,
                        range_t page, bool has_more, range_t lost)
{
    writer_t *writer = reply_begin(core, request);
    write_events(core, writer, journal, page);
    write_bool(writer, KEY_more, has_more);
    write_uint(writer, KEY_oldest, journal ? journal_oldest(journal) : 1);
    write_uint(writer, KEY_head, journal ? journal->head : 0);
    if (!is_empty(lost)) {
        write_key(writer, KEY_lost);
        pack_numbers(writer, (uint64_t[]){lost.first, lost.last}, 2);
    }
    reply_end(core);
}

static const range_t NOTHING = {1, 0};

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
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

/* Of those, what is kept and lies between the times. */
static range_t kept(const message_t *message, const journal_t *journal, range_t range)
{
    range.first = higher(range.first, journal_oldest(journal));
    if (message_has(message, KEY_since))
        range.first =
            higher(range.first, ring_seek(&journal->ring, message_uint(message, KEY_since) + 1));
    if (message_has(message, KEY_until))
        range.last =
            lower(range.last, ring_seek(&journal->ring, message_uint(message, KEY_until)) - 1);
    return is_empty(range) ? NOTHING : range;
}

/* What was named by number and is gone. */
static range_t gone(const message_t *message, const journal_t *journal, range_t range)
{
    if (!message_has(message, KEY_after) && !message_has(message, KEY_before))
        return NOTHING;
    bool ends_in_what_is_kept = range.last >= journal_oldest(journal);
    if (!message_has(message, KEY_after) && ends_in_what_is_kept)
        return NOTHING; /* it goes back from an end that is there */
    return (range_t){range.first, lower(range.last, journal_oldest(journal) - 1)};
}

hub_err_t on_history(core_t *core, request_t *request)
{
    const message_t *message = request->message;
    const journal_t *journal = NULL;
    hub_err_t err = find_journal(core, request, &journal);
    if (err != HUB_OK)
        return err;
    if (journal == NULL) {
        answer_page(core, request, NULL, NOTHING, false, NOTHING);
        return HUB_OK;
    }
    range_t asked = asked_for(message, journal), all = kept(message, journal, asked);
    bool goes_forward = message_has(message, KEY_after) || message_has(message, KEY_since);
    range_t page = is_empty(all)
                       ? NOTHING
                       : cut(journal, all, wanted(message, LIMIT_HISTORY_MAX), goes_forward);
    bool has_more =
        !is_empty(all) && (goes_forward ? page.last < all.last : page.first > all.first);
    answer_page(core, request, journal, page, has_more, gone(message, journal, asked));
    return HUB_OK;
}

static hub_err_t check_replay(request_t *request, const journal_t *journal)
{
    const message_t *message = request->message;
    request->hint = "first is not above last";
    if (message_uint(message, KEY_first) > message_uint(message, KEY_last))
        return HUB_BAD_REQUEST;
    request->hint = "this log has no such epoch";
    uint64_t epoch = journal ? journal->epoch : request->session->inbox_epoch;
    if (message_has(message, KEY_epoch) && message_uint(message, KEY_epoch) != epoch)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}

hub_err_t on_replay(core_t *core, request_t *request)
{
    const journal_t *journal = NULL;
    hub_err_t err = find_journal(core, request, &journal);
    if (err == HUB_OK)
        err = check_replay(request, journal);
    if (err != HUB_OK)
        return err;
    if (journal == NULL) {
        answer_page(core, request, NULL, NOTHING, false, NOTHING);
        return HUB_OK;
    }
    range_t asked = {higher(message_uint(request->message, KEY_first), 1),
                     lower(message_uint(request->message, KEY_last), journal->head)};
    range_t all = {higher(asked.first, journal_oldest(journal)), asked.last};
    range_t page = is_empty(all) ? NOTHING : cut(journal, all, LIMIT_REPLAY_MAX, true);
    range_t lost = {asked.first, lower(asked.last, journal_oldest(journal) - 1)};
    bool has_more = !is_empty(all) && page.last < all.last;
    answer_page(core, request, journal, page, has_more, lost);
    return HUB_OK;
}
