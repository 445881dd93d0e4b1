/* Nothing that gets through can move a terminal: bridge/core/clean.h. */
#include "bridge/core/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void check_size(const char *raw, size_t size, clean_way_t way, const char *clean)
{
    buffer_t out;
    buffer_init(&out, 4096);
    clean_append(&out, (span_t){raw, size}, way);
    if (out.size != strlen(clean) || memcmp(out.data ? out.data : "", clean, out.size) != 0)
        fail_msg("got \"%.*s\", not \"%s\"", (int)out.size, out.data ? out.data : "", clean);
    buffer_fini(&out);
}

#define CLEAN(raw, clean)       check_size(raw, sizeof(raw) - 1, CLEAN_IN, clean)
#define CLEAN_SHOWN(raw, clean) check_size(raw, sizeof(raw) - 1, CLEAN_OUT, clean)

static void plain_text_and_tabs_stay(void **state)
{
    (void)state;
    CLEAN("", "");
    CLEAN("a\tb", "a\tb");
    CLEAN("gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80",
          "gr\xc3\xbc\xc3\x9f \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80");
}

/* Text is looked at by eight bytes. */
static void what_goes_or_stays_does_so_at_each_place(void **state)
{
    (void)state;
    for (int value = 1; value < 0x100; value++)
        for (size_t at = 0; at < 20; at++) {
            char raw[] = "0123456789abcdefghijk", alone[] = {(char)value, 'z', '\0'};
            raw[at] = (char)value;
            buffer_t one, all;
            buffer_init(&one, 64);
            buffer_init(&all, 64);
            if (value == 0x1b)
                alone[1] = raw[at + 1]; /* with which it goes */
            clean_append(&one, span_of(alone), CLEAN_IN);
            clean_append(&all, span_of(raw), CLEAN_IN);
            size_t shown = one.size - (value != 0x1b);
            assert_int_equal(all.size,
                             at + shown + (sizeof raw - 1 - at - (value == 0x1b ? 2 : 1)));
            assert_memory_equal(all.data, raw, at);
            if (shown > 0)
                assert_memory_equal(all.data + at, one.data, shown);
            buffer_fini(&one);
            buffer_fini(&all);
        }
}

static void control_characters_go(void **state)
{
    (void)state;
    CLEAN("a\x07\x08\x7f\0b\r\nc", "abc");
    CLEAN("a\xc2\x85"
          "b\xc2\x80",
          "ab");
    CLEAN("a\xc2\xa0"
          "b",
          "a\xc2\xa0"
          "b"); /* the first one that is no control */
}

static void whole_escape_sequences_go(void **state)
{
    (void)state;
    CLEAN("a\x1b[31mb", "ab");
    CLEAN("a\x1b[38;2;1;2;3mb\x1b[?25lc", "abc");
    CLEAN("a\x1b[!pb", "ab");
    CLEAN("a\x1b"
          "cb",
          "ab");
    CLEAN("a\x1b(0b", "ab");
    CLEAN("a\x1b#8b", "ab");
    CLEAN("a\x1bOAb", "ab"); /* a cursor key in application mode */
    CLEAN("a\x1b", "a");
    CLEAN("a\x1b[12", "a");
    CLEAN("a\x1b[12\xc3\xbc", "a\xc3\xbc");
    CLEAN("a\x1b[1\x1b[2mb", "ab");
}

static void strings_for_the_terminal_go(void **state)
{
    (void)state;
    CLEAN("a\x1b]0;title\x07"
          "b",
          "ab");
    CLEAN("a\x1b]8;;http://x\x1b\\b", "ab");
    CLEAN("a\x1bPq#1\x1b\\b\x1b^x\x1b\\c\x1b_x\x1b\\d\x1bXx\x1b\\e", "abcde");
    CLEAN("a\x1b]0;never ends", "a");
    CLEAN("a\x1b]0;x\x1b[31mb", "ab");
}

static void the_one_character_forms_go_too(void **state)
{
    (void)state;
    CLEAN("a\xc2\x9b"
          "31mb",
          "ab");
    CLEAN("a\xc2\x9d"
          "0;title\xc2\x9c"
          "b",
          "ab");
    CLEAN("a\xc2\x90"
          "x\x1b\\b\xc2\x98x\x07"
          "c",
          "abc");
}

static void broken_utf_8_becomes_replacement_characters(void **state)
{
    (void)state;
    CLEAN("a\xff"
          "b",
          "a\xef\xbf\xbd"
          "b");
    CLEAN("\xe4\xbd", "\xef\xbf\xbd"); /* cut off: one, as Python has it */
    CLEAN("\xf0\x9f\x98x", "\xef\xbf\xbdx");
    CLEAN("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    CLEAN("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
    CLEAN("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CLEAN("\x9b"
          "31m",
          "\xef\xbf\xbd"
          "31m"); /* a byte that is no character is none of them */
}

static void bidi_controls_and_separators_go_on_the_way_out_only(void **state)
{
    (void)state;
    CLEAN("a\xe2\x80\xae"
          "b\xe2\x80\xac",
          "a\xe2\x80\xae"
          "b\xe2\x80\xac");
    CLEAN_SHOWN("a\xe2\x80\xae"
                "b\xe2\x80\xac"
                "c\xe2\x81\xa6"
                "d\xe2\x81\xa9"
                "e\xd8\x9c"
                "f\xe2\x80\x8f"
                "g\xe2\x80\xa8"
                "h\xe2\x80\xa9",
                "abcdefgh");
    CLEAN_SHOWN("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac",
                "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"); /* joiners stay */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_and_tabs_stay),
        cmocka_unit_test(what_goes_or_stays_does_so_at_each_place),
        cmocka_unit_test(control_characters_go),
        cmocka_unit_test(whole_escape_sequences_go),
        cmocka_unit_test(strings_for_the_terminal_go),
        cmocka_unit_test(the_one_character_forms_go_too),
        cmocka_unit_test(broken_utf_8_becomes_replacement_characters),
        cmocka_unit_test(bidi_controls_and_separators_go_on_the_way_out_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
