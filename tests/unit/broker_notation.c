#include "tests/unit/broker_notation.h"

#include "tests/unit/proto.h"

#include "proto/encode.h"

#include <ctype.h>
#include <inttypes.h>

enum { TEXTS = 8 };

/* --- from text ------------------------------------------------------------------------------------ */

static void pack_json(msgpack_packer *packer, const char **at);

static void pack_json_list(msgpack_packer *packer, const char **at, bool is_map)
{
    const char *start = ++*at;
    size_t count = 0;
    char close = is_map ? '}' : ']';
    for (int round = 0; round < 2; round++) {
        msgpack_sbuffer nowhere;
        msgpack_packer counting;
        msgpack_sbuffer_init(&nowhere);
        msgpack_packer_init(&counting, &nowhere, msgpack_sbuffer_write);
        if (round == 1 && is_map)
            msgpack_pack_map(packer, count);
        else if (round == 1)
            msgpack_pack_array(packer, count);
        *at = start;
        count = 0;
        while (**at != close) {
            msgpack_packer *to = round == 0 ? &counting : packer;
            pack_json(to, at);
            if (is_map) {
                assert_int_equal(*(*at)++, ':');
                pack_json(to, at);
            }
            count++;
            if (**at == ',')
                ++*at;
        }
        msgpack_sbuffer_destroy(&nowhere);
    }
    ++*at;
}

static void pack_json_number(msgpack_packer *packer, const char **at)
{
    char *end;
    double real = strtod(*at, &end);
    bool is_real = memchr(*at, '.', (size_t)(end - *at)) != NULL;
    assert_true(end > *at);
    if (is_real)
        msgpack_pack_double(packer, real);
    else if (**at == '-')
        msgpack_pack_int64(packer, strtoll(*at, NULL, 10));
    else
        msgpack_pack_uint64(packer, strtoull(*at, NULL, 10));
    *at = end;
}

static bool is_word(const char **at, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(*at, word, size) != 0)
        return false;
    *at += size;
    return true;
}

static void pack_json(msgpack_packer *packer, const char **at)
{
    if (**at == '[' || **at == '{') {
        pack_json_list(packer, at, **at == '{');
    } else if (**at == '"') {
        const char *end = strchr(*at + 1, '"');
        assert_non_null(end);
        size_t size = (size_t)(end - *at - 1);
        msgpack_pack_str(packer, size);
        msgpack_pack_str_body(packer, *at + 1, size);
        *at = end + 1;
    } else if (is_word(at, "true")) {
        msgpack_pack_true(packer);
    } else if (is_word(at, "false")) {
        msgpack_pack_false(packer);
    } else if (is_word(at, "nil")) {
        msgpack_pack_nil(packer);
    } else {
        pack_json_number(packer, at);
    }
}

/* Writes a list of words. */
static void write_words(writer_t *writer, key_id_t key, span_t value)
{
    size_t count = value.size > 0;
    for (size_t i = 0; i < value.size; i++)
        count += value.data[i] == ',';
    write_key(writer, key);
    msgpack_pack_array(&writer->packer, count);
    const char *at = value.data;
    for (; count > 0; count--) {
        size_t size = 0;
        while (at + size < value.data + value.size && at[size] != ',')
            size++;
        pack_span(writer, (span_t){at, size});
        at += size + 1;
    }
}

static void write_value(writer_t *writer, key_id_t key, span_t value, const span_t *saved)
{
    switch (key_row(key)->type) {
    case TYPE_UINT:
        write_uint(writer, key, strtoull(value.data, NULL, 10));
        return;
    case TYPE_STR:
    case TYPE_TEXT:
        write_str(writer, key, value);
        return;
    case TYPE_BIN:
        if (value.size == 2 && value.data[0] == '$')
            value = saved[(size_t)value.data[1]];
        assert_non_null(value.data);
        write_bin(writer, key, value);
        return;
    case TYPE_BOOL:
        write_bool(writer, key, value.data[0] == 't');
        return;
    case TYPE_LIST:
        write_words(writer, key, value);
        return;
    case TYPE_MAP:
        break;
    }
    fail_msg("write the key %s with :=", key_row(key)->name.data);
}

/* Takes a value up to the next blank or, quoted, to the closing quote. */
static span_t read_value(const char **at, char *room)
{
    const char *start = *at;
    if (*start == '*' && isdigit((unsigned char)start[1])) {
        char *end;
        size_t size = strtoul(start + 1, &end, 10);
        assert_true(size < NOTATION_BYTES);
        memset(room, 'x', size);
        *at = end;
        return (span_t){room, size};
    }
    if (*start == '\'') {
        const char *end = strchr(start + 1, '\'');
        assert_non_null(end);
        *at = end + 1;
        return (span_t){start + 1, (size_t)(end - start - 1)};
    }
    size_t size = strcspn(start, " ");
    *at = start + size;
    return (span_t){start, size};
}

static const char *write_pair(writer_t *writer, const char *at, const span_t *saved)
{
    static char room[NOTATION_BYTES];
    size_t size = strcspn(at, "=:");
    span_t name = {at, size};
    key_id_t key = key_find(name);
    at += size;
    if (*at == ':') {
        at += 2;
        writer->pairs++;
        pack_span(writer, name); /* also keys that nobody knows */
        pack_json(&writer->packer, &at);
        return at;
    }
    assert_int_equal(*at, '=');
    at++;
    span_t value = read_value(&at, room);
    if (key == KEY_COUNT)
        fail_msg("no key %.*s", (int)name.size, name.data);
    write_value(writer, key, value, saved);
    return at;
}

