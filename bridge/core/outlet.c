#include "bridge/core/outlet.h"

#include "proto/tables.h"

#include <assert.h>
#include <stdlib.h>

enum { SEGMENT = -1, SMALLEST = 4, NOTICE_BYTES = 256 };

typedef struct segment segment_t;

struct segment {
    segment_t *next;
    const linelog_t *log; /* it comes after the lines before `line` in there; NULL: at once */
    uint64_t line;
    uint32_t size, sent; /* bytes */
    char bytes[];
};

/* Exists while there is something in it. */
struct outlet_rest {
    cursor_t *many;          /* where there are more rooms than one; owned */
    segment_t *head, *tail;  /* owned */
    uint32_t waiting_bytes;  /* in segments */
    uint32_t lost_lines;     /* of segments that found no room, yet to be told */
    uint8_t count, capacity; /* of `many` */
};

static outlet_rest_t *rest_of(outlet_t *self)
{
    if (self->rest == NULL)
        self->rest = calloc(1, sizeof *self->rest);
    assert(self->rest);
    return self->rest;
}

static void tidy(outlet_t *self)
{
    const outlet_rest_t *rest = self->rest;
    if (rest == NULL || rest->many || rest->head || rest->lost_lines > 0)
        return;
    free(self->rest);
    self->rest = NULL;
}

static segment_t *first_segment(const outlet_t *self)
{
    return self->rest ? self->rest->head : NULL;
}

void outlet_fini(outlet_t *self)
{
    assert(self);
    while (first_segment(self)) {
        segment_t *segment = self->rest->head;
        self->rest->head = segment->next;
        free(segment);
    }
    if (self->rest)
        free(self->rest->many);
    free(self->rest);
    *self = (outlet_t){0};
}

size_t outlet_count(const outlet_t *self)
{
    assert(self);
    if (self->rest && self->rest->many)
        return self->rest->count;
    return self->only.log ? 1 : 0;
}

bool outlet_has_private(const outlet_t *self)
{
    return first_segment(self) != NULL;
}

cursor_t *outlet_cursors(outlet_t *self)
{
    assert(self);
    return self->rest && self->rest->many ? self->rest->many : &self->only;
}

cursor_t *outlet_cursor(outlet_t *self, uint32_t room)
{
    cursor_t *cursors = outlet_cursors(self);
    for (size_t i = 0, count = outlet_count(self); i < count; i++)
        if (cursors[i].room == room)
            return &cursors[i];
    return NULL;
}

/* Where one more cursor goes: the first has its own place, more are on the heap. */
static cursor_t *add_cursor(outlet_t *self)
{
    if (outlet_count(self) == 0)
        return &self->only;
    outlet_rest_t *rest = rest_of(self);
    if (rest->many == NULL || rest->count == rest->capacity) {
        size_t capacity = rest->many ? rest->capacity * 2u : SMALLEST;
        cursor_t *many = realloc(rest->many, capacity * sizeof *many);
        assert(many);
        if (rest->many == NULL) {
            many[0] = self->only;
            rest->count = 1;
        }
        rest->many = many;
        rest->capacity = (uint8_t)capacity;
    }
    return &rest->many[rest->count++];
}

static void remove_cursor(outlet_t *self, cursor_t *cursor)
{
    outlet_rest_t *rest = self->rest;
    if (rest == NULL || rest->many == NULL) {
        self->only = (cursor_t){.log = NULL};
        return;
    }
    *cursor = rest->many[--rest->count];
    if (rest->count > 1)
        return;
    self->only = rest->many[0];
    free(rest->many);
    rest->many = NULL;
    rest->count = rest->capacity = 0;
}

void outlet_enter(outlet_t *self, uint32_t room, linelog_t *log, uint32_t place)
{
    assert(self && log && outlet_cursor(self, room) == NULL);
    assert(outlet_count(self) < LIMIT_ROOMS_PER_SESSION);
    *add_cursor(self) = (cursor_t){log, linelog_end(log), room, place};
}

void outlet_leave(outlet_t *self, uint32_t room)
{
    assert(self);
    cursor_t *cursor = outlet_cursor(self, room);
    if (cursor == NULL)
        return;
    for (segment_t *segment = first_segment(self); segment; segment = segment->next)
        if (segment->log == cursor->log)
            segment->log = NULL;
    remove_cursor(self, cursor);
    tidy(self);
}

static segment_t *segment_new(span_t bytes)
{
    assert(bytes.size > 0 && bytes.size <= UINT32_MAX);
    segment_t *segment = malloc(sizeof *segment + bytes.size);
    assert(segment);
    *segment = (segment_t){.size = (uint32_t)bytes.size};
    memcpy(segment->bytes, bytes.data, bytes.size);
    return segment;
}

static void push_back(outlet_rest_t *rest, segment_t *segment)
{
    if (rest->tail)
        rest->tail->next = segment;
    else
        rest->head = segment;
    rest->tail = segment;
    rest->waiting_bytes += segment->size;
}

