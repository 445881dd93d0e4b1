#include "bridge/core/linelog.h"

#include <assert.h>
#include <stdlib.h>

enum {
    SMALLEST_BYTES = 4096,
    SMALLEST_LINES = 64,
    MARK_MS = 1000,
    MARKS = LINELOG_KEEP_MS / MARK_MS + 2,
    APPEND_MAX = LINELOG_BYTES_MAX / 8
};

/* The lines before `line` came at `at_ms` or earlier. */
typedef struct {
    uint64_t at_ms, line;
} mark_t;

/* Sizes are powers of two: a position or a line number modulo the size is its place. */
struct linelog {
    char *bytes;
    uint32_t *starts;      /* by line: its position, the low 32 bits */
    uint64_t tail, head;   /* positions: oldest byte kept, next to be written */
    uint64_t first, end;   /* lines, likewise */
    size_t capacity;       /* of bytes */
    size_t lines_capacity; /* of starts */
    mark_t marks[MARKS];   /* a ring, one a second while there are lines */
    uint64_t mark_count;   /* ever made */
    uint64_t appended_ms;  /* when the last line came */
    uint64_t marked_ms;    /* when the last mark was made */
};

linelog_t *linelog_new(void)
{
    linelog_t *self = calloc(1, sizeof *self);
    assert(self);
    self->capacity = SMALLEST_BYTES;
    self->lines_capacity = SMALLEST_LINES;
    self->bytes = malloc(self->capacity);
    self->starts = malloc(self->lines_capacity * sizeof *self->starts);
    assert(self->bytes && self->starts);
    return self;
}

void linelog_destroy(linelog_t **self_p)
{
    assert(self_p);
    linelog_t *self = *self_p;
    if (self == NULL)
        return;
    free(self->bytes);
    free(self->starts);
    free(self);
    *self_p = NULL;
}

uint64_t linelog_first(const linelog_t *self)
{
    assert(self);
    return self->first;
}

uint64_t linelog_end(const linelog_t *self)
{
    assert(self);
    return self->end;
}

size_t linelog_memory(const linelog_t *self)
{
    assert(self);
    return sizeof *self + self->capacity + self->lines_capacity * sizeof *self->starts;
}

/* The position at which a line begins; for the line to come, where it will. */
static uint64_t position(const linelog_t *self, uint64_t line)
{
    assert(line >= self->first && line <= self->end);
    if (line == self->end)
        return self->head;
    uint32_t low = self->starts[line & (self->lines_capacity - 1)];
    return self->tail + (uint32_t)(low - (uint32_t)self->tail);
}

size_t linelog_bytes(const linelog_t *self, uint64_t from, uint64_t to)
{
    assert(self && from <= to);
    return (size_t)(position(self, to) - position(self, from));
}

/* The bytes from one position to another in at most two pieces. */
static size_t pieces(const linelog_t *self, uint64_t from, uint64_t to, span_t out[2])
{
    assert(from >= self->tail && from <= to && to <= self->head);
    size_t size = (size_t)(to - from), place = from & (self->capacity - 1);
    size_t before_wrap = self->capacity - place;
    if (size == 0)
        return 0;
    if (size <= before_wrap) {
        out[0] = (span_t){self->bytes + place, size};
        return 1;
    }
    out[0] = (span_t){self->bytes + place, before_wrap};
    out[1] = (span_t){self->bytes, size - before_wrap};
    return 2;
}

size_t linelog_read(const linelog_t *self, uint64_t from, uint64_t to, span_t out[2])
{
    assert(self && out && from <= to);
    return pieces(self, position(self, from), position(self, to), out);
}

uint64_t linelog_find(const linelog_t *self, uint64_t from, size_t offset, size_t *out_into)
{
    assert(self && out_into);
    uint64_t wanted = position(self, from) + offset;
    assert(wanted <= self->head);
    uint64_t low = from,
             high = self->end; /* low begins at or before it, what is after high behind it */
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (position(self, middle) <= wanted)
            low = middle;
        else
            high = middle - 1;
    }
    *out_into = (size_t)(wanted - position(self, low));
    return low;
}

static void resize_bytes(linelog_t *self, size_t capacity)
{
    assert(capacity >= self->head - self->tail && (capacity & (capacity - 1)) == 0);
    char *bytes = malloc(capacity);
    assert(bytes);
    span_t old[2];
    uint64_t at = self->tail;
    size_t count = pieces(self, self->tail, self->head, old);
    for (size_t i = 0; i < count; i++)
        for (size_t done = 0, size; done < old[i].size; done += size, at += size) {
            size_t place = at & (capacity - 1), left = old[i].size - done;
            size = left < capacity - place ? left : capacity - place;
            memcpy(bytes + place, old[i].data + done, size);
        }
    free(self->bytes);
    self->bytes = bytes;
    self->capacity = capacity;
}

