/* How long, as people write it: proto/duration.h. */
#include "proto/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void a_number_and_its_unit_is_a_duration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } ROWS[] = {{"1s", 1000},
                {"90s", 90000},
                {"30m", 1800000},
                {"2h", 7200000},
                {"7d", 604800000},
                {"4w", 2419200000},
                {"1000000w", 604800000000000},
                {"007m", 420000}};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        uint64_t ms = 0;
        assert_true(duration_read(span_of(ROWS[i].text), &ms));
        assert_int_equal(ms, ROWS[i].ms);
    }
}

static void all_else_is_none(void **state)
{
    (void)state;
    static const char *const NONE[] = {"",      "s",       "10",       "0m",
                                       "1h30m", "2 h",     "-5m",      "+5m",
                                       "7D",    "1.5h",    "1000001s", "99999999999999999999s",
                                       "5mm",   "forever", "5y",       "m5"};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        uint64_t ms = 7;
        assert_false(duration_read(span_of(NONE[i]), &ms));
        assert_int_equal(ms, 7);
    }
    uint64_t ms = 7;
    assert_false(duration_read((span_t){"5\0m", 3}, &ms));
    assert_false(duration_read((span_t){NULL, 0}, &ms));
}

static void what_begins_with_a_digit_is_meant_as_one(void **state)
{
    (void)state;
    assert_true(duration_is_meant(span_of("10x")));
    assert_true(duration_is_meant(span_of("0m")));
    assert_true(duration_is_meant(span_of("9")));
    assert_false(duration_is_meant(span_of("spam")));
    assert_false(duration_is_meant(span_of("-5m")));
    assert_false(duration_is_meant(span_of(":1")));
    assert_false(duration_is_meant(span_of("/1")));
    assert_false(duration_is_meant((span_t){NULL, 0}));
}

static void how_long_is_said_in_words(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *words;
    } ROWS[] = {{0, "for ever"},
                {1000, "for 1 second"},
                {90000, "for 90 seconds"},
                {600000, "for 10 minutes"},
                {3600000, "for 1 hour"},
                {7200000, "for 2 hours"},
                {172800000, "for 2 days"},
                {604800000, "for 1 week"},
                {604800000000000, "for 1000000 weeks"}};
    char out[DURATION_WORDS_BYTES];
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        assert_string_equal(duration_words(ROWS[i].ms, "for ever", out), ROWS[i].words);
    assert_string_equal(duration_words(UINT64_MAX, "", out), "for 18446744073709551 seconds");
}

static void a_wait_is_told_in_the_largest_unit_that_adds_little(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *words;
    } ROWS[] = {{0, "0 seconds"},        {1, "1 second"},         {40000, "40 seconds"},
                {57143, "1 minute"},     {57142, "58 seconds"},   {60001, "61 seconds"},
                {90000, "90 seconds"},   {598800, "10 minutes"},  {5400000, "90 minutes"},
                {7199999, "2 hours"},    {86400000, "1 day"},     {86390000, "1 day"},
                {100000000, "28 hours"}, {1000000000, "12 days"}, {1209600000, "2 weeks"}};
    char out[DURATION_WORDS_BYTES];
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        assert_string_equal(duration_wait(ROWS[i].ms, out), ROWS[i].words);
    assert_string_equal(duration_wait(UINT64_MAX, out), "30500568905 weeks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_and_its_unit_is_a_duration),
        cmocka_unit_test(all_else_is_none),
        cmocka_unit_test(what_begins_with_a_digit_is_meant_as_one),
        cmocka_unit_test(how_long_is_said_in_words),
        cmocka_unit_test(a_wait_is_told_in_the_largest_unit_that_adds_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
