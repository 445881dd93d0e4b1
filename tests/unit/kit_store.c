#include "tests/unit/kit_store.h"

#include <assert.h>
#include <stdlib.h>

enum { MOST = 4096 };

/* A change, or something that lasts: an event under its log, a record under its key, a note. */
typedef struct {
    effect_kind_t kind;
    uint64_t batch, seq, at_ms;
    span_t name, bytes; /* owned */
} item_t;

typedef struct {
    span_t name; /* owned */
    uint64_t oldest, head, last_ms;
} log_t;

struct kit_store {
    item_t *changes, *kept; /* kept: events, records and notes, in order of writing */
    size_t change_count, kept_count;
    log_t *logs;
    size_t log_count;
    buffer_t page;
};

static span_t copy(span_t span)
{
    char *bytes = malloc(span.size ? span.size : 1);
    assert(bytes);
    if (span.size > 0)
        memcpy(bytes, span.data, span.size);
    return (span_t){bytes, span.size};
}

static void drop(item_t *item)
{
    free((void *)item->name.data);
    free((void *)item->bytes.data);
}

kit_store_t *kit_store_new(void)
{
    kit_store_t *self = calloc(1, sizeof *self);
    assert(self);
    self->changes = calloc(MOST, sizeof *self->changes);
    self->kept = calloc(MOST, sizeof *self->kept);
    self->logs = calloc(MOST, sizeof *self->logs);
    assert(self->changes && self->kept && self->logs);
    buffer_init(&self->page, 1 << 20);
    return self;
}

void kit_store_destroy(kit_store_t **self_p)
{
    kit_store_t *self = *self_p;
    kit_store_void(self);
    for (size_t i = 0; i < self->kept_count; i++)
        drop(&self->kept[i]);
    for (size_t i = 0; i < self->log_count; i++)
        free((void *)self->logs[i].name.data);
    buffer_fini(&self->page);
    free(self->changes);
    free(self->kept);
    free(self->logs);
    free(self);
    *self_p = NULL;
}

kit_store_t *kit_store_copy(const kit_store_t *self)
{
    kit_store_t *other = kit_store_new();
    for (size_t i = 0; i < self->kept_count; i++) {
        other->kept[i] = self->kept[i];
        other->kept[i].name = copy(self->kept[i].name);
        other->kept[i].bytes = copy(self->kept[i].bytes);
    }
    other->kept_count = self->kept_count;
    for (size_t i = 0; i < self->log_count; i++) {
        other->logs[i] = self->logs[i];
        other->logs[i].name = copy(self->logs[i].name);
    }
    other->log_count = self->log_count;
    return other;
}

void kit_store_take(kit_store_t *self, const outbox_t *outbox, const effect_t *effect)
{
    assert(self->change_count < MOST);
    self->changes[self->change_count++] =
        (item_t){.kind = effect->kind,
                 .batch = effect->batch,
                 .seq = effect->seq,
                 .at_ms = effect->at_ms,
                 .name = copy(outbox_span(outbox, effect->log_offset, effect->log_size)),
                 .bytes = copy(outbox_span(outbox, effect->offset, effect->size))};
}

void kit_store_void(kit_store_t *self)
{
    for (size_t i = 0; i < self->change_count; i++)
        drop(&self->changes[i]);
    self->change_count = 0;
}

/* --- what lasts ----------------------------------------------------------------------------------- */

static log_t *find_log(const kit_store_t *self, span_t name)
{
    for (size_t i = 0; i < self->log_count; i++)
        if (span_equal(self->logs[i].name, name))
            return &self->logs[i];
    return NULL;
}

/* Drops what is kept of that kind and name, with a number below that. */
static void forget(kit_store_t *self, effect_kind_t kind, span_t name, uint64_t below)
{
    size_t left = 0;
    for (size_t i = 0; i < self->kept_count; i++) {
        item_t *item = &self->kept[i];
        if (item->kind == kind && span_equal(item->name, name) && item->seq < below)
            drop(item);
        else
            self->kept[left++] = *item;
    }
    self->kept_count = left;
}

static void keep(kit_store_t *self, const item_t *change)
{
    assert(self->kept_count < MOST);
    item_t item = *change;
    item.name = copy(change->name);
    item.bytes = copy(change->bytes);
    self->kept[self->kept_count++] = item;
}

static void append(kit_store_t *self, const item_t *change)
{
    log_t *log = find_log(self, change->name);
    if (log == NULL) {
        assert(self->log_count < MOST);
        log = &self->logs[self->log_count++];
        *log = (log_t){.name = copy(change->name), .oldest = 1};
    }
    assert(change->seq == log->head + 1);
    assert(change->at_ms >= log->last_ms);
    log->head = change->seq;
    log->last_ms = change->at_ms;
    keep(self, change);
}

static void erase(kit_store_t *self, span_t name)
{
    log_t *log = find_log(self, name);
    forget(self, EFFECT_APPEND, name, UINT64_MAX);
    if (log == NULL)
        return;
    free((void *)log->name.data);
    *log = self->logs[--self->log_count];
}

