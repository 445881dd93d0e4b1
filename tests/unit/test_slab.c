#include "tests/unit/proto.h"

#include "broker/core/slab.h"

#include <stdalign.h>

static void a_thing_is_zeroed_and_found_by_its_number(void **state)
{
    (void)state;
    slab_t *slab = slab_new(40, 10);
    uint64_t id;
    char *thing = slab_add(slab, &id);
    const char zeros[40] = {0};
    assert_memory_equal(thing, zeros, 40);
    assert_true(id > 0);
    assert_ptr_equal(slab_find(slab, id), thing);
    assert_int_equal((uintptr_t)thing % alignof(void *), 0);
    slab_destroy(&slab);
    assert_null(slab);
    slab_destroy(&slab);
}

static void a_number_kept_too_long_finds_nothing(void **state)
{
    (void)state;
    slab_t *slab = slab_new(8, 10);
    uint64_t first, second;
    char *thing = slab_add(slab, &first);
    memset(thing, 7, 8);
    slab_remove(slab, first);
    assert_null(slab_find(slab, first));
    char *again = slab_add(slab, &second);
    assert_ptr_equal(again, thing); /* the same place */
    assert_int_equal(again[0], 0);
    assert_true(first != second);
    assert_null(slab_find(slab, first));
    assert_ptr_equal(slab_find(slab, second), again);
    slab_destroy(&slab);
}

static void a_place_tells_what_is_there_now(void **state)
{
    (void)state;
    slab_t *slab = slab_new(12, 10);
    uint64_t first, second;
    assert_null(slab_at(slab, 0));
    char *thing = slab_add(slab, &first);
    assert_ptr_equal(slab_at(slab, (uint32_t)first), thing);
    slab_remove(slab, first);
    assert_null(slab_at(slab, (uint32_t)first));
    char *again = slab_add(slab, &second);
    assert_ptr_equal(slab_at(slab, (uint32_t)first), again);
    assert_null(slab_at(slab, UINT32_MAX));
    slab_destroy(&slab);
}

static void numbers_that_never_were_find_nothing(void **state)
{
    (void)state;
    slab_t *slab = slab_new(8, 1000);
    uint64_t id;
    assert_null(slab_find(slab, 0));
    (void)slab_add(slab, &id);
    assert_null(slab_find(slab, 0));
    assert_null(slab_find(slab, UINT64_MAX));
    assert_null(slab_find(slab, id + 1));
    assert_null(slab_find(slab, id + (UINT64_C(1) << 32)));
    assert_null(slab_find(slab, id + (UINT64_C(2) << 32)));
    slab_destroy(&slab);
}

static void a_full_slab_takes_one_more_only_after_one_has_gone(void **state)
{
    (void)state;
    enum { MANY = 300 }; /* more than one block of places */
    slab_t *slab = slab_new(8, MANY);
    uint64_t ids[MANY], more = 42;
    for (int i = 0; i < MANY; i++)
        assert_non_null(slab_add(slab, &ids[i]));
    assert_int_equal(slab_count(slab), MANY);
    assert_null(slab_add(slab, &more));
    assert_int_equal(more, 42);
    slab_remove(slab, ids[123]);
    assert_non_null(slab_add(slab, &more));
    assert_null(slab_add(slab, &more));
    slab_destroy(&slab);
}

static void a_walk_visits_each_once_by_place_and_goes_on_across_changes(void **state)
{
    (void)state;
    slab_t *slab = slab_new(sizeof(int), 10);
    uint64_t ids[5];
    for (int i = 0; i < 5; i++)
        *(int *)slab_add(slab, &ids[i]) = i;
    uint32_t place = 0;
    assert_int_equal(*(int *)slab_next(slab, &place), 0);
    assert_int_equal(*(int *)slab_next(slab, &place), 1);
    slab_remove(slab, ids[0]);
    slab_remove(slab, ids[2]);
    assert_int_equal(*(int *)slab_next(slab, &place), 3);
    assert_int_equal(*(int *)slab_next(slab, &place), 4);
    assert_null(slab_next(slab, &place));
    place = UINT32_MAX; /* as a foreign page may say */
    assert_null(slab_next(slab, &place));
    slab_destroy(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_is_zeroed_and_found_by_its_number),
        cmocka_unit_test(a_number_kept_too_long_finds_nothing),
        cmocka_unit_test(a_place_tells_what_is_there_now),
        cmocka_unit_test(numbers_that_never_were_find_nothing),
        cmocka_unit_test(a_full_slab_takes_one_more_only_after_one_has_gone),
        cmocka_unit_test(a_walk_visits_each_once_by_place_and_goes_on_across_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
