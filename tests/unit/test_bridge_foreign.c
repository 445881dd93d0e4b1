/* Who is wrong here: bridge/core/foreign.h. */
#include "bridge/core/foreign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define LOOK(text) foreign_look((span_t){text, sizeof(text) - 1})

static void each_is_known_by_how_it_begins(void **state)
{
    (void)state;
    assert_int_equal(LOOK("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), FOREIGN_TLS);
    assert_int_equal(LOOK("\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x21"), FOREIGN_PROXY);
    assert_int_equal(LOOK("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03"), FOREIGN_ZMTP);
    assert_int_equal(LOOK("GET / HTTP/1.1\r\nHost: chat\r\n\r\n"), FOREIGN_HTTP);
    assert_int_equal(LOOK("POST /a b HTTP/1.0\nContent-Length: 3\n"), FOREIGN_HTTP);
    assert_int_equal(LOOK("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), FOREIGN_HTTP);
}

static void who_types_is_not_taken_for_one(void **state)
{
    (void)state;
    assert_int_equal(LOOK(""), FOREIGN_NONE);
    assert_int_equal(LOOK("hello\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("\r\n\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("\xff\xfd\x03\xff\xfb\x18"), FOREIGN_NONE);
    assert_int_equal(LOOK("\x16 is a control character\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("GET / HTTP/1.1"), FOREIGN_NONE); /* no line yet */
    assert_int_equal(LOOK("GET / HTTP is a protocol\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("I prefer HTTP/1.1\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("we prefer HTTP/1.1\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK(" HTTP/1.1\r\n"), FOREIGN_NONE);
    assert_int_equal(LOOK("A HTTP/1.1\r\n"), FOREIGN_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_known_by_how_it_begins),
        cmocka_unit_test(who_types_is_not_taken_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
