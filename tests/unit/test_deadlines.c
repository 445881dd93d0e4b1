#include "tests/unit/proto.h"

#include "broker/core/deadlines.h"

static void they_come_out_soonest_first_and_not_too_early(void **state)
{
    (void)state;
    deadlines_t *deadlines = deadlines_new();
    deadline_t all[5] = {0};
    const uint64_t when[5] = {50, 10, 40, 20, 30};
    assert_int_equal(deadlines_next_ms(deadlines), UINT64_MAX);
    for (uint64_t i = 0; i < 5; i++)
        deadlines_set(deadlines, &all[i], DUE_ROOM, when[i]);
    assert_int_equal(deadlines_next_ms(deadlines), 10);
    assert_null(deadlines_take(deadlines, 9));
    for (uint64_t ms = 10; ms <= 50; ms += 10) {
        deadline_t *due = deadlines_take(deadlines, ms);
        assert_non_null(due);
        assert_int_equal(due->when_ms, ms);
        assert_int_equal(when[due - all], ms);
        assert_int_equal(due->kind, DUE_ROOM);
        assert_false(deadline_is_set(due));
        assert_null(deadlines_take(deadlines, ms));
    }
    deadlines_destroy(&deadlines);
    assert_null(deadlines);
    deadlines_destroy(&deadlines);
}

static void a_deadline_can_be_moved_either_way_and_cancelled(void **state)
{
    (void)state;
    deadlines_t *deadlines = deadlines_new();
    deadline_t a = {0}, b = {0}, c = {0};
    deadlines_set(deadlines, &a, DUE_LINK, 10);
    deadlines_set(deadlines, &b, DUE_LINK, 20);
    deadlines_set(deadlines, &c, DUE_LINK, 30);
    deadlines_set(deadlines, &a, DUE_LINK, 40);
    deadlines_set(deadlines, &c, DUE_SESSION, 5);
    assert_ptr_equal(deadlines_take(deadlines, 100), &c);
    assert_int_equal(c.kind, DUE_SESSION);
    deadlines_cancel(deadlines, &b);
    assert_false(deadline_is_set(&b));
    deadlines_cancel(deadlines, &b); /* fine */
    assert_ptr_equal(deadlines_take(deadlines, 100), &a);
    assert_null(deadlines_take(deadlines, 100));
    deadlines_set(deadlines, &b, DUE_LINK, 1);
    assert_ptr_equal(deadlines_take(deadlines, 1), &b);
    deadlines_destroy(&deadlines);
}

static void a_deadline_knows_what_it_lives_in(void **state)
{
    (void)state;
    typedef struct {
        int number;
        deadline_t first, second;
    } thing_t;
    thing_t thing = {0};
    assert_ptr_equal(DEADLINE_OWNER(&thing.first, thing_t, first), &thing);
    assert_ptr_equal(DEADLINE_OWNER(&thing.second, thing_t, second), &thing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_come_out_soonest_first_and_not_too_early),
        cmocka_unit_test(a_deadline_can_be_moved_either_way_and_cancelled),
        cmocka_unit_test(a_deadline_knows_what_it_lives_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
