#include "proto/decode.h"

#include "proto/names.h"
#include "proto/walk.h"

#include <assert.h>
#include <endian.h>

void decoder_init(decoder_t *self)
{
    assert(self);
    *self = (decoder_t){.is_zone_used = false};
    bool is_ready = msgpack_zone_init(&self->zone, MSGPACK_ZONE_CHUNK_SIZE);
    assert(is_ready);
    (void)is_ready;
}

void decoder_fini(decoder_t *self)
{
    assert(self);
    msgpack_zone_destroy(&self->zone);
}

static bool is_plain(span_t text)
{
    return text_check(text, SIZE_MAX, TEXT_LINE) == HUB_OK;
}

static bool fits(const key_row_t *row, const msgpack_object *value)
{
    switch (row->type) {
    case TYPE_UINT:
        return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 >= row->min &&
               value->via.u64 <= row->max;
    case TYPE_STR:
        return value->type == MSGPACK_OBJECT_STR && value->via.str.size >= row->min &&
               value->via.str.size <= row->max &&
               is_plain((span_t){value->via.str.ptr, value->via.str.size});
    case TYPE_TEXT:
        return value->type == MSGPACK_OBJECT_STR;
    case TYPE_BIN:
        return value->type == MSGPACK_OBJECT_BIN;
    case TYPE_BOOL:
        return value->type == MSGPACK_OBJECT_BOOLEAN;
    case TYPE_LIST:
        return value->type == MSGPACK_OBJECT_ARRAY;
    case TYPE_MAP:
        return value->type == MSGPACK_OBJECT_MAP;
    }
    return false;
}

static void add(keyset_t *set, key_id_t key)
{
    set->word[key / 64] |= UINT64_C(1) << (key % 64);
}

static void remove_key(keyset_t *set, key_id_t key)
{
    set->word[key / 64] &= ~(UINT64_C(1) << (key % 64));
}

static void sort_in(message_t *out, key_id_t key, const msgpack_object *value)
{
    bool is_second = keyset_has(out->present, key) || keyset_has(out->wrong, key);
    if (is_second || !fits(key_row(key), value)) {
        remove_key(&out->present, key);
        add(&out->wrong, key);
        return;
    }
    add(&out->present, key);
    out->values[key] = value;
}

bool message_from_object(message_t *out, const msgpack_object *object)
{
    assert(out && object);
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    const msgpack_object_map *map = &object->via.map;
    for (uint32_t i = 0; i < map->size; i++)
        if (map->ptr[i].key.type != MSGPACK_OBJECT_STR)
            return false;
    out->present = out->wrong = (keyset_t){{0, 0}};
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object_str *name = &map->ptr[i].key.via.str;
        key_id_t key = key_find((span_t){name->ptr, name->size});
        if (key < KEY_COUNT)
            sort_in(out, key, &map->ptr[i].val);
    }
    return true;
}

/* --- frames ------------------------------------------------------------------------------------- */

/* First bytes, as msgpack's specification has them. */
enum {
    FIXSTR = 0xa0,
    BOOL_FALSE = 0xc2,
    BOOL_TRUE = 0xc3,
    BIN_8 = 0xc4,
    BIN_32 = 0xc6,
    UINT_8 = 0xcc,
    UINT_64 = 0xcf,
    STR_8 = 0xd9,
    STR_32 = 0xdb
};

/* The number in `width` bytes, 1, 2, 4 or 8, the first byte first. */
static uint64_t read_number(const uint8_t *bytes, unsigned width)
{
    uint64_t number = 0;
    memcpy((char *)&number + sizeof number - width, bytes, width);
    return be64toh(number);
}

/* What stands behind a first byte and `width` bytes of size. */
static span_t behind(span_t bytes, unsigned width)
{
    return (span_t){bytes.data + 1 + width, bytes.size - 1 - width};
}

static void set_str(msgpack_object *out, span_t text)
{
    out->type = MSGPACK_OBJECT_STR;
    out->via.str = (msgpack_object_str){(uint32_t)text.size, text.data};
}

/* Reads a value that was walked, if it is one of the plain kinds. */
static bool read_plain(span_t bytes, msgpack_object *out)
{
    uint8_t first = (uint8_t)bytes.data[0];
    if (first < 0x80 || (first >= UINT_8 && first <= UINT_64)) {
        out->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
        out->via.u64 = first < 0x80
                           ? first
                           : read_number((const uint8_t *)bytes.data + 1, 1u << (first - UINT_8));
        return true;
    }
    if (first >= FIXSTR && first < 0xc0) {
        set_str(out, behind(bytes, 0));
        return true;
    }
    if (first >= STR_8 && first <= STR_32) {
        set_str(out, behind(bytes, 1u << (first - STR_8)));
        return true;
    }
    if (first >= BIN_8 && first <= BIN_32) {
        span_t body = behind(bytes, 1u << (first - BIN_8));
        out->type = MSGPACK_OBJECT_BIN;
        out->via.bin = (msgpack_object_bin){(uint32_t)body.size, body.data};
        return true;
    }
    out->type = MSGPACK_OBJECT_BOOLEAN;
    out->via.boolean = first == BOOL_TRUE;
    return first == BOOL_TRUE || first == BOOL_FALSE;
}

