#include "tests/property/store_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void model_init(model_t *self)
{
    *self = (model_t){.first_note = 1, .next_note = 1};
    for (int i = 0; i < MODEL_LOGS; i++) {
        model_log_t *log = &self->logs[i];
        snprintf(log->name, sizeof log->name, i % 2 ? "@inbox-%d" : "room-%d", i);
        log->oldest = 1;
        log->events = calloc(MODEL_EVENTS, sizeof *log->events);
        assert(log->events);
    }
}

void model_fini(model_t *self)
{
    for (int i = 0; i < MODEL_LOGS; i++)
        free(self->logs[i].events);
}

model_log_t *model_find(model_t *self, span_t name)
{
    for (int i = 0; i < MODEL_LOGS; i++)
        if (span_is(name, self->logs[i].name))
            return &self->logs[i];
    return NULL;
}

static const model_event_t *event_at(const model_log_t *log, uint64_t seq)
{
    assert(seq >= log->oldest && seq <= log->head);
    return &log->events[seq - 1];
}

static uint64_t bytes_of(const model_log_t *log, uint64_t first, uint64_t last)
{
    uint64_t bytes = 0;
    for (uint64_t seq = first; seq <= last; seq++)
        bytes += event_at(log, seq)->size;
    return bytes;
}

log_state_t model_state(const model_log_t *log)
{
    bool has_events = log->oldest <= log->head;
    return (log_state_t){.log = span_of(log->name),
                         .oldest = log->oldest,
                         .head = log->head,
                         .oldest_ms = has_events ? event_at(log, log->oldest)->at_ms : 0,
                         .last_ms = log->last_ms,
                         .bytes = bytes_of(log, log->oldest, log->head)};
}

static bool is_wanted(const model_log_t *log, const query_t *query, uint64_t seq)
{
    uint64_t at_ms = event_at(log, seq)->at_ms;
    return seq >= query->first && seq <= query->last &&
           (query->after_ms == 0 || at_ms > query->after_ms) &&
           (query->until_ms == UINT64_MAX || at_ms < query->until_ms);
}

/* Takes one event after the other from the end that is kept. */
static page_t cut(const model_log_t *log, const query_t *query, uint64_t first, uint64_t last)
{
    uint64_t count = 0, bytes = 0;
    for (; first + count <= last && count < query->count; count++) {
        bytes += event_at(log, query->keeps_first ? first + count : last - count)->size;
        if (count > 0 && bytes > query->bytes)
            break;
    }
    page_t page = {.first = query->keeps_first ? first : last - count + 1,
                   .has_more = count < last - first + 1};
    page.last = page.first + count - 1;
    page.events.size = bytes_of(log, page.first, page.last);
    return page;
}

page_t model_page(const model_log_t *log, const query_t *query)
{
    uint64_t first = 0, last = 0;
    for (uint64_t seq = log->oldest; seq <= log->head; seq++) {
        if (!is_wanted(log, query, seq))
            continue;
        first = first ? first : seq;
        last = seq;
    }
    return first ? cut(log, query, first, last) : (page_t){.first = 1};
}

bool model_has(const model_log_t *log, const page_t *page)
{
    const char *at = page->events.data;
    for (uint64_t seq = page->first; seq <= page->last; seq++) {
        const model_event_t *event = event_at(log, seq);
        for (uint32_t i = 0; i < event->size; i++)
            if ((uint8_t)*at++ != event->fill)
                return false;
    }
    return true;
}

static bool may_go(const model_log_t *log, const retention_t *retention, uint64_t seq)
{
    if (retention->events > 0 && log->head - seq + 1 > retention->events)
        return true;
    if (retention->bytes > 0 && bytes_of(log, seq + 1, log->head) >= retention->bytes)
        return true;
    return retention->before_ms > 0 && event_at(log, seq)->at_ms < retention->before_ms;
}

uint64_t model_must_stay(const model_log_t *log, const retention_t *retention)
{
    uint64_t seq = log->oldest;
    while (seq <= log->head && may_go(log, retention, seq))
        seq++;
    return seq;
}
