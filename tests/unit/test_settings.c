/* base/settings: one table, the command line, the environment, mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/settings.h"

#define TABLE(SETTING)                                                                             \
    SETTING(idle_ms, U32, 300000, 1000, 86400000, "ms", true, "silence until one is inactive")     \
    SETTING(bytes_max, U64, 8388608, 0, UINT64_MAX, "bytes", false, "most bytes that may wait")    \
    SETTING(data, STR, "", 0, 20, "DIR", false, "where history is kept")                           \
    SETTING(router, LIST, "tcp://127.0.0.1:5680", 1, 3, "ENDPOINT", false,                         \
            "where clients connect; a text long enough that the help has to break it into lines")  \
    SETTING(durability, ENUM, "memory", 0, 0, "memory|file|power", false, "what a loss may cost")  \
    SETTING(show_addresses, BOOL, false, 0, 0, "", false, "show where telnet users come from")

typedef struct {
    TABLE(SETTING_FIELD)
} record_t;

#define ROW(...) SETTING_ROW(record_t, __VA_ARGS__)
static const setting_row_t ROWS[] = {TABLE(ROW)};

static const settings_t SETTINGS = {
    .program = "tested",
    .about = "Exists to be tested.",
    .rows = ROWS,
    .row_count = sizeof ROWS / sizeof ROWS[0],
    .common = "router idle_ms",
    .hidden = "data",
};

static char error[SETTINGS_ERROR_BYTES];
static record_t record;

static settings_result_t read_both(char **environment, char **arguments)
{
    char *argv[16] = {(char[]){"tested"}};
    int argc = 1;
    for (; arguments != NULL && arguments[argc - 1] != NULL; argc++)
        argv[argc] = arguments[argc - 1];
    memset(&record, 0, sizeof record);
    error[0] = '\0';
    return settings_read(&SETTINGS, argc, argv, environment, &record, sizeof record, error);
}

#define WORDS(...)    ((char *[]){__VA_ARGS__, NULL})
#define READ(...)     read_both(NULL, WORDS(__VA_ARGS__))
#define READ_ENV(...) read_both(WORDS(__VA_ARGS__), NULL)

static void without_arguments_every_value_is_the_default(void **state)
{
    (void)state;
    assert_int_equal(read_both(NULL, NULL), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 300000);
    assert_int_equal(record.bytes_max, 8388608);
    assert_string_equal(record.data, "");
    assert_int_equal(record.router.count, 1);
    assert_string_equal(record.router.items[0], "tcp://127.0.0.1:5680");
    assert_int_equal(record.durability, 0);
    assert_false(record.show_addresses);
}

static void every_way_to_write_an_option_sets_it(void **state)
{
    (void)state;
    assert_int_equal(READ("--idle-ms", "5000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 5000);
    assert_int_equal(READ("--idle-ms=6000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 6000);
    assert_int_equal(READ("--set", "idle_ms=7000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 7000);
    assert_int_equal(READ("--set=idle_ms=8000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 8000);
    assert_int_equal(READ_ENV("HUBBUB_IDLE_MS=9000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 9000);
}

static void the_last_of_two_says_what_holds(void **state)
{
    (void)state;
    assert_int_equal(READ("--idle-ms", "5000", "--idle-ms", "6000"), SETTINGS_READ);
    assert_int_equal(record.idle_ms, 6000);
}

static void the_command_line_wins_over_the_environment_even_a_wrong_one(void **state)
{
    (void)state;
    settings_result_t result =
        read_both(WORDS("HUBBUB_IDLE_MS=nonsense", "HUBBUB_ROUTER=tcp://a:1,tcp://b:2"),
                  WORDS("--idle-ms", "5000", "--router", "tcp://c:3"));
    assert_int_equal(result, SETTINGS_READ);
    assert_int_equal(record.idle_ms, 5000);
    assert_int_equal(record.router.count, 1);
    assert_string_equal(record.router.items[0], "tcp://c:3");
}

static void variables_that_are_nobodys_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(READ_ENV("HUBBUB_BIN=/x", "HUBBUB_=", "HOME=/", "HUBBUB_IDLE_MS"),
                     SETTINGS_READ);
    assert_int_equal(record.idle_ms, 300000);
}

static void a_list_repeats_or_has_commas(void **state)
{
    (void)state;
    assert_int_equal(READ("--router", "a", "--router=b", "--set", "router=c"), SETTINGS_READ);
    assert_int_equal(record.router.count, 3);
    assert_string_equal(record.router.items[0], "a");
    assert_string_equal(record.router.items[2], "c");
    assert_int_equal(READ("--router", "a", "--router=b,c"), SETTINGS_READ);
    assert_int_equal(record.router.count, 3);
    assert_int_equal(READ_ENV("HUBBUB_ROUTER=a,b"), SETTINGS_READ);
    assert_int_equal(record.router.count, 2);
    assert_string_equal(record.router.items[1], "b");
}

static void a_list_too_long_too_short_or_with_an_empty_item_is_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("--router", "a,b,c,d"), SETTINGS_WRONG);
    assert_int_equal(READ("--router", ""), SETTINGS_WRONG);
    assert_int_equal(READ("--router", "a,,b"), SETTINGS_WRONG);
    assert_string_equal(error, "--router: \"a,,b\" must be given 1 to 3 times, not empty");
}

static void words_choose_by_their_place_in_the_table(void **state)
{
    (void)state;
    assert_int_equal(READ("--durability", "power"), SETTINGS_READ);
    assert_int_equal(record.durability, 2);
    assert_int_equal(READ("--durability", "fil"), SETTINGS_WRONG);
    assert_string_equal(error, "--durability: \"fil\" must be memory, file or power");
    assert_int_equal(READ("--durability", "file|power"), SETTINGS_WRONG);
}

static void a_switch_needs_no_value(void **state)
{
    (void)state;
    assert_int_equal(READ("--show-addresses", "--idle-ms", "5000"), SETTINGS_READ);
    assert_true(record.show_addresses);
    assert_int_equal(record.idle_ms, 5000);
    assert_int_equal(READ("--show-addresses=no"), SETTINGS_READ);
    assert_false(record.show_addresses);
    assert_int_equal(READ("--show-addresses=maybe"), SETTINGS_WRONG);
    assert_string_equal(error, "--show-addresses: \"maybe\" must be true or false");
}

static void numbers_hold_at_their_limits_and_not_beyond(void **state)
{
    (void)state;
    assert_int_equal(READ("--idle-ms", "1000"), SETTINGS_READ);
    assert_int_equal(READ("--idle-ms", "86400000"), SETTINGS_READ);
    assert_int_equal(READ("--idle-ms", "999"), SETTINGS_WRONG);
    assert_int_equal(READ("--idle-ms", "86400001"), SETTINGS_WRONG);
    assert_string_equal(error,
                        "--idle-ms: \"86400001\" must be a whole number from 1000 to 86400000 ms");
    assert_int_equal(READ("--bytes-max", "18446744073709551615"), SETTINGS_READ);
    assert_true(record.bytes_max == UINT64_MAX);
    assert_int_equal(READ("--bytes-max", "18446744073709551616"), SETTINGS_WRONG);
}

static void what_is_no_number_is_refused(void **state)
{
    static char *const BAD[] = {"", "-1", "+5000", " 5000", "5000 ", "5e3", "0x1388", "5000ms"};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_int_equal(READ("--idle-ms", BAD[i]), SETTINGS_WRONG);
    assert_int_equal(READ_ENV("HUBBUB_IDLE_MS="), SETTINGS_WRONG);
    assert_string_equal(error,
                        "HUBBUB_IDLE_MS: \"\" must be a whole number from 1000 to 86400000 ms");
}

static void a_text_longer_than_its_limit_is_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("--data", "12345678901234567890"), SETTINGS_READ);
    assert_string_equal(record.data, "12345678901234567890");
    assert_int_equal(READ("--data", "123456789012345678901"), SETTINGS_WRONG);
}

static void an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(READ("--idel-ms", "5000"), SETTINGS_WRONG);
    assert_string_equal(error, "--idel-ms: no such option; did you mean --idle-ms?");
    assert_int_equal(READ("--idel-ms=5000"), SETTINGS_WRONG);
    assert_string_equal(error, "--idel-ms: no such option; did you mean --idle-ms?");
    assert_int_equal(READ("--set", "show_adresses=1"), SETTINGS_WRONG);
    assert_string_equal(error,
                        "--set show_adresses: no such setting; did you mean show_addresses?");
    assert_int_equal(READ("--frobnicate"), SETTINGS_WRONG);
    assert_string_equal(error, "--frobnicate: no such option; --help lists all");
}

static void an_argument_that_is_no_option_or_lacks_its_value_is_refused(void **state)
{
    char longest[400];
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    longest[0] = longest[1] = '-';
    assert_int_equal(READ("--idle-ms"), SETTINGS_WRONG);
    assert_string_equal(error, "--idle-ms: needs a value");
    assert_int_equal(READ("--set"), SETTINGS_WRONG);
    assert_int_equal(READ("--set", "idle_ms"), SETTINGS_WRONG);
    assert_string_equal(error, "--set idle_ms: must be KEY=VALUE");
    assert_int_equal(READ("5680"), SETTINGS_WRONG);
    assert_string_equal(error, "5680: not an option; --help lists all");
    assert_int_equal(READ("--"), SETTINGS_WRONG);
    assert_int_equal(READ("--=3"), SETTINGS_WRONG);
    assert_int_equal(READ(longest), SETTINGS_WRONG);
    assert_int_equal(READ("--set", longest), SETTINGS_WRONG);
}

/* A sequence without an end takes nothing of ours with it, wherever the argument stands. */
static void what_is_wrong_is_told_whatever_paints_in_the_argument(void **state)
{
    (void)state;
    assert_int_equal(READ("\033]0;x"), SETTINGS_WRONG);
    assert_string_equal(error, ": not an option; --help lists all");
    assert_int_equal(READ("--nope\033]0;x"), SETTINGS_WRONG);
    assert_string_equal(error, "--nope: no such option; --help lists all");
    assert_int_equal(READ("--set", "nope\033P"), SETTINGS_WRONG);
    assert_string_equal(error, "--set nope: must be KEY=VALUE");
    assert_int_equal(READ("--set", "frobnicate\033P=1"), SETTINGS_WRONG);
    assert_string_equal(error, "--set frobnicate: no such setting; --help lists all");
    assert_int_equal(READ("--idle-ms", "5\033]0;x"), SETTINGS_WRONG);
    assert_non_null(strstr(error, "--idle-ms: \"5\" must be a whole number"));
}

