/* Events of which there are many bytes at once become blocks without being folded first; where they stand makes no
 * difference to anybody. */
#include "broker/store/schema.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/store_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LARGE_BYTES = 5000, TOLD_BYTES = 4096, HOUR_MS = 3600000, MUCH = 300 /* large ones */ };

static kit_t kit;
static char large[LARGE_BYTES + 1];

static int begin(void **state)
{
    (void)state;
    memset(large, 'x', LARGE_BYTES);
    kit_init(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_fini(&kit);
    return 0;
}

/* What `sql` counts in the database, read as it is. */
static int64_t count(const char *sql)
{
    db_t db;
    int64_t number = -1;
    assert_int_equal(db_open(&db, kit_path(&kit, "hubbub.db"), NULL, DB_READS), SQLITE_OK);
    assert_int_equal(db_number(&db, sql, &number), SQLITE_OK);
    db_close(&db);
    return number;
}

/* tea begins with a large event, lobby with a small one; then small ones and large ones in turn. */
static void say_all(kit_t *self)
{
    kit_append(self, "tea", 1, 1000, large);
    kit_append(self, "lobby", 1, 1000, "one ");
    kit_note(self, 1, "n");
    kit_commit_well(self);
    kit_append(self, "tea", 2, 1000, " two");
    kit_append(self, "lobby", 2, 1001, large);
    kit_append(self, "lobby", 3, 1002, " three");
    kit_commit_well(self);
    kit_append(self, "lobby", 4, 1003, " four");
    kit_note(self, 2, "n");
    kit_commit_well(self);
    kit_append(self, "lobby", 5, 1003, large);
    kit_commit_well(self);
}

/* All of it, and parts that begin and end in a block and beside one. */
static void all_is_read(void)
{
    char wanted[3 * LARGE_BYTES];
    snprintf(wanted, sizeof wanted, "one %s three four%s", large, large);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 5), wanted);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 1), "one ");
    snprintf(wanted, sizeof wanted, "%s three four", large);
    assert_string_equal(kit_texts(&kit, "lobby", 2, 4), wanted);
    assert_string_equal(kit_texts(&kit, "lobby", 4, 4), " four");
    assert_string_equal(kit_texts(&kit, "lobby", 5, 100), large);
    snprintf(wanted, sizeof wanted, "%s two", large);
    assert_string_equal(kit_texts(&kit, "tea", 1, 2), wanted);
    assert_string_equal(kit_texts(&kit, "tea", 2, 2), " two");
}

static void all_is_restored(void)
{
    char wanted[TOLD_BYTES];
    snprintf(wanted, sizeof wanted,
             "log lobby 1..5 at 1000..1003 %d bytes\nlog tea 1..2 at 1000..1000 %d bytes\n"
             "note 1=n\nnote 2=n\n",
             4 + 6 + 5 + 2 * LARGE_BYTES, LARGE_BYTES + 4);
    const char *told = kit_restored(&kit);
    if (strstr(told, "log tea") < strstr(told, "log lobby")) /* in any order */
        snprintf(wanted, sizeof wanted,
                 "log tea 1..2 at 1000..1000 %d bytes\nlog lobby 1..5 at 1000..1003 %d bytes\n"
                 "note 1=n\nnote 2=n\n",
                 LARGE_BYTES + 4, 4 + 6 + 5 + 2 * LARGE_BYTES);
    assert_string_equal(told, wanted);
}

static void a_large_run_is_written_once(void **state)
{
    (void)state;
    kit_open(&kit);
    say_all(&kit);
    /* lobby 2 and 3 are one block: a transaction's events of a log */
    assert_int_equal(count("SELECT count(*) FROM events"), 3);
    assert_true(count("SELECT sum(length(data)) FROM recent") < 100);
    all_is_read();
}

static void they_last_unfolded(void **state)
{
    (void)state;
    char told[TOLD_BYTES];
    kit_in_crash(&kit, say_all);
    assert_int_equal(count("SELECT count(*) FROM recent"), 4);
    assert_true(kit_check(&kit, told, sizeof told));
    assert_non_null(strstr(told, "2 logs, 0 events of 0 bytes, 7 more not in blocks yet"));
    kit_open(&kit);
    all_is_restored();
    all_is_read();
    kit_say(&kit, "lobby", 6, "six");
    assert_string_equal(kit_texts(&kit, "lobby", 6, 6), "six");
}

static void they_last_folded(void **state)
{
    (void)state;
    char told[TOLD_BYTES];
    kit_open(&kit);
    say_all(&kit);
    kit_close(&kit);
    assert_int_equal(count("SELECT count(*) FROM recent"), 0);
    /* small ones before, between and behind those that stood there: blocks have no holes */
    assert_int_equal(count("SELECT count(*) FROM events"), 6);
    assert_true(kit_check(&kit, told, sizeof told));
    assert_non_null(strstr(told, "2 logs, 7 events"));
    kit_open(&kit);
    all_is_restored();
    all_is_read();
}

static void a_long_run_is_blocks_of_limited_length(void **state)
{
    (void)state;
    enum { EVENTS = 600 };
    kit_open(&kit);
    for (uint64_t seq = 1; seq <= EVENTS; seq++)
        kit_append(&kit, "lobby", seq, 1000, "an event of twenty-six bytes");
    kit_commit_well(&kit);
    assert_int_equal(count("SELECT count(*) FROM events"), 2); /* and 88 in `recent` */
    assert_int_equal(count("SELECT max(last - (key & 137438953471)) FROM events"), 255);
    kit_close(&kit);
    assert_int_equal(count("SELECT count(*) FROM events"), 3);
}

