#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "client/shell/screen.h"

static size_t row(const char *text, size_t columns)
{
    return screen_row(text, strlen(text), columns);
}

static void a_short_text_stays_in_its_row(void **state)
{
    (void)state;
    assert_int_equal(row("", 10), 0);
    assert_int_equal(row("123456789", 10), 0);
}

static void a_full_row_leaves_the_cursor_in_the_next(void **state)
{
    (void)state;
    assert_int_equal(row("1234567890", 10), 1);
    assert_int_equal(row("12345678901234567890x", 10), 2);
}

static void wide_characters_take_two_columns_and_are_not_split(void **state)
{
    (void)state;
    assert_int_equal(row("\xe4\xbd\xa0\xe5\xa5\xbd", 5), 0);
    assert_int_equal(row("\xe4\xbd\xa0\xe5\xa5\xbd\xe5\x90\x97", 5), 1);
    assert_int_equal(row("12345\xe4\xbd\xa0", 6), 1);
}

static void accents_take_none_and_controls_two(void **state)
{
    (void)state;
    assert_int_equal(row("1234e\xcc\x81", 6), 0);
    assert_int_equal(row("1234\x01", 6), 1);
    assert_int_equal(row("123\xff", 6), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_text_stays_in_its_row),
        cmocka_unit_test(a_full_row_leaves_the_cursor_in_the_next),
        cmocka_unit_test(wide_characters_take_two_columns_and_are_not_split),
        cmocka_unit_test(accents_take_none_and_controls_two),
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
