#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "client/shell/grammar.h"

/* What a line asks for; it stays until the next one. */
static order_t read_line(const char *line)
{
    static char copy[256];
    assert_true(strlen(line) < sizeof copy);
    memcpy(copy, line, strlen(line) + 1);
    return grammar_read(copy);
}

static void plain_text_is_said_as_it_is(void **state)
{
    (void)state;
    order_t order = read_line("  who is it?  a|b ");
    assert_int_equal(order.verb, VERB_say);
    assert_string_equal(order.text, "  who is it?  a|b ");
    assert_null(order.room);
}

static void two_slashes_say_one(void **state)
{
    (void)state;
    order_t order = read_line("//quit now");
    assert_int_equal(order.verb, VERB_say);
    assert_string_equal(order.text, "/quit now");
}

static void blanks_ask_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(read_line("").verb, VERB_nothing);
    assert_int_equal(read_line(" \t ").verb, VERB_nothing);
}

static void every_command_has_its_arguments(void **state)
{
    (void)state;
    order_t order = read_line("/tell  bob  two  words ");
    assert_int_equal(order.verb, VERB_tell);
    assert_string_equal(order.to, "bob");
    assert_string_equal(order.text, "two  words");
    order = read_line("/nick ada ");
    assert_int_equal(order.verb, VERB_nick);
    assert_string_equal(order.nick, "ada");
    order = read_line("/join tea");
    assert_int_equal(order.verb, VERB_join);
    assert_string_equal(order.room, "tea");
    order = read_line("/status  at lunch ");
    assert_int_equal(order.verb, VERB_status);
    assert_string_equal(order.status, "at lunch");
    assert_int_equal(read_line("/quit").verb, VERB_quit);
}

static void what_may_be_left_out_may_be_left_out(void **state)
{
    (void)state;
    assert_null(read_line("/who").room);
    assert_string_equal(read_line("/who tea").room, "tea");
    assert_int_equal(read_line("/history").limit, 0);
    assert_int_equal(read_line("/history 20").limit, 20);
    assert_string_equal(read_line("/status").status, "");
}

static void check_measure(const char *line, verb_t verb, uint64_t for_ms, const char *reason)
{
    order_t order = read_line(line);
    assert_int_equal(order.verb, verb);
    assert_string_equal(order.nick, "bob");
    assert_int_equal(order.for_ms, for_ms);
    assert_string_equal(order.reason ? order.reason : "", reason);
}

static void a_ban_may_have_a_time_and_a_reason(void **state)
{
    (void)state;
    check_measure("/ban bob", VERB_ban, 0, "");
    check_measure("/ban bob 2h", VERB_ban, 7200000, "");
    check_measure("/ban  bob  2h  spam and more ", VERB_ban, 7200000, "spam and more");
    check_measure("/mute bob spam 2h", VERB_mute, 0, "spam 2h");
    check_measure("/mute bob 2h 3 times", VERB_mute, 7200000, "3 times");
    check_measure("/kick bob 2h", VERB_kick, 0, "2h"); /* that is a reason */
    check_measure("/unban bob", VERB_unban, 0, "");
    check_measure("/invite bob 7d", VERB_invite, 604800000, "");
    check_measure("/invite bob", VERB_invite, 0, "");
    assert_int_equal(read_line("/invite bob soon").verb, VERB_usage);
    assert_int_equal(read_line("/invite bob 7d please").verb, VERB_usage);
    assert_int_equal(read_line("/ban").verb, VERB_usage);
    assert_int_equal(read_line("/unmute bob now").verb, VERB_usage);
}

static void check_no_time(const char *line, const char *word)
{
    order_t order = read_line(line);
    assert_int_equal(order.verb, VERB_no_time);
    assert_string_equal(order.text, word);
}

/* It would be for ever, and the slip be told as the reason. */
static void a_time_that_is_none_is_not_taken_for_a_reason(void **state)
{
    (void)state;
    check_no_time("/mute bob 10x", "10x");
    check_no_time("/mute bob 0m", "0m");
    check_no_time("/ban bob 10 m spam", "10");
    check_no_time("/ban bob 99999999999999999999999999w spam", "99999999999999999999999999w");
    check_no_time("/invite bob 1h30m", "1h30m");
}

