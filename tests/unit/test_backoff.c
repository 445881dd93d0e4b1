/* Who was wrong waits: how long, for how long that is remembered, and who makes way in a full table. */
#include "tests/unit/proto.h"

#include "broker/core/backoff.h"

static const backoff_rule_t RULE = {3, 1000, 300000};

static void the_first_tries_are_free(void **state)
{
    (void)state;
    backoff_t backoff = {0};
    backoff_wrong(&backoff, &RULE, 7, 50);
    backoff_wrong(&backoff, &RULE, 7, 50);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 50), 0);
    backoff_wrong(&backoff, &RULE, 7, 50);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 50), 1000);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 1049), 1);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 1050), 0);
    assert_int_equal(backoff_wait_ms(&backoff, 8, 50), 0); /* somebody else */
    backoff_fini(&backoff);
}

static void the_wait_has_an_end_that_is_never_exceeded(void **state)
{
    (void)state;
    backoff_t backoff = {0};
    uint64_t now_ms = 0, expected_ms = 1000;
    backoff_wrong(&backoff, &RULE, 7, now_ms);
    backoff_wrong(&backoff, &RULE, 7, now_ms);
    for (int i = 0; i < 100; i++) {
        backoff_wrong(&backoff, &RULE, 7, now_ms);
        assert_int_equal(backoff_wait_ms(&backoff, 7, now_ms), expected_ms);
        now_ms += expected_ms;
        expected_ms = expected_ms * 2 < RULE.most_ms ? expected_ms * 2 : RULE.most_ms;
    }
    assert_int_equal(expected_ms, RULE.most_ms);
    backoff_fini(&backoff);
}

static void who_was_right_or_quiet_begins_anew(void **state)
{
    (void)state;
    backoff_t backoff = {0};
    for (int i = 0; i < 5; i++)
        backoff_wrong(&backoff, &RULE, 7, 0);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 0), 4000);
    backoff_right(&backoff, 7);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 0), 0);
    for (int i = 0; i < 5; i++)
        backoff_wrong(&backoff, &RULE, 7, 0);
    backoff_wrong(&backoff, &RULE, 7, 4000 + RULE.most_ms);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 4000 + RULE.most_ms), 8000);
    backoff_wrong(&backoff, &RULE, 7, 12001 + 2 * RULE.most_ms);
    assert_int_equal(backoff_wait_ms(&backoff, 7, 12001 + 2 * RULE.most_ms), 0);
    backoff_fini(&backoff);
}

static void a_full_set_forgets_who_may_try_again_soonest(void **state)
{
    (void)state;
    backoff_t backoff = {0};
    enum { TRIES = 8, CROWD = BACKOFF_WAYS + 1 };
    for (int i = 0; i < TRIES; i++)
        backoff_wrong(&backoff, &RULE, 1, 0);
    for (uint64_t i = 1; i < CROWD; i++) /* the same set */
        for (int try = 0; try < 3; try++)
            backoff_wrong(&backoff, &RULE, 1 + i * BACKOFF_SETS, i);
    assert_int_equal(backoff_wait_ms(&backoff, 1, 0), 32000);
    assert_int_equal(backoff_wait_ms(&backoff, 1 + BACKOFF_SETS, 1), 0); /* made way */
    assert_int_equal(backoff_wait_ms(&backoff, 1 + BACKOFF_WAYS * BACKOFF_SETS, BACKOFF_WAYS),
                     1000);
    backoff_fini(&backoff);
}

static void nobody_never_waits(void **state)
{
    (void)state;
    backoff_t backoff = {0};
    for (int i = 0; i < 10; i++)
        backoff_wrong(&backoff, &RULE, 0, 0);
    assert_int_equal(backoff_wait_ms(&backoff, 0, 0), 0);
    backoff_right(&backoff, 0);
    assert_null(backoff.entries);
    backoff_fini(&backoff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_tries_are_free),
        cmocka_unit_test(the_wait_has_an_end_that_is_never_exceeded),
        cmocka_unit_test(who_was_right_or_quiet_begins_anew),
        cmocka_unit_test(a_full_set_forgets_who_may_try_again_soonest),
        cmocka_unit_test(nobody_never_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
