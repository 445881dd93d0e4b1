#include "tests/unit/proto.h"

#include "broker/core/sids.h"

static void a_sid_finds_its_session_until_it_is_freed(void **state)
{
    (void)state;
    enum { ADA = 1, BOB = UINT32_MAX / 2 };
    sids_t sids;
    sids_init(&sids, 42);
    assert_int_equal(sids_find(&sids, 0), 0);
    sids_add(&sids, 0, ADA);
    sids_add(&sids, INT32_MAX, BOB);
    assert_int_equal(sids_find(&sids, 0), ADA);
    assert_int_equal(sids_find(&sids, INT32_MAX), BOB);
    assert_int_equal(sids_find(&sids, 1), 0);
    sids_remove(&sids, 0);
    assert_int_equal(sids_find(&sids, 0), 0);
    assert_int_equal(sids_find(&sids, INT32_MAX), BOB);
    assert_int_equal(sids.count, 1);
    sids_fini(&sids);
}

static void a_table_ended_is_as_new(void **state)
{
    (void)state;
    enum { ADA = 1 };
    sids_t sids;
    sids_init(&sids, 7);
    for (uint32_t sid = 0; sid < 100; sid++)
        sids_add(&sids, sid, ADA);
    sids_fini(&sids);
    assert_int_equal(sids_find(&sids, 5), 0);
    sids_add(&sids, 5, ADA);
    assert_int_equal(sids_find(&sids, 5), ADA);
    sids_fini(&sids);
}

static void all_sessions_are_visited_once(void **state)
{
    (void)state;
    enum { MANY = 100 };
    sids_t sids;
    sids_init(&sids, 99);
    uint32_t place = 0, session, visits[MANY + 1] = {0};
    assert_int_equal(sids_next(&sids, &place), 0);
    for (uint32_t i = 1; i <= MANY; i++)
        sids_add(&sids, 7 * i, i);
    while ((session = sids_next(&sids, &place)))
        visits[session]++;
    for (uint32_t i = 1; i <= MANY; i++)
        assert_int_equal(visits[i], 1);
    sids_fini(&sids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sid_finds_its_session_until_it_is_freed),
        cmocka_unit_test(a_table_ended_is_as_new),
        cmocka_unit_test(all_sessions_are_visited_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
