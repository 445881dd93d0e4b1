/* What the owner's thread does itself, and what it must not: wait for a disk. */
#include "broker/store/wal.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/store_vfs.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum {
    MANY = 3000,
    TRIES = 100000,
    LARGE_BYTES = 20000,
    HUGE_BYTES = 1 << 20,
    HUGE_BATCHES = 150,
    SLOW_MS = 10,
    SYNCS = 10,
    FRAME_BYTES = 8192 + 24, /* a page in the journal's file */
};

static kit_t kit;
static uint64_t seq;

static int begin(void **state)
{
    (void)state;
    store_vfs_register();
    kit_init(&kit);
    kit.vfs = STORE_VFS;
    kit_open(&kit);
    kit_say(&kit, "lobby", seq = 1, "one ");
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_vfs_hold_syncs(false);
    store_vfs_slow_writes(0);
    store_vfs_fail_writes(SQLITE_OK);
    kit_fini(&kit);
    return 0;
}

/* Says a line; true if the calling thread wrote it down itself. */
static bool say_here(const char *text)
{
    int before = store_vfs_own_writes();
    kit_say(&kit, "lobby", ++seq, text);
    return store_vfs_own_writes() > before;
}

/* Until the writer waits for work. */
static void say_until_here(void)
{
    int tries = 0;
    while (!say_here("x"))
        assert_true(++tries < TRIES);
}

static void a_small_batch_is_committed_before_the_call_returns(void **state)
{
    (void)state;
    say_until_here();
    int tries = 0, before = store_vfs_own_writes();
    store_answer_t answer;
    do {
        assert_true(++tries < TRIES);
        kit_append(&kit, "lobby", ++seq, 2000, "two ");
        kit_commit(&kit);
        if (store_vfs_own_writes() > before)
            break;
        answer = kit_next(&kit);
    } while (true);
    assert_true(kit.store->next(kit.store, &answer));
    assert_int_equal(answer.kind, STORE_COMMITTED);
    assert_int_equal(answer.batch, kit.batch);
    assert_false(kit.store->next(kit.store, &answer));
}

static void a_large_batch_is_left_to_the_writer(void **state)
{
    (void)state;
    char *large = calloc(1, LARGE_BYTES + 1);
    assert_non_null(large);
    memset(large, 'x', LARGE_BYTES);
    say_until_here();
    for (int i = 0; i < 10; i++)
        assert_false(say_here(large));
    free(large);
}

/* Through several checkpoints, after each of which SQLite waits for the disk in a commit. */
static void the_owner_never_waits_for_the_disk(void **state)
{
    (void)state;
    int syncs = store_vfs_own_syncs(), all = store_vfs_syncs(), here = 0;
    for (int i = 0; store_vfs_syncs() < all + SYNCS; i++) {
        assert_true(i < TRIES);
        here += say_here("a line");
    }
    assert_true(here > 0);
    assert_int_equal(store_vfs_own_syncs(), syncs);
}

static void nobody_waits_while_the_disk_takes_the_journal(void **state)
{
    (void)state;
    store_vfs_hold_syncs(true);
    for (int i = 0; store_vfs_held_syncs() == 0; i++) {
        assert_true(i < TRIES);
        (void)say_here("a line");
    }
    for (int i = 0; i < MANY; i++)
        (void)say_here("more");
    assert_int_equal(store_vfs_held_syncs(), 1);
    store_vfs_hold_syncs(false);
}

static off_t journal_bytes(void)
{
    struct stat found;
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &found), 0);
    return found.st_size;
}

/* Some batches on their way always, so that the journal is never at rest. */
static void a_journal_stays_short_though_nobody_pauses(void **state)
{
    (void)state;
    char *large = calloc(1, HUGE_BYTES + 1);
    assert_non_null(large);
    memset(large, 'x', HUGE_BYTES);
    uint64_t done = kit.batch;
    for (int i = 0; i < HUGE_BATCHES; i++) {
        kit_append(&kit, "lobby", ++seq, 2000, large);
        uint64_t batch = kit_commit(&kit);
        while (done + 3 < batch) {
            store_answer_t answer = kit_next(&kit);
            assert_int_equal(answer.kind, STORE_COMMITTED);
            done = answer.batch;
        }
        assert_true(journal_bytes() < (off_t)(WAL_LONGEST + 2 * WAL_STEP) * FRAME_BYTES);
    }
    while (done < kit.batch)
        done = kit_next(&kit).batch;
    free(large);
}

static void with_power_the_owner_writes_nothing(void **state)
{
    (void)state;
    kit_close(&kit);
    kit.is_synced = true;
    kit_open(&kit);
    for (int i = 0; i < 50; i++)
        assert_false(say_here("x"));
}

static void where_writing_takes_long_the_owner_leaves_it_to_the_writer(void **state)
{
    (void)state;
    say_until_here();
    store_vfs_slow_writes(SLOW_MS);
    say_until_here(); /* the one time that it is found out */
    assert_false(say_here("x"));
}

static void the_owner_does_not_wait_for_another_process(void **state)
{
    (void)state;
    sqlite3 *other;
    say_until_here();
    assert_int_equal(sqlite3_open(kit_path(&kit, "hubbub.db"), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    kit_append(&kit, "lobby", ++seq, 2000, "x");
    uint64_t batch = kit_commit(&kit); /* returns, or the lock below is never given back */
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    store_answer_t answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_COMMITTED);
    assert_int_equal(answer.batch, batch);
}

static void what_fails_here_is_tried_again_by_the_writer_which_tells(void **state)
{
    (void)state;
    say_until_here();
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", seq + 1, 2000, "x");
    kit_commit_badly(&kit);
    store_vfs_fail_writes(SQLITE_OK);
    say_until_here();
}

static void events_that_were_written_here_become_blocks_and_last(void **state)
{
    (void)state;
    char wanted[64];
    for (int i = 0; i < MANY; i++)
        (void)say_here("x");
    kit_close(&kit);
    kit_open(&kit);
    snprintf(wanted, sizeof wanted, "log lobby 1..%d at 1001..%d %d bytes\n", MANY + 1,
             1000 + MANY + 1, MANY + 4);
    assert_string_equal(kit_restored(&kit), wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_small_batch_is_committed_before_the_call_returns, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_large_batch_is_left_to_the_writer, begin, end),
        cmocka_unit_test_setup_teardown(the_owner_never_waits_for_the_disk, begin, end),
        cmocka_unit_test_setup_teardown(nobody_waits_while_the_disk_takes_the_journal, begin, end),
        cmocka_unit_test_setup_teardown(a_journal_stays_short_though_nobody_pauses, begin, end),
        cmocka_unit_test_setup_teardown(with_power_the_owner_writes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(where_writing_takes_long_the_owner_leaves_it_to_the_writer,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_owner_does_not_wait_for_another_process, begin, end),
        cmocka_unit_test_setup_teardown(what_fails_here_is_tried_again_by_the_writer_which_tells,
                                        begin, end),
        cmocka_unit_test_setup_teardown(events_that_were_written_here_become_blocks_and_last, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
