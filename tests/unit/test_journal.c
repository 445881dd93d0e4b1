#include "tests/unit/proto.h"

#include "broker/core/journal.h"

enum { EVENTS = 16, RING = 4096 };

static void confirm(journal_t *journal, journals_t *all, size_t size)
{
    static const char EVENT[RING];
    uint64_t at_ms, seq = journal_assign(journal, 1000, &at_ms);
    journal_confirm(journal, all, seq, at_ms, (span_t){EVENT, size});
}

static void numbers_are_consecutive_and_read_once_confirmed(void **state)
{
    (void)state;
    journals_t *all = journals_new(EVENTS, RING, 100000, false);
    journal_t journal;
    journal_init(&journal, 7);
    uint64_t at_ms;
    assert_int_equal(journal_assign(&journal, 500, &at_ms), 1);
    assert_int_equal(journal_assign(&journal, 600, &at_ms), 2);
    assert_int_equal(journal.head, 0);
    assert_true(journal.tail > journal.head);
    assert_int_equal(journal.oldest, 1);
    journal_confirm(&journal, all, 1, 500, span_of("one"));
    assert_int_equal(journal.head, 1);
    assert_true(journal.tail > journal.head);
    journal_confirm(&journal, all, 2, 600, span_of("two"));
    assert_int_equal(journal.tail, journal.head);
    assert_true(span_is(ring_event(&journal.ring, 2), "two"));
    journal_fini(&journal, all);
    journals_destroy(&all);
    assert_null(all);
}

static void what_is_rolled_back_is_given_out_again(void **state)
{
    (void)state;
    journals_t *all = journals_new(EVENTS, RING, 100000, false);
    journal_t journal;
    journal_init(&journal, 7);
    confirm(&journal, all, 10);
    uint64_t at_ms;
    (void)journal_assign(&journal, 2000, &at_ms);
    (void)journal_assign(&journal, 2000, &at_ms);
    journal_roll_back(&journal);
    assert_int_equal(journal.tail, journal.head);
    assert_int_equal(journal_assign(&journal, 2000, &at_ms), 2);
    journal_confirm(&journal, all, 2, at_ms, span_of("two"));
    assert_int_equal(journal.head, 2);
    journal_fini(&journal, all);
    journals_destroy(&all);
}

static void times_never_go_back_within_a_log(void **state)
{
    (void)state;
    journal_t journal;
    journal_init(&journal, 7);
    uint64_t at_ms;
    (void)journal_assign(&journal, 5000, &at_ms);
    assert_int_equal(at_ms, 5000);
    (void)journal_assign(&journal, 3000, &at_ms);
    assert_int_equal(at_ms, 5000);
    journal_roll_back(&journal);
    (void)journal_assign(&journal, 4000, &at_ms);
    assert_int_equal(at_ms, 5000);
    (void)journal_assign(&journal, 6000, &at_ms);
    assert_int_equal(at_ms, 6000);
}

static void the_log_longest_without_a_new_event_loses_its_events_first(void **state)
{
    (void)state;
    journals_t *all = journals_new(EVENTS, RING, 2 * (RING + EVENTS * sizeof(ring_slot_t)), false);
    journal_t a, b, c;
    journal_init(&a, 1);
    journal_init(&b, 1);
    journal_init(&c, 1);
    for (int i = 0; i < 4; i++) {
        confirm(&a, all, 1000);
        confirm(&b, all, 1000);
    }
    confirm(&a, all, 1000);
    assert_int_equal(journals_dropped(all), 0);
    for (int i = 0; i < 4; i++)
        confirm(&c, all, 1000);
    assert_int_equal(journals_dropped(all), 1);
    assert_int_equal(b.oldest, b.head + 1);
    assert_true(a.oldest <= a.head);
    assert_true(c.oldest <= c.head);
    confirm(&b, all, 10); /* its numbers go on */
    assert_int_equal(b.head, 5);
    assert_int_equal(b.oldest, 5);
    journal_fini(&a, all);
    journal_fini(&b, all);
    journal_fini(&c, all);
    journals_destroy(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_consecutive_and_read_once_confirmed),
        cmocka_unit_test(what_is_rolled_back_is_given_out_again),
        cmocka_unit_test(times_never_go_back_within_a_log),
        cmocka_unit_test(the_log_longest_without_a_new_event_loses_its_events_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
