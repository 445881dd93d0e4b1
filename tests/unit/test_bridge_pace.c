/* Connections a second from one address: bridge/core/pace.h. */
#include "bridge/core/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { PER_S = 10, AT_ONCE = PER_S * PACE_GATHERS_S, US = 1000000 };

static address_t address_of(const char *text)
{
    address_t address = {{0}};
    assert_true(network_read_peer(span_of(text), &address));
    return address;
}

static int take_all(pace_t *pace, const char *from, uint64_t now_us)
{
    int taken = 0;
    while (taken < 2 * AT_ONCE && pace_take(pace, address_of(from), now_us))
        taken++;
    return taken;
}

static void some_may_come_at_once_and_then_so_many_a_second(void **state)
{
    (void)state;
    pace_t *pace = pace_new(PER_S, 7);
    assert_int_equal(take_all(pace, "192.0.2.7", 5 * US), AT_ONCE);
    assert_int_equal(take_all(pace, "192.0.2.7", 5 * US + US / PER_S - 1), 0);
    assert_int_equal(take_all(pace, "192.0.2.7", 5 * US + US / PER_S), 1);
    assert_int_equal(take_all(pace, "192.0.2.7", 7 * US), 2 * PER_S - 1);
    assert_int_equal(take_all(pace, "192.0.2.7", 1000 * (uint64_t)US), AT_ONCE);
    pace_destroy(&pace);
}

static void others_are_not_concerned(void **state)
{
    (void)state;
    pace_t *pace = pace_new(PER_S, 7);
    assert_int_equal(take_all(pace, "192.0.2.7", 0), AT_ONCE);
    assert_int_equal(take_all(pace, "192.0.2.8", 0), AT_ONCE);
    pace_destroy(&pace);
}

static void a_household_of_ipv6_is_one(void **state)
{
    (void)state;
    pace_t *pace = pace_new(PER_S, 7);
    assert_int_equal(take_all(pace, "2001:db8:0:1::7", 0), AT_ONCE);
    assert_int_equal(take_all(pace, "2001:db8:0:1:ffff::8", 0), 0);
    assert_int_equal(take_all(pace, "2001:db8:0:2::7", 0), AT_ONCE);
    pace_destroy(&pace);
}

static void zero_is_any_number(void **state)
{
    (void)state;
    pace_t *pace = pace_new(0, 7);
    assert_int_equal(take_all(pace, "192.0.2.7", 0), 2 * AT_ONCE);
    pace_destroy(&pace);
}

static void who_comes_from_everywhere_gets_nobody_else_out_of_the_table_for_long(void **state)
{
    (void)state;
    pace_t *pace = pace_new(PER_S, 7);
    uint64_t now_us = US;
    int taken = take_all(pace, "192.0.2.7", now_us);
    for (int i = 0; i < 100000; i++) { /* one connection each: they are full again sooner */
        char from[32];
        (void)snprintf(from, sizeof from, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        assert_true(pace_take(pace, address_of(from), now_us));
        taken += i % 100 == 0 && pace_take(pace, address_of("192.0.2.7"), now_us);
    }
    assert_int_equal(taken, AT_ONCE);
    pace_destroy(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_may_come_at_once_and_then_so_many_a_second),
        cmocka_unit_test(others_are_not_concerned),
        cmocka_unit_test(a_household_of_ipv6_is_one),
        cmocka_unit_test(zero_is_any_number),
        cmocka_unit_test(who_comes_from_everywhere_gets_nobody_else_out_of_the_table_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
