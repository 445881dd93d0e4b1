#include "tests/sim/disk.h"

#include "broker/core/audit.h"
#include "proto/tables.h"
#include "tests/sim/disk_content.h"
#include "tests/sim/report.h"

#include <assert.h>
#include <stdlib.h>

void disk_init(disk_t *self, ledger_t *ledger, random_t *random, bool keeps, uint32_t slowness_ms)
{
    *self =
        (disk_t){.ledger = ledger, .random = random, .keeps = keeps, .slowness_ms = slowness_ms};
    buffer_init(&self->page, 4 * LIMIT_FRAME_BYTES);
}

static void free_change(disk_change_t *change)
{
    parcel_drop(change->name);
    parcel_drop(change->bytes);
}

static void drop_changes(disk_t *self)
{
    for (uint32_t i = 0; i < self->change_count; i++)
        free_change(&self->changes[i]);
    self->change_count = 0;
}

static void drop_answers(disk_t *self)
{
    for (uint32_t i = 0; i < self->answer_count; i++)
        parcel_drop(self->answers[i].log);
    self->answer_count = 0;
}

void disk_fini(disk_t *self)
{
    drop_changes(self);
    drop_answers(self);
    free(self->changes);
    free(self->answers);
    parcel_drop(self->told_log);
    buffer_fini(&self->page);
    disk_content_fini(&self->content);
}

static parcel_t *copy_of(const outbox_t *outbox, uint32_t offset, uint32_t size)
{
    return size > 0 ? parcel_new(outbox_span(outbox, offset, size)) : NULL;
}

static void note_append(disk_t *self, const outbox_t *outbox, const effect_t *effect)
{
    span_t bytes = outbox_span(outbox, effect->offset, effect->size);
    span_t log = outbox_span(outbox, effect->log_offset, effect->log_size);
    if (audit_is(log))
        return; /* there are no texts in what operators did */
    ledger_append(self->ledger, log, effect->epoch, effect->seq, disk_text_of(bytes),
                  effect->batch);
}

static void change(disk_t *self, const outbox_t *outbox, const effect_t *effect)
{
    if (self->is_void)
        return;
    if (effect->kind == EFFECT_APPEND)
        note_append(self, outbox, effect);
    if (!self->keeps)
        return;
    if (self->change_count == self->change_capacity) {
        self->change_capacity = self->change_capacity ? 2 * self->change_capacity : 64;
        self->changes = realloc(self->changes, self->change_capacity * sizeof *self->changes);
        assert(self->changes);
    }
    self->changes[self->change_count++] = (disk_change_t){
        .kind = effect->kind,
        .batch = effect->batch,
        .seq = effect->seq,
        .at_ms = effect->at_ms,
        .name = copy_of(outbox, effect->log_offset, effect->log_size),
        .bytes = copy_of(outbox, effect->offset, effect->size),
    };
}

static uint64_t add_answer(disk_t *self, disk_answer_t answer, uint64_t now_ms)
{
    uint64_t due_ms = now_ms;
    if (self->slowness_ms > 0)
        due_ms += random_below(self->random, self->slowness_ms + 1);
    if (due_ms < self->last_due_ms)
        due_ms = self->last_due_ms;
    if (self->answer_count == self->answer_capacity) {
        self->answer_capacity = self->answer_capacity ? 2 * self->answer_capacity : 16;
        self->answers = realloc(self->answers, self->answer_capacity * sizeof *self->answers);
        assert(self->answers);
    }
    answer.due_ms = self->last_due_ms = due_ms;
    self->answers[self->answer_count++] = answer;
    return due_ms;
}

static uint64_t commit(disk_t *self, uint64_t batch, uint64_t now_ms)
{
    if (self->is_void)
        return 0;
    self->is_void = self->is_full;
    event_kind_t kind = self->is_full ? EVENT_APPEND_FAILED : EVENT_COMMITTED;
    return add_answer(self, (disk_answer_t){.kind = kind, .batch = batch}, now_ms);
}

static uint64_t read_page(disk_t *self, const outbox_t *outbox, const effect_t *effect,
                          uint64_t now_ms)
{
    disk_answer_t answer = {.kind = EVENT_PAGE, .query = outbox_query(outbox, effect)};
    answer.log = parcel_new(answer.query.log);
    answer.query.log = (span_t){answer.log->data, answer.log->size};
    return add_answer(self, answer, now_ms);
}

static uint64_t trim(disk_t *self, const outbox_t *outbox, const effect_t *effect, uint64_t now_ms)
{
    disk_answer_t answer = {.kind = EVENT_TRIMMED, .retention = outbox_retention(outbox, effect)};
    answer.log = parcel_new(answer.retention.log);
    answer.retention.log = (span_t){answer.log->data, answer.log->size};
    return add_answer(self, answer, now_ms);
}

