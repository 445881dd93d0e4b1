#include "tests/unit/proto.h"

#include "broker/core/refs.h"

static void a_number_is_there_until_it_is_counted_out(void **state)
{
    (void)state;
    refs_t refs = {0};
    refs_add(&refs, 5);
    refs_add(&refs, 3);
    refs_add(&refs, 5);
    refs_add(&refs, 9);
    assert_int_equal(refs.count, 3);
    assert_int_equal(refs.list[0].number, 3);
    assert_int_equal(refs.list[1].number, 5);
    assert_int_equal(refs.list[1].count, 2);
    assert_int_equal(refs.list[2].number, 9);
    refs_remove(&refs, 5);
    assert_int_equal(refs.count, 3);
    refs_remove(&refs, 5);
    assert_int_equal(refs.count, 2);
    assert_int_equal(refs.list[1].number, 9);
    refs_remove(&refs, 3);
    refs_remove(&refs, 9);
    assert_int_equal(refs.count, 0);
    refs_fini(&refs);
    assert_null(refs.list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_there_until_it_is_counted_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
