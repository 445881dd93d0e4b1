#include "broker/core/pages.h"

#include "broker/core/links.h"

#include <assert.h>

enum {
    PAGE_BYTES = 512,     /* what a page has besides its events */
    TURN_BYTES = 2 << 20, /* of pages in one turn: a few milliseconds of copying */
    PAGES_PER_LINK = 64,  /* asked of the store at a time */
    BUSY_SPREAD_MS = 200, /* those sent away do not all come back at once */
};

void pages_turn(core_t *core)
{
    assert(core);
    core->page_bytes = 0;
}

/* --- writing ------------------------------------------------------------------------------------ */

static void write_events(writer_t *writer, uint64_t count, span_t events)
{
    write_key(writer, KEY_events);
    msgpack_pack_array(&writer->packer, count);
    if (events.size == 0)
        return;
    bool has_room = buffer_append(writer->buffer, events.data, events.size);
    assert(has_room);
    (void)has_room;
}

static void write_rest(writer_t *writer, const journal_t *journal, bool has_more, range_t lost)
{
    write_bool(writer, KEY_more, has_more);
    write_uint(writer, KEY_oldest, journal ? journal->oldest : 1);
    write_uint(writer, KEY_head, journal ? journal->head : 0);
    if (range_is_empty(lost))
        return;
    write_key(writer, KEY_lost);
    pack_numbers(writer, (uint64_t[]){lost.first, lost.last}, 2);
}

/* --- from the ring ------------------------------------------------------------------------------ */

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

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What of the wanted is in the ring. */
static range_t in_ring(const journal_t *journal, const wanted_t *wanted)
{
    const ring_t *ring = &journal->ring;
    range_t range = {higher(wanted->range.first, ring->first), wanted->range.last};
    if (wanted->after_ms > 0)
        range.first = higher(range.first, ring_seek(ring, wanted->after_ms + 1));
    if (wanted->until_ms < UINT64_MAX)
        range.last = lower(range.last, ring_seek(ring, wanted->until_ms) - 1);
    return range_is_empty(range) ? (range_t){1, 0} : range;
}

/* True if nothing wanted lies before the ring: by number, or since what is there is too old already. */
static bool begins_in_ring(const journal_t *journal, const wanted_t *wanted)
{
    const ring_t *ring = &journal->ring;
    return wanted->range.first >= ring->first ||
           (wanted->after_ms > 0 && ring_seek(ring, wanted->after_ms + 1) > ring->first);
}

/* Finds the page in the ring. False: more of it, or all, is in the store. */
static bool find_in_ring(const journal_t *journal, const wanted_t *wanted, range_t *out_page,
                         bool *out_has_more)
{
    range_t range = in_ring(journal, wanted), page = range;
    if (!range_is_empty(range))
        page = cut(journal, range, wanted->count, wanted->keeps_first);
    bool is_cut_before = !range_is_empty(page) && page.first > range.first;
    if (!begins_in_ring(journal, wanted) && (wanted->keeps_first || !is_cut_before))
        return false;
    *out_page = page;
    *out_has_more = !range_is_empty(range) &&
                    (wanted->keeps_first ? page.last < range.last : page.first > range.first);
    return true;
}

/* --- what reading may cost ------------------------------------------------------------------------ */

static hub_err_t come_back(request_t *request, uint64_t after_ms, hub_err_t err)
{
    request->hint = err == HUB_BUSY ? "many are reading; try again" : NULL;
    request->retry_ms = after_ms;
    return err;
}

static hub_err_t check_turn(const core_t *core, request_t *request)
{
    if (core->page_bytes < TURN_BYTES)
        return HUB_OK;
    return come_back(request, BUSY_RETRY_MS + request->id % BUSY_SPREAD_MS, HUB_BUSY);
}

/* A link may replay as fast as the settings say, and always faster than its room goes on: or who has
 * fallen behind would never catch up. */
static hub_err_t spend(const core_t *core, request_t *request, const journal_t *journal,
                       uint64_t count)
{
    if (core->settings.replay_per_s == 0)
        return HUB_OK;
    uint64_t rate = higher(core->settings.replay_per_s, 2ull * journal_rate(journal));
    if (rate > UINT32_MAX)
        rate = UINT32_MAX;
    uint64_t wait_ms = bucket_spend(&request->link->replay, (uint32_t)(count ? count : 1),
                                    (uint32_t)rate, REPLAY_BURST, core->now->mono_ms);
    return wait_ms > 0 ? come_back(request, wait_ms, HUB_FLOOD) : HUB_OK;
}

/* --- from the store ----------------------------------------------------------------------------- */

static span_t source_name(const core_t *core, const source_t *source, char *out_name)
{
    if (source->is_inbox)
        return inbox_name(core_inbox(core, source->owner)->uid, out_name);
    return name_span(&core_room(core, source->owner)->name);
}