uint64_t disk_perform(disk_t *self, const outbox_t *outbox, const effect_t *effect, uint64_t now_ms)
{
    switch (effect->kind) {
    case EFFECT_APPEND:
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
        change(self, outbox, effect);
        return 0;
    case EFFECT_COMMIT:
        return commit(self, effect->batch, now_ms);
    case EFFECT_READ:
        return read_page(self, outbox, effect, now_ms);
    case EFFECT_TRIM:
        return trim(self, outbox, effect, now_ms);
    case EFFECT_SEND:
    case EFFECT_PUBLISH:
    case EFFECT_FORGET:
    case EFFECT_HASH:
    case EFFECT_STOP:
        assert(false);
    }
    return 0;
}

/* Makes all changes up to the batch last. */
static void make_last(disk_t *self, uint64_t batch)
{
    uint32_t done = 0;
    while (done < self->change_count && self->changes[done].batch <= batch) {
        disk_apply(&self->content, &self->changes[done]);
        free_change(&self->changes[done++]);
    }
    self->change_count -= done;
    if (done > 0)
        memmove(self->changes, self->changes + done, self->change_count * sizeof *self->changes);
    self->origin = (origin_t){0};
    self->stored = batch;
    ledger_commit(self->ledger, batch);
}

static void fail(disk_t *self)
{
    drop_changes(self);
    ledger_drop(self->ledger);
    self->is_void = false;
}

static void fill_page(disk_t *self, const query_t *query, event_t *out)
{
    buffer_clear(&self->page);
    out->page = disk_page(&self->content, query, &self->page);
}

static void tell_trimmed(disk_t *self, const retention_t *retention, event_t *out)
{
    out->log = disk_trim(&self->content, retention);
    ledger_log_t *log = ledger_log(self->ledger, retention->log);
    if (out->log.oldest > log->trimmed + 1)
        log->trimmed = out->log.oldest - 1;
}

bool disk_answer(disk_t *self, uint64_t now_ms, event_t *out)
{
    if (self->answer_count == 0 || self->answers[0].due_ms > now_ms)
        return false;
    disk_answer_t answer = self->answers[0];
    memmove(self->answers, self->answers + 1, --self->answer_count * sizeof *self->answers);
    parcel_drop(self->told_log);
    self->told_log = answer.log;
    *out = (event_t){.kind = answer.kind, .batch = answer.batch};
    if (answer.kind == EVENT_COMMITTED)
        make_last(self, answer.batch);
    else if (answer.kind == EVENT_APPEND_FAILED)
        fail(self);
    else if (answer.kind == EVENT_PAGE)
        fill_page(self, &answer.query, out);
    else
        tell_trimmed(self, &answer.retention, out);
    return true;
}

void disk_crash(disk_t *self)
{
    uint32_t lasting = random_below(self->random, self->answer_count + 1);
    for (uint32_t i = 0; i < lasting; i++)
        if (self->answers[i].kind == EVENT_COMMITTED)
            make_last(self, self->answers[i].batch);
    drop_changes(self);
    drop_answers(self);
    ledger_drop(self->ledger);
    self->is_void = false;
    self->last_due_ms = 0;
}

disk_content_t disk_copy(const disk_t *self)
{
    return disk_content_copy(&self->content);
}

void disk_put_back(disk_t *self, disk_content_t *copy)
{
    disk_content_fini(&self->content);
    self->content = disk_content_copy(copy);
}

const disk_log_t *disk_log(const disk_t *self, span_t name)
{
    return disk_find_log(&self->content, name);
}

static void restore_logs(const disk_content_t *content, void (*step)(void *, const event_t *),
                         void *context)
{
    for (uint32_t i = 0; i < content->log_count; i++)
        step(context, &(event_t){.kind = EVENT_LOG, .log = disk_state(&content->logs[i])});
}

void disk_restore(const disk_t *self, void (*step)(void *context, const event_t *event),
                  void *context)
{
    const disk_content_t *content = &self->content;
    restore_logs(content, step, context);
    for (uint32_t i = 0; i < content->record_count; i++) {
        const disk_record_t *record = &content->records[i];
        step(context, &(event_t){.kind = EVENT_RECORD,
                                 .key = {record->key->data, record->key->size},
                                 .value = {record->value->data, record->value->size}});
    }
    for (uint32_t i = 0; i < content->note_count; i++) {
        const disk_note_t *note = &content->notes[i];
        step(context, &(event_t){.kind = EVENT_NOTE,
                                 .number = note->number,
                                 .value = {note->bytes->data, note->bytes->size}});
    }
}
