/* bridge/core/share.h: what is read of each, by how many have input. */
#include "bridge/core/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void a_few_are_read_in_full(void **state)
{
    (void)state;
    assert_int_equal(share_bytes(0), SHARE_MOST_BYTES);
    assert_int_equal(share_bytes(1), SHARE_MOST_BYTES);
    assert_int_equal(share_bytes(4), SHARE_MOST_BYTES);
}

static void more_share(void **state)
{
    (void)state;
    assert_int_equal(share_bytes(5), SHARE_ALL_BYTES / 5);
    assert_int_equal(share_bytes(8), 4096);
    assert_int_equal(share_bytes(32), SHARE_LEAST_BYTES);
}

static void a_crowd_is_read_in_pieces_that_are_worth_a_system_call(void **state)
{
    (void)state;
    assert_int_equal(share_bytes(33), SHARE_LEAST_BYTES);
    assert_int_equal(share_bytes(SIZE_MAX), SHARE_LEAST_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_are_read_in_full),
        cmocka_unit_test(more_share),
        cmocka_unit_test(a_crowd_is_read_in_pieces_that_are_worth_a_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
