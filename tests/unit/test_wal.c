#include "broker/store/wal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static wal_t wal;

static int begin(void **state)
{
    (void)state;
    wal_init(&wal);
    return 0;
}

static void it_is_brought_in_each_so_many_pages(void **state)
{
    (void)state;
    wal_count(&wal, WAL_STEP - 1);
    assert_false(wal_is_due(&wal));
    wal_count(&wal, WAL_STEP);
    assert_true(wal_is_due(&wal));
    wal_ask(&wal);
    wal_count(&wal, 3 * WAL_STEP);
    assert_false(wal_is_due(&wal)); /* it is at it */
    wal_hear(&wal, WAL_STEP + 10);
    assert_true(wal_is_due(&wal));
    wal_ask(&wal);
    wal_hear(&wal, 3 * WAL_STEP);
    assert_false(wal_is_due(&wal));
}

static void what_failed_is_not_tried_again_at_once(void **state)
{
    (void)state;
    wal_count(&wal, WAL_STEP);
    wal_ask(&wal);
    wal_hear(&wal, 0);
    assert_false(wal_is_due(&wal));
    wal_count(&wal, 2 * WAL_STEP);
    assert_true(wal_is_due(&wal));
}

static void a_commit_may_wait_where_the_journal_may_be_begun_anew(void **state)
{
    (void)state;
    assert_true(wal_may_wait(&wal)); /* nothing is known yet */
    wal_count(&wal, WAL_STEP);
    assert_false(wal_may_wait(&wal));
    wal_ask(&wal);
    assert_true(wal_may_wait(&wal));
    wal_count(&wal, WAL_STEP + 1);
    wal_hear(&wal, WAL_STEP);
    assert_false(wal_may_wait(&wal)); /* one page is in it that is nowhere else */
    wal_count(&wal, 2 * WAL_STEP);
    wal_ask(&wal);
    wal_hear(&wal, 2 * WAL_STEP);
    assert_true(wal_may_wait(&wal));
    wal_count(&wal, 2);
    assert_false(wal_may_wait(&wal));
}

static void one_that_was_begun_anew_is_another(void **state)
{
    (void)state;
    wal_count(&wal, WAL_STEP);
    wal_ask(&wal);
    wal_count(&wal, 3); /* before it was heard of */
    wal_hear(&wal, WAL_STEP);
    assert_false(wal_may_wait(&wal));
    assert_false(wal_is_due(&wal));
    wal_count(&wal, WAL_STEP);
    assert_true(wal_is_due(&wal));
}

static void the_writer_stops_for_one_that_is_too_long_when_little_is_left(void **state)
{
    (void)state;
    wal_count(&wal, WAL_LONGEST - 1);
    wal_ask(&wal);
    wal_hear(&wal, WAL_LONGEST - 1);
    assert_false(wal_is_longest(&wal));
    wal_count(&wal, WAL_LONGEST);
    assert_true(wal_is_longest(&wal));
    wal_stop(&wal);
    wal_hear(&wal, WAL_LONGEST);
    assert_false(wal_is_longest(&wal));
    wal_count(&wal, WAL_LONGEST + 2 * WAL_STEP); /* somebody read in it */
    assert_true(wal_is_longest(&wal));
    wal_count(&wal, 1);
    wal_count(&wal, WAL_LONGEST - 1);
    assert_false(wal_is_longest(&wal));
}

static void where_more_is_left_the_checkpointer_goes_first(void **state)
{
    (void)state;
    wal_count(&wal, WAL_LONGEST - WAL_REST);
    wal_ask(&wal);
    wal_hear(&wal, 0);
    wal_count(&wal, WAL_LONGEST);
    assert_false(wal_is_longest(&wal));
    assert_true(wal_is_due(&wal));
    wal_ask(&wal);
    wal_count(&wal, WAL_LONGEST + 1);
    assert_false(wal_is_longest(&wal)); /* it is at it */
    wal_count(&wal, WAL_LONGEST + WAL_STEP);
    assert_true(wal_is_longest(&wal)); /* for too long */
    wal_hear(&wal, WAL_LONGEST);
    assert_true(wal_is_due(&wal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_is_brought_in_each_so_many_pages, begin),
        cmocka_unit_test_setup(what_failed_is_not_tried_again_at_once, begin),
        cmocka_unit_test_setup(a_commit_may_wait_where_the_journal_may_be_begun_anew, begin),
        cmocka_unit_test_setup(one_that_was_begun_anew_is_another, begin),
        cmocka_unit_test_setup(the_writer_stops_for_one_that_is_too_long_when_little_is_left,
                               begin),
        cmocka_unit_test_setup(where_more_is_left_the_checkpointer_goes_first, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
