/* Passwords that are asked for, a line each. */
#include "bridge/core/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static prompt_answer_t begin(prompt_t *prompt, const char *line)
{
    order_t order = order_read(span_of(line));
    return prompt_begin(prompt, &order);
}

static prompt_answer_t type(prompt_t *prompt, const char *line)
{
    return prompt_line(prompt, span_of(line));
}

static void what_is_typed_at_once_is_not_asked_for(void **state)
{
    (void)state;
    prompt_t prompt = {0};
    assert_int_equal(begin(&prompt, "/login ada my secret"), PROMPT_DONE);
    assert_string_equal(prompt.name, "ada");
    assert_string_equal(prompt.old, "my secret");
    assert_int_not_equal(prompt.step, PROMPT_NONE); /* until it is wiped */
    prompt_fini(&prompt);
    assert_int_equal(prompt.step, PROMPT_NONE);
    assert_int_equal(begin(&prompt, "/register my secret"), PROMPT_DONE);
    assert_string_equal(prompt.new, "my secret");
    prompt_fini(&prompt);
    assert_int_equal(begin(&prompt, "/password old a new one"), PROMPT_DONE);
    assert_string_equal(prompt.old, "old");
    assert_string_equal(prompt.new, "a new one");
    prompt_fini(&prompt);
}

static void a_login_asks_once(void **state)
{
    (void)state;
    prompt_t prompt = {0};
    assert_int_equal(begin(&prompt, "/login ada"), PROMPT_ASKS);
    assert_int_equal(prompt.step, PROMPT_PASSWORD);
    assert_int_equal(type(&prompt, "/quit"), PROMPT_DONE); /* whatever it looks like */
    assert_string_equal(prompt.old, "/quit");
    prompt_fini(&prompt);
}

static void a_new_password_is_asked_for_twice(void **state)
{
    (void)state;
    prompt_t prompt = {0};
    assert_int_equal(begin(&prompt, "/password"), PROMPT_ASKS);
    assert_int_equal(prompt.step, PROMPT_OLD);
    assert_int_equal(type(&prompt, "old"), PROMPT_ASKS);
    assert_int_equal(prompt.step, PROMPT_NEW);
    assert_int_equal(type(&prompt, "new"), PROMPT_ASKS);
    assert_int_equal(prompt.step, PROMPT_AGAIN);
    assert_int_equal(type(&prompt, "new"), PROMPT_DONE);
    assert_string_equal(prompt.old, "old");
    assert_string_equal(prompt.new, "new");
    prompt_fini(&prompt);
    assert_int_equal(begin(&prompt, "/register"), PROMPT_ASKS);
    assert_int_equal(prompt.step, PROMPT_NEW);
    assert_int_equal(type(&prompt, "new"), PROMPT_ASKS);
    assert_int_equal(type(&prompt, "mew"), PROMPT_DIFFER);
    prompt_fini(&prompt);
}

static void an_empty_line_ends_it(void **state)
{
    (void)state;
    static const char *const LINES[] = {"/login ada", "/register", "/password"};
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        prompt_t prompt = {0};
        assert_int_equal(begin(&prompt, LINES[i]), PROMPT_ASKS);
        assert_int_equal(type(&prompt, ""), PROMPT_ENDED);
        prompt_fini(&prompt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_at_once_is_not_asked_for),
        cmocka_unit_test(a_login_asks_once),
        cmocka_unit_test(a_new_password_is_asked_for_twice),
        cmocka_unit_test(an_empty_line_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