/* msgpack_unpack() is the one call of msgpack-c that unpacks into a zone we keep: the others free and
 * allocate one each. It is marked obsolete for what it cannot do, streams. */
static bool unpack(decoder_t *self, span_t bytes, msgpack_object *out)
{
    size_t offset = 0;
    self->is_zone_used = true;
    return msgpack_unpack(bytes.data, bytes.size, &offset, &self->zone, out) ==
               MSGPACK_UNPACK_SUCCESS &&
           offset == bytes.size;
}

/* Frames come in runs of one kind, so the key that stood there last time is tried first. */
static key_id_t find_key(decoder_t *self, uint32_t place, span_t name)
{
    if (place >= DECODER_GUESSES)
        return key_find(name);
    key_id_t guess = self->guesses[place];
    if (guess < KEY_COUNT && span_equal(key_row(guess)->name, name))
        return guess;
    key_id_t key = key_find(name);
    self->guesses[place] = (uint8_t)key;
    return key;
}

static bool decode_pair(decoder_t *self, walk_t *walk, uint32_t place)
{
    message_t *message = &self->message;
    span_t name, bytes;
    if (!walk_key(walk, &name) || !walk_value(walk, &bytes))
        return false;
    key_id_t key = find_key(self, place, name);
    if (key == KEY_COUNT)
        return true;
    msgpack_object value;
    if (!read_plain(bytes, &value) && !unpack(self, bytes, &value))
        return false;
    if (!keyset_has(message->present, key))
        self->values[key] = value;
    sort_in(message, key, &self->values[key]);
    return true;
}

hub_err_t decoder_frame(decoder_t *self, const void *data, size_t size, message_t *out)
{
    assert(self && out);
    walk_t walk;
    uint32_t pairs;
    if (self->is_zone_used)
        msgpack_zone_clear(&self->zone);
    self->is_zone_used = false;
    self->message.present = self->message.wrong = (keyset_t){{0, 0}};
    if (!walk_begin(&walk, data, size, &pairs))
        return HUB_MALFORMED;
    for (uint32_t i = 0; i < pairs; i++)
        if (!decode_pair(self, &walk, i))
            return HUB_MALFORMED;
    if (walk.at != walk.end)
        return HUB_MALFORMED;
    *out = self->message;
    return HUB_OK;
}

uint64_t message_uint(const message_t *self, key_id_t key)
{
    assert(self && key_row(key)->type == TYPE_UINT);
    return message_has(self, key) ? self->values[key]->via.u64 : 0;
}

span_t message_span(const message_t *self, key_id_t key)
{
    assert(self);
    if (!message_has(self, key))
        return (span_t){"", 0};
    const msgpack_object *value = self->values[key];
    if (value->type == MSGPACK_OBJECT_BIN)
        return (span_t){value->via.bin.ptr, value->via.bin.size};
    assert(value->type == MSGPACK_OBJECT_STR);
    return (span_t){value->via.str.ptr, value->via.str.size};
}

bool message_bool(const message_t *self, key_id_t key)
{
    assert(self && key_row(key)->type == TYPE_BOOL);
    return message_has(self, key) && self->values[key]->via.boolean;
}

const msgpack_object *message_object(const message_t *self, key_id_t key)
{
    assert(self && key < KEY_COUNT);
    return message_has(self, key) ? self->values[key] : NULL;
}

const msgpack_object *message_list(const message_t *self, key_id_t key, size_t *out_count)
{
    assert(out_count && key_row(key)->type == TYPE_LIST);
    const msgpack_object *value = message_object(self, key);
    *out_count = value ? value->via.array.size : 0;
    return value ? value->via.array.ptr : NULL;
}

const msgpack_object_kv *message_map(const message_t *self, key_id_t key, size_t *out_count)
{
    assert(out_count && key_row(key)->type == TYPE_MAP);
    const msgpack_object *value = message_object(self, key);
    *out_count = value ? value->via.map.size : 0;
    return value ? value->via.map.ptr : NULL;
}

bool object_span(const msgpack_object *object, span_t *out)
{
    assert(object && out);
    if (object->type != MSGPACK_OBJECT_STR)
        return false;
    *out = (span_t){object->via.str.ptr, object->via.str.size};
    return true;
}

bool object_numbers(const msgpack_object *object, uint64_t *out_numbers, size_t count)
{
    assert(object && out_numbers);
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const msgpack_object *number = &object->via.array.ptr[i];
        if (number->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return false;
        out_numbers[i] = number->via.u64;
    }
    return true;
}
