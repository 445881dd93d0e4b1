/* The way from a user's bytes to lines: bridge/core/telnet.h and bridge/core/line.h. */
#include "bridge/core/line.h"
#include "bridge/core/telnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* Filters and reads pieces, and notes the lines as "a;b;": "!" is a line that was too long. */
typedef struct {
    telnet_t telnet;
    telnet_answers_t answers;
    line_t line;
    char seen[4 * LINE_BYTES];
    size_t size;
} reader_t;

static void note(reader_t *reader, line_found_t found, span_t text)
{
    if (found == LINE_TOO_LONG)
        text = span_of("!");
    assert_true(reader->size + text.size + 1 < sizeof reader->seen);
    memcpy(reader->seen + reader->size, text.data, text.size);
    reader->size += text.size;
    reader->seen[reader->size++] = ';';
    reader->seen[reader->size] = '\0';
}

static void read_bytes(reader_t *reader, const char *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    span_t input = {copy, telnet_filter(&reader->telnet, copy, size, &reader->answers)}, text;
    line_found_t found;
    while ((found = line_next(&reader->line, &input, &text)) != LINE_NONE)
        note(reader, found, text);
    free(copy);
}

static void read_text(reader_t *reader, const char *text)
{
    read_bytes(reader, text, strlen(text));
}

static void read_end(reader_t *reader)
{
    span_t text;
    line_found_t found = line_end(&reader->line, &text);
    if (found != LINE_NONE)
        note(reader, found, text);
    line_fini(&reader->line);
}

#define READ(reader, literal) read_bytes(&(reader), literal, sizeof(literal) - 1)

static void cr_lf_and_lf_and_cr_nul_all_end_a_line(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\r\nb\nc\r\0d\r\r\n");
    assert_string_equal(reader.seen, "a;b;c;d;");
    read_end(&reader);
}

static void a_line_end_may_be_split_between_segments(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\r");
    READ(reader, "\nb\r");
    READ(reader, "\0c\n");
    assert_string_equal(reader.seen, "a;b;c;");
    read_end(&reader);
}

static void a_cr_alone_ends_nothing_and_is_dropped(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "ev\ril\n");
    assert_string_equal(reader.seen, "evil;");
    read_end(&reader);
}

static void several_lines_in_one_segment_all_count(void **state)
{
    (void)state;
    reader_t reader = {0};
    read_text(&reader, "one\ntwo\n\nthree\n");
    assert_string_equal(reader.seen, "one;two;;three;");
    read_end(&reader);
}

static void half_a_line_waits_for_the_other_half(void **state)
{
    (void)state;
    reader_t reader = {0};
    read_text(&reader, "he");
    read_text(&reader, "ll");
    assert_string_equal(reader.seen, "");
    read_text(&reader, "o\nyou");
    assert_string_equal(reader.seen, "hello;");
    assert_non_null(reader.line.bytes);
    read_text(&reader, "\n");
    assert_string_equal(reader.seen, "hello;you;");
    read_text(&reader, "x\n");
    assert_null(reader.line.bytes); /* memory is held for a partial line only */
    read_end(&reader);
}

static void a_last_line_without_an_end_counts_at_the_end(void **state)
{
    (void)state;
    reader_t reader = {0};
    read_text(&reader, "one\nlast");
    read_end(&reader);
    assert_string_equal(reader.seen, "one;last;");
    read_end(&reader);
    assert_string_equal(reader.seen, "one;last;");
}

static void a_line_over_the_limit_is_refused_once_and_skipped(void **state)
{
    (void)state;
    static char longest[LINE_BYTES + 1];
    reader_t reader = {0};
    memset(longest, 'x', sizeof longest);
    read_bytes(&reader, longest, LINE_BYTES);
    assert_string_equal(reader.seen, "");
    for (int i = 0; i < 5; i++)
        read_bytes(&reader, longest, sizeof longest);
    assert_string_equal(reader.seen, "!;");
    read_text(&reader, "tail\nnext\n");
    assert_string_equal(reader.seen, "!;next;");
    read_end(&reader);
}

static void a_line_of_the_greatest_length_passes(void **state)
{
    (void)state;
    static char longest[LINE_BYTES + 1];
    reader_t reader = {0};
    memset(longest, 'x', LINE_BYTES);
    longest[LINE_BYTES] = '\n';
    read_bytes(&reader, longest, sizeof longest);
    assert_int_equal(reader.size, LINE_BYTES + 1);
    read_bytes(&reader, longest, 100);
    read_bytes(&reader, longest + 100, sizeof longest - 100);
    assert_int_equal(reader.size, 2 * (LINE_BYTES + 1));
    read_end(&reader);
}

static void a_line_one_byte_too_long_is_refused(void **state)
{
    (void)state;
    static char longest[LINE_BYTES + 2];
    reader_t reader = {0};
    memset(longest, 'x', LINE_BYTES + 1);
    longest[LINE_BYTES + 1] = '\n';
    read_bytes(&reader, longest, sizeof longest);
    read_text(&reader, "next\n");
    assert_string_equal(reader.seen, "!;next;");
    read_end(&reader);
}

static void options_are_refused(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\xff\xfb\x18\xff\xfd\x01"
                 "b\n");
    assert_string_equal(reader.seen, "ab;");
    assert_int_equal(reader.answers.size, 6);
    assert_memory_equal(reader.answers.bytes, "\xff\xfe\x18\xff\xfc\x01", 6);
    read_end(&reader);
}

