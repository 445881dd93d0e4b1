#include "broker/store/schema.h"
#include "tests/unit/store_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE_BYTES = 8192, MANY = 200 };

static kit_t kit;

static int begin(void **state)
{
    (void)state;
    kit_init(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_fini(&kit);
    return 0;
}

static void fill(kit_t *self)
{
    char text[PAGE_BYTES] = "";
    memset(text, 'x', sizeof text - 1);
    for (uint64_t seq = 1; seq <= MANY; seq++)
        kit_append(self, "lobby", seq, seq, text);
    kit_commit_well(self);
}

/* The opening is refused with these words, and changes nothing of the file. */
static void refused(const char *words)
{
    size_t before_size, after_size;
    char *before = kit_read(kit_path(&kit, "hubbub.db"), &before_size);
    kit_open_refused(&kit);
    if (strstr(kit.error, words) == NULL)
        fail_msg("%s", kit.error);
    char *after = kit_read(kit_path(&kit, "hubbub.db"), &after_size);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, before_size);
    free(before);
    free(after);
}

static void bytes_that_are_no_database_are_refused(void **state)
{
    (void)state;
    char bytes[3 * PAGE_BYTES];
    memset(bytes, 'n', sizeof bytes);
    kit_write(kit_path(&kit, "hubbub.db"), bytes, sizeof bytes);
    refused("hubbub.db is no database; put a backup in its place");
}

static void the_database_of_another_program_is_refused(void **state)
{
    (void)state;
    kit_run_sql(&kit, "CREATE TABLE birds (name)");
    refused("is a database, but not one of Hubbub's");
}

static void tables_of_a_later_version_are_refused(void **state)
{
    (void)state;
    kit_origin(&kit);
    kit_run_sql(&kit, "PRAGMA user_version = 77");
    refused("newer hubbubd (version 77 of the tables, this one knows 3)");
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    kit_write(kit_path(&kit, "hubbub.db"), "", 0);
    refused("is empty, which hubbubd never leaves it");
}

static void a_journal_without_its_database_is_refused(void **state)
{
    (void)state;
    kit_in_crash(&kit, fill);
    assert_int_equal(unlink(kit_path(&kit, "hubbub.db")), 0);
    kit_open_refused(&kit);
    assert_non_null(strstr(kit.error, "hubbub.db-wal has data, but the hubbub.db it belongs to"));
    kit_write(kit_path(&kit, "hubbub.db"), "", 0);
    kit_open_refused(&kit);
    struct stat found;
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &found), 0);
    assert_true(found.st_size > 0);
}

static void a_database_that_was_cut_is_refused(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(&kit);
    kit_close(&kit);
    struct stat found;
    assert_int_equal(stat(kit_path(&kit, "hubbub.db"), &found), 0);
    assert_int_equal(truncate(kit_path(&kit, "hubbub.db"), found.st_size / 2), 0);
    refused("is damaged");
}

static void damage_is_found_after_a_crash(void **state)
{
    (void)state;
    kit_open(&kit);
    fill(&kit);
    kit_close(&kit);
    kit_run_sql(&kit, "UPDATE meta SET value = 0 WHERE key = 'closed'");
    size_t size;
    char *bytes = kit_read(kit_path(&kit, "hubbub.db"), &size);
    memset(bytes + PAGE_BYTES, 0xff, size - PAGE_BYTES); /* all but the first page */
    kit_write(kit_path(&kit, "hubbub.db"), bytes, size);
    free(bytes);
    refused("is damaged");
}

static void what_is_refused_keeps_its_journal(void **state)
{
    (void)state;
    kit_in_crash(&kit, fill);
    struct stat before, after;
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &before), 0);
    size_t size;
    char *bytes = kit_read(kit_path(&kit, "hubbub.db"), &size);
    memset(bytes + PAGE_BYTES, 0xff, size - PAGE_BYTES);
    kit_write(kit_path(&kit, "hubbub.db"), bytes, size);
    free(bytes);
    refused("is damaged");
    assert_int_equal(stat(kit_path(&kit, "hubbub.db-wal"), &after), 0);
    assert_true(after.st_size > 0 && after.st_size == before.st_size);
}

