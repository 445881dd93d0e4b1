#include "client/shell/reader.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = READER_LINE_BYTES + 2 };

void reader_init(reader_t *self, int fd)
{
    assert(self);
    *self = (reader_t){.fd = fd, .data = malloc(CAPACITY)};
    assert(self->data);
}

void reader_fini(reader_t *self)
{
    assert(self);
    free(self->data);
    self->data = NULL;
}

void reader_fill(reader_t *self)
{
    assert(self && !self->is_ended);
    memmove(self->data, self->data + self->used, self->size - self->used);
    self->size -= self->used;
    self->used = 0;
    if (self->size == CAPACITY) {
        self->is_skipping = true;
        self->size = 0;
    }
    ssize_t got = read(self->fd, self->data + self->size, CAPACITY - self->size);
    if (got > 0)
        self->size += (size_t)got;
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        self->is_ended = true;
}

char reader_peek(const reader_t *self, size_t offset)
{
    assert(self && self->used <= self->size);
    return offset < self->size - self->used ? self->data[self->used + offset] : '\0';
}

/* A line of so many bytes, and `end` more for its end. */
static reader_result_t take(reader_t *self, size_t size, size_t end, const char **out_line,
                            size_t *out_size)
{
    const char *line = self->data + self->used;
    self->used += size + end;
    self->line++;
    if (size > 0 && end > 0 && line[size - 1] == '\r')
        size--;
    bool is_too_long = self->is_skipping || size > READER_LINE_BYTES;
    self->is_skipping = false;
    if (is_too_long)
        return READER_TOO_LONG;
    *out_line = line;
    *out_size = size;
    return READER_LINE;
}

reader_result_t reader_next(reader_t *self, const char **out_line, size_t *out_size)
{
    assert(self && out_line && out_size);
    size_t left = self->size - self->used;
    const char *start = self->data + self->used;
    const char *end = memchr(start, '\n', left);
    if (end)
        return take(self, (size_t)(end - start), 1, out_line, out_size);
    if (!self->is_ended)
        return READER_NONE;
    if (left > 0 || self->is_skipping)
        return take(self, left, 0, out_line, out_size);
    return READER_END;
}
