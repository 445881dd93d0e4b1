#include "tests/unit/proto.h"

static void every_key_is_found_by_its_name(void **state)
{
    (void)state;
    for (unsigned key = 0; key < KEY_COUNT; key++)
        assert_int_equal(key_find(key_row((key_id_t)key)->name), key);
    assert_int_equal(key_find(span_of("colour")), KEY_COUNT);
    assert_int_equal(key_find(span_of("")), KEY_COUNT);
    assert_int_equal(key_find((span_t){NULL, 0}), KEY_COUNT);
}

static void every_command_is_found_by_its_name(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OP_COUNT; op++)
        assert_int_equal(op_find(command_row((op_t)op)->name), op);
    assert_int_equal(op_find(span_of("dance")), OP_COUNT);
    assert_int_equal(op_find((span_t){NULL, 0}), OP_COUNT);
}

static void every_event_is_found_by_its_name(void **state)
{
    (void)state;
    for (unsigned ev = 0; ev < EV_COUNT; ev++)
        assert_int_equal(ev_find(event_row((ev_t)ev)->name), ev);
    assert_int_equal(ev_find(span_of("typing")), EV_COUNT);
    assert_int_equal(ev_find((span_t){NULL, 0}), EV_COUNT);
}

static void names_fit_the_keys_that_carry_them(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OP_COUNT; op++)
        assert_in_range(command_row((op_t)op)->name.size, 1, key_row(KEY_op)->max);
    for (unsigned ev = 0; ev < EV_COUNT; ev++)
        assert_in_range(event_row((ev_t)ev)->name.size, 1, key_row(KEY_ev)->max);
}

static void ranges_of_keys_are_ranges(void **state)
{
    (void)state;
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        const key_row_t *row = key_row((key_id_t)key);
        if (row->type == TYPE_UINT || row->type == TYPE_STR)
            assert_true(row->min < row->max);
        else
            assert_true(row->min == 0 && row->max == 0);
    }
}

static void no_command_needs_what_it_merely_may_have(void **state)
{
    (void)state;
    const keys_t everywhere = K(op) | K(id) | K(sid) | K(must);
    for (unsigned op = 0; op < OP_COUNT; op++) {
        const command_row_t *row = command_row((op_t)op);
        assert_true((row->needs & row->may) == 0);
        assert_true(((row->needs | row->may) & everywhere) == 0);
    }
}

static void no_event_always_has_what_it_merely_may_have(void **state)
{
    (void)state;
    for (unsigned ev = 0; ev < EV_COUNT; ev++) {
        const event_row_t *row = event_row((ev_t)ev);
        assert_true((row->has & row->may) == 0);
        assert_true(((row->has | row->may) & K(ev)) == 0);
    }
}

static void a_private_message_has_all_that_a_message_has(void **state)
{
    (void)state;
    const event_row_t *message = event_row(EV_message), *private = event_row(EV_private);
    assert_true((message->has & ~private->has) == 0);
    assert_true((message->may & ~private->may) == 0);
    assert_true(command_row(OP_say)->may == command_row(OP_tell)->may);
    assert_true((command_row(OP_say)->may & ~message->may) == 0);
}

static void every_limit_has_a_value_and_a_unit(void **state)
{
    (void)state;
    size_t count = 0;
    const limit_row_t *rows = limit_rows(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].value > 0);
        assert_true(strlen(rows[i].unit) > 0);
    }
}

static void the_longest_message_fits_a_frame(void **state)
{
    (void)state;
    enum { NAMES_AND_NUMBERS = 1024 };
    assert_true(LIMIT_TEXT_BYTES + LIMIT_DATA_BYTES + LIMIT_X_BYTES + LIMIT_TYPE_BYTES +
                    NAMES_AND_NUMBERS <
                LIMIT_FRAME_BYTES);
}

/* What the document promises to every implementer; settings of the operator are not among them. */
static void p79_the_limits_are_those_of_the_document(void **state)
{
    (void)state;
    assert_int_equal(LIMIT_FRAME_BYTES, 65536);
    assert_int_equal(LIMIT_TEXT_BYTES, 4096);
    assert_int_equal(LIMIT_NICK_BYTES, 32);
    assert_int_equal(LIMIT_ROOM_BYTES, 32);
    assert_int_equal(LIMIT_STATUS_BYTES, 128);
    assert_int_equal(LIMIT_DATA_BYTES, 32768);
    assert_int_equal(LIMIT_X_BYTES, 8192);
    assert_int_equal(LIMIT_TYPE_BYTES, 64);
    assert_int_equal(LIMIT_NESTING, 8);
    assert_int_equal(LIMIT_VALUES, 32768);
    assert_int_equal(LIMIT_ROOMS_PER_SESSION, 32);
    assert_int_equal(LIMIT_SESSIONS_PER_LINK, 32768);
    assert_int_equal(LIMIT_INVITES_PER_ROOM, 64);
    assert_int_equal(LIMIT_INVITES_BY_MEMBERS, 48);
    assert_int_equal(LIMIT_HISTORY_MAX, 200);
    assert_int_equal(LIMIT_REPLAY_MAX, 500);
    assert_int_equal(LIMIT_WHO_MAX, 200);
    assert_int_equal(LIMIT_ROOMS_PAGE, 200);
    assert_int_equal(LIMIT_PRESENCE_NAMED_MEMBERS, 500);
    assert_int_equal(LIMIT_CID_WINDOW, 1024);
    assert_int_equal(LIMIT_TOKENS_LIVE, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_found_by_its_name),
        cmocka_unit_test(every_command_is_found_by_its_name),
        cmocka_unit_test(every_event_is_found_by_its_name),
        cmocka_unit_test(names_fit_the_keys_that_carry_them),
        cmocka_unit_test(ranges_of_keys_are_ranges),
        cmocka_unit_test(no_command_needs_what_it_merely_may_have),
        cmocka_unit_test(no_event_always_has_what_it_merely_may_have),
        cmocka_unit_test(a_private_message_has_all_that_a_message_has),
        cmocka_unit_test(every_limit_has_a_value_and_a_unit),
        cmocka_unit_test(the_longest_message_fits_a_frame),
        cmocka_unit_test(p79_the_limits_are_those_of_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
