#include "proto/decode.h"

#include "proto/names.h"
#include "proto/walk.h"

#include <assert.h>

void decoder_init(decoder_t *self)
{
    assert(self);
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

static void sort_in(message_t *out, const msgpack_object_kv *pair)
{
    key_id_t key = key_find((span_t){pair->key.via.str.ptr, pair->key.via.str.size});
    if (key == KEY_COUNT)
        return;
    bool is_second = keyset_has(out->present, key) || keyset_has(out->wrong, key);
    if (is_second || !fits(key_row(key), &pair->val)) {
        remove_key(&out->present, key);
        add(&out->wrong, key);
        return;
    }
    add(&out->present, key);
    out->values[key] = &pair->val;
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
    for (uint32_t i = 0; i < map->size; i++)
        sort_in(out, &map->ptr[i]);
    return true;
}

/* msgpack_unpack() is the one call of msgpack-c that unpacks into a zone we keep: the others free and
 * allocate one per frame. It is marked obsolete for what it cannot do, streams. */
hub_err_t decoder_frame(decoder_t *self, const void *data, size_t size, message_t *out)
{
    assert(self && out);
    hub_err_t err = walk_frame(data, size);
    if (err != HUB_OK)
        return err;
    msgpack_zone_clear(&self->zone);
    size_t offset = 0;
    msgpack_unpack_return done = msgpack_unpack(data, size, &offset, &self->zone, &self->root);
    if (done != MSGPACK_UNPACK_SUCCESS || offset != size)
        return HUB_MALFORMED;
    return message_from_object(out, &self->root) ? HUB_OK : HUB_MALFORMED;
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