static void resize_lines(linelog_t *self, size_t capacity)
{
    assert(capacity >= self->end - self->first && (capacity & (capacity - 1)) == 0);
    uint32_t *starts = malloc(capacity * sizeof *starts);
    assert(starts);
    for (uint64_t line = self->first; line < self->end; line++)
        starts[line & (capacity - 1)] = self->starts[line & (self->lines_capacity - 1)];
    free(self->starts);
    self->starts = starts;
    self->lines_capacity = capacity;
}

/* The first line that is not yet LINELOG_KEEP_MS old, or an older one. */
static uint64_t young(const linelog_t *self, uint64_t now_ms)
{
    if (self->appended_ms + LINELOG_KEEP_MS <= now_ms)
        return self->end;
    uint64_t line = 0;
    uint64_t oldest = self->mark_count > MARKS ? self->mark_count - MARKS : 0;
    for (uint64_t i = oldest; i < self->mark_count; i++)
        if (self->marks[i % MARKS].at_ms + LINELOG_KEEP_MS <= now_ms)
            line = self->marks[i % MARKS].line;
    return line;
}

/* Before a line is appended, at most once in MARK_MS: notes when the last one was. */
static void mark(linelog_t *self, uint64_t now_ms)
{
    if (self->mark_count > 0 && self->marked_ms + MARK_MS > now_ms)
        return;
    self->marks[self->mark_count++ % MARKS] = (mark_t){self->appended_ms, self->end};
    self->marked_ms = now_ms;
}

static void drop_first(linelog_t *self)
{
    assert(self->first < self->end);
    self->tail = position(self, self->first + 1);
    self->first++;
}

/* Old enough, and enough would be left of the others and the `size` bytes to come. */
static bool may_drop_first(const linelog_t *self, uint64_t young_line, size_t size)
{
    return self->first < self->end && self->first < young_line &&
           self->head + size - position(self, self->first + 1) >= LINELOG_KEEP_BYTES;
}

static void make_room(linelog_t *self, size_t size, uint64_t now_ms)
{
    uint64_t young_line = young(self, now_ms);
    while (self->head - self->tail + size > self->capacity) {
        if (self->capacity == LINELOG_BYTES_MAX || may_drop_first(self, young_line, size))
            drop_first(self);
        else
            resize_bytes(self, self->capacity * 2);
    }
    while (self->end - self->first >= self->lines_capacity) {
        if (self->lines_capacity == LINELOG_LINES_MAX || may_drop_first(self, young_line, size))
            drop_first(self);
        else
            resize_lines(self, self->lines_capacity * 2);
    }
}

static void append_one(linelog_t *self, span_t line, uint64_t now_ms)
{
    make_room(self, line.size, now_ms);
    size_t place = self->head & (self->capacity - 1), before_wrap = self->capacity - place;
    size_t size = line.size < before_wrap ? line.size : before_wrap;
    memcpy(self->bytes + place, line.data, size);
    memcpy(self->bytes, line.data + size, line.size - size);
    self->starts[self->end & (self->lines_capacity - 1)] = (uint32_t)self->head;
    self->head += line.size;
    self->end++;
}

void linelog_append(linelog_t *self, span_t lines, uint64_t now_ms)
{
    assert(self && lines.size > 0 && lines.size <= APPEND_MAX);
    assert(lines.data[lines.size - 1] == '\n');
    assert(now_ms >= self->appended_ms);
    mark(self, now_ms);
    self->appended_ms = now_ms;
    while (lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        size_t size = (size_t)(end - lines.data) + 1;
        append_one(self, (span_t){lines.data, size}, now_ms);
        lines.data += size;
        lines.size -= size;
    }
    assert(self->head - self->tail <= self->capacity);
}

void linelog_tidy(linelog_t *self, uint64_t now_ms)
{
    assert(self);
    uint64_t young_line = young(self, now_ms);
    while (may_drop_first(self, young_line, 0))
        drop_first(self);
    size_t used = (size_t)(self->head - self->tail), capacity = self->capacity;
    while (capacity > SMALLEST_BYTES && used * 4 <= capacity)
        capacity /= 2;
    if (capacity < self->capacity)
        resize_bytes(self, capacity);
    size_t lines = (size_t)(self->end - self->first), lines_capacity = self->lines_capacity;
    while (lines_capacity > SMALLEST_LINES && lines * 4 <= lines_capacity)
        lines_capacity /= 2;
    if (lines_capacity < self->lines_capacity)
        resize_lines(self, lines_capacity);
}
