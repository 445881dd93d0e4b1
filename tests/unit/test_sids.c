#include "tests/unit/proto.h"

#include "broker/core/sids.h"

static void a_sid_finds_its_session_until_it_is_freed(void **state)
{
    (void)state;
    int ada, bob;
    sids_t sids;
    sids_init(&sids, 42);
    assert_null(sids_find(&sids, 0));
    sids_add(&sids, 0, &ada);
    sids_add(&sids, INT32_MAX, &bob);
    assert_ptr_equal(sids_find(&sids, 0), &ada);
    assert_ptr_equal(sids_find(&sids, INT32_MAX), &bob);
    assert_null(sids_find(&sids, 1));
    sids_remove(&sids, 0);
    assert_null(sids_find(&sids, 0));
    assert_ptr_equal(sids_find(&sids, INT32_MAX), &bob);
    assert_int_equal(sids.count, 1);
    sids_fini(&sids);
}

static void a_table_ended_is_as_new(void **state)
{
    (void)state;
    int ada;
    sids_t sids;
    sids_init(&sids, 7);
    for (uint32_t sid = 0; sid < 100; sid++)
        sids_add(&sids, sid, &ada);
    sids_fini(&sids);
    assert_null(sids_find(&sids, 5));
    sids_add(&sids, 5, &ada);
    assert_ptr_equal(sids_find(&sids, 5), &ada);
    sids_fini(&sids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sid_finds_its_session_until_it_is_freed),
        cmocka_unit_test(a_table_ended_is_as_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
