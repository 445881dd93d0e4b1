#include "proto/encode.h"

#include <assert.h>
#include <endian.h>

enum {
    SMALL_STR = 31,
    STR_HEADER = 0xa0,
    LARGE_STR_HEADER = 0xd9,
    UINT_HEADER = 0xcc,
    STR_HEADER_BYTES = 5,
    UINT_BYTES = 9,
    KEY_BYTES = 1 + KEY_NAME_BYTES,
    SMALL_MAP = 15,
    SMALL_HEADER = 0x80,
    LARGE_HEADER = 0xde,
    LARGE_EXTRA_BYTES = 2
};

static int append(void *buffer, const char *data, size_t size)
{
    bool has_room = buffer_append(buffer, data, size);
    assert(has_room);
    return has_room ? 0 : -1;
}

size_t write_begin(writer_t *self, buffer_t *buffer)
{
    assert(self && buffer);
    *self = (writer_t){.buffer = buffer, .start = buffer->size};
    msgpack_packer_init(&self->packer, buffer, append);
    append(buffer, "\x80", 1);
    return self->start;
}

void write_resume(writer_t *self, buffer_t *buffer, span_t map)
{
    write_begin(self, buffer);
    const uint8_t *bytes = (const uint8_t *)map.data;
    assert(map.size > 0);
    bool is_large = bytes[0] == LARGE_HEADER;
    assert(is_large || (bytes[0] & 0xf0) == SMALL_HEADER);
    size_t header = is_large ? 1 + LARGE_EXTRA_BYTES : 1;
    assert(map.size >= header);
    self->pairs = is_large ? (uint32_t)bytes[1] << 8 | bytes[2] : bytes[0] & SMALL_MAP;
    append(buffer, map.data + header, map.size - header);
}

/* Up to 15 pairs fit the one byte that was reserved; more make room for two more. */
void write_end(writer_t *self)
{
    assert(self && self->buffer && self->pairs <= UINT16_MAX);
    assert(self->start < self->buffer->size);
    if (self->pairs > SMALL_MAP) {
        append(self->buffer, "\0\0", LARGE_EXTRA_BYTES);
        char *body = self->buffer->data + self->start + 1;
        size_t size = self->buffer->size - self->start - 1 - LARGE_EXTRA_BYTES;
        memmove(body + LARGE_EXTRA_BYTES, body, size);
        body[0] = (char)(self->pairs >> 8);
        body[1] = (char)(self->pairs & 0xff);
    }
    unsigned header = self->pairs > SMALL_MAP ? LARGE_HEADER : SMALL_HEADER | self->pairs;
    self->buffer->data[self->start] = (char)header;
}

/* Room for at most `size` bytes; taken() says how many it were. */
static char *room_for(writer_t *self, size_t size)
{
    char *place = buffer_extend(self->buffer, size);
    assert(place);
    return place;
}

static void taken(writer_t *self, const char *end)
{
    self->buffer->size = (size_t)(end - self->buffer->data);
}

/* Writes a number's lowest `width` bytes, the first byte first. */
static char *put_bytes(char *place, unsigned width, uint64_t value)
{
    value = htobe64(value << (64 - 8 * width));
    memcpy(place, &value, width);
    return place + width;
}

/* In the shortest form; at most UINT_BYTES. */
static char *put_uint(char *place, uint64_t value)
{
    if (value < 0x80) {
        *place = (char)value;
        return place + 1;
    }
    unsigned power = value > UINT32_MAX ? 3 : value > UINT16_MAX ? 2 : value > UINT8_MAX;
    *place = (char)(UINT_HEADER + power);
    return put_bytes(place + 1, 1u << power, value);
}

/* At most STR_HEADER_BYTES. */
static char *put_str_header(char *place, size_t size)
{
    assert(size <= UINT32_MAX);
    if (size <= SMALL_STR) {
        *place = (char)(STR_HEADER | size);
        return place + 1;
    }
    unsigned power = size > UINT16_MAX ? 2 : size > UINT8_MAX;
    *place = (char)(LARGE_STR_HEADER + power);
    return put_bytes(place + 1, 1u << power, size);
}

static char *put_str(char *place, span_t text)
{
    place = put_str_header(place, text.size);
    if (text.size > 0)
        memcpy(place, text.data, text.size);
    return place + text.size;
}

/* Copies more than the name, which is cheaper than to count: at most KEY_BYTES. */
static char *put_key(char *place, key_id_t key)
{
    size_t size = key_row(key)->name.size;
    *place = (char)(STR_HEADER | size);
    memcpy(place + 1, KEY_NAMES[key], KEY_NAME_BYTES);
    return place + 1 + size;
}

void pack_span(writer_t *self, span_t text)
{
    assert(self && self->buffer);
    taken(self, put_str(room_for(self, STR_HEADER_BYTES + text.size), text));
}

void pack_numbers(writer_t *self, const uint64_t *numbers, size_t count)
{
    assert(self && numbers);
    msgpack_pack_array(&self->packer, count);
    for (size_t i = 0; i < count; i++)
        msgpack_pack_uint64(&self->packer, numbers[i]);
}

void pack_key(writer_t *self, key_id_t key)
{
    assert(self && self->buffer);
    taken(self, put_key(room_for(self, KEY_BYTES), key));
}

void write_key(writer_t *self, key_id_t key)
{
    self->pairs++;
    pack_key(self, key);
}

void write_uint(writer_t *self, key_id_t key, uint64_t value)
{
    assert(self && self->buffer && key_row(key)->type == TYPE_UINT);
    self->pairs++;
    taken(self, put_uint(put_key(room_for(self, KEY_BYTES + UINT_BYTES), key), value));
}

void write_str(writer_t *self, key_id_t key, span_t value)
{
    assert(self && self->buffer);
    assert(key_row(key)->type == TYPE_STR || key_row(key)->type == TYPE_TEXT);
    self->pairs++;
    char *place = room_for(self, KEY_BYTES + STR_HEADER_BYTES + value.size);
    taken(self, put_str(put_key(place, key), value));
}

void write_bin(writer_t *self, key_id_t key, span_t value)
{
    assert(key_row(key)->type == TYPE_BIN);
    write_key(self, key);
    msgpack_pack_bin(&self->packer, value.size);
    msgpack_pack_bin_body(&self->packer, value.data, value.size);
}

void write_bool(writer_t *self, key_id_t key, bool value)
{
    assert(key_row(key)->type == TYPE_BOOL);
    write_key(self, key);
    if (value)
        msgpack_pack_true(&self->packer);
    else
        msgpack_pack_false(&self->packer);
}

void write_object(writer_t *self, key_id_t key, const msgpack_object *value)
{
    assert(value);
    write_key(self, key);
    msgpack_pack_object(&self->packer, *value);
}
