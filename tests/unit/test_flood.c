#include "tests/unit/proto.h"

#include "broker/core/flood.h"

static const flood_rules_t RULES = {.refusals = 3, .window_ms = 1000, .mute_ms = 5000};

static void who_is_refused_now_and_then_is_never_muted(void **state)
{
    (void)state;
    flood_t flood = {0};
    uint64_t now_ms = UINT32_MAX - 500u; /* the clock's lower half comes round */
    for (int i = 0; i < 100; i++, now_ms += 334)
        assert_int_equal(flood_refused(&flood, &RULES, now_ms), FLOOD_REFUSED);
    assert_int_equal(flood_muted_ms(&flood, &RULES, now_ms), 0);
}

static void who_is_served_as_often_as_refused_is_never_muted(void **state)
{
    (void)state;
    flood_t flood = {0};
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(flood_refused(&flood, &RULES, 100), FLOOD_REFUSED);
        flood_served(&flood);
    }
    for (int i = 0; i < 4; i++)
        (void)flood_refused(&flood, &RULES, 100);
    flood_served(&flood); /* what is under way when the mute begins */
    assert_true(flood_muted_ms(&flood, &RULES, 101) > 0);
}

static void one_more_than_may_be_within_the_window_mutes_for_the_time(void **state)
{
    (void)state;
    flood_t flood = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(flood_refused(&flood, &RULES, 100), FLOOD_REFUSED);
    assert_int_equal(flood_muted_ms(&flood, &RULES, 1099), 0);
    assert_int_equal(flood_refused(&flood, &RULES, 1099), FLOOD_MUTED);
    assert_int_equal(flood_muted_ms(&flood, &RULES, 1099), 5000);
    assert_int_equal(flood_muted_ms(&flood, &RULES, 6098), 1);
    assert_int_equal(flood_muted_ms(&flood, &RULES, 6099), 0);
    assert_int_equal(flood_refused(&flood, &RULES, 6099), FLOOD_REFUSED); /* from the beginning */
}

static void who_goes_on_while_muted_is_kicked(void **state)
{
    (void)state;
    flood_t flood = {0};
    for (int i = 0; i < 4; i++)
        (void)flood_refused(&flood, &RULES, 100);
    for (int i = 0; i < 3; i++)
        assert_int_equal(flood_refused(&flood, &RULES, 5099),
                         FLOOD_MUTED); /* the window does not count here */
    assert_int_equal(flood_refused(&flood, &RULES, 5099), FLOOD_KICKED);
}

static void without_a_number_nobody_is_muted(void **state)
{
    (void)state;
    flood_t flood = {0};
    const flood_rules_t none = {0, 1000, 5000};
    for (int i = 0; i < 100000; i++)
        assert_int_equal(flood_refused(&flood, &none, 1), FLOOD_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_refused_now_and_then_is_never_muted),
        cmocka_unit_test(who_is_served_as_often_as_refused_is_never_muted),
        cmocka_unit_test(one_more_than_may_be_within_the_window_mutes_for_the_time),
        cmocka_unit_test(who_goes_on_while_muted_is_kicked),
        cmocka_unit_test(without_a_number_nobody_is_muted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
