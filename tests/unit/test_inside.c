#include "broker/shell/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static span_t text(const char *bytes)
{
    return span_of(bytes);
}

static void frames_come_in_order_and_keep_their_kind(void **state)
{
    (void)state;
    inside_t inside = {0};
    span_t frame;
    bool is_published;
    inside_open(&inside);
    assert_true(inside_put_reply(&inside, text("one")));
    inside_publish(&inside, text("two"));
    assert_true(inside_has(&inside));
    assert_true(inside_take(&inside, &frame, &is_published));
    assert_true(span_is(frame, "one") && !is_published);
    assert_true(inside_take(&inside, &frame, &is_published));
    assert_true(span_is(frame, "two") && is_published);
    assert_false(inside_take(&inside, &frame, &is_published));
    inside_fini(&inside);
}

static void frames_survive_that_the_queue_grows_and_moves(void **state)
{
    (void)state;
    enum { FRAMES = 20000, BURST = 300 };
    inside_t inside = {0};
    uint32_t put = 0, taken = 0;
    inside_open(&inside);
    while (taken < FRAMES) {
        for (int i = 0; i < BURST && put < FRAMES; i++, put++)
            assert_true(inside_send(&inside, (span_t){(char *)&put, sizeof put}));
        span_t frame;
        for (int i = 0; i < BURST - 1 && inside_take_request(&inside, &frame); i++, taken++)
            assert_memory_equal(frame.data, &taken, sizeof taken);
    }
    assert_false(inside_has_request(&inside));
    inside_fini(&inside);
}

static void what_waits_for_the_bridge_is_bounded(void **state)
{
    (void)state;
    enum { FRAME = 65536 };
    inside_t inside = {0};
    span_t frame = {calloc(1, FRAME), FRAME};
    size_t replies = 0;
    inside_open(&inside);
    while (inside_put_reply(&inside, frame))
        replies++;
    assert_in_range(replies * FRAME, INSIDE_SEND_BYTES - FRAME, INSIDE_SEND_BYTES + FRAME);
    for (int i = 0; i < 1000; i++)
        inside_publish(&inside, frame);
    assert_in_range(inside.events.to, INSIDE_PUBLISH_BYTES, INSIDE_PUBLISH_BYTES + 2 * FRAME);
    free((char *)(uintptr_t)frame.data);
    inside_fini(&inside);
}

static void a_fresh_link_has_another_routing_id_and_nothing_from_before(void **state)
{
    (void)state;
    inside_t inside = {0};
    char first[INSIDE_ROUTING_BYTES], second[INSIDE_ROUTING_BYTES];
    inside_publish(&inside, text("to nobody"));
    inside_open(&inside);
    assert_false(inside_has(&inside));
    span_t before = inside_routing(&inside, first);
    assert_true(inside_send(&inside, text("hello")) && inside_put_reply(&inside, text("ok")));
    inside_open(&inside);
    assert_false(span_equal(before, inside_routing(&inside, second)));
    assert_false(inside_has(&inside) || inside_has_request(&inside));
    inside_fini(&inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_in_order_and_keep_their_kind),
        cmocka_unit_test(frames_survive_that_the_queue_grows_and_moves),
        cmocka_unit_test(what_waits_for_the_bridge_is_bounded),
        cmocka_unit_test(a_fresh_link_has_another_routing_id_and_nothing_from_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
