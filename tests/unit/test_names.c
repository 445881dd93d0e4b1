#include "tests/unit/proto.h"

#include "proto/names.h"

static bool is_nick(const char *nick)
{
    name_t name;
    return nick_fold(span_of(nick), &name) == HUB_OK;
}

static bool is_room(const char *room)
{
    name_t name;
    return room_fold(span_of(room), &name) == HUB_OK;
}

static void assert_folds(const char *nick, const char *folded)
{
    name_t name;
    assert_int_equal(nick_fold(span_of(nick), &name), HUB_OK);
    assert_string_equal(name.text, folded);
    assert_int_equal(name.size, strlen(folded));
    assert_int_equal(nick_fold(name_span(&name), &name), HUB_OK);
    assert_string_equal(name.text, folded); /* folding twice is folding once */
}

static void p17_names_that_differ_in_case_alone_are_one(void **state)
{
    (void)state;
    assert_folds("ada", "ada");
    assert_folds("Ada", "ada");
    assert_folds("ADA", "ada");
    assert_folds("\xc3\x89mile", "\xc3\xa9mile"); /* É */
    assert_folds("STRA\xe1\xba\x9e"
                 "E",
                 "strasse"); /* ẞ */
    assert_folds("stra\xc3\x9f"
                 "e",
                 "strasse");                                              /* ß */
    assert_folds("\xce\xa3\xce\xa3", "\xcf\x83\xcf\x83");                 /* ΣΣ */
    assert_folds("\xcf\x83\xcf\x82", "\xcf\x83\xcf\x83");                 /* σς */
    assert_folds("\xe5\xbc\xa0\xe4\xb8\x89", "\xe5\xbc\xa0\xe4\xb8\x89"); /* 张三 */
}

static void p17_compatible_characters_are_one(void **state)
{
    (void)state;
    assert_folds("\xef\xbc\xa1\xef\xbd\x84\xef\xbd\x81", "ada"); /* Ａｄａ */
    assert_folds("\xef\xac\x81sh", "fish");                      /* ﬁsh */
    assert_folds("e\xcc\x81", "\xc3\xa9");                       /* e + acute */
    assert_folds("\xe2\x84\xab", "\xc3\xa5");                    /* Angstrom sign */
    assert_folds("\xe2\x91\xa0", "1");                           /* ① */
    assert_folds("\xf0\x9d\x94\x9e", "a");                       /* 𝔞 */
    assert_folds("\xef\xbd\xb6\xef\xbe\x9e", "\xe3\x82\xac");    /* half-width ガ */
}

static void p17_invisible_characters_do_not_make_another_name(void **state)
{
    (void)state;
    assert_folds("a\xef\xb8\x8f", "a"); /* variation selector 16 */
    assert_folds("a\xcd\x8f"
                 "da",
                 "ada"); /* combining grapheme joiner */
    name_t name;         /* one that was there before such were refused */
    assert_true(name_fold(span_of("a\xe3\x85\xa4"), &name));
    assert_string_equal(name.text, "a");
    assert_false(is_nick("\xe1\x85\x9f"));
    assert_false(is_nick("\xe3\x85\xa4"));
    assert_false(is_nick("\xef\xb8\x8f"));
}

static void letters_that_only_look_alike_stay_two(void **state)
{
    (void)state;
    assert_folds("\xd0\xb0"
                 "da",
                 "\xd0\xb0"
                 "da"); /* Cyrillic a */
    assert_folds("0", "0");
    assert_folds("O", "o");
}

static void p15_a_nick_has_no_blanks_brackets_or_bars(void **state)
{
    (void)state;
    for (const char *bad = " |/[]@#<>"; *bad; bad++) {
        char nick[] = {'a', *bad, 'b', '\0'}, first[] = {*bad, 'a', '\0'},
             last[] = {'a', *bad, '\0'};
        assert_false(is_nick(nick) || is_nick(first) || is_nick(last));
        assert_false(is_room(nick) || is_room(first) || is_room(last));
    }
    assert_true(is_nick("a!$%&'()*+,-.:;=?\\^_`{}~\""));
    assert_false(is_nick("a\xc2\xa0"
                         "b")); /* no-break space */
    assert_false(is_nick("a\xe2\x80\x83"
                         "b")); /* em space */
    assert_false(is_nick("a\xe3\x80\x80"
                         "b")); /* ideographic space */
    assert_false(is_nick("a\xe2\x80\xa8"
                         "b")); /* line separator */
    assert_false(is_nick("a\xe2\x80\xa9"
                         "b")); /* paragraph separator */
    assert_false(is_nick("a\xe1\x9a\x80"
                         "b")); /* ogham space */
}