static void push_front(outlet_rest_t *rest, segment_t *segment)
{
    segment->next = rest->head;
    rest->head = segment;
    if (rest->tail == NULL)
        rest->tail = segment;
    rest->waiting_bytes += segment->size;
}

static void pop_front(outlet_rest_t *rest)
{
    segment_t *segment = rest->head;
    assert(segment && rest->waiting_bytes >= segment->size);
    rest->waiting_bytes -= segment->size;
    rest->head = segment->next;
    if (rest->head == NULL)
        rest->tail = NULL;
    free(segment);
}

static uint64_t count_lines(span_t lines)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lines.size; i++)
        count += lines.data[i] == '\n';
    return count;
}

/* A segment that comes before line `line` of a log; NULL: at once. */
static segment_t *segment_before(const cursor_t *cursor, uint64_t line, span_t lines)
{
    segment_t *segment = segment_new(lines);
    if (cursor) {
        segment->log = cursor->log;
        segment->line = line;
    }
    return segment;
}

uint64_t outlet_put(outlet_t *self, span_t lines, uint32_t current, size_t waiting_max)
{
    assert(self && lines.size > 0 && lines.data[lines.size - 1] == '\n');
    outlet_rest_t *rest = rest_of(self);
    if (rest->lost_lines > 0 || rest->waiting_bytes + lines.size > waiting_max) {
        uint64_t lost = count_lines(lines);
        rest->lost_lines += (uint32_t)lost;
        return lost;
    }
    const cursor_t *cursor = outlet_cursor(self, current);
    push_back(rest, segment_before(cursor, cursor ? linelog_end(cursor->log) : 0, lines));
    return 0;
}

/* Says that so many lines were skipped, before the line the cursor is at. */
static segment_t *notice(const cursor_t *cursor, language_t language, uint64_t skipped)
{
    buffer_t line;
    numeral_t digits;
    buffer_init(&line, NOTICE_BYTES);
    phrase_line(&line, language, PHRASE_skipped, &(words_t){.count = numeral(skipped, &digits)});
    segment_t *segment = segment_before(cursor, cursor ? cursor->line : 0, buffer_span(&line));
    buffer_fini(&line);
    return segment;
}

/* Puts a segment before those that come later in its log. */
static void insert(outlet_rest_t *rest, segment_t *segment)
{
    segment_t *before = NULL;
    for (segment_t *at = rest->head; at; at = at->next) {
        if (at->log == segment->log && at->line > segment->line)
            break;
        before = at;
    }
    if (before == NULL) {
        push_front(rest, segment);
        return;
    }
    segment->next = before->next;
    before->next = segment;
    if (rest->tail == before)
        rest->tail = segment;
    rest->waiting_bytes += segment->size;
}

/* Whoever has fallen off a log goes on with its last lines. */
static uint64_t skip_what_is_gone(outlet_t *self, language_t language)
{
    uint64_t skipped = 0;
    cursor_t *cursors = outlet_cursors(self);
    for (size_t i = 0, count = outlet_count(self); i < count; i++) {
        cursor_t *cursor = &cursors[i];
        uint64_t first = linelog_first(cursor->log), end = linelog_end(cursor->log);
        if (cursor->line >= first)
            continue;
        uint64_t next = end - first > OUTLET_LAST_LINES ? end - OUTLET_LAST_LINES : first;
        uint64_t missed = next - cursor->line;
        cursor->line = next;
        insert(rest_of(self), notice(cursor, language, missed));
        skipped += missed;
    }
    return skipped;
}

/* Private lines that found no room are told once the others are out. */
static uint64_t tell_what_was_lost(outlet_t *self, language_t language)
{
    outlet_rest_t *rest = self->rest;
    if (rest == NULL || rest->lost_lines == 0 || rest->head)
        return 0;
    uint64_t lost = rest->lost_lines;
    push_back(rest, notice(NULL, language, lost));
    rest->lost_lines = 0;
    return lost;
}

static bool has_room(const plan_t *plan)
{
    return plan->part_count < PLAN_PARTS;
}

static void add_piece(plan_t *plan, span_t piece)
{
    assert(plan->count < PLAN_PIECES);
    plan->pieces[plan->count++] = (struct iovec){(void *)(uintptr_t)piece.data, piece.size};
    plan->bytes += piece.size;
}

static void add_lines(plan_t *plan, const cursor_t *cursor, int index, uint64_t from, uint64_t to)
{
    assert(has_room(plan) && from < to);
    span_t pieces[2];
    size_t before = plan->bytes, count = linelog_read(cursor->log, from, to, pieces);
    for (size_t i = 0; i < count; i++)
        add_piece(plan, pieces[i]);
    plan->parts[plan->part_count].from = from;
    plan->parts[plan->part_count].to = to;
    plan->parts[plan->part_count].cursor = index;
    plan->parts[plan->part_count++].bytes = plan->bytes - before;
}

