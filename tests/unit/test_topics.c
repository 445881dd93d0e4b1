/* Which rooms a subscriber wants: broker/shell/topics.h. */
#include "broker/shell/topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define SPAN(text) ((span_t){text, sizeof(text) - 1})

static void a_room_is_wanted_whole(void **state)
{
    (void)state;
    topics_t *topics = topics_new();
    assert_false(topics_want(topics, SPAN("dev\0map")));
    assert_true(topics_set(topics, SPAN("dev\0"), true));
    assert_true(topics_want(topics, SPAN("dev\0map")));
    assert_false(topics_want(topics, SPAN("dev-ops\0map")));
    assert_false(topics_want(topics, SPAN("de\0map")));
    assert_false(topics_want(topics, SPAN("dev")));
    assert_false(topics_want(topics, SPAN("")));
    topics_destroy(&topics);
    assert_null(topics);
}

static void what_was_subscribed_twice_is_unsubscribed_twice(void **state)
{
    (void)state;
    topics_t *topics = topics_new();
    assert_true(topics_set(topics, SPAN("tea\0"), true));
    assert_true(topics_set(topics, SPAN("tea\0"), true));
    assert_true(topics_set(topics, SPAN("tea\0"), false));
    assert_true(topics_want(topics, SPAN("tea\0x")));
    assert_true(topics_set(topics, SPAN("tea\0"), false));
    assert_false(topics_want(topics, SPAN("tea\0x")));
    assert_true(topics_set(topics, SPAN("tea\0"), false));
    assert_true(topics_set(topics, SPAN("tea\0"), true));
    assert_true(topics_want(topics, SPAN("tea\0x")));
    topics_destroy(&topics);
}

static void nothing_is_all(void **state)
{
    (void)state;
    topics_t *topics = topics_new();
    assert_true(topics_set(topics, SPAN(""), false));
    assert_false(topics_want(topics, SPAN("tea\0x")));
    assert_true(topics_set(topics, SPAN(""), true));
    assert_true(topics_want(topics, SPAN("tea\0x")));
    assert_true(topics_set(topics, SPAN(""), false));
    assert_false(topics_want(topics, SPAN("tea\0x")));
    topics_destroy(&topics);
}

static void what_is_no_room_is_refused(void **state)
{
    (void)state;
    topics_t *topics = topics_new();
    assert_false(topics_set(topics, SPAN("tea"), true));
    assert_false(topics_set(topics, SPAN("tea\0x"), true));
    assert_false(topics_set(topics, SPAN("tea\0\0"), true));
    assert_false(topics_want(topics, SPAN("tea\0x")));
    topics_destroy(&topics);
}

static void who_names_too_many_hears_all(void **state)
{
    (void)state;
    topics_t *topics = topics_new();
    char name[16];
    for (unsigned i = 0; i < TOPICS_MAX; i++) {
        int size = snprintf(name, sizeof name, "%u", i);
        assert_true(topics_set(topics, (span_t){name, (size_t)size + 1}, true));
    }
    assert_false(topics_want(topics, SPAN("tea\0x")));
    assert_true(topics_set(topics, SPAN("coffee\0"), true));
    assert_true(topics_want(topics, SPAN("tea\0x")));
    topics_destroy(&topics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_is_wanted_whole),
        cmocka_unit_test(what_was_subscribed_twice_is_unsubscribed_twice),
        cmocka_unit_test(nothing_is_all),
        cmocka_unit_test(what_is_no_room_is_refused),
        cmocka_unit_test(who_names_too_many_hears_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
