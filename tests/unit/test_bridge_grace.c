#include "bridge/core/grace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GRACE_MS = 10000 };

static void who_says_something_may_stay_but_not_for_ever(void **state)
{
    (void)state;
    grace_t grace = {0};
    grace_begin(&grace, 1000);
    assert_true(grace_line(&grace, GRACE_MS, 1000));
    grace_begin(&grace, 50000); /* a wrong password: nothing begins anew */
    assert_true(grace_line(&grace, GRACE_MS, 1000 + GRACE_TIMES * GRACE_MS - 1));
    assert_false(grace_line(&grace, GRACE_MS, 1000 + GRACE_TIMES * GRACE_MS));
}

static void so_many_lines_and_no_more(void **state)
{
    (void)state;
    grace_t grace = {0};
    grace_begin(&grace, 0);
    for (int i = 0; i < GRACE_LINES; i++)
        assert_true(grace_line(&grace, GRACE_MS, 0));
    assert_false(grace_line(&grace, GRACE_MS, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_something_may_stay_but_not_for_ever),
        cmocka_unit_test(so_many_lines_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
