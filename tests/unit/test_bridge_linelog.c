/* The lines of a room, kept once: bridge/core/linelog.h. */
#include "bridge/core/linelog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LINE = 64 };
#define MIB ((size_t)1024 * 1024)

/* Appends `count` lines of LINE bytes that begin with their number. */
static void append(linelog_t *log, size_t count, uint64_t now_ms)
{
    char line[LINE + 1];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(line, sizeof line, "%062llu\r\n", (unsigned long long)linelog_end(log));
        linelog_append(log, (span_t){line, LINE}, now_ms);
    }
}

static void check_line(const linelog_t *log, uint64_t line)
{
    span_t pieces[2];
    char text[LINE + 1] = {0};
    size_t size = 0, count = linelog_read(log, line, line + 1, pieces);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + size, pieces[i].data, pieces[i].size);
        size += pieces[i].size;
    }
    assert_int_equal(size, LINE);
    assert_int_equal(strtoull(text, NULL, 10), line);
}

static void a_new_log_is_empty(void **state)
{
    (void)state;
    span_t pieces[2];
    linelog_t *log = linelog_new();
    assert_int_equal(linelog_first(log), 0);
    assert_int_equal(linelog_end(log), 0);
    assert_int_equal(linelog_read(log, 0, 0, pieces), 0);
    linelog_destroy(&log);
    assert_null(log);
    linelog_destroy(&log);
}

static void several_lines_at_once_count_each(void **state)
{
    (void)state;
    span_t pieces[2];
    linelog_t *log = linelog_new();
    linelog_append(log, span_of("one\r\ntwo\r\nthree\r\n"), 1);
    assert_int_equal(linelog_end(log), 3);
    assert_int_equal(linelog_bytes(log, 0, 3), 17);
    assert_int_equal(linelog_read(log, 1, 3, pieces), 1);
    assert_true(span_is(pieces[0], "two\r\nthree\r\n"));
    linelog_destroy(&log);
}

static void every_line_is_found_whole_while_it_grows(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    append(log, 20000, 1);
    assert_int_equal(linelog_first(log), 0); /* nothing is 10 s old */
    for (uint64_t line = 0; line < 20000; line++)
        check_line(log, line);
    linelog_destroy(&log);
}

static void old_lines_go_but_never_the_last_256_kib(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    for (uint64_t second = 0; second < 60; second++)
        append(log, 1000, 1000 + second * 1000);
    assert_true(linelog_first(log) > 0);
    assert_true(linelog_bytes(log, linelog_first(log), linelog_end(log)) >= LINELOG_KEEP_BYTES);
    for (uint64_t line = linelog_first(log); line < linelog_end(log); line++)
        check_line(log, line);
    linelog_destroy(&log);
}

static void what_is_younger_than_10_s_stays(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    append(log, 10000, 1000);
    append(log, 10000, 5000);
    append(log, 10000, 5000 + LINELOG_KEEP_MS - 1);
    assert_true(linelog_first(log) <= 10000);
    linelog_tidy(log, 5000 + LINELOG_KEEP_MS - 1);
    assert_int_equal(linelog_first(log), 10000); /* the first are older, the second not yet */
    linelog_destroy(&log);
}

static void more_than_8_mib_are_never_kept(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    append(log, 200000, 1);
    size_t kept = linelog_bytes(log, linelog_first(log), linelog_end(log));
    assert_true(kept <= LINELOG_BYTES_MAX && kept > LINELOG_BYTES_MAX - (size_t)2 * LINE);
    check_line(log, linelog_first(log));
    check_line(log, linelog_end(log) - 1);
    assert_true(linelog_memory(log) <= LINELOG_BYTES_MAX + (size_t)LINELOG_LINES_MAX * 4 + 4096);
    linelog_destroy(&log);
}

static void tiny_lines_are_bounded_by_their_number(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    for (int i = 0; i < 1000000; i++)
        linelog_append(log, span_of("\n"), 1);
    assert_true(linelog_end(log) - linelog_first(log) <= LINELOG_LINES_MAX);
    linelog_destroy(&log);
}

static void a_quiet_room_gives_its_memory_back(void **state)
{
    (void)state;
    linelog_t *log = linelog_new();
    append(log, 100000, 1);
    assert_true(linelog_memory(log) > 4 * MIB);
    linelog_tidy(log, 1 + LINELOG_KEEP_MS);
    assert_true(linelog_memory(log) < MIB);
    for (uint64_t line = linelog_first(log); line < linelog_end(log); line++)
        check_line(log, line);
    append(log, 10, 2 + LINELOG_KEEP_MS);
    check_line(log, linelog_end(log) - 1);
    linelog_destroy(&log);
}

static void an_offset_is_found_in_its_line(void **state)
{
    (void)state;
    size_t into;
    linelog_t *log = linelog_new();
    append(log, 1000, 1);
    assert_int_equal(linelog_find(log, 10, 0, &into), 10);
    assert_int_equal(into, 0);
    assert_int_equal(linelog_find(log, 10, LINE - 1, &into), 10);
    assert_int_equal(into, LINE - 1);
    assert_int_equal(linelog_find(log, 10, LINE, &into), 11);
    assert_int_equal(into, 0);
    assert_int_equal(linelog_find(log, 10, (size_t)500 * LINE + 7, &into), 510);
    assert_int_equal(into, 7);
    assert_int_equal(linelog_find(log, 0, (size_t)1000 * LINE, &into), 1000);
    assert_int_equal(into, 0);
    linelog_destroy(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_log_is_empty),
        cmocka_unit_test(several_lines_at_once_count_each),
        cmocka_unit_test(every_line_is_found_whole_while_it_grows),
        cmocka_unit_test(old_lines_go_but_never_the_last_256_kib),
        cmocka_unit_test(what_is_younger_than_10_s_stays),
        cmocka_unit_test(more_than_8_mib_are_never_kept),
        cmocka_unit_test(tiny_lines_are_bounded_by_their_number),
        cmocka_unit_test(a_quiet_room_gives_its_memory_back),
        cmocka_unit_test(an_offset_is_found_in_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
