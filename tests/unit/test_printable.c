#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

static void check(const char *text, size_t size, printable_way_t way, const char *wanted)
{
    char *clean = printable(text, size, way);
    assert_string_equal(clean, wanted);
    free(clean);
}

#define OUT(text, wanted) check(text, sizeof text - 1, PRINTABLE_OUT, wanted)
#define IN(text, wanted)  check(text, sizeof text - 1, PRINTABLE_IN, wanted)

static void plain_text_stays(void **state)
{
    (void)state;
    OUT("", "");
    OUT("hello [world] ~", "hello [world] ~");
    OUT("a\tb", "a\tb");
    OUT("gr\xc3\xbc\xc3\x9f\x65 \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80",
        "gr\xc3\xbc\xc3\x9f\x65 \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80");
}

static void control_characters_go(void **state)
{
    (void)state;
    OUT("a\x07\b\r\n\x7f\xc2\x85\xc2\x80z", "az");
    OUT("a\0b", "ab");
}

static void whole_escape_sequences_go(void **state)
{
    (void)state;
    OUT("a\x1b[31mb\x1b[?25lc", "abc");
    OUT("a\xc2\x9b"
        "31mb",
        "ab");
    OUT("a\x1b(0b\x1b#8c\x1b"
        "7d",
        "abcd");
    OUT("a\x1b", "a");
    OUT("a\x1b[12", "a");
    OUT("a\x1b[12\xc3\xbc", "a\xc3\xbc");
}

static void strings_for_the_terminal_go(void **state)
{
    (void)state;
    OUT("a\x1b]0;title\x07"
        "b",
        "ab");
    OUT("a\x1b]8;;http://x\x1b\\b", "ab");
    OUT("a\x1bPq#1\x1b\\b\x1b^x\x1b\\c\x1b_x\x1b\\d", "abcd");
    OUT("a\xc2\x9d"
        "0;title\xc2\x9c"
        "b",
        "ab");
    OUT("a\x1b]0;never ends", "a");
}

static void bidi_controls_and_separators_go_towards_the_terminal_only(void **state)
{
    (void)state;
    OUT("a\xe2\x80\xae"
        "b\xe2\x80\xac"
        "c\xe2\x81\xa6"
        "d\xe2\x81\xa9"
        "e",
        "abcde");
    OUT("a\xe2\x80\xa8"
        "b\xe2\x80\xa9"
        "c\xd8\x9c"
        "d\xe2\x80\x8f",
        "abcd");
    IN("a\xe2\x80\xae"
       "b\xe2\x80\xac",
       "a\xe2\x80\xae"
       "b\xe2\x80\xac");
    OUT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"); /* emoji are joined by U+200D */
}

static void broken_bytes_become_replacement_characters(void **state)
{
    (void)state;
    OUT("a\xff"
        "b",
        "a\xef\xbf\xbd"
        "b");
    OUT("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"); /* an overlong solidus */
    IN("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    OUT("a\xe4\xbd", "a\xef\xbf\xbd\xef\xbf\xbd");
}

#define HOSTILE "a\x1b]0;never ends"

/* What a format makes of its values, as a file and as a text. */
#define PRINTS(wanted, ...)                                                                        \
    do {                                                                                           \
        char *text, cut[64];                                                                       \
        size_t size;                                                                               \
        FILE *out = open_memstream(&text, &size);                                                  \
        assert_non_null(out);                                                                      \
        printable_print(out, __VA_ARGS__);                                                         \
        printable_line(out, __VA_ARGS__);                                                          \
        assert_int_equal(fclose(out), 0);                                                          \
        assert_string_equal(text, wanted wanted "\n");                                             \
        printable_text(cut, sizeof cut, __VA_ARGS__);                                              \
        assert_string_equal(cut, wanted);                                                          \
        free(text);                                                                                \
    } while (0)

static void a_sequence_that_does_not_end_ends_with_its_own_field(void **state)
{
    (void)state;
    PRINTS("by a in tea: 3", "by %s in %s: %zu", HOSTILE, "tea", (size_t)3);
    PRINTS("a|a|a|b", "%s|%s|%.*s|%s", HOSTILE, "a\x1b[12", 3, "a\x1b]b", "b");
    PRINTS("a|a|b", "%s|%s|%s",
           "a\xc2\x9d"
           "0;",
           "a\x1bP", "b");
}

static void a_format_is_printed_as_printf_does(void **state)
{
    (void)state;
    PRINTS("", "%s", "");
    PRINTS("[ab  ] [  ab] [ab]", "[%-4s] [%4s] [%.2s]", "ab", "ab", "abc");
    PRINTS("1 2 3 18446744073709551615 [ 7]", "%u %lu %zu %llu [%2u]", 1U, 2UL, (size_t)3, ~0ULL,
           7U);
    const char *volatile nowhere = NULL; /* an empty span's */
    PRINTS("[]", "[%.*s]", 0, nowhere);
    PRINTS("[a  ] b", "[%-3s] %s", HOSTILE, "b");
    char cut[4];
    printable_text(cut, sizeof cut, "%s%s", HOSTILE, "bcde");
    assert_string_equal(cut, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(control_characters_go),
        cmocka_unit_test(whole_escape_sequences_go),
        cmocka_unit_test(strings_for_the_terminal_go),
        cmocka_unit_test(bidi_controls_and_separators_go_towards_the_terminal_only),
        cmocka_unit_test(broken_bytes_become_replacement_characters),
        cmocka_unit_test(a_sequence_that_does_not_end_ends_with_its_own_field),
        cmocka_unit_test(a_format_is_printed_as_printf_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
