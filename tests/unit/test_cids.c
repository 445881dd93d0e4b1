#include "tests/unit/proto.h"

#include "broker/core/cids.h"

static cid_state_t look(const cids_t *cids, uint64_t cid, uint64_t *out_seq)
{
    const outcome_t *outcome = NULL;
    cid_state_t found = cids_look(cids, cid, &outcome);
    if (found == CID_KNOWN)
        *out_seq = outcome->seq;
    return found;
}

static void take_up_to(cids_t *cids, uint64_t last)
{
    while (cids->highest < last)
        cids_take(cids, cids->highest + 1, (outcome_t){.seq = 1000 + cids->highest + 1});
}

static void they_count_from_one_without_gaps(void **state)
{
    (void)state;
    cids_t cids = {0};
    uint64_t seq = 0;
    assert_int_equal(look(&cids, 1, &seq), CID_NEXT);
    assert_int_equal(look(&cids, 2, &seq), CID_TOO_FAR);
    take_up_to(&cids, 3);
    assert_int_equal(look(&cids, 1, &seq), CID_KNOWN);
    assert_int_equal(seq, 1001);
    assert_int_equal(look(&cids, 3, &seq), CID_KNOWN);
    assert_int_equal(seq, 1003);
    assert_int_equal(look(&cids, 4, &seq), CID_NEXT);
    assert_int_equal(look(&cids, INT64_MAX, &seq), CID_TOO_FAR);
    cids_fini(&cids);
    assert_int_equal(look(&cids, 1, &seq), CID_NEXT);
}

static void exactly_the_window_is_kept(void **state)
{
    (void)state;
    cids_t cids = {0};
    uint64_t seq = 0;
    take_up_to(&cids, LIMIT_CID_WINDOW);
    assert_int_equal(look(&cids, 1, &seq), CID_KNOWN);
    take_up_to(&cids, 3 * LIMIT_CID_WINDOW + 5);
    for (uint64_t cid = 1; cid <= cids.highest; cid++) {
        bool is_kept = cids.highest - cid < LIMIT_CID_WINDOW;
        assert_int_equal(look(&cids, cid, &seq), is_kept ? CID_KNOWN : CID_OLD);
        if (is_kept)
            assert_int_equal(seq, 1000 + cid);
    }
    cids_fini(&cids);
}

static void what_is_forgotten_may_be_tried_again(void **state)
{
    (void)state;
    cids_t cids = {0};
    uint64_t seq = 0;
    take_up_to(&cids, 10);
    cids_forget_from(&cids, 7);
    cids_forget_from(&cids, 9); /* later ones are forgotten already */
    assert_int_equal(look(&cids, 6, &seq), CID_KNOWN);
    assert_int_equal(seq, 1006);
    assert_int_equal(look(&cids, 7, &seq), CID_NEXT);
    assert_int_equal(look(&cids, 8, &seq), CID_TOO_FAR);
    cids_take(&cids, 7, (outcome_t){.seq = 7777});
    assert_int_equal(look(&cids, 7, &seq), CID_KNOWN);
    assert_int_equal(seq, 7777);
    cids_forget_from(&cids, 1);
    assert_int_equal(look(&cids, 1, &seq), CID_NEXT);
    cids_fini(&cids);
}

static void forgetting_more_than_the_window_leaves_nothing_wrong(void **state)
{
    (void)state;
    cids_t cids = {0};
    uint64_t seq = 0;
    take_up_to(&cids, 2 * LIMIT_CID_WINDOW);
    cids_forget_from(&cids, LIMIT_CID_WINDOW / 2);
    assert_int_equal(look(&cids, LIMIT_CID_WINDOW / 2 - 1, &seq), CID_OLD);
    assert_int_equal(look(&cids, LIMIT_CID_WINDOW / 2, &seq), CID_NEXT);
    take_up_to(&cids, LIMIT_CID_WINDOW);
    for (uint64_t cid = LIMIT_CID_WINDOW / 2; cid <= LIMIT_CID_WINDOW; cid++) {
        assert_int_equal(look(&cids, cid, &seq), CID_KNOWN);
        assert_int_equal(seq, 1000 + cid);
    }
    cids_fini(&cids);
}

static void a_settled_answer_waits_no_longer(void **state)
{
    (void)state;
    cids_t cids = {0};
    const outcome_t *outcome;
    cids_take(&cids, 1, (outcome_t){.is_waiting = true});
    assert_int_equal(cids_look(&cids, 1, &outcome), CID_KNOWN);
    assert_true(outcome->is_waiting);
    cids_settle(&cids, 1);
    assert_false(outcome->is_waiting);
    cids_settle(&cids, 2); /* nothing happens */
    cids_fini(&cids);
}

static void memory_grows_with_use_only(void **state)
{
    (void)state;
    cids_t cids = {0};
    assert_null(cids.outcomes);
    take_up_to(&cids, 1);
    assert_true(cids.count <= 4);
    take_up_to(&cids, 100);
    assert_true(cids.count < 256);
    take_up_to(&cids, 10000);
    assert_int_equal(cids.count, LIMIT_CID_WINDOW);
    cids_fini(&cids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_count_from_one_without_gaps),
        cmocka_unit_test(exactly_the_window_is_kept),
        cmocka_unit_test(what_is_forgotten_may_be_tried_again),
        cmocka_unit_test(forgetting_more_than_the_window_leaves_nothing_wrong),
        cmocka_unit_test(a_settled_answer_waits_no_longer),
        cmocka_unit_test(memory_grows_with_use_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
