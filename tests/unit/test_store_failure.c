#include "base/log.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/store_vfs.h"

#include <poll.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOG_FILE_BYTES = 16384, LARGE_BYTES = 60000, STANDARD_ERROR = 2 };

static kit_t kit;

static int begin(void **state)
{
    (void)state;
    store_vfs_register();
    kit_init(&kit);
    kit.vfs = STORE_VFS;
    kit_open(&kit);
    kit_say(&kit, "lobby", 1, "one ");
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_vfs_fail_writes(SQLITE_OK);
    store_vfs_fail_syncs(SQLITE_OK);
    kit_fini(&kit);
    return 0;
}

static void a_full_disk_fails_the_batch_and_it_works_again_with_room(void **state)
{
    (void)state;
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", 2, 2000, "two ");
    kit_put(&kit, "k", "v");
    kit_commit_badly(&kit);
    store_vfs_fail_writes(SQLITE_OK);
    kit_say(&kit, "lobby", 2, "II ");
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one II ");
    kit_close(&kit);
    kit_open(&kit);
    assert_string_equal(kit_restored(&kit), "log lobby 1..2 at 1001..1002 7 bytes\n");
}

static void after_an_error_of_the_disk_it_works_again_too(void **state)
{
    (void)state;
    const int codes[] = {SQLITE_IOERR_WRITE, SQLITE_READONLY, SQLITE_CORRUPT};
    for (uint64_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        store_vfs_fail_writes(codes[i]);
        kit_append(&kit, "lobby", 2 + i, 2000, "x");
        kit_commit_badly(&kit);
        store_vfs_fail_writes(SQLITE_OK);
        kit_say(&kit, "lobby", 2 + i, "y");
    }
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one yyy");
}

static void all_that_is_given_until_the_answer_is_taken_is_void(void **state)
{
    (void)state;
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", 2, 2000, "a");
    uint64_t failed = kit_commit(&kit);
    kit_append(&kit, "lobby", 3, 2000, "b");
    kit_commit(&kit);
    kit_append(&kit, "lobby", 4, 2000,
               "c"); /* of a batch that is not committed when the answer comes */
    store_answer_t answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_FAILED);
    assert_int_equal(answer.batch, failed);
    store_vfs_fail_writes(SQLITE_OK);
    kit_append(&kit, "lobby", 2, 2000, "two ");
    kit_commit_well(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one two ");
}

/* The disk works again before the owner has heard that it did not. */
static void what_is_given_after_the_failure_but_before_its_answer_is_void_too(void **state)
{
    (void)state;
    store_answer_t answer;
    assert_false(kit.store->next(kit.store, &answer)); /* which resets the descriptor */
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", 2, 2000, "a");
    uint64_t failed = kit_commit(&kit);
    struct pollfd waited = {.fd = kit.store->fd(kit.store), .events = POLLIN};
    assert_int_equal(poll(&waited, 1, PATIENCE_MS), 1);
    store_vfs_fail_writes(SQLITE_OK);
    kit_append(&kit, "lobby", 3, 2000, "b");
    kit_put(&kit, "k", "v");
    kit_commit(&kit);
    answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_FAILED);
    assert_int_equal(answer.batch, failed);
    kit_say(&kit, "lobby", 2, "two ");
    kit_close(&kit);
    kit_open(&kit);
    assert_string_equal(kit_restored(&kit), "log lobby 1..2 at 1001..1002 8 bytes\n");
}

static void an_event_out_of_order_fails_its_batch_and_not_those_before(void **state)
{
    (void)state;
    kit_append(&kit, "lobby", 2, 2000, "two ");
    kit_append(&kit, "tea", 1, 2000, "milk");
    uint64_t good = kit_commit(&kit);
    kit_append(&kit, "tea", 2, 2000, "lost");
    kit_append(&kit, "lobby", 4, 2000, "four");
    uint64_t bad = kit_commit(&kit);
    kit_append(&kit, "tea", 3, 2000, "lost");
    kit_commit(&kit);
    store_answer_t answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_COMMITTED);
    assert_int_equal(answer.batch, good);
    answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_FAILED);
    assert_int_equal(answer.batch, bad);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one two ");
    assert_string_equal(kit_texts(&kit, "tea", 1, 9), "milk");
    kit_say(&kit, "tea", 2, "sugar");
    kit_say(&kit, "lobby", 3, "three");
}

static void what_a_failed_batch_erased_is_there_again(void **state)
{
    (void)state;
    store_vfs_fail_writes(SQLITE_FULL);
    kit_erase(&kit, "lobby");
    kit_append(&kit, "lobby", 1, 2000, "new");
    kit_append(&kit, "other", 1, 2000, "new");
    kit_commit_badly(&kit);
    store_vfs_fail_writes(SQLITE_OK);
    kit_say(&kit, "lobby", 2, "two");
    kit_say(&kit, "other", 1, "new");
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one two");
}

static void pages_are_read_while_nothing_can_be_written(void **state)
{
    (void)state;
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", 2, 2000, "x");
    kit_commit_badly(&kit);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 9), "one ");
}

