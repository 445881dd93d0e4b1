/* What typed lines ask for: bridge/core/grammar.h. */
#include "bridge/core/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void check(const char *line, verb_t verb, const char *name, const char *text)
{
    order_t order = order_read(span_of(line));
    bool is_right = order.verb == verb && span_is(order.name, name) && span_is(order.text, text);
    if (!is_right)
        fail_msg("\"%s\": verb %d name \"%.*s\" text \"%.*s\"", line, (int)order.verb,
                 (int)order.name.size, order.name.data, (int)order.text.size, order.text.data);
}

static void check_usage(const char *line, phrase_t usage)
{
    order_t order = order_read(span_of(line));
    if (order.verb != ORDER_USAGE || order.usage != usage)
        fail_msg("\"%s\": verb %d, usage %d", line, (int)order.verb, (int)order.usage);
}

static void anything_else_is_said(void **state)
{
    (void)state;
    check("hello", ORDER_SAY, "", "hello");
    check("  indented ", ORDER_SAY, "", "  indented ");
    check("who is there?", ORDER_SAY, "", "who is there?");
    check("who|x", ORDER_SAY, "", "who|x");
    check("to be or not to be", ORDER_SAY, "", "to be or not to be");
    check("renamed|x", ORDER_SAY, "", "renamed|x");
    check("a|b", ORDER_SAY, "", "a|b");
    check("|", ORDER_SAY, "", "|");
}

static void blanks_alone_are_nothing(void **state)
{
    (void)state;
    check("", ORDER_NOTHING, "", "");
    check(" \t ", ORDER_NOTHING, "", "");
}

static void the_models_grammar_is_kept(void **state)
{
    (void)state;
    check("who", ORDER_who, "", "");
    check("who ", ORDER_who, "", "");
    check("rename|ada", ORDER_nick, "ada", "");
    check("rename| ada ", ORDER_nick, "ada", "");
    check("rename|a|b", ORDER_nick, "a|b", ""); /* the broker refuses that */
    check("to|bob|hi", ORDER_tell, "bob", "hi");
}

static void a_private_text_may_hold_bars(void **state)
{
    (void)state;
    check("to|bob|a|b||c", ORDER_tell, "bob", "a|b||c");
    check("to|bob| hi ", ORDER_tell, "bob", " hi ");
}

static void what_lacks_a_field_gets_a_usage_line(void **state)
{
    (void)state;
    check_usage("to", PHRASE_usage_to);
    check_usage("to|", PHRASE_usage_to);
    check_usage("to|bob", PHRASE_usage_to);
    check_usage("to|bob|", PHRASE_usage_to);
    check_usage("to|bob|  ", PHRASE_usage_to);
    check_usage("to||hi", PHRASE_usage_to);
    check_usage("rename", PHRASE_usage_rename);
    check_usage("rename|", PHRASE_usage_rename);
    check_usage("rename|  ", PHRASE_usage_rename);
    check_usage("/nick", PHRASE_usage_nick);
    check_usage("/tell bob", PHRASE_usage_tell);
    check_usage("/tell", PHRASE_usage_tell);
    check_usage("/join ", PHRASE_usage_join);
    check_usage("/quit now", PHRASE_usage_quit);
    check_usage("/history ten", PHRASE_usage_history);
    check_usage("/kick", PHRASE_usage_kick);
    check_usage("/ban  ", PHRASE_usage_ban);
    check_usage("/role bob", PHRASE_usage_role);
    check_usage("/slow soon", PHRASE_usage_slow);
    check_usage("/history 0", PHRASE_usage_history);
    check_usage("/history 99999999999999999999999", PHRASE_usage_history);
}

static void slash_commands_take_fields_after_blanks(void **state)
{
    (void)state;
    check("/who", ORDER_who, "", "");
    check("/who tea", ORDER_who, "tea", "");
    check("/nick  ada ", ORDER_nick, "ada", "");
    check("/tell bob hello  there", ORDER_tell, "bob", "hello  there");
    check("/msg bob\thello", ORDER_tell, "bob", "hello");
    check("/join tea", ORDER_join, "tea", "");
    check("/part", ORDER_part, "", "");
    check("/part tea", ORDER_part, "tea", "");
    check("/rooms", ORDER_rooms, "", "");
    check("/status at tea", ORDER_status, "", "at tea");
    check("/status", ORDER_status, "", "");
    check("/help", ORDER_help, "", "");
    check("/quit", ORDER_quit, "", "");
    check("/limits", ORDER_limits, "", "");
    check_usage("/limits of mine", PHRASE_usage_limits);
}

static void check_time(const char *line, verb_t verb, const char *name, uint64_t ms,
                       const char *text)
{
    check(line, verb, name, text);
    assert_int_equal(order_read(span_of(line)).ms, ms);
}

