#include "proto/encode.h"

#include <assert.h>

enum {
    SMALL_STR = 31,
    STR_HEADER = 0xa0,
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

/* Most strings here are keys and names: up to 31 bytes take one byte of header (fixstr) and one go. */
void pack_span(writer_t *self, span_t text)
{
    assert(self && self->buffer);
    if (text.size > SMALL_STR || text.size == 0) {
        msgpack_pack_str(&self->packer, text.size);
        msgpack_pack_str_body(&self->packer, text.data, text.size);
        return;
    }
    char *place = buffer_extend(self->buffer, 1 + text.size);
    assert(place);
    place[0] = (char)(STR_HEADER | text.size);
    memcpy(place + 1, text.data, text.size);
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
    pack_span(self, key_row(key)->name);
}

void write_key(writer_t *self, key_id_t key)
{
    self->pairs++;
    pack_key(self, key);
}

void write_uint(writer_t *self, key_id_t key, uint64_t value)
{
    assert(key_row(key)->type == TYPE_UINT);
    write_key(self, key);
    msgpack_pack_uint64(&self->packer, value);
}

void write_str(writer_t *self, key_id_t key, span_t value)
{
    assert(key_row(key)->type == TYPE_STR || key_row(key)->type == TYPE_TEXT);
    write_key(self, key);
    pack_span(self, value);
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
