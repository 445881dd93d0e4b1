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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_and_its_unit_is_a_duration),
        cmocka_unit_test(all_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
