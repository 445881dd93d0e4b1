#include "tests/unit/store_kit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

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

static void use(const char *text)
{
    kit_open(&kit);
    kit_put(&kit, "k", text);
    kit_commit_well(&kit);
    kit_close(&kit);
}

static void use_without_end(kit_t *self)
{
    kit_put(self, "k", "crashed");
    kit_commit_well(self);
}

static void trim_without_end(kit_t *self)
{
    kit_trim(self, &(retention_t){.log = span_of("lobby"), .events = 1});
}

static void a_store_is_new_until_something_is_committed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        origin_t origin = kit_origin(&kit);
        assert_true(origin.is_new && origin.was_closed);
        assert_false(origin.is_restored || origin.is_other_boot);
    }
    use("v");
    assert_false(kit_origin(&kit).is_new);
}

static void a_good_end_is_told_from_a_crash(void **state)
{
    (void)state;
    use("v");
    origin_t origin = kit_origin(&kit);
    assert_true(origin.was_closed);
    assert_false(origin.is_new || origin.is_restored || origin.is_other_boot);
    kit_in_crash(&kit, use_without_end);
    origin = kit_origin(&kit);
    assert_false(origin.is_new || origin.is_restored || origin.is_other_boot || origin.was_closed);
    kit_open(&kit);
    assert_string_equal(kit_restored(&kit), "record k=crashed\n");
}

static void another_boot_is_seen(void **state)
{
    (void)state;
    use("v");
    kit.boot = "boot-2";
    assert_true(kit_origin(&kit).is_other_boot);
    use("w");
    assert_false(kit_origin(&kit).is_other_boot);
    kit.boot = ""; /* the kernel does not say: it may be another */
    assert_true(kit_origin(&kit).is_other_boot);
}

static void the_origin_stays_until_a_batch_is_committed(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_say(&kit, "lobby", 1, "one");
    kit_say(&kit, "lobby", 2, "two");
    kit_close(&kit);
    kit_in_crash(&kit, use_without_end);
    kit.boot = "boot-2";
    kit_in_crash(&kit, trim_without_end);
    kit_open(&kit);
    kit_trim(&kit, &(retention_t){.log = span_of("lobby"), .before_ms = UINT64_MAX});
    kit_close(&kit);
    origin_t origin = kit_origin(&kit);
    assert_true(origin.is_other_boot && !origin.was_closed);
    use("v");
    origin = kit_origin(&kit);
    assert_true(!origin.is_other_boot && origin.was_closed);
}

static void a_trim_alone_says_that_the_store_is_open(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_say(&kit, "lobby", 1, "one");
    kit_append(&kit, "lobby", 2, 9999999, "two"); /* hours later: another block */
    kit_commit_well(&kit);
    kit_close(&kit);
    kit_in_crash(&kit, trim_without_end);
    assert_false(kit_origin(&kit).was_closed);
}

/* --- copies ------------------------------------------------------------------------------------- */

/* What cp does: a new file, or the old one written over. */
static char *copy_of(size_t *out_size)
{
    return kit_read(kit_path(&kit, "hubbub.db"), out_size);
}

static void a_copy_in_the_place_of_the_file_is_seen(void **state)
{
    (void)state;
    use("old");
    size_t size;
    char *copy = copy_of(&size);
    use("new");
    kit_write(kit_path(&kit, "copy"), copy, size);
    char to[2 * KIT_PATH_BYTES];
    snprintf(to, sizeof to, "%s", kit_path(&kit, "hubbub.db"));
    assert_int_equal(rename(kit_path(&kit, "copy"), to), 0);
    free(copy);
    origin_t origin = kit_origin(&kit);
    assert_true(origin.is_restored && origin.was_closed);
    use("again");
    assert_false(kit_origin(&kit).is_restored);
}

