#include "tests/unit/proto.h"

#include "broker/core/numbers.h"

static void numbers_stay_in_the_order_of_adding(void **state)
{
    (void)state;
    numbers_t numbers = {0};
    for (uint64_t i = 0; i < 1000; i++)
        numbers_add(&numbers, 3 * i);
    assert_int_equal(numbers.count, 1000);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(numbers.list[i], 3 * i);
    numbers_clear(&numbers);
    assert_int_equal(numbers.count, 0);
    numbers_add(&numbers, 7);
    assert_int_equal(numbers.list[0], 7);
    numbers_fini(&numbers);
    assert_null(numbers.list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stay_in_the_order_of_adding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
