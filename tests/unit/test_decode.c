#include "tests/unit/proto.h"

#include "proto/decode.h"
#include "proto/encode.h"

static decoder_t decoder;
static span_t frame;

static int set_up(void **state)
{
    (void)state;
    decoder_init(&decoder);
    frame = (span_t){NULL, 0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    decoder_fini(&decoder);
    free((void *)frame.data);
    return 0;
}

static hub_err_t decode_hex(const char *hex, message_t *out)
{
    free((void *)frame.data);
    frame = from_hex(hex);
    return decoder_frame(&decoder, frame.data, frame.size, out);
}

static void good(const char *hex, message_t *out)
{
    assert_int_equal(decode_hex(hex, out), HUB_OK);
}

static void a_request_becomes_values_by_key(void **state)
{
    (void)state;
    message_t message;
    good("84 a2 6f 70 a3 73 61 79 a2 69 64 07 a4 64 61 74 61 c4 02 ff 00 a6 61 63 74 69 76 65 c3",
         &message);
    assert_true(span_is(message_span(&message, KEY_op), "say"));
    assert_int_equal(message_uint(&message, KEY_id), 7);
    assert_true(span_equal(message_span(&message, KEY_data), (span_t){"\xff\0", 2}));
    assert_true(message_bool(&message, KEY_active));
}

static void what_is_absent_has_the_empty_value(void **state)
{
    (void)state;
    message_t message;
    size_t count = 9;
    good("80", &message);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        assert_false(message_has(&message, (key_id_t)key));
    assert_int_equal(message_uint(&message, KEY_id), 0);
    assert_int_equal(message_span(&message, KEY_text).size, 0);
    assert_false(message_bool(&message, KEY_ok));
    assert_null(message_object(&message, KEY_x));
    assert_null(message_list(&message, KEY_must, &count));
    assert_int_equal(count, 0);
    assert_null(message_map(&message, KEY_x, &count));
    assert_int_equal(count, 0);
}

static void malformed_frames_leave_the_message_untouched(void **state)
{
    (void)state;
    message_t message;
    memset(&message, 0x5a, sizeof message);
    message_t before = message;
    assert_int_equal(decode_hex("81 a2 6f 70", &message), HUB_MALFORMED);
    assert_int_equal(decode_hex("81 01 02", &message), HUB_MALFORMED);
    assert_int_equal(decode_hex("80 c0", &message), HUB_MALFORMED);
    assert_memory_equal(&message, &before, sizeof message);
}

static void p11_unknown_keys_are_skipped(void **state)
{
    (void)state;
    message_t message;
    good("83 a3 7a 7a 7a 91 c0 a2 69 64 07 a3 7a 7a 7a 01", &message);
    assert_int_equal(message_uint(&message, KEY_id), 7);
    assert_true(message.wrong.word[0] == 0 && message.wrong.word[1] == 0);
}

static void p12_a_key_that_is_there_twice_is_wrong(void **state)
{
    (void)state;
    message_t message;
    good("82 a2 69 64 07 a2 69 64 07", &message);
    assert_false(message_has(&message, KEY_id));
    assert_true(keyset_has(message.wrong, KEY_id));
    good("83 a2 69 64 07 a2 69 64 07 a2 69 64 07", &message); /* thrice does not mend it */
    assert_false(message_has(&message, KEY_id));
    assert_true(keyset_has(message.wrong, KEY_id));
    good("82 a2 69 64 a1 37 a2 69 64 07", &message); /* nor a good one after a bad one */
    assert_false(message_has(&message, KEY_id));
    assert_true(keyset_has(message.wrong, KEY_id));
}

/* {key: value}, both given as hex. */
static void decode_pair(const key_row_t *row, const char *value, message_t *out)
{
    char hex[128], name[64] = "";
    for (size_t i = 0; i < row->name.size; i++)
        (void)snprintf(name + 2 * i, 3, "%02x", (unsigned)row->name.data[i]);
    (void)snprintf(hex, sizeof hex, "81 %02x%s%s", 0xa0 | (unsigned)row->name.size, name, value);
    good(hex, out);
}

static void p12_a_value_of_another_type_is_wrong(void **state)
{
    (void)state;
    static const struct {
        type_t type;
        const char *value;
    } VALUES[] = {
        {TYPE_UINT, "01"}, {TYPE_STR, "a161"}, {TYPE_BIN, "c40161"},
        {TYPE_BOOL, "c3"}, {TYPE_LIST, "90"},  {TYPE_MAP, "80"},
    };
    for (unsigned key = 0; key < KEY_COUNT; key++)
        for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
            const key_row_t *row = key_row((key_id_t)key);
            type_t type = row->type == TYPE_TEXT ? TYPE_STR : row->type;
            message_t message;
            decode_pair(row, VALUES[i].value, &message);
            assert_int_equal(message_has(&message, (key_id_t)key), type == VALUES[i].type);
            assert_int_equal(keyset_has(message.wrong, (key_id_t)key), type != VALUES[i].type);
        }
}

static bool is_good_id(const char *value)
{
    char hex[64];
    (void)snprintf(hex, sizeof hex, "81 a2 69 64 %s", value);
    message_t message;
    good(hex, &message);
    return message_has(&message, KEY_id);
}