static void a_trim_that_is_not_possible_is_answered(void **state)
{
    (void)state;
    kit_append(&kit, "lobby", 2, 9999999, "two "); /* hours later: another block */
    kit_commit_well(&kit);
    store_vfs_fail_writes(SQLITE_FULL);
    log_state_t left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .events = 1});
    assert_int_equal(left.oldest, 1);
    assert_int_equal(left.bytes, 8);
    store_vfs_fail_writes(SQLITE_OK);
    left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .events = 1});
    assert_int_equal(left.oldest, 2);
}

static void power_waits_for_the_disk_with_every_commit_and_file_does_not(void **state)
{
    (void)state;
    int before = store_vfs_syncs();
    kit_say(&kit, "lobby", 2, "two ");
    assert_int_equal(store_vfs_syncs(), before);
    kit_close(&kit);
    kit.is_synced = true;
    kit_open(&kit);
    kit_say(&kit, "lobby", 3, "three ");
    before = store_vfs_syncs();
    kit_say(&kit, "lobby", 4, "four ");
    assert_true(store_vfs_syncs() > before);
}

static void the_first_batch_waits_for_the_disk_always(void **state)
{
    (void)state;
    kit_close(&kit);
    kit_open(&kit);
    int before = store_vfs_syncs();
    kit_say(&kit, "lobby", 2, "two ");
    assert_true(store_vfs_syncs() > before);
}

static void after_a_failed_fsync_nothing_is_committed_until_a_restart(void **state)
{
    (void)state;
    kit_close(&kit);
    kit.is_synced = true;
    kit_open(&kit);
    store_vfs_fail_syncs(SQLITE_IOERR_FSYNC);
    kit_append(&kit, "lobby", 2, 2000, "two ");
    kit_commit_badly(&kit);
    store_vfs_fail_syncs(SQLITE_OK);
    for (int i = 0; i < 3; i++) {
        kit_append(&kit, "lobby", 2, 2000, "two ");
        kit_commit_badly(&kit);
    }
    assert_string_equal(kit_texts(&kit, "lobby", 1, 1), "one ");
    assert_int_equal(kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .events = 1}).oldest,
                     1);
    kit_close(&kit);
    kit_open(&kit);
    origin_t origin = kit.store->origin(kit.store);
    assert_true(!origin.was_closed && origin.is_restored);
    assert_non_null(strstr(kit_restored(&kit), "log lobby 1.."));
    assert_string_equal(kit_texts(&kit, "lobby", 1, 1), "one ");
}

static void a_failed_fsync_of_a_checkpoint_counts_too(void **state)
{
    (void)state;
    char *large = calloc(1, LARGE_BYTES + 1);
    assert_non_null(large);
    memset(large, 'x', LARGE_BYTES);
    store_vfs_fail_syncs(SQLITE_IOERR_FSYNC);
    store_answer_t answer;
    uint64_t seq = 2;
    do {
        kit_append(&kit, "lobby", seq++, 2000, large);
        kit_commit(&kit);
        answer = kit_next(&kit);
    } while (answer.kind == STORE_COMMITTED);
    assert_int_equal(answer.kind, STORE_FAILED);
    store_vfs_fail_syncs(SQLITE_OK);
    kit_append(&kit, "lobby", seq - 1, 2000, "x");
    kit_commit_badly(&kit);
    free(large);
}

/* --- what is told ------------------------------------------------------------------------------- */

static int count_lines(int fd, const char *event)
{
    static char text[LOG_FILE_BYTES];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    assert_true(size >= 0);
    text[size] = '\0';
    int count = 0;
    for (const char *at = text; (at = strstr(at, event)) != NULL; at++)
        count++;
    return count;
}

static void failing_is_told_once_and_so_is_its_end(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    log_set_fd(fileno(file));
    for (int round = 1; round <= 2; round++) {
        store_vfs_fail_writes(SQLITE_FULL);
        for (int i = 0; i < 5; i++) {
            kit_append(&kit, "tea", (uint64_t)round, 2000, "x");
            kit_commit_badly(&kit);
        }
        store_vfs_fail_writes(SQLITE_OK);
        kit_say(&kit, "tea", (uint64_t)round, "x");
        kit_say(&kit, "lobby", (uint64_t)round + 1, "x");
        assert_int_equal(count_lines(fileno(file), "event=store.failed"), round);
        assert_int_equal(count_lines(fileno(file), "event=store.recovered"), round);
    }
    log_set_fd(STANDARD_ERROR);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(a_full_disk_fails_the_batch_and_it_works_again_with_room),
        TEST(after_an_error_of_the_disk_it_works_again_too),
        TEST(all_that_is_given_until_the_answer_is_taken_is_void),
        TEST(what_is_given_after_the_failure_but_before_its_answer_is_void_too),
        TEST(an_event_out_of_order_fails_its_batch_and_not_those_before),
        TEST(what_a_failed_batch_erased_is_there_again),
        TEST(pages_are_read_while_nothing_can_be_written),
        TEST(a_trim_that_is_not_possible_is_answered),
        TEST(power_waits_for_the_disk_with_every_commit_and_file_does_not),
        TEST(the_first_batch_waits_for_the_disk_always),
        TEST(after_a_failed_fsync_nothing_is_committed_until_a_restart),
        TEST(a_failed_fsync_of_a_checkpoint_counts_too),
        TEST(failing_is_told_once_and_so_is_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