static hub_err_t ask(core_t *core, request_t *request, const source_t *source,
                     const wanted_t *wanted)
{
    link_t *link = request->link;
    uint64_t id;
    pending_page_t *pending = link->pages < PAGES_PER_LINK ? slab_add(core->pages, &id) : NULL;
    if (pending == NULL)
        return come_back(request, BUSY_RETRY_MS + request->id % BUSY_SPREAD_MS, HUB_BUSY);
    link->pages++;
    *pending = (pending_page_t){.link = link->id,
                                .request = request->id,
                                .owner = source->owner,
                                .sid = request->sid,
                                .has_sid = request->has_sid,
                                .is_inbox = source->is_inbox,
                                .asked = wanted->is_replay ? wanted->range : (range_t){1, 0},
                                .lost = wanted->lost};
    char name[INBOX_NAME_BYTES];
    core->counters.pages_asked++;
    outbox_read(core->out, &(query_t){.id = id,
                                      .log = source_name(core, source, name),
                                      .first = wanted->range.first,
                                      .last = wanted->range.last,
                                      .after_ms = wanted->after_ms,
                                      .until_ms = wanted->until_ms,
                                      .count = wanted->count,
                                      .bytes = LIMIT_FRAME_BYTES - PAGE_BYTES,
                                      .keeps_first = wanted->keeps_first});
    return HUB_OK;
}

/* The log as it is now; NULL: it, or who asked for it, is gone. */
static const journal_t *journal_of(const core_t *core, const pending_page_t *pending)
{
    const inbox_t *inbox = pending->is_inbox ? core_inbox(core, pending->owner) : NULL;
    const room_t *room = pending->is_inbox ? NULL : core_room(core, pending->owner);
    return room ? &room->journal : inbox ? &inbox->journal : NULL;
}

/* What was trimmed after it was asked for is lost like what was trimmed before. */
static range_t lost_of(const pending_page_t *pending, const page_t *page)
{
    range_t lost = pending->lost;
    bool has_any = page->first <= page->last;
    uint64_t end = has_any ? page->first - 1 : pending->asked.last;
    if (range_is_empty(pending->asked) || end < pending->asked.first)
        return lost;
    return (range_t){range_is_empty(lost) ? pending->asked.first : lost.first, end};
}

static void answer_pending(core_t *core, const pending_page_t *pending, const page_t *page)
{
    link_t *link = core_link(core, pending->link);
    const journal_t *journal = journal_of(core, pending);
    if (link == NULL)
        return;
    request_t request = {.peer = link_peer(link),
                         .id = pending->request,
                         .sid = pending->sid,
                         .has_sid = pending->has_sid};
    if (journal == NULL || page->err != HUB_OK) {
        request.retry_ms = page->err == HUB_OK ? 0 : UNAVAILABLE_RETRY_MS;
        request.hint = page->err == HUB_OK ? NULL : "it could not be read; try again";
        reply_error(core, &request, page->err == HUB_OK ? HUB_NO_SUCH_ROOM : HUB_UNAVAILABLE);
        return;
    }
    writer_t *writer = reply_begin(core, &request);
    write_events(writer, page->first <= page->last ? page->last - page->first + 1 : 0,
                 page->events);
    write_rest(writer, journal, page->has_more, lost_of(pending, page));
    reply_end(core);
}

void pages_take(core_t *core, const page_t *page)
{
    assert(core && page);
    const pending_page_t *found = slab_find(core->pages, page->id);
    assert(found); /* each is answered once */
    pending_page_t pending = *found;
    slab_remove(core->pages, page->id);
    link_t *link = core_link(core, pending.link);
    if (link)
        link->pages--;
    answer_pending(core, &pending, page);
}

/* --- both --------------------------------------------------------------------------------------- */

static void answer_now(core_t *core, const request_t *request, const journal_t *journal,
                       range_t page, bool has_more, range_t lost)
{
    writer_t *writer = reply_begin(core, request);
    size_t before = writer->buffer->size;
    bool has_any = !range_is_empty(page);
    write_events(writer, has_any ? page.last - page.first + 1 : 0, (span_t){0});
    for (uint64_t seq = page.first; has_any && seq <= page.last; seq++) {
        span_t event = ring_event(&journal->ring, seq);
        bool has_room = buffer_append(writer->buffer, event.data, event.size);
        assert(has_room);
        (void)has_room;
    }
    core->page_bytes += writer->buffer->size - before;
    write_rest(writer, journal, has_more, lost);
    reply_end(core);
}

hub_err_t pages_answer(core_t *core, request_t *request, const source_t *source,
                       const wanted_t *wanted)
{
    assert(core && request && request->link && source && wanted && wanted->count > 0);
    range_t page = {1, 0};
    bool has_more = false, is_in_ring = true;
    hub_err_t err = check_turn(core, request);
    if (err == HUB_OK && !range_is_empty(wanted->range))
        is_in_ring = find_in_ring(source->journal, wanted, &page, &has_more);
    if (err == HUB_OK && wanted->is_replay && source->journal)
        err = spend(core, request, source->journal,
                    is_in_ring ? page.last - page.first + 1 : wanted->count);
    if (err != HUB_OK)
        return err;
    if (!is_in_ring)
        return ask(core, request, source, wanted);
    answer_now(core, request, source->journal, page, has_more, wanted->lost);
    return HUB_OK;
}