static void p15_a_nick_has_no_control_or_format_characters(void **state)
{
    (void)state;
    for (char c = 1; c < ' '; c++)
        assert_false(is_nick((char[]){'a', c, 'b', '\0'}));
    assert_false(is_nick("a\x7f"));
    assert_false(is_nick("a\xc2\x85"));     /* NEL */
    assert_false(is_nick("a\xc2\x9b"));     /* CSI */
    assert_false(is_nick("a\xc2\xad"));     /* soft hyphen */
    assert_false(is_nick("a\xe2\x80\x8b")); /* zero-width space */
    assert_false(is_nick("a\xe2\x80\x8d")); /* zero-width joiner */
    assert_false(is_nick("a\xe2\x80\xae")); /* right-to-left override */
    assert_false(is_nick("a\xef\xbb\xbf")); /* byte order mark */
    name_t name;
    assert_int_equal(nick_fold((span_t){"a\0b", 3}, &name), HUB_NICK_INVALID);
}

static void p15_a_nick_has_nothing_that_has_no_shape(void **state)
{
    (void)state;
    const char *const bad[] = {
        "ada\xe2\x81\xa5",     /* U+2065: not assigned, and would be folded to nothing */
        "ada\xef\xbf\xb0",     /* U+FFF0: likewise */
        "ada\xf3\xa0\x80\x82", /* U+E0002: likewise */
        "ada\xf3\xa0\xbf\xbf", /* U+E0FFF: likewise */
        "ada\xee\x80\x80",     /* U+E000: private use */
        "ada\xef\xb7\x90",     /* U+FDD0: no character */
        "ada\xef\xbf\xbe",     /* U+FFFE: no character */
        "ada\xf4\x8f\xbf\xbf", /* U+10FFFF: no character */
        "ada\xe2\xa0\x80",     /* U+2800: a blank of Braille */
        "ada\xef\xbf\xbc",     /* U+FFFC: the place of an object */
        "ada\xf0\x9d\x85\x99", /* U+1D159: a note without a head */
        "ada\xe1\x85\x9f",     /* U+115F: a place for a consonant of Hangul, as wide as one */
        "ada\xe1\x85\xa0",     /* U+1160: for a vowel */
        "ada\xe3\x85\xa4",     /* U+3164: for either */
        "ada\xef\xbe\xa0",     /* U+FFA0: likewise, as wide as a blank: ada went. mallory */
        "ada\xf0\x93\x91\x81", /* U+13441: a blank among hieroglyphs */
        "ada\xf0\x93\x91\x82", /* U+13442: half of one */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(is_nick(bad[i]) || is_nick(bad[i] + 3));
        assert_false(is_room(bad[i]) || is_room(bad[i] + 3));
    }
}

static void p15_a_nick_has_something_to_be_called_by(void **state)
{
    (void)state;
    assert_false(is_nick("*") || is_nick("-") || is_nick("->") || is_nick("...") || is_room("-"));
    assert_false(is_nick("\xcc\xb6\xcc\xb6")); /* long strokes, over whatever stands before */
    assert_false(is_nick("\xcc\xb6"
                         "ada"));
    assert_true(is_nick("ada\xcc\xb6"));
    assert_true(is_nick("1") && is_nick("\xe5\xbc\xa0") && is_nick("-x-"));
}

static void p15_nobody_is_called_as_who_reads_is(void **state)
{
    (void)state;
    assert_false(is_nick("you") || is_nick("YOU"));
    assert_false(is_nick("\xef\xbd\x99ou")); /* full width */
    assert_true(is_nick("youth") && is_room("you"));
}

static void p15_a_nick_is_utf8(void **state)
{
    (void)state;
    assert_false(is_nick("\xff"));
    assert_false(is_nick("a\xc3"));
    assert_false(is_nick("\xc0\xaf"));         /* overlong */
    assert_false(is_nick("\xed\xa0\x80"));     /* surrogate */
    assert_false(is_nick("\xf4\x90\x80\x80")); /* beyond Unicode */
    assert_true(is_nick("\xf0\x9f\x90\xb1"));  /* a cat */
}

static void p15_a_nick_has_1_to_32_bytes(void **state)
{
    (void)state;
    char nick[LIMIT_NICK_BYTES + 2];
    memset(nick, 'n', sizeof nick);
    name_t name;
    assert_int_equal(nick_fold((span_t){nick, 0}, &name), HUB_NICK_INVALID);
    assert_int_equal(nick_fold((span_t){NULL, 0}, &name), HUB_NICK_INVALID);
    assert_int_equal(nick_fold((span_t){nick, 1}, &name), HUB_OK);
    assert_int_equal(nick_fold((span_t){nick, LIMIT_NICK_BYTES}, &name), HUB_OK);
    assert_int_equal(name.size, LIMIT_NICK_BYTES);
    assert_int_equal(nick_fold((span_t){nick, LIMIT_NICK_BYTES + 1}, &name), HUB_NICK_INVALID);
    assert_true(is_nick("12345678901234567890123456789012"));
    assert_false(is_nick("123456789012345678901234567890123"));
}