static void refusals_of_others_are_not_answered(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "\xff\xfc\x18\xff\xfe\x01"
                 "b\n");
    assert_string_equal(reader.seen, "b;");
    assert_int_equal(reader.answers.size, 0);
    read_end(&reader);
}

static void whoever_asks_again_and_again_is_refused_so_many_times_and_no_more(void **state)
{
    (void)state;
    reader_t reader = {0};
    size_t answered = 0;
    for (int i = 0; i < 1000; i++) {
        READ(reader, "\xff\xfd\xc9");
        answered += reader.answers.size;
        reader.answers.size = 0;
    }
    assert_int_equal(answered, 3 * TELNET_ANSWERS);
    read_end(&reader);
}

static void a_command_may_be_split_between_segments(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\xff");
    READ(reader, "\xfb");
    READ(reader, "\x18"
                 "b\n");
    assert_string_equal(reader.seen, "ab;");
    assert_memory_equal(reader.answers.bytes, "\xff\xfe\x18", 3);
    read_end(&reader);
}

static void a_doubled_iac_is_one_byte(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\xff\xff"
                 "b\n");
    assert_string_equal(reader.seen, "a\xff"
                                     "b;");
    read_end(&reader);
}

static void a_subnegotiation_is_skipped(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\xff\xfa\x18xterm\n\xff\xff"
                 "more");
    READ(reader, "\xff\xf0"
                 "b\n");
    assert_string_equal(reader.seen, "ab;");
    read_end(&reader);
}

static void a_subnegotiation_that_does_not_end_is_given_up(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "\xff\xfa");
    for (int i = 0; i < TELNET_SKIP_BYTES; i++)
        read_text(&reader, "x");
    read_text(&reader, "hello\n");
    assert_string_equal(reader.seen, "hello;");
    read_end(&reader);
}

static void are_you_there_is_told_and_interrupt_is_ignored(void **state)
{
    (void)state;
    reader_t reader = {0};
    READ(reader, "a\xff\xf4\xff\xf3"
                 "b\n");
    assert_false(reader.answers.was_asked);
    READ(reader, "\xff\xf6");
    assert_true(reader.answers.was_asked);
    assert_string_equal(reader.seen, "ab;");
    read_end(&reader);
}

/* What is written about a byte alone is true of it among others, wherever it stands. */
static void long_text_is_read_as_if_it_came_byte_by_byte(void **state)
{
    (void)state;
    static const char *const AMONG[] = {
        "\xff\xff", "\r\n", "\n", "\r", "\xff\xfb\x18", "\xff\xfaxx\xff\xf0", "\r\xff\xf1\n"};
    static char text[1200];
    for (size_t i = 0; i < sizeof AMONG / sizeof AMONG[0]; i++)
        for (size_t at = 0; at < 600; at++) {
            static reader_t whole, bytes;
            whole = bytes = (reader_t){0};
            memset(text, 'x', sizeof text);
            memcpy(text + at, AMONG[i], strlen(AMONG[i]));
            memcpy(text + at + 520, "\xff\xff\n", 3);
            read_bytes(&whole, text, sizeof text);
            for (size_t byte = 0; byte < sizeof text; byte++)
                read_bytes(&bytes, text + byte, 1);
            read_end(&whole);
            read_end(&bytes);
            assert_true(whole.size > 1100);
            assert_string_equal(whole.seen, bytes.seen);
            assert_int_equal(whole.answers.size, bytes.answers.size);
        }
}

static void the_answer_to_our_own_echo_is_no_news(void **state)
{
    (void)state;
    static reader_t reader;
    reader.telnet.has_echo = true;
    read_bytes(&reader, "\xff\xfd\x01s\n", 5); /* DO ECHO */
    assert_int_equal(reader.answers.size, 0);
    assert_string_equal(reader.seen, "s;");
    reader.telnet.has_echo = false;
    read_bytes(&reader, "\xff\xfe\x01", 3); /* DONT ECHO */
    assert_int_equal(reader.answers.size, 0);
    read_bytes(&reader, "\xff\xfd\x01", 3);
    assert_memory_equal(reader.answers.bytes, "\xff\xfc\x01", 3);
    line_fini(&reader.line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_to_our_own_echo_is_no_news),
        cmocka_unit_test(long_text_is_read_as_if_it_came_byte_by_byte),
        cmocka_unit_test(cr_lf_and_lf_and_cr_nul_all_end_a_line),
        cmocka_unit_test(a_line_end_may_be_split_between_segments),
        cmocka_unit_test(a_cr_alone_ends_nothing_and_is_dropped),
        cmocka_unit_test(several_lines_in_one_segment_all_count),
        cmocka_unit_test(half_a_line_waits_for_the_other_half),
        cmocka_unit_test(a_last_line_without_an_end_counts_at_the_end),
        cmocka_unit_test(a_line_over_the_limit_is_refused_once_and_skipped),
        cmocka_unit_test(a_line_of_the_greatest_length_passes),
        cmocka_unit_test(a_line_one_byte_too_long_is_refused),
        cmocka_unit_test(options_are_refused),
        cmocka_unit_test(refusals_of_others_are_not_answered),
        cmocka_unit_test(whoever_asks_again_and_again_is_refused_so_many_times_and_no_more),
        cmocka_unit_test(a_command_may_be_split_between_segments),
        cmocka_unit_test(a_doubled_iac_is_one_byte),
        cmocka_unit_test(a_subnegotiation_is_skipped),
        cmocka_unit_test(a_subnegotiation_that_does_not_end_is_given_up),
        cmocka_unit_test(are_you_there_is_told_and_interrupt_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