static void a_role_has_a_name_and_a_word(void **state)
{
    (void)state;
    order_t order = read_line("/role bob moderator");
    assert_int_equal(order.verb, VERB_role);
    assert_string_equal(order.nick, "bob");
    assert_string_equal(order.role, "moderator");
    assert_int_equal(read_line("/role bob").verb, VERB_usage);
    assert_int_equal(read_line("/role bob a b").verb, VERB_usage);
}

static void slow_takes_seconds_a_time_or_off(void **state)
{
    (void)state;
    assert_int_equal(read_line("/slow 10").slow_ms, 10000);
    assert_int_equal(read_line("/slow 2m").slow_ms, 120000);
    assert_int_equal(read_line("/slow off").verb, VERB_slow);
    assert_int_equal(read_line("/slow off").slow_ms, 0);
    assert_int_equal(read_line("/slow").verb, VERB_usage);
    assert_int_equal(read_line("/slow 0").verb, VERB_usage);
    assert_int_equal(read_line("/slow soon").verb, VERB_usage);
    assert_int_equal(read_line("/slow 10 20").verb, VERB_usage);
}

static void msg_is_tell(void **state)
{
    (void)state;
    order_t order = read_line("/msg bob psst");
    assert_int_equal(order.verb, VERB_tell);
    assert_string_equal(order.text, "psst");
}

static void a_command_of_another_shape_tells_its_usage(void **state)
{
    (void)state;
    const char *const wrong[] = {"/tell",           "/tell bob",  "/tell bob  ",
                                 "/nick",           "/nick a b",  "/join",
                                 "/who a b",        "/rooms now", "/history 0",
                                 "/history twenty", "/quit now",  "/history 12345678"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_line(wrong[i]).verb, VERB_usage);
    assert_string_equal(read_line("/tell bob").text, "/tell NAME TEXT");
}

static void an_unknown_command_is_named(void **state)
{
    (void)state;
    order_t order = read_line("/dance now");
    assert_int_equal(order.verb, VERB_unknown);
    assert_string_equal(order.text, "dance");
    assert_int_equal(read_line("/").verb, VERB_unknown);
    assert_int_equal(read_line("/TELL bob x").verb, VERB_unknown);
}

static void a_password_begins_behind_its_word_and_name(void **state)
{
    (void)state;
    assert_int_equal(grammar_secret_at("/register "), 10);
    assert_int_equal(grammar_secret_at("/register  correct horse"), 11);
    assert_int_equal(grammar_secret_at("/password old"), 10);
    assert_int_equal(grammar_secret_at("/login ada "), 11);
    assert_int_equal(grammar_secret_at("/login ada x"), 11);
    const char *others[] = {"",           "/register",   "/password", "/login",       "/login ",
                            "/login ada", "/registers ", "/who ",     "//register x", "register x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(grammar_secret_at(others[i]), 0);
}

static void every_command_is_found_by_its_word(void **state)
{
    (void)state;
    size_t count;
    const command_t *commands = grammar_commands(&count);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(grammar_find(commands[i].word, strlen(commands[i].word)), &commands[i]);
        assert_non_null(strstr(commands[i].usage, commands[i].word));
        assert_true(*commands[i].about != '\0');
    }
    assert_string_equal(grammar_word(VERB_tell), "tell");
    assert_string_equal(grammar_word(VERB_say), "");
    assert_null(grammar_find("whoever", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_said_as_it_is),
        cmocka_unit_test(two_slashes_say_one),
        cmocka_unit_test(blanks_ask_for_nothing),
        cmocka_unit_test(every_command_has_its_arguments),
        cmocka_unit_test(what_may_be_left_out_may_be_left_out),
        cmocka_unit_test(a_ban_may_have_a_time_and_a_reason),
        cmocka_unit_test(a_time_that_is_none_is_not_taken_for_a_reason),
        cmocka_unit_test(a_role_has_a_name_and_a_word),
        cmocka_unit_test(slow_takes_seconds_a_time_or_off),
        cmocka_unit_test(msg_is_tell),
        cmocka_unit_test(a_command_of_another_shape_tells_its_usage),
        cmocka_unit_test(an_unknown_command_is_named),
        cmocka_unit_test(a_password_begins_behind_its_word_and_name),
        cmocka_unit_test(every_command_is_found_by_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