static void apply(kit_store_t *self, const item_t *change)
{
    switch ((int)change->kind) {
    case EFFECT_APPEND:
        append(self, change);
        return;
    case EFFECT_PUT:
        forget(self, EFFECT_PUT, change->name, UINT64_MAX);
        if (change->bytes.size > 0)
            keep(self, change);
        return;
    case EFFECT_NOTE:
        keep(self, change);
        return;
    case EFFECT_DROP_NOTES:
        forget(self, EFFECT_NOTE, (span_t){NULL, 0}, change->seq);
        return;
    case EFFECT_ERASE:
        erase(self, change->name);
        return;
    default:
        abort();
    }
}

void kit_store_commit(kit_store_t *self, uint64_t batch)
{
    size_t left = 0;
    for (size_t i = 0; i < self->change_count; i++) {
        item_t *change = &self->changes[i];
        if (change->batch > batch) {
            self->changes[left++] = *change;
            continue;
        }
        apply(self, change);
        drop(change);
    }
    self->change_count = left;
}

/* --- reading -------------------------------------------------------------------------------------- */

static bool is_wanted(const item_t *item, const query_t *query)
{
    return item->kind == EFFECT_APPEND && span_equal(item->name, query->log) &&
           item->seq >= query->first && item->seq <= query->last && item->at_ms > query->after_ms &&
           item->at_ms < query->until_ms;
}

page_t kit_store_read(kit_store_t *self, const query_t *query)
{
    size_t found[MOST], count = 0, bytes = 0, taken = 0;
    for (size_t i = 0; i < self->kept_count; i++)
        if (is_wanted(&self->kept[i], query))
            found[count++] = i;
    while (taken < count && taken < query->count) {
        size_t next = query->keeps_first ? taken : count - 1 - taken;
        bytes += self->kept[found[next]].bytes.size;
        if (bytes > query->bytes)
            break;
        taken++;
    }
    size_t from = query->keeps_first ? 0 : count - taken;
    page_t page = {.id = query->id, .first = 1, .has_more = taken < count};
    buffer_clear(&self->page);
    for (size_t i = from; i < from + taken; i++) {
        const item_t *item = &self->kept[found[i]];
        page.first = i == from ? item->seq : page.first;
        page.last = item->seq;
        bool has_room = buffer_append(&self->page, item->bytes.data, item->bytes.size);
        assert(has_room);
        (void)has_room;
    }
    page.events = buffer_span(&self->page);
    return page;
}

static log_state_t state_of(const kit_store_t *self, const log_t *log)
{
    log_state_t state = {
        .log = log->name, .oldest = log->oldest, .head = log->head, .last_ms = log->last_ms};
    for (size_t i = 0; i < self->kept_count; i++) {
        const item_t *item = &self->kept[i];
        if (item->kind != EFFECT_APPEND || !span_equal(item->name, log->name))
            continue;
        state.bytes += item->bytes.size;
        state.oldest_ms = state.oldest_ms ? state.oldest_ms : item->at_ms;
    }
    return state;
}

static bool is_too_much(const log_state_t *state, const retention_t *retention)
{
    uint64_t events = state->head + 1 - state->oldest;
    return events > 0 && ((retention->events > 0 && events > retention->events) ||
                          (retention->bytes > 0 && state->bytes > retention->bytes) ||
                          state->oldest_ms < retention->before_ms);
}

log_state_t kit_store_trim(kit_store_t *self, const retention_t *retention)
{
    log_t *log = find_log(self, retention->log);
    if (log == NULL)
        return (log_state_t){.log = retention->log, .oldest = 1};
    log_state_t state = state_of(self, log);
    while (is_too_much(&state, retention)) {
        forget(self, EFFECT_APPEND, log->name, ++log->oldest);
        state = state_of(self, log);
    }
    return state;
}

/* --- restoring ------------------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
    const item_t *left = *(item_t *const *)a, *right = *(item_t *const *)b;
    size_t shorter = left->name.size < right->name.size ? left->name.size : right->name.size;
    int order = memcmp(left->name.data, right->name.data, shorter);
    return order ? order
                 : (left->name.size > right->name.size) - (left->name.size < right->name.size);
}

void kit_store_restore(const kit_store_t *self, void (*tell)(void *context, event_t event),
                       void *context)
{
    const item_t *records[MOST];
    size_t count = 0;
    for (size_t i = 0; i < self->log_count; i++)
        tell(context, (event_t){.kind = EVENT_LOG, .log = state_of(self, &self->logs[i])});
    for (size_t i = 0; i < self->kept_count; i++)
        if (self->kept[i].kind == EFFECT_PUT)
            records[count++] = &self->kept[i];
    qsort(records, count, sizeof records[0], by_key);
    for (size_t i = 0; i < count; i++)
        tell(context,
             (event_t){.kind = EVENT_RECORD, .key = records[i]->name, .value = records[i]->bytes});
    for (size_t i = 0; i < self->kept_count; i++)
        if (self->kept[i].kind == EFFECT_NOTE)
            tell(context, (event_t){.kind = EVENT_NOTE,
                                    .number = self->kept[i].seq,
                                    .value = self->kept[i].bytes});
}

size_t kit_store_count(const kit_store_t *self, char what)
{
    if (what == 'l')
        return self->log_count;
    size_t count = 0;
    for (size_t i = 0; i < self->kept_count; i++)
        count += self->kept[i].kind == (what == 'r' ? EFFECT_PUT : EFFECT_NOTE);
    return count;
}
