#include "tests/sim/ledger.h"

#include "tests/sim/report.h"

#include <assert.h>
#include <stdlib.h>

static void *grown(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? 2 * *capacity : 16;
    list = realloc(list, *capacity * size);
    assert(list);
    return list;
}

static void free_log(ledger_log_t *log)
{
    for (uint32_t i = 0; i < log->line_count; i++)
        free(log->lines[i].entries);
    free(log->lines);
    free(log);
}

void ledger_fini(ledger_t *self)
{
    for (uint32_t i = 0; i < self->log_count; i++)
        free_log(self->logs[i]);
    free(self->logs);
    free(self->texts);
    *self = (ledger_t){0};
}

uint64_t ledger_new_text(ledger_t *self, uint32_t user, bool is_private)
{
    size_t capacity = self->text_capacity;
    self->texts = grown(self->texts, self->text_count + 1, &capacity, sizeof *self->texts);
    self->text_capacity = capacity;
    self->texts[++self->text_count] = (ledger_text_t){.session = UINT32_MAX,
                                                      .target = UINT32_MAX,
                                                      .former = UINT32_MAX,
                                                      .user = user,
                                                      .is_private = is_private};
    return self->text_count;
}

ledger_text_t *ledger_text(ledger_t *self, uint64_t number)
{
    if (number == 0 || number > self->text_count)
        violated("a text %ju that nobody ever said", (uintmax_t)number);
    return &self->texts[number];
}

uint64_t ledger_number(span_t text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        number = 10 * number + (uint64_t)(text.data[i] - '0');
    return number;
}

ledger_log_t *ledger_log(ledger_t *self, span_t name)
{
    for (uint32_t i = 0; i < self->log_count; i++)
        if (span_equal(name, (span_t){self->logs[i]->name, self->logs[i]->name_size}))
            return self->logs[i];
    size_t capacity = self->log_capacity;
    self->logs = grown(self->logs, self->log_count, &capacity, sizeof *self->logs);
    self->log_capacity = (uint32_t)capacity;
    ledger_log_t *log = calloc(1, sizeof *log);
    assert(log && name.size < LOG_NAME_BYTES);
    memcpy(log->name, name.data, name.size);
    log->name_size = (uint32_t)name.size;
    self->logs[self->log_count++] = log;
    return log;
}

static ledger_line_t *last_line(const ledger_log_t *log)
{
    return log->line_count > 0 ? &log->lines[log->line_count - 1] : NULL;
}

static ledger_line_t *begin_line(ledger_log_t *log, uint64_t epoch, uint64_t first)
{
    size_t capacity = log->line_capacity;
    log->lines = grown(log->lines, log->line_count, &capacity, sizeof *log->lines);
    log->line_capacity = (uint32_t)capacity;
    ledger_line_t *line = &log->lines[log->line_count++];
    *line = (ledger_line_t){.epoch = epoch, .first = first};
    return line;
}

/* A new epoch goes on behind the last one, or begins with 1. */
static ledger_line_t *line_for(ledger_log_t *log, uint64_t epoch, uint64_t seq)
{
    ledger_line_t *last = last_line(log);
    if (last && epoch < last->epoch)
        violated("the epoch of %s goes back from %ju to %ju", log->name, (uintmax_t)last->epoch,
                 (uintmax_t)epoch);
    if (last && epoch == last->epoch)
        return last;
    uint64_t next = log->head + 1;
    if (seq != 1 && seq != next)
        violated("epoch %ju of %s begins with %ju, behind %ju", (uintmax_t)epoch, log->name,
                 (uintmax_t)seq, (uintmax_t)next - 1);
    return begin_line(log, epoch, seq);
}

void ledger_append(ledger_t *self, span_t name, uint64_t epoch, uint64_t seq, uint64_t text,
                   uint64_t batch)
{
    ledger_log_t *log = ledger_log(self, name);
    ledger_line_t *line = line_for(log, epoch, seq);
    if (epoch > self->highest_epoch)
        self->highest_epoch = epoch;
    if (line->undone > 0 || line->is_over)
        violated("epoch %ju of %s goes on after some of it was lost", (uintmax_t)epoch, log->name);
    if (seq != line->first + line->count)
        violated("number %ju of %s is appended after %ju", (uintmax_t)seq, log->name,
                 (uintmax_t)(line->first + line->count - 1));
    size_t capacity = line->capacity;
    line->entries = grown(line->entries, line->count, &capacity, sizeof *line->entries);
    line->capacity = (uint32_t)capacity;
    line->entries[line->count++] = (ledger_entry_t){text, batch};
}

static void commit_text(ledger_t *self, const ledger_log_t *log, uint64_t number)
{
    ledger_text_t *text = ledger_text(self, number);
    text->copies++;
    if (text->is_refused)
        violated("text %ju was refused, and is in %s", (uintmax_t)number, log->name);
    if (text->copies > (text->is_private ? 2 : 1))
        violated("text %ju is in %s for the second time", (uintmax_t)number, log->name);
}

void ledger_commit(ledger_t *self, uint64_t batch)
{
    for (uint32_t i = 0; i < self->log_count; i++) {
        ledger_line_t *line = last_line(self->logs[i]);
        while (line && line->committed < line->count &&
               line->entries[line->committed].batch <= batch) {
            commit_text(self, self->logs[i], line->entries[line->committed++].text);
            self->logs[i]->head = line->first + line->committed - 1;
        }
    }
}

/* A line of which nothing is committed never was. */
static void drop_from(ledger_log_t *log)
{
    ledger_line_t *line;
    while ((line = last_line(log)) != NULL) {
        line->count = line->committed;
        if (line->count > 0)
            return;
        free(line->entries);
        log->line_count--;
    }
}

void ledger_drop(ledger_t *self)
{
    for (uint32_t i = 0; i < self->log_count; i++)
        drop_from(self->logs[i]);
}

uint64_t ledger_find(const ledger_log_t *self, uint64_t epoch, uint64_t seq)
{
    for (uint32_t i = self->line_count; i-- > 0;) {
        const ledger_line_t *line = &self->lines[i];
        if (line->epoch == epoch)
            return seq >= line->first && seq - line->first < line->committed
                       ? line->entries[seq - line->first].text
                       : 0;
    }
    return 0;
}

/* Of the lives of the room that are over nothing is undone: they are not there either way. */
void ledger_undo(ledger_t *self, ledger_log_t *log, uint64_t head)
{
    for (uint32_t i = log->line_count; i-- > 0 && head < log->head;) {
        ledger_line_t *line = &log->lines[i];
        for (uint32_t j = line->count - line->undone; j > 0 && line->first + j - 1 > head; j--) {
            ledger_text(self, line->entries[j - 1].text)->copies--;
            line->undone++;
        }
        if (line->first <= head + 1)
            break;
    }
    log->head = head;
    if (log->line_count > 0 && log->lines[log->line_count - 1].undone == 0)
        log->lines[log->line_count - 1].is_over = true;
}

uint64_t ledger_head(const ledger_log_t *self)
{
    return self->head;
}

bool ledger_is_over(const ledger_log_t *self)
{
    const ledger_line_t *line = last_line(self);
    return line == NULL || line->is_over || line->undone > 0;
}

uint64_t ledger_epoch(const ledger_log_t *self)
{
    const ledger_line_t *line = last_line(self);
    return line ? line->epoch : 0;
}
