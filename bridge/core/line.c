#include "bridge/core/line.h"

#include <assert.h>
#include <stdlib.h>

enum { SMALLEST = 64 };
_Static_assert(LINE_BYTES <= UINT16_MAX / 2, "sizes fit their fields while they double");

void line_fini(line_t *self)
{
    assert(self);
    free(self->bytes);
    *self = (line_t){0};
}

static void forget(line_t *self)
{
    free(self->bytes);
    self->bytes = NULL;
    self->size = self->capacity = 0;
    self->is_given = false;
}

static void keep(line_t *self, span_t piece)
{
    assert(self->size + piece.size <= LINE_BYTES);
    size_t needed = self->size + piece.size, capacity = self->capacity;
    if (needed > capacity) {
        capacity = capacity ? capacity : SMALLEST;
        while (capacity < needed)
            capacity *= 2;
        self->bytes = realloc(self->bytes, capacity);
        assert(self->bytes);
        self->capacity = (uint16_t)capacity;
    }
    if (piece.size > 0)
        memcpy(self->bytes + self->size, piece.data, piece.size);
    self->size = (uint16_t)needed;
}

static span_t cut(span_t *input, size_t size)
{
    assert(size <= input->size);
    span_t piece = {input->data, size};
    input->data += size;
    input->size -= size;
    return piece;
}

/* A piece of a line, up to its LF or to the end of the input. */
static line_found_t take(line_t *self, span_t piece, bool is_ended, span_t *out)
{
    if (self->is_skipping) {
        self->is_skipping = !is_ended;
        return LINE_NONE;
    }
    if (self->size + piece.size > LINE_BYTES) {
        forget(self);
        self->is_skipping = !is_ended;
        return LINE_TOO_LONG;
    }
    if (is_ended && self->bytes == NULL) {
        *out = piece;
        return LINE_WHOLE;
    }
    if (piece.size > 0)
        keep(self, piece);
    if (!is_ended)
        return LINE_NONE;
    *out = (span_t){self->bytes, self->size};
    self->is_given = true;
    return LINE_WHOLE;
}

line_found_t line_next(line_t *self, span_t *input, span_t *out)
{
    assert(self && input && out);
    if (self->is_given)
        forget(self);
    line_found_t found = LINE_NONE;
    while (found == LINE_NONE && input->size > 0) {
        const char *end = memchr(input->data, '\n', input->size);
        span_t piece = cut(input, end ? (size_t)(end - input->data) : input->size);
        if (end)
            (void)cut(input, 1);
        found = take(self, piece, end != NULL, out);
    }
    return found;
}

line_found_t line_end(line_t *self, span_t *out)
{
    assert(self && out);
    if (self->is_given)
        forget(self);
    if (self->bytes == NULL)
        return LINE_NONE;
    return take(self, (span_t){"", 0}, true, out);
}
