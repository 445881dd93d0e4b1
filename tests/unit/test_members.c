#include "tests/unit/proto.h"

#include "broker/core/members.h"

static void members_are_visited_in_the_order_of_joining(void **state)
{
    (void)state;
    members_t members = {0};
    uint64_t number = 0;
    assert_int_equal(members_next(&members, &number), 0);
    assert_int_equal(number, 0);
    for (uint64_t session = 30; session > 20; session--)
        (void)members_add(&members, session);
    for (uint64_t session = 30; session > 20; session--)
        assert_int_equal(members_next(&members, &number), session);
    assert_int_equal(members_next(&members, &number), 0);
    members_fini(&members);
}

static void a_walk_goes_on_while_people_come_and_go(void **state)
{
    (void)state;
    members_t members = {0};
    uint64_t numbers[100], at = 0;
    for (uint64_t i = 0; i < 100; i++)
        numbers[i] = members_add(&members, 1 + i);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(members_next(&members, &at), 1 + i);
    for (uint64_t i = 0; i < 90; i++) /* holes are closed on the way */
        members_remove(&members, numbers[i]);
    (void)members_add(&members, 1000);
    for (uint64_t i = 90; i < 100; i++)
        assert_int_equal(members_next(&members, &at), 1 + i);
    assert_int_equal(members_next(&members, &at), 1000);
    assert_int_equal(members_next(&members, &at), 0);
    members_fini(&members);
}

static void a_number_is_not_used_again(void **state)
{
    (void)state;
    members_t members = {0};
    uint64_t first = members_add(&members, 7);
    members_remove(&members, first);
    assert_int_equal(members.count, 0);
    assert_true(members_add(&members, 7) > first);
    members_fini(&members);
}

static void memory_does_not_grow_with_coming_and_going(void **state)
{
    (void)state;
    members_t members = {0};
    uint64_t stays = members_add(&members, 1);
    for (uint64_t i = 0; i < 10000; i++)
        members_remove(&members, members_add(&members, 2));
    assert_true(members.capacity <= 16);
    members_remove(&members, stays);
    members_fini(&members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_visited_in_the_order_of_joining),
        cmocka_unit_test(a_walk_goes_on_while_people_come_and_go),
        cmocka_unit_test(a_number_is_not_used_again),
        cmocka_unit_test(memory_does_not_grow_with_coming_and_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
