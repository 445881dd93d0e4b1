/* What is encoded decodes to the same, for random maps of all keys; one flipped byte never breaks the
 * decoder, and what it then still accepts is encoded and decoded alike. */
#include "tests/unit/proto.h"

#include "tests/property/random.h"

#include "proto/decode.h"
#include "proto/encode.h"

enum { MAPS = 100000, MOST_BYTES = 200 };

typedef struct {
    random_t random;
    decoder_t decoder;
    buffer_t buffer;
    uint64_t numbers[KEY_COUNT];       /* UINT and BOOL */
    char bytes[KEY_COUNT][MOST_BYTES]; /* the others but lists and maps */
    size_t sizes[KEY_COUNT];
    bool is_there[KEY_COUNT];
} model_t;

static void write_random_list(model_t *self, writer_t *writer, key_id_t key)
{
    self->numbers[key] = random_below(&self->random, 5);
    uint64_t numbers[4] = {0, UINT64_MAX, 1, 1 << 20};
    write_key(writer, key);
    pack_numbers(writer, numbers, self->numbers[key]);
}

static void write_random_map(model_t *self, writer_t *writer, key_id_t key)
{
    self->numbers[key] = random_below(&self->random, 40);
    write_key(writer, key);
    msgpack_pack_map(&writer->packer, self->numbers[key]);
    for (uint64_t i = 0; i < self->numbers[key]; i++) {
        pack_span(writer, span_of("k"));
        msgpack_pack_double(&writer->packer, 1.5);
    }
}

static void write_random_bytes(model_t *self, writer_t *writer, key_id_t key)
{
    const key_row_t *row = key_row(key);
    size_t least = row->type == TYPE_STR ? row->min : 0;
    size_t most = row->type == TYPE_STR && row->max < MOST_BYTES ? row->max : MOST_BYTES;
    size_t size = least + random_below(&self->random, (uint32_t)(most - least + 1));
    for (size_t i = 0; i < size; i++)
        self->bytes[key][i] = row->type == TYPE_STR ? (char)('!' + random_below(&self->random, 90))
                                                    : (char)random_next(&self->random);
    self->sizes[key] = size;
    span_t value = {self->bytes[key], size};
    if (row->type == TYPE_BIN)
        write_bin(writer, key, value);
    else
        write_str(writer, key, value);
}

static void write_random_value(model_t *self, writer_t *writer, key_id_t key)
{
    const key_row_t *row = key_row(key);
    switch (row->type) {
    case TYPE_UINT: {
        uint64_t range = row->max - row->min + 1;
        uint64_t wide = random_next(&self->random) >> random_below(&self->random, 64);
        self->numbers[key] = row->min + wide % range;
        write_uint(writer, key, self->numbers[key]);
        return;
    }
    case TYPE_BOOL:
        self->numbers[key] = random_below(&self->random, 2);
        write_bool(writer, key, self->numbers[key]);
        return;
    case TYPE_LIST:
        write_random_list(self, writer, key);
        return;
    case TYPE_MAP:
        write_random_map(self, writer, key);
        return;
    case TYPE_STR:
    case TYPE_TEXT:
    case TYPE_BIN:
        write_random_bytes(self, writer, key);
        return;
    }
}

static void write_random_message(model_t *self)
{
    writer_t writer;
    buffer_clear(&self->buffer);
    (void)write_begin(&writer, &self->buffer);
    unsigned density = 1 + random_below(&self->random, 12);
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        self->is_there[key] = random_below(&self->random, density) == 0;
        if (self->is_there[key])
            write_random_value(self, &writer, (key_id_t)key);
    }
    write_end(&writer);
}

static bool is_same(const model_t *self, const message_t *message, key_id_t key)
{
    size_t count;
    switch (key_row(key)->type) {
    case TYPE_UINT:
        return message_uint(message, key) == self->numbers[key];
    case TYPE_BOOL:
        return message_bool(message, key) == self->numbers[key];
    case TYPE_LIST:
        (void)message_list(message, key, &count);
        return count == self->numbers[key];
    case TYPE_MAP:
        (void)message_map(message, key, &count);
        return count == self->numbers[key];
    case TYPE_STR:
    case TYPE_TEXT:
    case TYPE_BIN:
        return span_equal(message_span(message, key), (span_t){self->bytes[key], self->sizes[key]});
    }
    return false;
}

static void check_same(model_t *self, unsigned turn)
{
    message_t message;
    assert_int_equal(decoder_frame(&self->decoder, self->buffer.data, self->buffer.size, &message),
                     HUB_OK);
    assert_true(message.wrong.word[0] == 0 && message.wrong.word[1] == 0);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (message_has(&message, (key_id_t)key) != self->is_there[key] ||
            (self->is_there[key] && !is_same(self, &message, (key_id_t)key)))
            fail_msg("SEED=%llu map %u: %s is not what was written",
                     (unsigned long long)self->random.seed, turn,
                     key_row((key_id_t)key)->name.data);
}

static void check_damaged(model_t *self)
{
    message_t message;
    size_t place = random_below(&self->random, (uint32_t)self->buffer.size);
    self->buffer.data[place] = (char)random_next(&self->random);
    size_t size = self->buffer.size - random_below(&self->random, 2);
    (void)!decoder_frame(&self->decoder, self->buffer.data, size, &message);
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    static model_t model;
    model.random = random_begin();
    decoder_init(&model.decoder);
    buffer_init(&model.buffer, LIMIT_FRAME_BYTES);
    for (unsigned turn = 0; turn < MAPS; turn++) {
        write_random_message(&model);
        check_same(&model, turn);
        check_damaged(&model);
    }
    decoder_fini(&model.decoder);
    buffer_fini(&model.buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
