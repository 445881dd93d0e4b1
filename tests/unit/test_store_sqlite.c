#include "tests/unit/store_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static kit_t kit;

static int begin(void **state)
{
    (void)state;
    kit_init(&kit);
    kit_open(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_fini(&kit);
    return 0;
}

static void reopen(void)
{
    kit_close(&kit);
    kit_open(&kit);
}

static void what_was_committed_is_read_and_restored(void **state)
{
    (void)state;
    kit_append(&kit, "lobby", 1, 5, "one ");
    kit_append(&kit, "tea", 1, 6, "milk");
    kit_append(&kit, "lobby", 2, 7, "two ");
    kit_put(&kit, "b", "second");
    kit_put(&kit, "a", "first");
    kit_note(&kit, 9, "nine");
    kit_commit_well(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 2), "one two ");
    assert_string_equal(kit_texts(&kit, "tea", 1, 100), "milk");
    reopen();
    const char *told = kit_restored(&kit);
    assert_non_null(strstr(told, "log lobby 1..2 at 5..7 8 bytes\n"));
    assert_non_null(strstr(told, "log tea 1..1 at 6..6 4 bytes\n"));
    assert_non_null(strstr(told, "record a=first\nrecord b=second\nnote 9=nine\n"));
    assert_string_equal(kit_texts(&kit, "lobby", 2, 2), "two ");
    kit_say(&kit, "lobby", 3, "three");
    assert_string_equal(kit_texts(&kit, "lobby", 1, 3), "one two three");
}

static void a_batch_that_is_never_committed_is_void(void **state)
{
    (void)state;
    kit_append(&kit, "lobby", 1, 5, "lost");
    kit_put(&kit, "k", "lost");
    kit.batch++;
    kit_append(&kit, "lobby", 1, 6, "kept");
    kit_commit_well(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "kept");
    kit_append(&kit, "lobby", 2, 7, "lost");
    reopen();
    assert_string_equal(kit_restored(&kit), "log lobby 1..1 at 6..6 4 bytes\n");
}

static void an_erased_log_begins_again_at_one(void **state)
{
    (void)state;
    kit_say(&kit, "lobby", 1, "old");
    kit_erase(&kit, "lobby");
    kit_erase(&kit, "nowhere");
    kit_append(&kit, "lobby", 1, 5, "new");
    kit_commit_well(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "new");
    kit_erase(&kit, "lobby");
    kit_commit_well(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "");
    reopen();
    assert_string_equal(kit_restored(&kit), "");
}

static void a_record_is_replaced_and_removed(void **state)
{
    (void)state;
    kit_put(&kit, "k", "one");
    kit_put(&kit, "k", "two");
    kit_put(&kit, "gone", "x");
    kit_commit_well(&kit);
    kit_put(&kit, "gone", "");
    kit_put(&kit, "never", "");
    kit_commit_well(&kit);
    reopen();
    assert_string_equal(kit_restored(&kit), "record k=two\n");
}

static void notes_are_dropped_from_the_front(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 4; number++)
        kit_note(&kit, number, "x");
    kit.store->drop_notes(kit.store, kit.batch + 1, 3);
    kit_commit_well(&kit);
    reopen();
    assert_string_equal(kit_restored(&kit), "note 3=x\nnote 4=x\n");
}

static void note_three(kit_t *self)
{
    kit_note(self, 1, "a");
    kit_commit_well(self);
    kit_note(self, 2, "b");
    kit_say(self, "lobby", 1, "one");
    kit_note(self, 3, "c");
    kit_commit_well(self);
}

/* After an end that was none they stand where the transactions left them, after a good end in their table. */
static void notes_are_told_and_dropped_wherever_they_stand(void **state)
{
    (void)state;
    kit_close(&kit);
    kit_in_crash(&kit, note_three);
    kit_open(&kit);
    assert_non_null(strstr(kit_restored(&kit), "note 1=a\nnote 2=b\nnote 3=c\n"));
    kit_note(&kit, 4, "d");
    kit_commit_well(&kit);
    kit_note(&kit, 5, "e");
    kit.store->drop_notes(kit.store, kit.batch + 1, 3);
    kit_commit_well(&kit);
    kit_note(&kit, 6, "f");
    kit_note(&kit, 7, "g");
    kit.store->drop_notes(kit.store, kit.batch + 1, 7); /* of its own batch too */
    kit_note(&kit, 8, "h");
    kit_commit_well(&kit);
    kit_close(&kit);
    kit_open(&kit);
    const char *told = strstr(kit_restored(&kit), "note ");
    assert_non_null(told);
    assert_string_equal(told, "note 7=g\nnote 8=h\n");
}

static void batches_that_wait_are_answered_by_one_answer_at_most_each(void **state)
{
    (void)state;
    enum { BATCHES = 1000 };
    for (uint64_t seq = 1; seq <= BATCHES; seq++) {
        kit_append(&kit, "lobby", seq, seq, "x");
        kit_commit(&kit);
    }
    uint64_t committed = 0, answers = 0;
    while (committed < BATCHES) {
        store_answer_t answer = kit_next(&kit);
        assert_int_equal(answer.kind, STORE_COMMITTED);
        assert_true(answer.batch > committed);
        committed = answer.batch;
        answers++;
    }
    assert_int_equal(committed, kit.batch);
    assert_true(answers <= BATCHES);
    assert_int_equal(strlen(kit_texts(&kit, "lobby", 1, BATCHES)), BATCHES);
}

