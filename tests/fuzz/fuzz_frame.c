/* Any bytes as one frame: walk, decode, and every check that a broker makes on names and texts. What is
 * accepted must be readable: every present key has its type, every list and map its elements. */
#include "tests/fuzz/fuzz.h"

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/names.h"
#include "proto/payload.h"
#include "proto/walk.h"

#include <assert.h>
#include <stdlib.h>

static void check_names(const message_t *message, key_id_t key)
{
    if (key_row(key)->type != TYPE_TEXT)
        return;
    name_t name, again;
    span_t text = message_span(message, key);
    if (nick_fold(text, &name) == HUB_OK) {
        hub_err_t err = nick_fold(name_span(&name), &again);
        assert(err == HUB_OK && span_equal(name_span(&name), name_span(&again)));
    }
    bool is_room = room_fold(text, &name) == HUB_OK;
    assert(!is_room || (name.size > 0 && name.text[0] != '$' && name.text[0] != '!'));
    if (text_check(text, LIMIT_TEXT_BYTES, TEXT_LINE) == HUB_OK) {
        hub_err_t err = text_check(text, LIMIT_TEXT_BYTES, TEXT_PARAGRAPH);
        assert(err == HUB_OK);
    }
}

static void check_inner(const message_t *message, key_id_t key)
{
    size_t count;
    uint64_t numbers[3];
    span_t text;
    message_t inner;
    if (key_row(key)->type != TYPE_LIST)
        return;
    const msgpack_object *elements = message_list(message, key, &count);
    for (size_t i = 0; i < count; i++) {
        (void)!object_span(&elements[i], &text);
        (void)!object_numbers(&elements[i], numbers, 3);
        (void)!message_from_object(&inner, &elements[i]);
    }
}

static void check_written_again(decoder_t *decoder, const message_t *message)
{
    buffer_t buffer;
    writer_t writer;
    message_t again;
    buffer_init(&buffer, (size_t)1 << 24);
    (void)write_begin(&writer, &buffer);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (message_has(message, (key_id_t)key))
            write_object(&writer, (key_id_t)key, message_object(message, (key_id_t)key));
    write_end(&writer);
    keyset_t present = message->present;
    hub_err_t err = decoder_frame(decoder, buffer.data, buffer.size, &again);
    assert(err == HUB_OK && memcmp(&present, &again.present, sizeof present) == 0);
    buffer_fini(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decoder_t decoder;
    message_t message;
    decoder_init(&decoder);
    hub_err_t walked = walk_frame(data, size);
    hub_err_t err = decoder_frame(&decoder, data, size, &message);
    assert(walked == err); /* what the walk accepts msgpack-c unpacks */
    if (err == HUB_OK) {
        for (unsigned key = 0; key < KEY_COUNT; key++)
            if (message_has(&message, (key_id_t)key)) {
                check_names(&message, (key_id_t)key);
                check_inner(&message, (key_id_t)key);
            }
        (void)!payload_check(&message);
        check_written_again(&decoder, &message);
    }
    decoder_fini(&decoder);
    return 0;
}