static void what_a_cut_beginning_left_is_no_hindrance(void **state)
{
    (void)state;
    kit_write(kit_path(&kit, "hubbub.db.fresh"), "half", 4);
    assert_true(kit_origin(&kit).is_new);
    struct stat found;
    assert_int_equal(stat(kit_path(&kit, "hubbub.db.fresh"), &found), -1);
}

/* --- versions ----------------------------------------------------------------------------------- */

static const schema_step_t STEPS[] = {
    {"CREATE TABLE one (a); INSERT INTO one VALUES (1)"},
    {"ALTER TABLE one ADD COLUMN b DEFAULT 2"},
    {"UPDATE one SET b = 3"},
};

static int64_t number(db_t *db, const char *sql)
{
    int64_t found = -1;
    assert_int_equal(db_number(db, sql, &found), SQLITE_OK);
    return found;
}

static void a_database_of_an_older_version_is_brought_up(void **state)
{
    (void)state;
    kit_run_sql(&kit, "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x48756262");
    kit_open(&kit);
    kit_say(&kit, "lobby", 1, "one");
    kit_close(&kit);
    kit_run_sql(&kit, "SELECT 1");
    db_t db;
    assert_int_equal(db_open(&db, kit_path(&kit, "hubbub.db"), NULL, DB_WRITES), SQLITE_OK);
    assert_int_equal(number(&db, "PRAGMA user_version"), SCHEMA_VERSION);
    db_close(&db);
}

static void steps_are_taken_from_where_the_database_is(void **state)
{
    (void)state;
    db_t db;
    assert_int_equal(db_open(&db, kit_path(&kit, "hubbub.db"), NULL, DB_CREATES), SQLITE_OK);
    assert_int_equal(schema_migrate(&db, STEPS, 1, 0), SQLITE_OK);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    assert_int_equal(schema_migrate(&db, STEPS, 3, 1), SQLITE_OK);
    assert_int_equal(number(&db, "PRAGMA user_version"), 3);
    assert_int_equal(number(&db, "SELECT b FROM one"), 3);
    assert_int_equal(schema_migrate(&db, STEPS, 3, 3), SQLITE_OK);
    db_close(&db);
}

static void a_step_that_fails_leaves_the_database_as_it_was(void **state)
{
    (void)state;
    const schema_step_t steps[] = {STEPS[0], STEPS[1], {"UPDATE nothing SET b = 3"}};
    db_t db;
    assert_int_equal(db_open(&db, kit_path(&kit, "hubbub.db"), NULL, DB_CREATES), SQLITE_OK);
    assert_int_equal(schema_migrate(&db, steps, 1, 0), SQLITE_OK);
    assert_int_equal(schema_migrate(&db, steps, 3, 1), SQLITE_ERROR);
    assert_int_equal(number(&db, "PRAGMA user_version"), 1);
    assert_int_equal(number(&db, "SELECT count(*) FROM pragma_table_info('one')"), 1);
    db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(bytes_that_are_no_database_are_refused),
        TEST(the_database_of_another_program_is_refused),
        TEST(tables_of_a_later_version_are_refused),
        TEST(an_empty_file_is_refused),
        TEST(a_journal_without_its_database_is_refused),
        TEST(a_database_that_was_cut_is_refused),
        TEST(damage_is_found_after_a_crash),
        TEST(what_is_refused_keeps_its_journal),
        TEST(what_a_cut_beginning_left_is_no_hindrance),
        TEST(a_database_of_an_older_version_is_brought_up),
        TEST(steps_are_taken_from_where_the_database_is),
        TEST(a_step_that_fails_leaves_the_database_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
