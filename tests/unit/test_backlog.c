/* Bytes that wait to be sent: proto/backlog.h. */
#include "proto/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void put(backlog_t *backlog, const char *text)
{
    assert_true(buffer_append(&backlog->bytes, text, strlen(text)));
}

static void assert_waits(const backlog_t *backlog, const char *text)
{
    assert_true(span_is(backlog_span(backlog), text));
}

static void what_has_gone_goes_from_the_front(void **state)
{
    (void)state;
    backlog_t backlog;
    backlog_init(&backlog, 1000);
    assert_waits(&backlog, "");
    put(&backlog, "abcdef");
    backlog_drop(&backlog, 2);
    assert_waits(&backlog, "cdef");
    put(&backlog, "gh");
    backlog_drop(&backlog, 0);
    backlog_drop(&backlog, 4); /* over half: moved to the front */
    assert_int_equal(backlog.gone, 0);
    assert_waits(&backlog, "gh");
    backlog_drop(&backlog, 2);
    assert_waits(&backlog, "");
    assert_int_equal(backlog.bytes.size, 0);
    backlog_fini(&backlog);
}

static void it_never_holds_more_than_it_may(void **state)
{
    (void)state;
    backlog_t backlog;
    backlog_init(&backlog, 4);
    put(&backlog, "abcd");
    assert_false(buffer_append(&backlog.bytes, "e", 1));
    backlog_drop(&backlog, 3);
    put(&backlog, "efg");
    assert_waits(&backlog, "defg");
    backlog_fini(&backlog);
}

static void what_a_storm_took_is_given_back(void **state)
{
    (void)state;
    static char much[1 << 20];
    backlog_t backlog;
    backlog_init(&backlog, sizeof much);
    assert_true(buffer_append(&backlog.bytes, much, sizeof much));
    backlog_clear(&backlog);
    assert_int_equal(backlog.bytes.capacity, 0);
    put(&backlog, "few");
    size_t capacity = backlog.bytes.capacity;
    backlog_clear(&backlog);
    assert_int_equal(backlog.bytes.capacity, capacity);
    assert_waits(&backlog, "");
    backlog_fini(&backlog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_gone_goes_from_the_front),
        cmocka_unit_test(it_never_holds_more_than_it_may),
        cmocka_unit_test(what_a_storm_took_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