static void p07_integers_of_every_width_count_and_floats_do_not(void **state)
{
    (void)state;
    assert_true(is_good_id("00"));
    assert_true(is_good_id("cc 00"));
    assert_true(is_good_id("cd 00 01"));
    assert_true(is_good_id("ce 00 00 00 01"));
    assert_true(is_good_id("cf 7f ff ff ff ff ff ff ff"));
    assert_true(is_good_id("d0 01"));
    assert_true(is_good_id("d1 00 01"));
    assert_true(is_good_id("d2 00 00 00 01"));
    assert_true(is_good_id("d3 7f ff ff ff ff ff ff ff"));
    assert_false(is_good_id("cf 80 00 00 00 00 00 00 00"));
    assert_false(is_good_id("ff"));
    assert_false(is_good_id("d0 ff"));
    assert_false(is_good_id("d3 ff ff ff ff ff ff ff ff"));
    assert_false(is_good_id("ca 3f 80 00 00"));
    assert_false(is_good_id("cb 3f f0 00 00 00 00 00 00"));
    assert_false(is_good_id("c0"));
}

static bool is_good_type(size_t size, char fill)
{
    buffer_t buffer;
    buffer_init(&buffer, LIMIT_FRAME_BYTES);
    char text[256];
    memset(text, fill, sizeof text);
    writer_t writer;
    (void)write_begin(&writer, &buffer);
    write_str(&writer, KEY_type, (span_t){text, size});
    write_end(&writer);
    message_t message;
    assert_int_equal(decoder_frame(&decoder, buffer.data, buffer.size, &message), HUB_OK);
    bool is_good = message_has(&message, KEY_type);
    assert_int_equal(keyset_has(message.wrong, KEY_type), !is_good);
    buffer_fini(&buffer);
    return is_good;
}

static void p08_a_short_string_keeps_its_range_and_has_no_control_characters(void **state)
{
    (void)state;
    assert_false(is_good_type(0, 'a'));
    assert_true(is_good_type(1, 'a'));
    assert_true(is_good_type(LIMIT_TYPE_BYTES, 'a'));
    assert_false(is_good_type(LIMIT_TYPE_BYTES + 1, 'a'));
    assert_false(is_good_type(1, '\n'));
    assert_false(is_good_type(1, '\0'));
    assert_false(is_good_type(1, '\x7f'));
    assert_false(is_good_type(1, '\xff'));
}

static void numbers_keep_the_range_of_their_key(void **state)
{
    (void)state;
    message_t message;
    good("82 a3 73 69 64 ce 7f ff ff ff a5 6c 69 6d 69 74 01", &message);
    assert_true(message_has(&message, KEY_sid) && message_has(&message, KEY_limit));
    good("82 a3 73 69 64 ce 80 00 00 00 a5 6c 69 6d 69 74 00", &message);
    assert_true(keyset_has(message.wrong, KEY_sid) && keyset_has(message.wrong, KEY_limit));
}

static void lists_and_maps_are_lent_out(void **state)
{
    (void)state;
    message_t message;
    size_t count;
    span_t text;
    good("82 a4 6d 75 73 74 92 a1 61 01 a1 78 81 a1 6b c3", &message);
    const msgpack_object *must = message_list(&message, KEY_must, &count);
    assert_int_equal(count, 2);
    assert_true(object_span(&must[0], &text) && span_is(text, "a"));
    assert_false(object_span(&must[1], &text));
    const msgpack_object_kv *x = message_map(&message, KEY_x, &count);
    assert_int_equal(count, 1);
    assert_true(object_span(&x[0].key, &text) && span_is(text, "k"));
    assert_int_equal(message_object(&message, KEY_x)->type, MSGPACK_OBJECT_MAP);
}

static void a_head_is_three_numbers(void **state)
{
    (void)state;
    message_t message;
    size_t count;
    uint64_t numbers[3];
    good("81 a4 6c 6f 73 74 96 93 01 02 03 92 01 02 94 01 02 03 04 93 01 02 ff 93 01 a0 03 01",
         &message);
    const msgpack_object *list = message_list(&message, KEY_lost, &count);
    assert_int_equal(count, 6);
    assert_true(object_numbers(&list[0], numbers, 3));
    assert_int_equal(numbers[2], 3);
    for (size_t i = 1; i < count; i++)
        assert_false(object_numbers(&list[i], numbers, 3));
}

static void a_map_inside_is_sorted_like_a_frame(void **state)
{
    (void)state;
    message_t message, inner;
    size_t count;
    good("81 a7 6d 65 6d 62 65 72 73 93 82 a4 6e 69 63 6b a1 61 a3 75 69 64 01 81 01 02 c0",
         &message);
    const msgpack_object *members = message_list(&message, KEY_members, &count);
    assert_int_equal(count, 3);
    assert_true(message_from_object(&inner, &members[0]));
    assert_true(span_is(message_span(&inner, KEY_nick), "a"));
    assert_true(keyset_has(inner.wrong, KEY_uid));
    assert_false(message_from_object(&inner, &members[1]));
    assert_false(message_from_object(&inner, &members[2]));
}

static void a_decoder_may_be_used_again_and_again(void **state)
{
    (void)state;
    message_t message;
    for (int i = 0; i < 10000; i++) {
        good("82 a2 69 64 07 a4 6d 75 73 74 92 a1 61 91 91 c0", &message);
        assert_int_equal(decode_hex("81 a2 6f 70 a2", &message), HUB_MALFORMED);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_request_becomes_values_by_key),
        CASE(what_is_absent_has_the_empty_value),
        CASE(malformed_frames_leave_the_message_untouched),
        CASE(p11_unknown_keys_are_skipped),
        CASE(p12_a_key_that_is_there_twice_is_wrong),
        CASE(p12_a_value_of_another_type_is_wrong),
        CASE(p07_integers_of_every_width_count_and_floats_do_not),
        CASE(p08_a_short_string_keeps_its_range_and_has_no_control_characters),
        CASE(numbers_keep_the_range_of_their_key),
        CASE(lists_and_maps_are_lent_out),
        CASE(a_head_is_three_numbers),
        CASE(a_map_inside_is_sorted_like_a_frame),
        CASE(a_decoder_may_be_used_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