static void p17_the_rules_hold_for_the_folded_form(void **state)
{
    (void)state;
    assert_false(is_nick("a\xef\xbc\x8f"
                         "b")); /* full-width solidus */
    assert_false(is_nick("\xef\xbc\xa0"
                         "a"));            /* full-width @ */
    assert_false(is_nick("\xef\xbd\x9c")); /* full-width bar */
    assert_false(is_nick("\xc2\xa8"));     /* diaeresis: folds to a blank and an accent */
    assert_false(is_nick("\xe2\x84\x80")); /* a/c */
    /* n with an apostrophe: two bytes become three */
    assert_true(is_nick(
        "\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89"));
    assert_false(is_nick("\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89\xc5\x89"
                         "\xc5\x89\xc5\x89"));
    assert_true(is_nick("\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f"
                        "\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f"));
    assert_false(is_nick(
        "\xef\xb7\xba")); /* one character of three bytes, folds to eighteen letters and blanks */
}

static void folding_stands_still_for_every_character(void **state)
{
    (void)state;
    for (uint32_t point = 0x80; point < 0x110000; point++) {
        char text[8];
        size_t size = 0;
        if (point < 0x800) {
            text[size++] = (char)(0xc0 | point >> 6);
        } else if (point < 0x10000) {
            text[size++] = (char)(0xe0 | point >> 12);
            text[size++] = (char)(0x80 | (point >> 6 & 0x3f));
        } else {
            text[size++] = (char)(0xf0 | point >> 18);
            text[size++] = (char)(0x80 | (point >> 12 & 0x3f));
            text[size++] = (char)(0x80 | (point >> 6 & 0x3f));
        }
        text[size++] = (char)(0x80 | (point & 0x3f));
        name_t name, again;
        if (nick_fold((span_t){text, size}, &name) != HUB_OK)
            continue;
        assert_int_equal(nick_fold(name_span(&name), &again), HUB_OK);
        assert_true(span_equal(name_span(&name), name_span(&again)));
        assert_int_equal(strlen(name.text), name.size);
    }
}

static void a_refused_name_leaves_the_result_untouched(void **state)
{
    (void)state;
    name_t name = {3, "old"};
    assert_int_equal(nick_fold(span_of("a b"), &name), HUB_NICK_INVALID);
    assert_int_equal(room_fold(span_of("!a"), &name), HUB_ROOM_INVALID);
    assert_int_equal(room_fold(span_of("a\xef\xbc\x8f"), &name), HUB_ROOM_INVALID);
    assert_string_equal(name.text, "old");
}

static void p16_a_room_does_not_begin_with_what_is_reserved(void **state)
{
    (void)state;
    assert_true(is_room("tea"));
    assert_true(is_room("t$!"));
    assert_true(is_nick("$a") && is_nick("!a"));
    assert_false(is_room("$a"));
    assert_false(is_room("!a"));
    assert_false(is_room("@"));
    assert_false(is_room("@a"));
    assert_false(is_room("#a"));
    assert_false(is_room("\xef\xbc\x81"
                         "a")); /* full-width ! */
    assert_false(is_room("\xef\xb9\xa9"
                         "a")); /* small $ */
}

static void p16_a_room_has_1_to_32_bytes(void **state)
{
    (void)state;
    char room[LIMIT_ROOM_BYTES + 1];
    memset(room, 'r', sizeof room);
    name_t name;
    assert_int_equal(room_fold((span_t){room, 0}, &name), HUB_ROOM_INVALID);
    assert_int_equal(room_fold((span_t){room, 1}, &name), HUB_OK);
    assert_int_equal(room_fold((span_t){room, LIMIT_ROOM_BYTES}, &name), HUB_OK);
    assert_int_equal(room_fold((span_t){room, LIMIT_ROOM_BYTES + 1}, &name), HUB_ROOM_INVALID);
}

static hub_err_t check(const char *text, text_kind_t kind)
{
    return text_check(span_of(text), LIMIT_TEXT_BYTES, kind);
}

static void p19_a_text_may_have_tabs_and_line_feeds_alone(void **state)
{
    (void)state;
    for (char c = 1; c < ' '; c++) {
        bool is_allowed = c == '\t' || c == '\n';
        assert_int_equal(check((char[]){'a', c, '\0'}, TEXT_PARAGRAPH),
                         is_allowed ? HUB_OK : HUB_BAD_REQUEST);
        assert_int_equal(check((char[]){'a', c, '\0'}, TEXT_LINE), HUB_BAD_REQUEST);
    }
    assert_int_equal(text_check((span_t){"a\0b", 3}, 9, TEXT_PARAGRAPH), HUB_BAD_REQUEST);
    assert_int_equal(check("a\x7f", TEXT_PARAGRAPH), HUB_BAD_REQUEST);
    assert_int_equal(check("a\xc2\x80", TEXT_PARAGRAPH), HUB_BAD_REQUEST);
    assert_int_equal(check("a\xc2\x9f", TEXT_PARAGRAPH), HUB_BAD_REQUEST);
    assert_int_equal(check("a\xc2\xa0~ ", TEXT_PARAGRAPH), HUB_OK);
}