static void the_descriptor_is_readable_only_while_answers_wait(void **state)
{
    (void)state;
    store_answer_t answer;
    kit_say(&kit, "lobby", 1, "x");
    assert_false(kit.store->next(kit.store, &answer));
    uint64_t signals;
    assert_int_equal(read(kit.store->fd(kit.store), &signals, sizeof signals), -1);
    kit_say(&kit, "lobby", 2, "y");
    assert_false(kit.store->next(kit.store, &answer));
    assert_int_equal(read(kit.store->fd(kit.store), &signals, sizeof signals), -1);
}

static void what_is_given_before_destroy_lasts(void **state)
{
    (void)state;
    for (uint64_t seq = 1; seq <= 100; seq++) {
        kit_append(&kit, "lobby", seq, seq, "x");
        kit_commit(&kit);
    }
    reopen();
    assert_string_equal(kit_restored(&kit), "log lobby 1..100 at 1..100 100 bytes\n");
}

static void a_closed_store_leaves_no_journal(void **state)
{
    (void)state;
    struct stat found;
    kit_say(&kit, "lobby", 1, "x");
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &found), 0);
    kit_close(&kit);
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &found), -1);
    assert_int_equal(stat(kit_path(&kit, "hubbub.db"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void times_never_go_back_within_a_log(void **state)
{
    (void)state;
    kit_append(&kit, "lobby", 1, 50, "a");
    kit_append(&kit, "lobby", 2, 40, "b");
    kit_commit_well(&kit);
    kit_append(&kit, "lobby", 3, 30, "c");
    kit_commit_well(&kit);
    reopen();
    assert_string_equal(kit_restored(&kit), "log lobby 1..3 at 50..50 3 bytes\n");
}

/* --- trimming ----------------------------------------------------------------------------------- */

enum { HOUR_MS = 3600000 };

/* An event per hour: each is a block of its own. */
static void fill(uint64_t batches)
{
    for (uint64_t seq = 1; seq <= batches; seq++) {
        kit_append(&kit, "lobby", seq, seq * HOUR_MS, "ten bytes!");
        kit_commit_well(&kit);
    }
}

static void trimming_drops_the_oldest_events(void **state)
{
    (void)state;
    fill(10);
    log_state_t left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .events = 7});
    assert_int_equal(left.oldest, 4);
    assert_int_equal(left.oldest_ms, 4 * HOUR_MS);
    assert_int_equal(left.head, 10);
    assert_int_equal(left.bytes, 70);
    left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .bytes = 55});
    assert_int_equal(left.oldest, 5); /* 60 bytes stay: whole blocks */
    left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .before_ms = 8 * HOUR_MS});
    assert_int_equal(left.oldest, 8);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 100), "ten bytes!ten bytes!ten bytes!");
}

static void head_and_last_time_outlive_all_events(void **state)
{
    (void)state;
    fill(3);
    log_state_t left =
        kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .before_ms = UINT64_MAX});
    assert_int_equal(left.oldest, 4);
    assert_int_equal(left.oldest_ms, 0);
    assert_int_equal(left.last_ms, 3 * HOUR_MS);
    reopen();
    assert_string_equal(kit_restored(&kit), "log lobby 4..3 at 0..10800000 0 bytes\n");
    kit_say(&kit, "lobby", 4, "four");
    assert_string_equal(kit_texts(&kit, "lobby", 1, 100), "four");
}

static void trimming_an_unknown_log_says_that_it_is_empty(void **state)
{
    (void)state;
    log_state_t left = kit_trim(&kit, &(retention_t){.log = span_of("nowhere"), .events = 1});
    assert_int_equal(left.head, 0);
    assert_int_equal(left.oldest, 1);
}

static void many_blocks_are_trimmed_while_batches_go_on(void **state)
{
    (void)state;
    enum { BATCHES = 400 };
    fill(BATCHES);
    kit.store->trim(kit.store, &(retention_t){.log = span_of("lobby"), .events = 10});
    kit_append(&kit, "lobby", BATCHES + 1, (uint64_t)BATCHES * HOUR_MS, "more");
    kit_commit(&kit);
    bool is_trimmed = false, is_committed = false;
    while (!is_trimmed || !is_committed) {
        store_answer_t answer = kit_next(&kit);
        is_committed = is_committed || answer.kind == STORE_COMMITTED;
        if (answer.kind != STORE_TRIMMED)
            continue;
        is_trimmed = true;
        assert_true(answer.state.oldest == BATCHES - 9 || answer.state.oldest == BATCHES - 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(what_was_committed_is_read_and_restored),
        TEST(a_batch_that_is_never_committed_is_void),
        TEST(an_erased_log_begins_again_at_one),
        TEST(a_record_is_replaced_and_removed),
        TEST(notes_are_dropped_from_the_front),
        TEST(notes_are_told_and_dropped_wherever_they_stand),
        TEST(batches_that_wait_are_answered_by_one_answer_at_most_each),
        TEST(the_descriptor_is_readable_only_while_answers_wait),
        TEST(what_is_given_before_destroy_lasts),
        TEST(a_closed_store_leaves_no_journal),
        TEST(times_never_go_back_within_a_log),
        TEST(trimming_drops_the_oldest_events),
        TEST(head_and_last_time_outlive_all_events),
        TEST(trimming_an_unknown_log_says_that_it_is_empty),
        TEST(many_blocks_are_trimmed_while_batches_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
