#include "tests/unit/proto.h"

#include "proto/encode.h"

typedef struct {
    buffer_t buffer;
    writer_t writer;
} fixture_t;

static void begin(fixture_t *self)
{
    buffer_init(&self->buffer, LIMIT_FRAME_BYTES);
    assert_int_equal(write_begin(&self->writer, &self->buffer), 0);
}

static void assert_written(fixture_t *self, const char *hex)
{
    write_end(&self->writer);
    span_t expected = from_hex(hex);
    assert_int_equal(self->buffer.size, expected.size);
    assert_memory_equal(self->buffer.data, expected.data, expected.size);
    free((void *)expected.data);
    buffer_fini(&self->buffer);
}

static void an_empty_map_is_one_byte(void **state)
{
    (void)state;
    fixture_t map;
    begin(&map);
    assert_written(&map, "80");
}

static void values_take_the_shortest_form(void **state)
{
    (void)state;
    fixture_t map;
    begin(&map);
    write_uint(&map.writer, KEY_id, 7);
    write_uint(&map.writer, KEY_re, 128);
    write_uint(&map.writer, KEY_seq, UINT64_C(1) << 62);
    write_str(&map.writer, KEY_op, span_of("ping"));
    write_str(&map.writer, KEY_text, span_of(""));
    write_bin(&map.writer, KEY_data, (span_t){"\xff\0", 2});
    write_bool(&map.writer, KEY_ok, true);
    write_bool(&map.writer, KEY_more, false);
    assert_written(&map, "88 a2 69 64 07 a2 72 65 cc 80 a3 73 65 71 cf 40 00 00 00 00 00 00 00"
                         "a2 6f 70 a4 70 69 6e 67 a4 74 65 78 74 a0 a4 64 61 74 61 c4 02 ff 00"
                         "a2 6f 6b c3 a4 6d 6f 72 65 c2");
}

static void empty_spans_without_data_are_fine(void **state)
{
    (void)state;
    fixture_t map;
    begin(&map);
    write_str(&map.writer, KEY_text, (span_t){NULL, 0});
    write_bin(&map.writer, KEY_data, (span_t){NULL, 0});
    assert_written(&map, "82 a4 74 65 78 74 a0 a4 64 61 74 61 c4 00");
}

static void lists_and_maps_are_packed_behind_their_key(void **state)
{
    (void)state;
    fixture_t map;
    begin(&map);
    write_key(&map.writer, KEY_heads);
    msgpack_pack_map(&map.writer.packer, 1);
    pack_span(&map.writer, span_of("tea"));
    pack_numbers(&map.writer, (const uint64_t[]){1, 2, 300}, 3);
    assert_written(&map, "81 a5 68 65 61 64 73 81 a3 74 65 61 93 01 02 cd 01 2c");
}

static void fifteen_pairs_have_a_short_header_and_sixteen_a_long_one(void **state)
{
    (void)state;
    for (unsigned pairs = 15; pairs <= 17; pairs++) {
        fixture_t map;
        begin(&map);
        for (unsigned i = 0; i < pairs; i++)
            write_uint(&map.writer, KEY_id, i);
        write_end(&map.writer);
        span_t frame = buffer_span(&map.buffer);
        size_t header = pairs > 15 ? 3 : 1;
        assert_int_equal(frame.size, header + pairs * 4);
        if (pairs > 15)
            assert_memory_equal(frame.data, pairs == 16 ? "\xde\0\x10" : "\xde\0\x11", 3);
        else
            assert_memory_equal(frame.data, "\x8f", 1);
        for (unsigned i = 0; i < pairs; i++)
            assert_int_equal(frame.data[header + 4 * i + 3], i);
        buffer_fini(&map.buffer);
    }
}

static void a_map_begins_behind_what_the_buffer_holds(void **state)
{
    (void)state;
    fixture_t map;
    buffer_init(&map.buffer, LIMIT_FRAME_BYTES);
    assert_true(buffer_append(&map.buffer, "tea\0", 4));
    assert_int_equal(write_begin(&map.writer, &map.buffer), 4);
    for (unsigned i = 0; i < 16; i++)
        write_bool(&map.writer, KEY_ok, true);
    write_end(&map.writer);
    assert_memory_equal(map.buffer.data, "tea\0\xde\0\x10\xa2ok\xc3", 11);
    assert_int_equal(map.buffer.size, 4 + 3 + 16 * 4);
    buffer_fini(&map.buffer);
}

static void an_object_is_written_as_it_was_read(void **state)
{
    (void)state;
    span_t value = from_hex("82 a1 61 93 c0 c3 ff a1 62 c4 01 ff");
    msgpack_unpacked result;
    msgpack_unpacked_init(&result);
    assert_int_equal(msgpack_unpack_next(&result, value.data, value.size, NULL),
                     MSGPACK_UNPACK_SUCCESS);
    fixture_t map;
    begin(&map);
    write_object(&map.writer, KEY_x, &result.data);
    assert_written(&map, "81 a1 78 82 a1 61 93 c0 c3 ff a1 62 c4 01 ff");
    msgpack_unpacked_destroy(&result);
    free((void *)value.data);
}

static void a_map_can_be_taken_up_again_and_grow_over_its_short_header(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 20; before++) {
        fixture_t first, second;
        begin(&first);
        for (unsigned i = 0; i < before; i++)
            write_uint(&first.writer, KEY_id, i);
        write_end(&first.writer);
        buffer_init(&second.buffer, LIMIT_FRAME_BYTES);
        write_resume(&second.writer, &second.buffer, buffer_span(&first.buffer));
        write_bool(&second.writer, KEY_dup, true);
        write_end(&second.writer);

        unsigned pairs = before + 1;
        size_t header = pairs > 15 ? 3 : 1, old_header = before > 15 ? 3 : 1;
        assert_int_equal(second.buffer.size, header + before * 4 + 5);
        assert_int_equal((uint8_t)second.buffer.data[0], pairs > 15 ? 0xde : 0x80 | pairs);
        assert_int_equal(second.buffer.data[header - 1] & 0x1f, pairs > 15 ? pairs : pairs & 0x1f);
        assert_memory_equal(second.buffer.data + header, first.buffer.data + old_header,
                            before * 4);
        assert_memory_equal(second.buffer.data + header + before * 4,
                            "\xa3"
                            "dup\xc3",
                            5);
        buffer_fini(&first.buffer);
        buffer_fini(&second.buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_is_one_byte),
        cmocka_unit_test(values_take_the_shortest_form),
        cmocka_unit_test(empty_spans_without_data_are_fine),
        cmocka_unit_test(lists_and_maps_are_packed_behind_their_key),
        cmocka_unit_test(fifteen_pairs_have_a_short_header_and_sixteen_a_long_one),
        cmocka_unit_test(a_map_begins_behind_what_the_buffer_holds),
        cmocka_unit_test(an_object_is_written_as_it_was_read),
        cmocka_unit_test(a_map_can_be_taken_up_again_and_grow_over_its_short_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