static void p19_a_text_may_have_format_characters(void **state)
{
    (void)state;
    assert_int_equal(check("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", TEXT_LINE), HUB_OK);
    assert_int_equal(check("\xe2\x80\xae", TEXT_LINE), HUB_OK);
    assert_int_equal(check("\xe2\x80\xa8", TEXT_LINE), HUB_OK);
}

static void p19_a_text_is_utf8(void **state)
{
    (void)state;
    static const char *const BAD[] = {"\xff",
                                      "\x80",
                                      "\xc3",
                                      "\xc3(",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x80\x80\xaf",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xe2\x82"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_int_equal(check(BAD[i], TEXT_PARAGRAPH), HUB_BAD_REQUEST);
    assert_int_equal(check("\xf4\x8f\xbf\xbf\xef\xbf\xbf\xed\x9f\xbf", TEXT_PARAGRAPH), HUB_OK);
}

static void p19_a_text_has_at_most_its_maximum_of_bytes(void **state)
{
    (void)state;
    char text[LIMIT_TEXT_BYTES + 1];
    memset(text, 't', sizeof text);
    assert_int_equal(text_check((span_t){text, LIMIT_TEXT_BYTES}, LIMIT_TEXT_BYTES, TEXT_PARAGRAPH),
                     HUB_OK);
    assert_int_equal(
        text_check((span_t){text, LIMIT_TEXT_BYTES + 1}, LIMIT_TEXT_BYTES, TEXT_PARAGRAPH),
        HUB_TOO_LONG);
    assert_int_equal(text_check((span_t){NULL, 0}, 0, TEXT_LINE), HUB_OK);
    assert_int_equal(text_check((span_t){"\xff", 1}, 0, TEXT_LINE), HUB_TOO_LONG);
}

/* Texts are looked at eight bytes at a time: nothing hides in the middle or behind the last eight. */
static void every_byte_is_judged_alike_wherever_it_stands(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 20; size++)
        for (unsigned place = 0; place < size; place++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[20];
                memset(text, place % 2 ? '~' : ' ', sizeof text);
                text[place] = (char)byte;
                bool is_line = byte >= 0x20 && byte < 0x7f;
                bool is_paragraph = is_line || byte == '\t' || byte == '\n';
                span_t span = {text, size};
                assert_int_equal(text_check(span, 20, TEXT_LINE) == HUB_OK, is_line);
                assert_int_equal(text_check(span, 20, TEXT_PARAGRAPH) == HUB_OK, is_paragraph);
                assert_int_equal(text_check(span, 20, TEXT_ANY) == HUB_OK, byte < 0x80);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p17_names_that_differ_in_case_alone_are_one),
        cmocka_unit_test(p17_compatible_characters_are_one),
        cmocka_unit_test(p17_invisible_characters_do_not_make_another_name),
        cmocka_unit_test(letters_that_only_look_alike_stay_two),
        cmocka_unit_test(p15_a_nick_has_no_blanks_brackets_or_bars),
        cmocka_unit_test(p15_a_nick_has_no_control_or_format_characters),
        cmocka_unit_test(p15_a_nick_has_nothing_that_has_no_shape),
        cmocka_unit_test(p15_a_nick_has_something_to_be_called_by),
        cmocka_unit_test(p15_nobody_is_called_as_who_reads_is),
        cmocka_unit_test(p15_a_nick_is_utf8),
        cmocka_unit_test(p15_a_nick_has_1_to_32_bytes),
        cmocka_unit_test(p17_the_rules_hold_for_the_folded_form),
        cmocka_unit_test(folding_stands_still_for_every_character),
        cmocka_unit_test(a_refused_name_leaves_the_result_untouched),
        cmocka_unit_test(p16_a_room_does_not_begin_with_what_is_reserved),
        cmocka_unit_test(p16_a_room_has_1_to_32_bytes),
        cmocka_unit_test(p19_a_text_may_have_tabs_and_line_feeds_alone),
        cmocka_unit_test(p19_a_text_may_have_format_characters),
        cmocka_unit_test(p19_a_text_is_utf8),
        cmocka_unit_test(p19_a_text_has_at_most_its_maximum_of_bytes),
        cmocka_unit_test(every_byte_is_judged_alike_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