static void a_ban_may_have_a_time_and_a_reason(void **state)
{
    (void)state;
    check_time("/ban bob", ORDER_ban, "bob", 0, "");
    check_time("/ban bob 2h", ORDER_ban, "bob", 7200000, "");
    check_time("/ban bob 2h spam and more", ORDER_ban, "bob", 7200000, "spam and more");
    check_time("/ban bob spam 2h", ORDER_ban, "bob", 0, "spam 2h");
    check_time("/mute bob  10m ", ORDER_mute, "bob", 600000, "");
    check_time("/ban bob 2h 3 times", ORDER_ban, "bob", 7200000, "3 times");
    check_time("/kick bob 2h", ORDER_kick, "bob", 0, "2h"); /* that is a reason */
    check_time("/invite bob", ORDER_invite, "bob", 0, "");
    check_time("/invite bob 7d", ORDER_invite, "bob", 604800000, "");
    check_usage("/invite bob soon", PHRASE_usage_invite);
    check_usage("/invite bob 7d please", PHRASE_usage_invite);
    check_usage("/invite", PHRASE_usage_invite);
    check_usage("/mute", PHRASE_usage_mute);
}

/* It would be for ever, and the slip be told as the reason. */
static void a_time_that_is_none_is_not_taken_for_a_reason(void **state)
{
    (void)state;
    check_usage("/mute bob 10x", PHRASE_no_time);
    check_usage("/mute bob 0m", PHRASE_no_time);
    check_usage("/ban bob 10", PHRASE_no_time);
    check_usage("/ban bob 10 m spam", PHRASE_no_time);
    check_usage("/ban bob 99999999999999999999999999w spam", PHRASE_no_time);
    check_usage("/invite bob 1h30m", PHRASE_no_time);
    check_usage("/ban", PHRASE_usage_ban);
}

static void slow_takes_seconds_a_time_or_off(void **state)
{
    (void)state;
    check_time("/slow 10", ORDER_slow, "", 10000, "");
    check_time("/slow 2m", ORDER_slow, "", 120000, "");
    check_time("/slow off", ORDER_slow, "", 0, "");
    check_usage("/slow", PHRASE_usage_slow);
    check_usage("/slow 0", PHRASE_usage_slow);
    check_usage("/slow 10 20", PHRASE_usage_slow);
    check_usage("/slow off now", PHRASE_usage_slow);
    check("/bans", ORDER_bans, "", "");
    check_usage("/bans here", PHRASE_usage_bans);
}

static void history_takes_a_number_or_none(void **state)
{
    (void)state;
    assert_int_equal(order_read(span_of("/history")).verb, ORDER_history);
    assert_int_equal(order_read(span_of("/history")).count, 0);
    assert_int_equal(order_read(span_of("/history 20")).count, 20);
}

static void two_slashes_say_one(void **state)
{
    (void)state;
    check("//help", ORDER_SAY, "", "/help");
    check("//", ORDER_SAY, "", "/");
}

static void an_unknown_slash_command_is_not_said(void **state)
{
    (void)state;
    check("/dance wildly", ORDER_UNKNOWN, "", "dance");
    check("/", ORDER_UNKNOWN, "", "");
    check("/Who", ORDER_UNKNOWN, "", "Who");
}

static void check_secrets(const char *line, verb_t verb, const char *name, const char *secret,
                          const char *new_secret)
{
    order_t order = order_read(span_of(line));
    if (order.verb != verb || !span_is(order.name, name) || !span_is(order.secret, secret) ||
        !span_is(order.new_secret, new_secret))
        fail_msg("\"%s\": verb %d", line, (int)order.verb);
}

static void passwords_may_be_left_out_and_the_last_may_have_blanks(void **state)
{
    (void)state;
    check_secrets("/login ada", ORDER_login, "ada", "", "");
    check_secrets("/login ada two words ", ORDER_login, "ada", "two words", "");
    check_secrets("/register", ORDER_register, "", "", "");
    check_secrets("/register two words", ORDER_register, "", "two words", "");
    check_secrets("/password", ORDER_password, "", "", "");
    check_secrets("/password old two words", ORDER_password, "", "old", "two words");
    check_usage("/password old", PHRASE_usage_password);
    check_usage("/login", PHRASE_usage_login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_may_be_left_out_and_the_last_may_have_blanks),
        cmocka_unit_test(anything_else_is_said),
        cmocka_unit_test(blanks_alone_are_nothing),
        cmocka_unit_test(the_models_grammar_is_kept),
        cmocka_unit_test(a_private_text_may_hold_bars),
        cmocka_unit_test(what_lacks_a_field_gets_a_usage_line),
        cmocka_unit_test(slash_commands_take_fields_after_blanks),
        cmocka_unit_test(a_ban_may_have_a_time_and_a_reason),
        cmocka_unit_test(a_time_that_is_none_is_not_taken_for_a_reason),
        cmocka_unit_test(slow_takes_seconds_a_time_or_off),
        cmocka_unit_test(history_takes_a_number_or_none),
        cmocka_unit_test(two_slashes_say_one),
        cmocka_unit_test(an_unknown_slash_command_is_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
