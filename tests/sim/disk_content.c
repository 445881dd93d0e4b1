#include "tests/sim/disk_content.h"

#include "proto/decode.h"
#include "tests/sim/report.h"

#include <assert.h>
#include <stdlib.h>

static void *grown(void *list, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? 2 * *capacity : 16;
    list = realloc(list, *capacity * size);
    assert(list);
    return list;
}

static span_t span(const parcel_t *parcel)
{
    return parcel ? (span_t){parcel->data, parcel->size} : (span_t){NULL, 0};
}

/* The key is a fixed string, and the text's number follows its header of one to five bytes. */
uint64_t disk_text_of(span_t event)
{
    static const char KEY[] = "\xa4text";
    const char *place = memmem(event.data, event.size, KEY, sizeof KEY - 1);
    if (place == NULL)
        violated("an event without a text was appended");
    place += sizeof KEY - 1;
    unsigned char header = (unsigned char)*place++;
    if (header == 0xd9)
        place += 1;
    else if (header == 0xda)
        place += 2;
    return ledger_number((span_t){place, (size_t)(event.data + event.size - place)});
}

disk_log_t *disk_find_log(const disk_content_t *self, span_t name)
{
    for (uint32_t i = 0; i < self->log_count; i++)
        if (span_equal(name, (span_t){self->logs[i].name, self->logs[i].name_size}))
            return &self->logs[i];
    return NULL;
}

static disk_log_t *make_log(disk_content_t *self, span_t name)
{
    disk_log_t *log = disk_find_log(self, name);
    if (log)
        return log;
    self->logs = grown(self->logs, self->log_count, &self->log_capacity, sizeof *self->logs);
    log = &self->logs[self->log_count++];
    *log = (disk_log_t){.name_size = (uint32_t)name.size, .oldest = 1};
    memcpy(log->name, name.data, name.size);
    return log;
}

static void append(disk_content_t *self, const disk_change_t *change)
{
    disk_log_t *log = make_log(self, span(change->name));
    if (change->seq != log->head + 1)
        violated("the store was given number %ju of %s, which ends with %ju",
                 (uintmax_t)change->seq, log->name, (uintmax_t)log->head);
    log->events = grown(log->events, log->count, &log->capacity, sizeof *log->events);
    log->events[log->count++] = (disk_event_t){change->at_ms, parcel_share(change->bytes)};
    log->head = change->seq;
    log->last_ms = change->at_ms;
    log->bytes += change->bytes->size;
}

static void free_events(disk_log_t *log, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        log->bytes -= log->events[i].bytes->size;
        parcel_drop(log->events[i].bytes);
    }
    log->count -= count;
    log->oldest += count;
    if (count > 0)
        memmove(log->events, log->events + count, log->count * sizeof *log->events);
}

static void erase(disk_content_t *self, const disk_change_t *change)
{
    disk_log_t *log = disk_find_log(self, span(change->name));
    if (log == NULL)
        return;
    free_events(log, log->count);
    free(log->events);
    *log = self->logs[--self->log_count];
}

