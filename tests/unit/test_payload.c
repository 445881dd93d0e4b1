#include "tests/unit/proto.h"

#include "proto/encode.h"
#include "proto/payload.h"

static decoder_t decoder;
static buffer_t buffer;
static writer_t writer;

static int set_up(void **state)
{
    (void)state;
    decoder_init(&decoder);
    buffer_init(&buffer, LIMIT_FRAME_BYTES * 2);
    (void)write_begin(&writer, &buffer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    decoder_fini(&decoder);
    buffer_fini(&buffer);
    return 0;
}

static hub_err_t check(void)
{
    message_t message;
    write_end(&writer);
    assert_int_equal(decoder_frame(&decoder, buffer.data, buffer.size, &message), HUB_OK);
    return payload_check(&message);
}

/* {"x": value}, the value given as hex; then all anew. */
static hub_err_t check_x(const char *hex)
{
    span_t value = from_hex(hex);
    write_key(&writer, KEY_x);
    assert_true(buffer_append(&buffer, value.data, value.size));
    free((void *)value.data);
    hub_err_t err = check();
    buffer_clear(&buffer);
    (void)write_begin(&writer, &buffer);
    return err;
}

static void a_message_without_payload_is_fine(void **state)
{
    (void)state;
    assert_int_equal(check(), HUB_OK);
}

static void p38_x_holds_everything_but_ext_and_keys_that_are_no_strings(void **state)
{
    (void)state;
    assert_int_equal(check_x("80"), HUB_OK);
    assert_int_equal(check_x("81 a1 61 c0"), HUB_OK);
    assert_int_equal(check_x("81 a1 61 93 c2 ff cf ff ff ff ff ff ff ff ff"), HUB_OK);
    assert_int_equal(check_x("81 a1 61 81 a0 cb 3f f8 00 00 00 00 00 00"), HUB_OK);
    assert_int_equal(check_x("81 a1 61 c4 01 ff"), HUB_OK);
    assert_int_equal(check_x("81 a1 61 a2 0a 1b"), HUB_OK);
    assert_int_equal(check_x("81 01 02"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 c4 01 61 02"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 a1 61 91 81 01 02"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 a1 61 d4 05 00"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 a1 61 92 00 c7 00 05"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 a1 ff 00"), HUB_BAD_REQUEST);
    assert_int_equal(check_x("81 a1 61 a1 ff"), HUB_BAD_REQUEST);
}

/* {"k": bin}, `size` bytes in all. */
static hub_err_t check_x_of(size_t size)
{
    char bytes[LIMIT_X_BYTES] = {0};
    size_t header = 1 + 2 + 3;
    write_key(&writer, KEY_x);
    msgpack_pack_map(&writer.packer, 1);
    pack_span(&writer, span_of("k"));
    msgpack_pack_bin(&writer.packer, size - header);
    msgpack_pack_bin_body(&writer.packer, bytes, size - header);
    return check();
}

static void p38_x_may_have_8192_bytes(void **state)
{
    (void)state;
    assert_int_equal(check_x_of(LIMIT_X_BYTES), HUB_OK);
}

static void p38_x_may_not_have_8193_bytes(void **state)
{
    (void)state;
    assert_int_equal(check_x_of(LIMIT_X_BYTES + 1), HUB_TOO_LONG);
}

static void x_is_measured_as_it_will_be_sent(void **state)
{
    (void)state;
    /* 1 300 numbers that came in nine bytes each go out in one. */
    write_key(&writer, KEY_x);
    msgpack_pack_map(&writer.packer, 1);
    pack_span(&writer, span_of("k"));
    msgpack_pack_array(&writer.packer, 1300);
    for (int i = 0; i < 1300; i++)
        assert_true(buffer_append(&buffer, "\xcf\0\0\0\0\0\0\0\1", 9));
    assert_int_equal(check(), HUB_OK);
}

static hub_err_t check_data_of(size_t size)
{
    static const char BYTES[LIMIT_DATA_BYTES + 1] = {0};
    write_bin(&writer, KEY_data, (span_t){BYTES, size});
    return check();
}

static void p37_data_may_have_32768_bytes(void **state)
{
    (void)state;
    assert_int_equal(check_data_of(LIMIT_DATA_BYTES), HUB_OK);
}

static void p37_data_may_not_have_32769_bytes(void **state)
{
    (void)state;
    assert_int_equal(check_data_of(LIMIT_DATA_BYTES + 1), HUB_TOO_LONG);
}

static void p37_a_relation_is_one_of_four(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"reply", "edit", "redact", "react"};
    static const char *const BAD[] = {"likes", "Reply", "rep", "replys", "reply "};
    for (size_t i = 0; i < 4 + 5; i++) {
        buffer_clear(&buffer);
        (void)write_begin(&writer, &buffer);
        write_str(&writer, KEY_rel, span_of(i < 4 ? GOOD[i] : BAD[i - 4]));
        assert_int_equal(check(), i < 4 ? HUB_OK : HUB_BAD_REQUEST);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_message_without_payload_is_fine),
        CASE(p38_x_holds_everything_but_ext_and_keys_that_are_no_strings),
        CASE(p38_x_may_have_8192_bytes),
        CASE(p38_x_may_not_have_8193_bytes),
        CASE(x_is_measured_as_it_will_be_sent),
        CASE(p37_data_may_have_32768_bytes),
        CASE(p37_data_may_not_have_32769_bytes),
        CASE(p37_a_relation_is_one_of_four),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
