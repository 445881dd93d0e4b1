#include "broker/store/backup.h"
#include "broker/store/check.h"
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

enum { REPORT_BYTES = 4096, EVENTS = 1600 };

static kit_t kit;
static char report[REPORT_BYTES];

static int begin(void **state)
{
    (void)state;
    kit_init(&kit);
    kit_open(&kit);
    for (uint64_t seq = 1; seq <= EVENTS; seq++)
        kit_append(&kit, seq % 2 ? "lobby" : "tea", (seq + 1) / 2, seq, "event");
    kit_put(&kit, "k", "v");
    kit_note(&kit, 1, "note");
    kit_commit_well(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_fini(&kit);
    return 0;
}

static bool check(void)
{
    return kit_check(&kit, report, sizeof report);
}

/* --- check -------------------------------------------------------------------------------------- */

static void a_store_in_use_is_checked(void **state)
{
    (void)state;
    assert_true(check());
    assert_non_null(strstr(report, "2 logs, 0 events of 0 bytes, 1600 more not in blocks yet, 1 "
                                   "records, 1 notes; in use"));
    kit_append(&kit, "lobby", EVENTS / 2 + 1, EVENTS, "goes on");
    kit_commit_well(&kit);
}

static void a_closed_store_is_checked(void **state)
{
    (void)state;
    kit_close(&kit);
    assert_true(check());
    assert_non_null(strstr(report, "2 logs, 1600 events of 8000 bytes, 0 more not in blocks yet, 1 "
                                   "records, 1 notes; closed in good order"));
    assert_non_null(strstr(report, "hubbub.db is well\n"));
}

static void holes_and_lies_are_found(void **state)
{
    (void)state;
    const char *const damages[][2] = {
        {"DELETE FROM events WHERE key = (SELECT min(key) + 256 FROM events)",
         "events are missing before it"},
        {"UPDATE logs SET head = head + 1 WHERE id = 1", "its last block ends elsewhere"},
        {"UPDATE logs SET bytes = bytes + 1 WHERE id = 1", "more or fewer bytes"},
        {"UPDATE logs SET last_at = 1 WHERE id = 1", "its last event has another time"},
        {"UPDATE events SET bytes = 1", "the row says something else than the block"},
        {"UPDATE events SET data = x'00'", "the block cannot be read"},
        {"DELETE FROM logs WHERE id = 1", "belong to no log"},
    };
    kit_close(&kit);
    size_t size;
    char *whole = kit_read(kit_path(&kit, "hubbub.db"), &size);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        kit_run_sql(&kit, damages[i][0]);
        assert_false(check());
        if (strstr(report, damages[i][1]) == NULL)
            fail_msg("%s: %s", damages[i][0], report);
        assert_non_null(strstr(report, "has problems"));
        kit_write(kit_path(&kit, "hubbub.db"), whole, size);
    }
    free(whole);
    assert_true(check());
}

static void damaged_pages_are_found(void **state)
{
    (void)state;
    kit_close(&kit);
    size_t size;
    char *bytes = kit_read(kit_path(&kit, "hubbub.db"), &size);
    memset(bytes + size / 4, 0xff, size - size / 4);
    kit_write(kit_path(&kit, "hubbub.db"), bytes, size);
    free(bytes);
    assert_false(check());
    assert_non_null(strstr(report, "problem: "));
}

static void nothing_is_made_where_nothing_is(void **state)
{
    (void)state;
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_false(check_directory("/tmp/hubbub-there-is-none", out));
    fclose(out);
    struct stat found;
    assert_int_equal(stat("/tmp/hubbub-there-is-none", &found), -1);
}

/* --- backup ------------------------------------------------------------------------------------- */

static int done_pages, total_pages;

static void count_pages(int done, int total)
{
    done_pages = done;
    total_pages = total;
}

static void a_copy_of_a_store_in_use_can_be_put_back(void **state)
{
    (void)state;
    char path[BACKUP_PATH_BYTES], error[STORE_ERROR_BYTES], to[2 * KIT_PATH_BYTES];
    snprintf(to, sizeof to, "%s", kit_path(&kit, "copy"));
    backup_t backup = {.directory = kit.directory, .to = to, .progress = count_pages};
    if (!backup_make(&backup, path, error))
        fail_msg("%s", error);
    assert_string_equal(path, to);
    assert_true(total_pages > 0 && done_pages == total_pages);
    kit_say(&kit, "lobby", EVENTS / 2 + 1, "later");
    kit_close(&kit);
    struct stat found;
    assert_int_equal(stat(to, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    char database[2 * KIT_PATH_BYTES];
    snprintf(database, sizeof database, "%s", kit_path(&kit, "hubbub.db"));
    assert_int_equal(rename(to, database), 0);
    kit_open(&kit);
    origin_t origin = kit.store->origin(kit.store);
    assert_true(origin.is_restored && !origin.is_new);
    assert_non_null(strstr(kit_restored(&kit), "log lobby 1..800 at 1..1599 4000 bytes\n"));
    kit_say(&kit, "lobby", EVENTS / 2 + 1, "again");
    kit_close(&kit);
    assert_false(kit_origin(&kit).is_restored);
}

/* Written over the file itself, with a system's cp: told by the copy's own word. */
static void a_copy_says_what_it_is_wherever_it_is_put(void **state)
{
    (void)state;
    kit_t other;
    char path[BACKUP_PATH_BYTES], error[STORE_ERROR_BYTES];
    kit_init(&other);
    backup_t backup = {.directory = kit.directory, .to = other.directory};
    if (!backup_make(&backup, path, error))
        fail_msg("%s", error);
    assert_non_null(strstr(path, "/hubbub-2"));
    char database[2 * KIT_PATH_BYTES];
    snprintf(database, sizeof database, "%s", kit_path(&other, "hubbub.db"));
    assert_int_equal(rename(path, database), 0);
    origin_t origin = kit_origin(&other);
    assert_true(origin.is_restored && !origin.is_new && !origin.is_other_boot);
    kit_fini(&other);
}

static void a_backup_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    char path[BACKUP_PATH_BYTES], error[STORE_ERROR_BYTES];
    backup_t backup = {.directory = kit.directory, .to = "/proc/none"};
    assert_false(backup_make(&backup, path, error));
    assert_non_null(strstr(error, "cannot write the backup /proc/none"));
    backup = (backup_t){.directory = "/tmp/hubbub-there-is-none", .to = "/tmp"};
    assert_false(backup_make(&backup, path, error));
    assert_non_null(strstr(error, "hubbub.db is not there"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(a_store_in_use_is_checked),
        TEST(a_closed_store_is_checked),
        TEST(holes_and_lies_are_found),
        TEST(damaged_pages_are_found),
        TEST(nothing_is_made_where_nothing_is),
        TEST(a_copy_of_a_store_in_use_can_be_put_back),
        TEST(a_copy_says_what_it_is_wherever_it_is_put),
        TEST(a_backup_that_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
