#include "proto/payload.h"

#include "proto/names.h"

#include <assert.h>

/* Bytes of a length header: one for up to `tiny`, then 1, 2 or 4 more. */
static size_t header_bytes(size_t length, size_t tiny, bool has_8_bit)
{
    if (length <= tiny)
        return 1;
    if (has_8_bit && length <= UINT8_MAX)
        return 2;
    return length <= UINT16_MAX ? 3 : 5;
}

static size_t positive_bytes(uint64_t number)
{
    if (number <= INT8_MAX)
        return 1;
    if (number <= UINT8_MAX)
        return 2;
    if (number <= UINT16_MAX)
        return 3;
    return number <= UINT32_MAX ? 5 : 9;
}

static size_t negative_bytes(int64_t number)
{
    if (number >= -32)
        return 1;
    if (number >= INT8_MIN)
        return 2;
    if (number >= INT16_MIN)
        return 3;
    return number >= INT32_MIN ? 5 : 9;
}

static bool is_utf8(const char *data, size_t size)
{
    hub_err_t err = text_check((span_t){data, size}, SIZE_MAX, TEXT_ANY);
    return err == HUB_OK;
}

static bool measure(const msgpack_object *value, size_t *bytes);

static bool measure_list(const msgpack_object_array *list, size_t *bytes)
{
    *bytes += header_bytes(list->size, 15, false);
    for (uint32_t i = 0; i < list->size; i++)
        if (!measure(&list->ptr[i], bytes))
            return false;
    return true;
}

static bool measure_map(const msgpack_object_map *map, size_t *bytes)
{
    *bytes += header_bytes(map->size, 15, false);
    for (uint32_t i = 0; i < map->size; i++) {
        if (map->ptr[i].key.type != MSGPACK_OBJECT_STR)
            return false;
        if (!measure(&map->ptr[i].key, bytes) || !measure(&map->ptr[i].val, bytes))
            return false;
    }
    return true;
}

/* Adds the shortest encoding's bytes. False: not allowed in x. The walk has bounded the depth. */
static bool measure(const msgpack_object *value, size_t *bytes)
{
    switch (value->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_BOOLEAN:
        *bytes += 1;
        return true;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        *bytes += positive_bytes(value->via.u64);
        return true;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        *bytes += negative_bytes(value->via.i64);
        return true;
    case MSGPACK_OBJECT_FLOAT32:
        *bytes += 5;
        return true;
    case MSGPACK_OBJECT_FLOAT64:
        *bytes += 9;
        return true;
    case MSGPACK_OBJECT_STR:
        *bytes += header_bytes(value->via.str.size, 31, true) + value->via.str.size;
        return is_utf8(value->via.str.ptr, value->via.str.size);
    case MSGPACK_OBJECT_BIN:
        *bytes += header_bytes(value->via.bin.size, 0, true) + value->via.bin.size;
        *bytes += value->via.bin.size == 0; /* bin has no one-byte form */
        return true;
    case MSGPACK_OBJECT_ARRAY:
        return measure_list(&value->via.array, bytes);
    case MSGPACK_OBJECT_MAP:
        return measure_map(&value->via.map, bytes);
    case MSGPACK_OBJECT_EXT:
        return false;
    }
    return false;
}

static bool is_relation(span_t word)
{
    return span_is(word, "reply") || span_is(word, "edit") || span_is(word, "redact") ||
           span_is(word, "react");
}

hub_err_t payload_check(const message_t *message)
{
    assert(message);
    if (message_has(message, KEY_rel) && !is_relation(message_span(message, KEY_rel)))
        return HUB_BAD_REQUEST;
    if (message_span(message, KEY_data).size > LIMIT_DATA_BYTES)
        return HUB_TOO_LONG;
    size_t bytes = 0;
    const msgpack_object *x = message_object(message, KEY_x);
    if (x && !measure(x, &bytes))
        return HUB_BAD_REQUEST;
    return bytes > LIMIT_X_BYTES ? HUB_TOO_LONG : HUB_OK;
}