static void a_refused_line_changes_nothing(void **state)
{
    (void)state;
    record_t before;
    assert_int_equal(read_both(NULL, NULL), SETTINGS_READ);
    before = record;
    char *argv[] = {(char[]){"tested"}, (char[]){"--data"}, (char[]){"x"}, (char[]){"--nope"}};
    assert_int_equal(settings_read(&SETTINGS, 4, argv, NULL, &record, sizeof record, error),
                     SETTINGS_WRONG);
    assert_memory_equal(&before, &record, sizeof record);
}

static void help_and_version_come_even_with_a_wrong_environment(void **state)
{
    (void)state;
    assert_int_equal(read_both(WORDS("HUBBUB_IDLE_MS=x"), WORDS("--help")), SETTINGS_HELP);
    assert_int_equal(read_both(WORDS("HUBBUB_IDLE_MS=x"), WORDS("--version")), SETTINGS_VERSION);
}

static void the_help_shows_each_row_with_range_and_default_in_80_columns(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    settings_print_help(&SETTINGS, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "  --router ENDPOINT (repeatable)\n"));
    assert_non_null(strstr(text, "(default 300000; 1000 to 86400000 ms)"));
    assert_non_null(strstr(text, "  --durability memory|file|power\n"));
    assert_null(strstr(text, "--data"));
    assert_true(strstr(text, "--idle-ms") < strstr(text, "Further settings"));
    assert_true(strstr(text, "--bytes-max") > strstr(text, "Further settings"));
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_arguments_every_value_is_the_default),
        cmocka_unit_test(every_way_to_write_an_option_sets_it),
        cmocka_unit_test(the_last_of_two_says_what_holds),
        cmocka_unit_test(the_command_line_wins_over_the_environment_even_a_wrong_one),
        cmocka_unit_test(variables_that_are_nobodys_are_ignored),
        cmocka_unit_test(a_list_repeats_or_has_commas),
        cmocka_unit_test(a_list_too_long_too_short_or_with_an_empty_item_is_refused),
        cmocka_unit_test(words_choose_by_their_place_in_the_table),
        cmocka_unit_test(a_switch_needs_no_value),
        cmocka_unit_test(numbers_hold_at_their_limits_and_not_beyond),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(a_text_longer_than_its_limit_is_refused),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(an_argument_that_is_no_option_or_lacks_its_value_is_refused),
        cmocka_unit_test(what_is_wrong_is_told_whatever_paints_in_the_argument),
        cmocka_unit_test(a_refused_line_changes_nothing),
        cmocka_unit_test(help_and_version_come_even_with_a_wrong_environment),
        cmocka_unit_test(the_help_shows_each_row_with_range_and_default_in_80_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