static const char *write_op(writer_t *writer, const char *at)
{
    size_t size = strcspn(at, " ");
    if (size > 1 || *at != '-')
        write_str(writer, KEY_op, (span_t){at, size});
    return at + size;
}

bool notation_request(buffer_t *out, const char *text, const span_t *saved, uint64_t *id)
{
    writer_t writer;
    write_begin(&writer, out);
    const char *at = write_op(&writer, text), *given = NULL;
    while (*at) {
        at += strspn(at, " ");
        if (strncmp(at, "id=", 3) == 0)
            given = at + 3;
        if (*at)
            at = write_pair(&writer, at, saved);
    }
    if (given)
        *id = strtoull(given, NULL, 10);
    else
        write_uint(&writer, KEY_id, *id);
    write_end(&writer);
    return given == NULL;
}

/* --- to text -------------------------------------------------------------------------------------- */

static const msgpack_object *step_into(const msgpack_object *value, span_t name)
{
    if (value->type == MSGPACK_OBJECT_MAP) {
        for (uint32_t i = 0; i < value->via.map.size; i++) {
            const msgpack_object_str *key = &value->via.map.ptr[i].key.via.str;
            if (span_equal((span_t){key->ptr, key->size}, name))
                return &value->via.map.ptr[i].val;
        }
    } else if (value->type == MSGPACK_OBJECT_ARRAY) {
        uint32_t place = (uint32_t)strtoul(name.data, NULL, 10);
        if (place < value->via.array.size)
            return &value->via.array.ptr[place];
    }
    return NULL;
}

/* The value at a path; `#` at its end stands for how many are in the value before it. */
static const msgpack_object *find(const msgpack_object *map, const char *path, size_t path_size,
                                  bool *out_is_count)
{
    const msgpack_object *value = map;
    *out_is_count = false;
    const char *end = path + path_size;
    while (value && path < end) {
        size_t size = 0;
        while (path + size < end && path[size] != '.')
            size++;
        if (size == 1 && *path == '#') {
            *out_is_count = true;
            return value;
        }
        value = step_into(value, (span_t){path, size});
        path += size + 1;
    }
    return value;
}

static const char *hex_of(const msgpack_object *value, char *out)
{
    assert_true(2 * value->via.bin.size < NOTATION_BYTES);
    *out = '\0';
    for (uint32_t i = 0; i < value->via.bin.size; i++)
        snprintf(out + 2 * i, 3, "%02x", (uint8_t)value->via.bin.ptr[i]);
    return out;
}

static const char *text_of(const msgpack_object *value, bool is_count)
{
    static char texts[TEXTS][NOTATION_BYTES];
    static unsigned turn;
    char *out = texts[turn++ % TEXTS];
    uint32_t count =
        value->type == MSGPACK_OBJECT_MAP ? value->via.map.size : value->via.array.size;
    span_t raw = {"(list)", 6};
    if (is_count || value->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        snprintf(out, NOTATION_BYTES, "%" PRIu64, is_count ? count : value->via.u64);
        return out;
    }
    if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        snprintf(out, NOTATION_BYTES, "%" PRId64, value->via.i64);
        return out;
    }
    if (value->type == MSGPACK_OBJECT_BOOLEAN)
        raw = span_of(value->via.boolean ? "true" : "false");
    else if (value->type == MSGPACK_OBJECT_STR)
        raw = (span_t){value->via.str.ptr, value->via.str.size};
    else if (value->type == MSGPACK_OBJECT_BIN)
        return hex_of(value, out);
    else if (value->type == MSGPACK_OBJECT_NIL)
        raw = span_of("nil");
    else if (value->type == MSGPACK_OBJECT_MAP)
        raw = span_of("(map)");
    assert_true(raw.size < NOTATION_BYTES);
    memcpy(out, raw.data, raw.size);
    out[raw.size] = '\0';
    return out;
}

const char *notation_get(const msgpack_object *map, const char *path)
{
    bool is_count;
    const msgpack_object *value = find(map, path, strlen(path), &is_count);
    return value ? text_of(value, is_count) : NULL;
}

span_t notation_bytes(const msgpack_object *map, const char *path)
{
    bool is_count;
    const msgpack_object *value = find(map, path, strlen(path), &is_count);
    assert_non_null(value);
    assert_int_equal(value->type, MSGPACK_OBJECT_BIN);
    return (span_t){value->via.bin.ptr, value->via.bin.size};
}

/* Checks one item of a list of expectations; returns behind it, NULL: it does not hold. */
static const char *check_item(const msgpack_object *map, const char *at)
{
    static char room[NOTATION_BYTES];
    bool is_absent = *at == '!', is_count;
    at += is_absent;
    size_t size = strcspn(at, "= ");
    const msgpack_object *value = find(map, at, size, &is_count);
    at += size;
    if (*at != '=')
        return (value == NULL) == is_absent ? at : NULL;
    at++;
    span_t wanted = read_value(&at, room);
    return value && span_equal(span_of(text_of(value, is_count)), wanted) ? at : NULL;
}

bool notation_has(const msgpack_object *map, const char *expected)
{
    const char *at = expected;
    while (at && *at) {
        at += strspn(at, " ");
        if (*at)
            at = check_item(map, at);
    }
    return at != NULL;
}