static void add_segment(plan_t *plan, const segment_t *segment)
{
    assert(has_room(plan) && segment->sent < segment->size);
    span_t rest = {segment->bytes + segment->sent, segment->size - segment->sent};
    add_piece(plan, rest);
    plan->parts[plan->part_count].from = plan->parts[plan->part_count].to = 0;
    plan->parts[plan->part_count].cursor = SEGMENT;
    plan->parts[plan->part_count++].bytes = rest.size;
}

/* Up to where the plan so far has the lines of a cursor. */
static uint64_t planned(const plan_t *plan, const cursor_t *cursor, int index)
{
    for (size_t i = plan->part_count; i-- > 0;)
        if (plan->parts[i].cursor == index)
            return plan->parts[i].to;
    return cursor->line;
}

static int find_log(const cursor_t *cursors, size_t count, const linelog_t *log)
{
    for (size_t i = 0; i < count; i++)
        if (cursors[i].log == log)
            return (int)i;
    return SEGMENT;
}

/* The lines before each segment's place, then the segment. False: the plan is full. */
static bool plan_segments(outlet_t *self, plan_t *out)
{
    const cursor_t *cursors = outlet_cursors(self);
    size_t count = outlet_count(self);
    for (const segment_t *segment = first_segment(self); segment; segment = segment->next) {
        int index = segment->log ? find_log(cursors, count, segment->log) : SEGMENT;
        if (index != SEGMENT) {
            uint64_t from = planned(out, &cursors[index], index);
            if (from < segment->line && has_room(out))
                add_lines(out, &cursors[index], index, from, segment->line);
        }
        if (!has_room(out))
            return false;
        add_segment(out, segment);
    }
    return true;
}

void outlet_plan(outlet_t *self, language_t language, plan_t *out)
{
    assert(self && out);
    out->count = 0;
    out->bytes = out->part_count = 0;
    out->skipped = skip_what_is_gone(self, language);
    out->skipped += tell_what_was_lost(self, language);
    bool has_segments = first_segment(self) != NULL;
    if (has_segments && !plan_segments(self, out))
        return;
    const cursor_t *cursors = outlet_cursors(self);
    for (int i = 0, count = (int)outlet_count(self); i < count && has_room(out); i++) {
        uint64_t from = has_segments ? planned(out, &cursors[i], i) : cursors[i].line;
        uint64_t end = linelog_end(cursors[i].log);
        if (from < end)
            add_lines(out, &cursors[i], i, from, end);
    }
}

/* A part of a log of which only `size` bytes were sent. */
static void break_lines(outlet_t *self, cursor_t *cursor, uint64_t from, size_t size)
{
    size_t into;
    cursor->line = linelog_find(cursor->log, from, size, &into);
    if (into == 0)
        return;
    span_t pieces[2];
    size_t count = linelog_read(cursor->log, cursor->line, cursor->line + 1, pieces);
    segment_t *rest =
        malloc(sizeof *rest + linelog_bytes(cursor->log, cursor->line, cursor->line + 1));
    assert(rest && count > 0);
    *rest = (segment_t){.size = 0};
    for (size_t i = 0; i < count; i++) {
        size_t skip = into < pieces[i].size ? into : pieces[i].size;
        memcpy(rest->bytes + rest->size, pieces[i].data + skip, pieces[i].size - skip);
        rest->size += (uint32_t)(pieces[i].size - skip);
        into -= skip;
    }
    push_front(rest_of(self), rest);
    cursor->line++;
}

void outlet_sent(outlet_t *self, const plan_t *plan, size_t size)
{
    assert(self && plan && size <= plan->bytes);
    cursor_t *cursors = outlet_cursors(self);
    for (size_t i = 0; i < plan->part_count && size > 0; i++) {
        size_t bytes = plan->parts[i].bytes < size ? plan->parts[i].bytes : size;
        bool is_whole = bytes == plan->parts[i].bytes;
        size -= bytes;
        if (plan->parts[i].cursor == SEGMENT && is_whole)
            pop_front(self->rest);
        else if (plan->parts[i].cursor == SEGMENT)
            self->rest->head->sent += (uint32_t)bytes;
        else if (is_whole)
            cursors[plan->parts[i].cursor].line = plan->parts[i].to;
        else
            break_lines(self, &cursors[plan->parts[i].cursor], plan->parts[i].from, bytes);
    }
    tidy(self);
}

bool outlet_is_done(const outlet_t *self)
{
    assert(self);
    const outlet_rest_t *rest = self->rest;
    const cursor_t *cursors = rest && rest->many ? rest->many : &self->only;
    for (size_t i = 0, count = outlet_count(self); i < count; i++)
        if (cursors[i].line < linelog_end(cursors[i].log))
            return false;
    return rest == NULL || (rest->head == NULL && rest->lost_lines == 0);
}

size_t outlet_memory(const outlet_t *self)
{
    assert(self);
    if (self->rest == NULL)
        return 0;
    size_t bytes = sizeof *self->rest + self->rest->capacity * sizeof(cursor_t);
    for (const segment_t *segment = self->rest->head; segment; segment = segment->next)
        bytes += sizeof *segment + segment->size;
    return bytes;
}
