#include "tests/unit/proto.h"

#include "broker/core/bucket.h"

static void a_full_bucket_gives_its_burst_and_no_more(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, 20, 1000);
    assert_int_equal(bucket_left(&bucket, 5, 20, 1000), 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(bucket_spend(&bucket, 1, 5, 20, 1000), 0);
    assert_int_equal(bucket_left(&bucket, 5, 20, 1000), 0);
    assert_int_equal(bucket_spend(&bucket, 1, 5, 20, 1000), 200);
}

static void after_the_time_it_named_there_is_enough_and_not_before(void **state)
{
    (void)state;
    for (uint32_t per_s = 1; per_s < 2000; per_s += 7) {
        bucket_t bucket;
        bucket_init(&bucket, 10, 1000);
        assert_int_equal(bucket_spend(&bucket, 9, per_s, 10, 1000), 0);
        uint64_t wait_ms = bucket_spend(&bucket, 5, per_s, 10, 1000);
        assert_true(wait_ms > 0);
        assert_true(bucket_spend(&bucket, 5, per_s, 10, 1000 + wait_ms - 1) > 0);
        assert_int_equal(bucket_spend(&bucket, 5, per_s, 10, 1000 + wait_ms), 0);
    }
}

static void it_never_holds_more_than_its_burst(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, 10, 0);
    assert_int_equal(bucket_spend(&bucket, 10, 1, 10, 0), 0);
    assert_int_equal(bucket_left(&bucket, 1, 10, 9999), 9);
    assert_int_equal(bucket_left(&bucket, 1, 10, 10000), 10);
    assert_int_equal(bucket_left(&bucket, 1, 10, UINT32_MAX), 10);
    assert_int_equal(bucket_left(&bucket, UINT32_MAX, 10, UINT32_MAX), 10);
}

static void what_a_long_silence_may_lose_comes_back_within_seconds(void **state)
{
    (void)state;
    const uint64_t ROUND = UINT64_C(1) << 32;
    bucket_t bucket;
    bucket_init(&bucket, 10, 5000);
    assert_int_equal(bucket_spend(&bucket, 10, 1, 10, 5000), 0);
    assert_int_equal(bucket_left(&bucket, 1, 10, ROUND + 5000), 0); /* 49 days later, to the ms */
    assert_int_equal(bucket_left(&bucket, 1, 10, ROUND + 15000), 10);
    assert_int_equal(bucket_spend(&bucket, 10, 1, 10, ROUND + 15000), 0);
}

static void the_largest_burst_is_held_in_full(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, BUCKET_MOST, 0);
    assert_int_equal(bucket_left(&bucket, 1, BUCKET_MOST, 0), BUCKET_MOST);
    assert_int_equal(bucket_spend(&bucket, BUCKET_MOST, 1, BUCKET_MOST, 0), 0);
    assert_int_equal(bucket_left(&bucket, 1, BUCKET_MOST, 1000), 1);
}

static void a_cost_above_the_burst_takes_all_there_is(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, 3, 0);
    assert_int_equal(bucket_spend(&bucket, 5, 1, 3, 0), 0);
    assert_int_equal(bucket_left(&bucket, 1, 3, 0), 0);
    assert_int_equal(bucket_spend(&bucket, 5, 1, 3, 0), 3000);
}

static void without_a_limit_and_without_a_cost_nothing_is_spent(void **state)
{
    (void)state;
    bucket_t bucket;
    bucket_init(&bucket, 1, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(bucket_spend(&bucket, 5, 0, 1, 0), 0);
        assert_int_equal(bucket_spend(&bucket, 0, 1, 1, 0), 0);
    }
    assert_int_equal(bucket_left(&bucket, 1, 1, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_no_more),
        cmocka_unit_test(after_the_time_it_named_there_is_enough_and_not_before),
        cmocka_unit_test(it_never_holds_more_than_its_burst),
        cmocka_unit_test(what_a_long_silence_may_lose_comes_back_within_seconds),
        cmocka_unit_test(the_largest_burst_is_held_in_full),
        cmocka_unit_test(a_cost_above_the_burst_takes_all_there_is),
        cmocka_unit_test(without_a_limit_and_without_a_cost_nothing_is_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
