#include "tests/unit/proto.h"

#include "broker/core/pipeline.h"

static void hold(pipeline_t *pipeline, held_kind_t kind, uint64_t owner, const char *text)
{
    held_t held = {.kind = kind, .owner = owner, .offset = pipeline_mark(pipeline)};
    assert_true(buffer_append(&pipeline->bytes, text, strlen(text)));
    pipeline_hold(pipeline, held);
}

static void assert_first(pipeline_t *pipeline, uint64_t batch, uint64_t owner, const char *text)
{
    const held_t *held = pipeline_first(pipeline, batch);
    assert_non_null(held);
    assert_int_equal(held->owner, owner);
    assert_true(span_is(pipeline_span(pipeline, held), text));
    pipeline_drop(pipeline);
}

static void things_come_out_in_order_up_to_their_batch(void **state)
{
    (void)state;
    pipeline_t pipeline;
    pipeline_init(&pipeline);
    hold(&pipeline, HELD_MESSAGE, 1, "one");
    hold(&pipeline, HELD_ANSWER, 2, "");
    assert_int_equal(pipeline_close(&pipeline), 1);
    hold(&pipeline, HELD_COPY, 3, "three");
    assert_int_equal(pipeline_close(&pipeline), 2);
    assert_null(pipeline_first(&pipeline, 0));
    assert_first(&pipeline, 1, 1, "one");
    assert_first(&pipeline, 1, 2, "");
    assert_null(pipeline_first(&pipeline, 1));
    assert_first(&pipeline, 2, 3, "three");
    assert_null(pipeline_first(&pipeline, UINT64_MAX));
    pipeline_fini(&pipeline);
}

static void only_what_the_store_has_to_do_opens_a_batch(void **state)
{
    (void)state;
    pipeline_t pipeline;
    pipeline_init(&pipeline);
    assert_int_equal(pipeline_close(&pipeline), 0);
    hold(&pipeline, HELD_ANSWER, 1, "");
    hold(&pipeline, HELD_FRAME, 2, "presence");
    assert_int_equal(pipeline_close(&pipeline), 0);
    hold(&pipeline, HELD_MESSAGE, 3, "message");
    assert_int_equal(pipeline_close(&pipeline), 1);
    assert_int_equal(pipeline_close(&pipeline), 0);
    pipeline_fini(&pipeline);
}

static void memory_is_used_again(void **state)
{
    (void)state;
    pipeline_t pipeline;
    pipeline_init(&pipeline);
    char text[64];
    uint64_t in = 0, out = 0;
    for (int round = 0; round < 10000; round++) {
        for (; in < out + 10; in++) {
            snprintf(text, sizeof text, "thing number %llu", (unsigned long long)in);
            hold(&pipeline, HELD_MESSAGE, in, text);
        }
        for (int i = 0; i < 7; i++, out++) {
            snprintf(text, sizeof text, "thing number %llu", (unsigned long long)out);
            assert_first(&pipeline, UINT64_MAX, out, text);
        }
    }
    assert_true(pipeline.capacity <= 64);
    assert_true(pipeline.bytes.capacity <= 1024);
    pipeline_fini(&pipeline);
}

static void what_a_storm_held_is_given_back_by_the_calm(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    pipeline_t pipeline;
    pipeline_init(&pipeline);
    for (uint64_t i = 1; i <= MANY; i++)
        hold(&pipeline, HELD_MESSAGE, i, "something");
    assert_int_equal(pipeline_close(&pipeline), 1);
    while (pipeline_first(&pipeline, 1))
        pipeline_drop(&pipeline);
    assert_true(pipeline.capacity >= MANY);
    hold(&pipeline, HELD_MESSAGE, 1, "one");
    assert_first(&pipeline, 2, 1, "one"); /* and drops it */
    assert_int_equal(pipeline.capacity, 0);
    assert_int_equal(pipeline.bytes.capacity, 0);
    hold(&pipeline, HELD_MESSAGE, 2, "two");
    assert_first(&pipeline, 2, 2, "two");
    pipeline_fini(&pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_come_out_in_order_up_to_their_batch),
        cmocka_unit_test(only_what_the_store_has_to_do_opens_a_batch),
        cmocka_unit_test(memory_is_used_again),
        cmocka_unit_test(what_a_storm_held_is_given_back_by_the_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
