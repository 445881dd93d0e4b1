#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/shell/reader.h"

typedef struct {
    int ends[2];
    reader_t reader;
} fixture_t;

static void open_pipe(fixture_t *self)
{
    assert_int_equal(pipe(self->ends), 0);
    reader_init(&self->reader, self->ends[0]);
}

static void close_pipe(fixture_t *self)
{
    reader_fini(&self->reader);
    (void)close(self->ends[0]);
}

static void feed(fixture_t *self, const char *text, size_t size)
{
    assert_int_equal(write(self->ends[1], text, size), size);
    reader_fill(&self->reader);
}

static void end(fixture_t *self)
{
    (void)close(self->ends[1]);
    reader_fill(&self->reader);
}

static reader_result_t next(fixture_t *self)
{
    const char *line;
    size_t size;
    return reader_next(&self->reader, &line, &size);
}

static void expect(fixture_t *self, const char *wanted)
{
    const char *line = NULL;
    size_t size = 0;
    assert_int_equal(reader_next(&self->reader, &line, &size), READER_LINE);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(line, wanted, size);
}

static void several_lines_in_one_piece_all_count(void **state)
{
    (void)state;
    fixture_t pipe;
    open_pipe(&pipe);
    feed(&pipe, "one\ntwo\r\n\nthr", 13);
    assert_int_equal(reader_peek(&pipe.reader, 0), 'o');
    expect(&pipe, "one");
    expect(&pipe, "two");
    expect(&pipe, "");
    assert_int_equal(reader_peek(&pipe.reader, 2), 'r');
    assert_int_equal(reader_peek(&pipe.reader, 3), '\0');
    assert_int_equal(next(&pipe), READER_NONE);
    feed(&pipe, "ee\n", 3);
    expect(&pipe, "three");
    assert_int_equal(pipe.reader.line, 4);
    end(&pipe);
    assert_int_equal(next(&pipe), READER_END);
    close_pipe(&pipe);
}

static void a_last_line_without_an_end_counts(void **state)
{
    (void)state;
    fixture_t pipe;
    open_pipe(&pipe);
    feed(&pipe, "hi", 2);
    end(&pipe);
    expect(&pipe, "hi");
    assert_int_equal(next(&pipe), READER_END);
    assert_int_equal(next(&pipe), READER_END);
    close_pipe(&pipe);
}

/* Feeds `size` bytes without an end of line, in pieces that a pipe can hold. */
static void feed_long(fixture_t *self, size_t size)
{
    char piece[4096];
    memset(piece, 'x', sizeof piece);
    while (size > 0) {
        const char *line;
        size_t line_size;
        size_t part = size < sizeof piece ? size : sizeof piece;
        feed(self, piece, part);
        assert_int_equal(reader_next(&self->reader, &line, &line_size), READER_NONE);
        size -= part;
    }
}

static void a_line_as_long_as_permitted_is_read(void **state)
{
    (void)state;
    fixture_t pipe;
    const char *line;
    size_t size;
    open_pipe(&pipe);
    feed_long(&pipe, READER_LINE_BYTES);
    feed(&pipe, "\n", 1);
    assert_int_equal(reader_next(&pipe.reader, &line, &size), READER_LINE);
    assert_int_equal(size, READER_LINE_BYTES);
    end(&pipe);
    close_pipe(&pipe);
}

static void a_longer_line_is_told_once_and_skipped(void **state)
{
    (void)state;
    fixture_t pipe;
    open_pipe(&pipe);
    feed_long(&pipe, READER_LINE_BYTES + 1);
    feed(&pipe, "\nnext\n", 6);
    assert_int_equal(next(&pipe), READER_TOO_LONG);
    reader_fill(&pipe.reader); /* there was room for its end only */
    expect(&pipe, "next");
    feed_long(&pipe, (size_t)3 * READER_LINE_BYTES);
    end(&pipe);
    assert_int_equal(next(&pipe), READER_TOO_LONG);
    assert_int_equal(next(&pipe), READER_END);
    close_pipe(&pipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_lines_in_one_piece_all_count),
        cmocka_unit_test(a_last_line_without_an_end_counts),
        cmocka_unit_test(a_line_as_long_as_permitted_is_read),
        cmocka_unit_test(a_longer_line_is_told_once_and_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