static void events_an_hour_apart_are_not_in_one_block(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_append(&kit, "lobby", 1, 1000, large);
    kit_append(&kit, "lobby", 2, 1000 + HOUR_MS, large);
    kit_commit_well(&kit);
    assert_int_equal(count("SELECT count(*) FROM events"), 2);
    log_state_t left = kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .before_ms = 2000});
    assert_int_equal(left.oldest, 2);
    assert_int_equal(left.bytes, LARGE_BYTES);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 2), large);
}

static void say_much(kit_t *self)
{
    for (uint64_t seq = 1; seq <= MUCH; seq++)
        kit_append(self, "lobby", seq, 1000, large);
    kit_commit_well(self);
}

/* Whoever reads the log's end goes through all that is not folded; also what an earlier process left. */
static void what_is_filed_is_folded_before_it_is_too_much_to_read(void **state)
{
    (void)state;
    kit_in_crash(&kit, say_much);
    assert_int_equal(count("SELECT count(*) FROM recent"), 1);
    kit_open(&kit);
    for (uint64_t seq = MUCH + 1; seq <= 2 * MUCH; seq++)
        kit_append(&kit, "lobby", seq, 1000, large);
    kit_commit_well(&kit);
    kit_say(&kit, "lobby", 2 * MUCH + 1, "comes after the fold");
    assert_int_equal(count("SELECT count(*) FROM recent"), 1);
    assert_string_equal(kit_texts(&kit, "lobby", 2 * MUCH, 2 * MUCH), large);
}

static void an_erased_log_leaves_nothing(void **state)
{
    (void)state;
    kit_open(&kit);
    say_all(&kit);
    kit_erase(&kit, "lobby");
    kit_append(&kit, "lobby", 1, 2000, "anew");
    kit_append(&kit, "lobby", 2, 2000, large);
    kit_commit_well(&kit);
    kit_close(&kit);
    kit_open(&kit);
    char wanted[2 * LARGE_BYTES];
    snprintf(wanted, sizeof wanted, "anew%s", large);
    assert_string_equal(kit_texts(&kit, "lobby", 1, 100), wanted);
    kit_close(&kit);
    char told[TOLD_BYTES];
    assert_true(kit_check(&kit, told, sizeof told));
}

static void erase_lobby(kit_t *self)
{
    say_all(self);
    kit_erase(self, "lobby");
    kit_commit_well(self);
}

static void what_was_erased_is_not_asked_for_at_the_next_start(void **state)
{
    (void)state;
    kit_in_crash(&kit, erase_lobby);
    kit_open(&kit);
    assert_null(strstr(kit_restored(&kit), "lobby"));
    kit_say(&kit, "lobby", 1, "anew");
    assert_string_equal(kit_texts(&kit, "lobby", 1, 100), "anew");
}

/* A failed transaction takes its blocks back. */
static void a_batch_that_fails_leaves_no_block(void **state)
{
    (void)state;
    store_vfs_register();
    kit.vfs = STORE_VFS;
    kit_open(&kit);
    kit_say(&kit, "lobby", 1, "one ");
    store_vfs_fail_writes(SQLITE_FULL);
    kit_append(&kit, "lobby", 2, 2000, large);
    kit_commit_badly(&kit);
    store_vfs_fail_writes(SQLITE_OK);
    assert_int_equal(count("SELECT count(*) FROM events"), 0);
    kit_append(&kit, "lobby", 2, 2000, large);
    kit_commit_well(&kit);
    assert_int_equal(count("SELECT count(*) FROM events"), 1);
    assert_string_equal(kit_texts(&kit, "lobby", 2, 9), large);
}

static void holes_and_strays_are_found(void **state)
{
    (void)state;
    static const char *const DAMAGES[][2] = {
        {"DELETE FROM events WHERE length(data) > 5004", "its recent events cannot be read"},
        {"INSERT INTO events SELECT key + 10, last + 10, first_at, last_at, bytes, data FROM events"
         " WHERE key = (SELECT max(key) FROM events)",
         "there are blocks behind its last one"},
        {"UPDATE events SET data = x'00'", "its recent events cannot be read"},
    };
    char told[TOLD_BYTES];
    kit_in_crash(&kit, say_all);
    kit_run_sql(&kit, "PRAGMA wal_checkpoint(TRUNCATE)");
    size_t size;
    char *whole = kit_read(kit_path(&kit, "hubbub.db"), &size);
    for (size_t i = 0; i < sizeof DAMAGES / sizeof DAMAGES[0]; i++) {
        kit_run_sql(&kit, DAMAGES[i][0]);
        kit_run_sql(&kit, "PRAGMA wal_checkpoint(TRUNCATE)");
        assert_false(kit_check(&kit, told, sizeof told));
        if (strstr(told, DAMAGES[i][1]) == NULL)
            fail_msg("%s: %s", DAMAGES[i][0], told);
        kit_write(kit_path(&kit, "hubbub.db"), whole, size);
    }
    kit_run_sql(&kit, "DELETE FROM events");
    kit_open_refused(&kit);
    assert_non_null(strstr(kit.error, "is damaged"));
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(a_large_run_is_written_once),
        TEST(they_last_unfolded),
        TEST(they_last_folded),
        TEST(a_long_run_is_blocks_of_limited_length),
        TEST(events_an_hour_apart_are_not_in_one_block),
        TEST(what_is_filed_is_folded_before_it_is_too_much_to_read),
        TEST(an_erased_log_leaves_nothing),
        TEST(what_was_erased_is_not_asked_for_at_the_next_start),
        TEST(a_batch_that_fails_leaves_no_block),
        TEST(holes_and_strays_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