static void an_older_copy_written_over_the_file_is_seen(void **state)
{
    (void)state;
    use("old");
    if (getxattr(kit_path(&kit, "hubbub.db"), "user.hubbub.mark", NULL, 0) < 0)
        skip(); /* this file system keeps nothing beside a file */
    size_t size;
    char *copy = copy_of(&size);
    use("new");
    kit_write(kit_path(&kit, "hubbub.db"), copy, size);
    free(copy);
    assert_true(kit_origin(&kit).is_restored);
    use("again");
    assert_false(kit_origin(&kit).is_restored);
}

static void a_copy_beside_the_journal_of_another_is_refused(void **state)
{
    (void)state;
    use("old");
    size_t size;
    char *copy = copy_of(&size);
    kit_in_crash(&kit, use_without_end);
    kit_write(kit_path(&kit, "copy"), copy, size);
    char to[2 * KIT_PATH_BYTES];
    snprintf(to, sizeof to, "%s", kit_path(&kit, "hubbub.db"));
    assert_int_equal(rename(kit_path(&kit, "copy"), to), 0);
    free(copy);
    kit_open_refused(&kit);
    assert_non_null(strstr(kit.error, "hubbub.db-wal belongs to another"));
    assert_int_equal(unlink(kit_path(&kit, "hubbub.db-wal")), 0);
    assert_int_equal(unlink(kit_path(&kit, "hubbub.db-shm")), 0);
    kit_open(&kit);
    assert_true(kit.store->origin(kit.store).is_restored);
    assert_string_equal(kit_restored(&kit), "record k=old\n");
}

/* --- who has it --------------------------------------------------------------------------------- */

static void two_stores_do_not_share_a_directory(void **state)
{
    (void)state;
    kit_open(&kit);
    kit_open_refused(&kit);
    char pid[64];
    snprintf(pid, sizeof pid, "process %ld;", (long)getpid());
    assert_non_null(strstr(kit.error, pid));
    kit_say(&kit, "lobby", 1, "one");
    kit_close(&kit);
    kit_open(&kit);
}

static void a_directory_is_made_for_its_owner_alone(void **state)
{
    (void)state;
    char directory[2 * KIT_PATH_BYTES], error[STORE_ERROR_BYTES];
    snprintf(directory, sizeof directory, "%s/a/b", kit.directory);
    store_sqlite_t settings = {.directory = directory};
    store_t *store = store_sqlite_new(&settings, error);
    assert_non_null(store);
    store->destroy(&store);
    struct stat found;
    assert_int_equal(stat(directory, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    const char *const files[] = {"a/b/hubbub.db", "a/b/hubbub.lock"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(unlink(kit_path(&kit, files[i])), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(rmdir(kit_path(&kit, "a")), 0);
}

static void a_directory_that_cannot_be_had_is_named(void **state)
{
    (void)state;
    char error[STORE_ERROR_BYTES];
    store_sqlite_t settings = {.directory = "/proc/none"};
    assert_null(store_sqlite_new(&settings, error));
    assert_non_null(strstr(error, "the data directory /proc/none cannot be made"));
    assert_false(store_sqlite_can_have("/proc/none", error));
    assert_non_null(strstr(error, "; give another with --data DIR"));
    kit_write(kit_path(&kit, "file"), "x", 1);
    settings.directory = kit_path(&kit, "file");
    assert_null(store_sqlite_new(&settings, error));
    assert_true(store_sqlite_can_have(kit.directory, error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(a_store_is_new_until_something_is_committed),
        TEST(a_good_end_is_told_from_a_crash),
        TEST(another_boot_is_seen),
        TEST(the_origin_stays_until_a_batch_is_committed),
        TEST(a_trim_alone_says_that_the_store_is_open),
        TEST(a_copy_in_the_place_of_the_file_is_seen),
        TEST(an_older_copy_written_over_the_file_is_seen),
        TEST(a_copy_beside_the_journal_of_another_is_refused),
        TEST(two_stores_do_not_share_a_directory),
        TEST(a_directory_is_made_for_its_owner_alone),
        TEST(a_directory_that_cannot_be_had_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
