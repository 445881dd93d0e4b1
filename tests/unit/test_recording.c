/* The flight recorder: what is written is read again, and says nothing of what people said. */
#include "broker/shell/mask.h"
#include "broker/shell/recording.h"
#include "proto/encode.h"
#include "proto/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { LENGTH_BYTES = 4 };

static const char PUB[] = "tcp://127.0.0.1:5681";

static core_settings_t settings(const char *const *pub)
{
    return (core_settings_t){.heartbeat_ms = 1000,
                             .idle_ms = 2000,
                             .links_max = 10,
                             .sessions_max = 20,
                             .rooms_max = 30,
                             .ring_events = 64,
                             .ring_bytes = 1 << 16,
                             .rings_bytes = 1 << 20,
                             .pages_max = 3,
                             .has_store = true,
                             .pub = pub,
                             .pub_count = 1};
}

static void settings_are_read_as_they_were_written(void **state)
{
    static recording_settings_t read;
    const char *const pubs[] = {PUB};
    core_settings_t written = settings(pubs);
    buffer_t out;
    (void)state;
    buffer_init(&out, 1 << 16);
    recording_write_settings(&out, &written);
    assert_memory_equal(out.data, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
    size_t begin = RECORDING_MAGIC_BYTES + LENGTH_BYTES;
    assert_int_equal(recording_read_settings((span_t){out.data + begin, out.size - begin}, &read),
                     HUB_OK);
    assert_int_equal(read.settings.heartbeat_ms, 1000);
    assert_true(read.settings.has_store);
    assert_int_equal(read.settings.pub_count, 1);
    assert_string_equal(read.settings.pub[0], PUB);
    buffer_fini(&out);
}

static void settings_that_a_core_cannot_have_are_refused(void **state)
{
    static recording_settings_t read;
    (void)state;
    assert_int_equal(recording_read_settings(span_of(""), &read), HUB_MALFORMED);
    assert_int_equal(recording_read_settings(span_of("heartbeat_ms=1"), &read), HUB_MALFORMED);
    assert_int_equal(recording_read_settings(span_of("heartbeat_ms=x\n"), &read), HUB_MALFORMED);
    assert_int_equal(recording_read_settings(span_of("links_max=99999999999\n"), &read),
                     HUB_MALFORMED);
}

static void an_event_is_read_as_it_was_written(void **state)
{
    event_t event = {.kind = EVENT_FRAME,
                     .peer = {1, {"\0ab", 3}},
                     .frame = span_of("some bytes"),
                     .is_local = true,
                     .batch = UINT64_MAX};
    moment_t now = {.mono_ms = 7, .wall_ms = UINT64_C(1760000000000), .entropy = {1, 2, 3}}, then;
    event_t read;
    int kind;
    buffer_t out;
    (void)state;
    buffer_init(&out, 1 << 16);
    recording_write_event(&out, EVENT_FRAME, &event, &now, true);
    span_t entry = {out.data + LENGTH_BYTES, out.size - LENGTH_BYTES};
    assert_int_equal(recording_read_event(entry, &kind, &read, &then), HUB_OK);
    assert_int_equal(kind, EVENT_FRAME);
    assert_true(read.is_local && !read.is_multipart);
    assert_true(span_equal(read.peer.routing, event.peer.routing));
    assert_true(span_equal(read.frame, event.frame));
    assert_true(read.batch == UINT64_MAX && then.wall_ms == now.wall_ms);
    assert_memory_equal(then.entropy, now.entropy, sizeof now.entropy);
    for (size_t size = 0; size < entry.size; size++) /* cut off anywhere */
        assert_int_equal(recording_read_event((span_t){entry.data, size}, &kind, &read, &then),
                         HUB_MALFORMED);
    buffer_fini(&out);
}

static void keys_are_written_down_and_have_their_size(void **state)
{
    char keys[2 * PEER_KEY_BYTES] = {1};
    event_t frame = {.kind = EVENT_FRAME,
                     .peer = {2, {"a", 1}},
                     .is_operator = true,
                     .peer_key = {keys, PEER_KEY_BYTES}};
    event_t revoked = {.kind = EVENT_KEYS_REVOKED, .revoked = {keys, sizeof keys}}, read;
    moment_t now = {.mono_ms = 7}, then;
    int kind;
    buffer_t out;
    (void)state;
    buffer_init(&out, 1 << 16);
    recording_write_event(&out, EVENT_FRAME, &frame, &now, true);
    span_t entry = {out.data + LENGTH_BYTES, out.size - LENGTH_BYTES};
    assert_int_equal(recording_read_event(entry, &kind, &read, &then), HUB_OK);
    assert_true(read.is_operator && span_equal(read.peer_key, frame.peer_key));
    for (size_t size = sizeof keys; size > sizeof keys - 2; size--) { /* the second is none */
        buffer_clear(&out);
        revoked.revoked.size = size;
        recording_write_event(&out, EVENT_KEYS_REVOKED, &revoked, &now, true);
        entry = (span_t){out.data + LENGTH_BYTES, out.size - LENGTH_BYTES};
        assert_int_equal(recording_read_event(entry, &kind, &read, &then),
                         size == sizeof keys ? HUB_OK : HUB_MALFORMED);
    }
    buffer_fini(&out);
}

static void texts_become_as_many_x_and_names_stay(void **state)
{
    buffer_t out, same;
    writer_t writer;
    (void)state;
    buffer_init(&out, 1 << 16);
    buffer_init(&same, 1 << 16);
    write_begin(&writer, &out);
    write_str(&writer, KEY_room, span_of("tea"));
    write_str(&writer, KEY_text, span_of("gr\xc3\xbc\xc3\x9f dich\n"));
    write_bin(&writer, KEY_data, span_of("data"));
    write_key(&writer, KEY_x);
    msgpack_pack_map(&writer.packer, 1);
    pack_span(&writer, span_of("key"));
    msgpack_pack_array(&writer.packer, 2);
    pack_span(&writer, span_of("value"));
    msgpack_pack_uint64(&writer.packer, 7);
    write_end(&writer);
    write_begin(&writer, &same);
    write_str(&writer, KEY_room, span_of("tea"));
    write_str(&writer, KEY_text, span_of("xxxxxxxxxxx\n"));
    write_bin(&writer, KEY_data, span_of("xxxx"));
    write_key(&writer, KEY_x);
    msgpack_pack_map(&writer.packer, 1);
    pack_span(&writer, span_of("xxx"));
    msgpack_pack_array(&writer.packer, 2);
    pack_span(&writer, span_of("xxxxx"));
    msgpack_pack_uint64(&writer.packer, 7);
    write_end(&writer);
    mask_texts(out.data, out.size);
    assert_int_equal(out.size, same.size);
    assert_memory_equal(out.data, same.data, same.size);
    buffer_fini(&out);
    buffer_fini(&same);
}

static void what_is_no_good_text_stays_none(void **state)
{
    char escape[] = "\x81\xa4text\xa4\x1b[2J", bytes[] = "\x81\xa4text\xa4"
                                                         "ab\xff\xfe";
    (void)state;
    mask_texts(escape, sizeof escape - 1);
    assert_memory_equal(escape, "\x81\xa4text\xa4\x1bxxx", sizeof escape - 1);
    mask_texts(bytes, sizeof bytes - 1);
    assert_memory_equal(bytes, "\x81\xa4text\xa4xx\xff\xfe", sizeof bytes - 1);
}

static void what_is_no_map_tells_nothing_and_stays_none(void **state)
{
    char bytes[] = "a secret that is no frame";
    (void)state;
    mask_texts(bytes, sizeof bytes - 1);
    assert_int_equal(walk_frame(bytes, sizeof bytes - 1), HUB_MALFORMED);
    assert_null(memmem(bytes, sizeof bytes - 1, "secret", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read_as_they_were_written),
        cmocka_unit_test(settings_that_a_core_cannot_have_are_refused),
        cmocka_unit_test(an_event_is_read_as_it_was_written),
        cmocka_unit_test(keys_are_written_down_and_have_their_size),
        cmocka_unit_test(texts_become_as_many_x_and_names_stay),
        cmocka_unit_test(what_is_no_good_text_stays_none),
        cmocka_unit_test(what_is_no_map_tells_nothing_and_stays_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
