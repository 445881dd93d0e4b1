#include "tests/unit/proto.h"

#include "broker/core/outbox.h"

static const peer_t PEER = {3, {"\0id", 3}};

static void effects_keep_their_order_and_bytes(void **state)
{
    (void)state;
    outbox_t outbox;
    outbox_init(&outbox);
    outbox_send(&outbox, PEER, span_of("frame"));
    outbox_publish(&outbox, span_of("topic and map"));
    outbox_append(&outbox, 7, span_of("lobby"), 1, 2, 3, span_of("event"));
    outbox_commit(&outbox, 7);
    outbox_forget(&outbox, PEER);
    assert_int_equal(outbox.count, 5);

    const effect_t *send = &outbox.effects[0];
    assert_int_equal(send->kind, EFFECT_SEND);
    peer_t to = outbox_peer(&outbox, send);
    assert_int_equal(to.door, 3);
    assert_true(span_equal(to.routing, PEER.routing));
    assert_true(span_is(outbox_span(&outbox, send->offset, send->size), "frame"));

    const effect_t *publish = &outbox.effects[1];
    assert_int_equal(publish->kind, EFFECT_PUBLISH);
    assert_true(span_is(outbox_span(&outbox, publish->offset, publish->size), "topic and map"));

    const effect_t *append = &outbox.effects[2];
    assert_int_equal(append->kind, EFFECT_APPEND);
    assert_true(span_is(outbox_span(&outbox, append->log_offset, append->log_size), "lobby"));
    assert_true(span_is(outbox_span(&outbox, append->offset, append->size), "event"));
    assert_int_equal(append->batch, 7);
    assert_int_equal(append->epoch, 1);
    assert_int_equal(append->seq, 2);
    assert_int_equal(append->at_ms, 3);

    assert_int_equal(outbox.effects[3].kind, EFFECT_COMMIT);
    assert_int_equal(outbox.effects[3].batch, 7);
    assert_int_equal(outbox.effects[4].kind, EFFECT_FORGET);
    assert_true(span_equal(outbox_peer(&outbox, &outbox.effects[4]).routing, PEER.routing));
    outbox_fini(&outbox);
}

static void nothing_is_found_where_nothing_was_kept(void **state)
{
    (void)state;
    outbox_t outbox;
    outbox_init(&outbox);
    span_t nothing = outbox_span(&outbox, 0, 0);
    assert_int_equal(nothing.size, 0);
    assert_non_null(nothing.data); /* NULL + 0 is undefined */
    outbox_fini(&outbox);
}

static void a_frame_to_many_is_kept_once(void **state)
{
    (void)state;
    outbox_t outbox;
    outbox_init(&outbox);
    static const char FRAME[1000];
    outbox_send(&outbox, PEER, (span_t){FRAME, sizeof FRAME});
    for (int i = 0; i < 9; i++)
        outbox_send_again(&outbox, (peer_t){1, {"other", 5}});
    assert_int_equal(outbox.count, 10);
    assert_true(outbox.bytes.size < 2 * sizeof FRAME);
    const effect_t *last = &outbox.effects[9];
    peer_t to = outbox_peer(&outbox, last);
    assert_int_equal(to.door, 1);
    assert_true(span_is(to.routing, "other"));
    assert_int_equal(outbox_span(&outbox, last->offset, last->size).size, sizeof FRAME);
    outbox_fini(&outbox);
}

static void a_frame_can_be_written_in_place(void **state)
{
    (void)state;
    outbox_t outbox;
    outbox_init(&outbox);
    outbox_begin_send(&outbox, PEER);
    assert_true(buffer_append(&outbox.bytes, "in ", 3));
    assert_true(buffer_append(&outbox.bytes, "parts", 5));
    outbox_end(&outbox);
    outbox_begin_publish(&outbox);
    assert_true(buffer_append(&outbox.bytes, "all", 3));
    outbox_end(&outbox);
    const effect_t *send = &outbox.effects[0], *publish = &outbox.effects[1];
    assert_true(span_is(outbox_span(&outbox, send->offset, send->size), "in parts"));
    assert_true(span_is(outbox_span(&outbox, publish->offset, publish->size), "all"));
    outbox_fini(&outbox);
}

static void clearing_keeps_the_memory(void **state)
{
    (void)state;
    outbox_t outbox;
    outbox_init(&outbox);
    for (int i = 0; i < 1000; i++)
        outbox_publish(&outbox, span_of("frame"));
    const effect_t *effects = outbox.effects;
    const char *bytes = outbox.bytes.data;
    outbox_clear(&outbox);
    assert_int_equal(outbox.count, 0);
    for (int i = 0; i < 1000; i++)
        outbox_publish(&outbox, span_of("frame"));
    assert_ptr_equal(outbox.effects, effects);
    assert_ptr_equal(outbox.bytes.data, bytes);
    outbox_fini(&outbox);
}

static void what_a_storm_took_is_given_back_at_rest(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    outbox_t outbox;
    outbox_init(&outbox);
    for (int i = 0; i < MANY; i++)
        outbox_publish(&outbox, span_of("a frame of some bytes"));
    outbox_clear(&outbox);
    assert_true(outbox.capacity >= MANY && outbox.bytes.capacity > MANY);
    outbox_rest(&outbox);
    assert_int_equal(outbox.capacity, 0);
    assert_int_equal(outbox.bytes.capacity, 0);
    outbox_fini(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_keep_their_order_and_bytes),
        cmocka_unit_test(nothing_is_found_where_nothing_was_kept),
        cmocka_unit_test(a_frame_to_many_is_kept_once),
        cmocka_unit_test(a_frame_can_be_written_in_place),
        cmocka_unit_test(clearing_keeps_the_memory),
        cmocka_unit_test(what_a_storm_took_is_given_back_at_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