static int compare(span_t a, span_t b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

static void put(disk_content_t *self, const disk_change_t *change)
{
    uint32_t place = 0;
    int order = 1;
    while (place < self->record_count &&
           (order = compare(span(self->records[place].key), span(change->name))) < 0)
        place++;
    bool is_there = place < self->record_count && order == 0;
    if (is_there) {
        parcel_drop(self->records[place].key);
        parcel_drop(self->records[place].value);
        self->record_count--;
        memmove(self->records + place, self->records + place + 1,
                (self->record_count - place) * sizeof *self->records);
    }
    if (change->bytes == NULL)
        return;
    self->records =
        grown(self->records, self->record_count, &self->record_capacity, sizeof *self->records);
    memmove(self->records + place + 1, self->records + place,
            (self->record_count++ - place) * sizeof *self->records);
    self->records[place] = (disk_record_t){parcel_share(change->name), parcel_share(change->bytes)};
}

static void note(disk_content_t *self, const disk_change_t *change)
{
    if (self->note_count > 0 && self->notes[self->note_count - 1].number >= change->seq)
        violated("note %ju was written after note %ju", (uintmax_t)change->seq,
                 (uintmax_t)self->notes[self->note_count - 1].number);
    self->notes = grown(self->notes, self->note_count, &self->note_capacity, sizeof *self->notes);
    self->notes[self->note_count++] = (disk_note_t){change->seq, parcel_share(change->bytes)};
}

static void drop_notes(disk_content_t *self, uint64_t below)
{
    uint32_t count = 0;
    while (count < self->note_count && self->notes[count].number < below)
        parcel_drop(self->notes[count++].bytes);
    self->note_count -= count;
    if (count > 0)
        memmove(self->notes, self->notes + count, self->note_count * sizeof *self->notes);
}

void disk_apply(disk_content_t *self, const disk_change_t *change)
{
    switch ((unsigned)change->kind) {
    case EFFECT_APPEND:
        append(self, change);
        return;
    case EFFECT_ERASE:
        erase(self, change);
        return;
    case EFFECT_PUT:
        put(self, change);
        return;
    case EFFECT_NOTE:
        note(self, change);
        return;
    case EFFECT_DROP_NOTES:
        drop_notes(self, change->seq);
        return;
    }
}

log_state_t disk_state(const disk_log_t *log)
{
    return (log_state_t){.log = {log->name, log->name_size},
                         .oldest = log->oldest,
                         .head = log->head,
                         .oldest_ms = log->count > 0 ? log->events[0].at_ms : 0,
                         .last_ms = log->last_ms,
                         .bytes = log->bytes};
}

static bool is_wanted(const disk_log_t *log, uint64_t seq, const query_t *query)
{
    uint64_t at_ms = log->events[seq - log->oldest].at_ms;
    return at_ms > query->after_ms && at_ms < query->until_ms;
}

/* The run of numbers that a query names and the log has. */
static void find_run(const disk_log_t *log, const query_t *query, uint64_t *first, uint64_t *last)
{
    *first = query->first > log->oldest ? query->first : log->oldest;
    *last = query->last < log->head ? query->last : log->head;
    while (*first <= *last && !is_wanted(log, *first, query))
        ++*first;
    while (*first <= *last && !is_wanted(log, *last, query))
        --*last;
}

static uint32_t size_of(const disk_log_t *log, uint64_t seq)
{
    return log->events[seq - log->oldest].bytes->size;
}

/* Cuts the run to what a page may hold. True: it was cut. */
static bool cut_run(const disk_log_t *log, const query_t *query, uint64_t *first, uint64_t *last)
{
    uint64_t low = *first, high = *last, count = 0, bytes = 0;
    if (low > high)
        return false;
    while (count < high - low + 1) {
        uint64_t next = query->keeps_first ? low + count : high - count;
        bytes += size_of(log, next);
        if (count == query->count || (count > 0 && bytes > query->bytes))
            break;
        count++;
    }
    if (query->keeps_first)
        *last = low + count - 1;
    else
        *first = high - count + 1;
    return count < high - low + 1;
}

page_t disk_page(const disk_content_t *self, const query_t *query, buffer_t *bytes)
{
    page_t page = {.id = query->id, .first = 1};
    const disk_log_t *log = disk_find_log(self, query->log);
    if (log == NULL || log->count == 0)
        return page;
    find_run(log, query, &page.first, &page.last);
    page.has_more = cut_run(log, query, &page.first, &page.last);
    for (uint64_t seq = page.first; seq <= page.last; seq++) {
        const parcel_t *event = log->events[seq - log->oldest].bytes;
        bool has_room = buffer_append(bytes, event->data, event->size);
        assert(has_room);
        (void)has_room;
    }
    page.events = buffer_span(bytes);
    return page;
}

static bool is_too_much(const disk_log_t *log, const retention_t *retention)
{
    if (log->count == 0)
        return false;
    return (retention->events > 0 && log->count > retention->events) ||
           (retention->bytes > 0 && log->bytes > retention->bytes) ||
           log->events[0].at_ms < retention->before_ms;
}

log_state_t disk_trim(disk_content_t *self, const retention_t *retention)
{
    disk_log_t *log = disk_find_log(self, retention->log);
    if (log == NULL)
        return (log_state_t){.log = retention->log, .oldest = 1};
    while (is_too_much(log, retention))
        free_events(log, 1);
    return disk_state(log);
}

static void *copy_list(const void *list, uint32_t count, size_t size)
{
    void *copy = malloc(count > 0 ? count * size : 1);
    assert(copy);
    if (count > 0)
        memcpy(copy, list, count * size);
    return copy;
}

disk_content_t disk_content_copy(const disk_content_t *self)
{
    disk_content_t copy = {.log_count = self->log_count,
                           .log_capacity = self->log_count,
                           .record_count = self->record_count,
                           .record_capacity = self->record_count,
                           .note_count = self->note_count,
                           .note_capacity = self->note_count};
    copy.logs = copy_list(self->logs, self->log_count, sizeof *self->logs);
    copy.records = copy_list(self->records, self->record_count, sizeof *self->records);
    copy.notes = copy_list(self->notes, self->note_count, sizeof *self->notes);
    for (uint32_t i = 0; i < copy.log_count; i++) {
        disk_log_t *log = &copy.logs[i];
        log->events = copy_list(log->events, log->count, sizeof *log->events);
        log->capacity = log->count;
        for (uint32_t j = 0; j < log->count; j++)
            parcel_share(log->events[j].bytes);
    }
    for (uint32_t i = 0; i < copy.record_count; i++) {
        parcel_share(copy.records[i].key);
        parcel_share(copy.records[i].value);
    }
    for (uint32_t i = 0; i < copy.note_count; i++)
        parcel_share(copy.notes[i].bytes);
    return copy;
}

void disk_content_fini(disk_content_t *self)
{
    for (uint32_t i = 0; i < self->log_count; i++) {
        free_events(&self->logs[i], self->logs[i].count);
        free(self->logs[i].events);
    }
    for (uint32_t i = 0; i < self->record_count; i++) {
        parcel_drop(self->records[i].key);
        parcel_drop(self->records[i].value);
    }
    for (uint32_t i = 0; i < self->note_count; i++)
        parcel_drop(self->notes[i].bytes);
    free(self->logs);
    free(self->records);
    free(self->notes);
    *self = (disk_content_t){0};
}
