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
        deadlines_set(deadlines, &all[i], DUE_ROOM, 100 + i, when[i]);
    assert_int_equal(deadlines_next_ms(deadlines), 10);
    assert_null(deadlines_take(deadlines, 9));
    for (uint64_t ms = 10; ms <= 50; ms += 10) {
        deadline_t *due = deadlines_take(deadlines, ms);
        assert_non_null(due);
        assert_int_equal(due->when_ms, ms);
        assert_int_equal(when[due->owner - 100], ms);
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
    deadlines_set(deadlines, &a, DUE_LINK, 1, 10);
    deadlines_set(deadlines, &b, DUE_LINK, 2, 20);
    deadlines_set(deadlines, &c, DUE_LINK, 3, 30);
    deadlines_set(deadlines, &a, DUE_LINK, 1, 40);
    deadlines_set(deadlines, &c, DUE_SESSION, 4, 5);
    assert_ptr_equal(deadlines_take(deadlines, 100), &c);
    assert_int_equal(c.owner, 4);
    deadlines_cancel(deadlines, &b);
    assert_false(deadline_is_set(&b));
    deadlines_cancel(deadlines, &b); /* fine */
    assert_ptr_equal(deadlines_take(deadlines, 100), &a);
    assert_null(deadlines_take(deadlines, 100));
    deadlines_set(deadlines, &b, DUE_LINK, 2, 1);
    assert_ptr_equal(deadlines_take(deadlines, 1), &b);
    deadlines_destroy(&deadlines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_come_out_soonest_first_and_not_too_early),
        cmocka_unit_test(a_deadline_can_be_moved_either_way_and_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
