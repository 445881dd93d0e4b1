#include "bridge/core/clean.h"

#include <assert.h>
#include <string.h>

enum { BROKEN = 0xfffd, ESCAPE = 0x1b, BELL = 0x07, DELETE = 0x7f };

static bool is_within(uint32_t value, uint32_t low, uint32_t high)
{
    return value >= low && value <= high;
}

/* The form of a character by its first byte: how many bytes, and the range of the second, which keeps
 * out overlong forms, surrogates and what is beyond U+10FFFF. Size 0: no first byte. */
typedef struct {
    uint8_t size, low, high;
} form_t;

static form_t form_of(uint8_t first)
{
    if (first < 0x80)
        return (form_t){1, 0, 0};
    if (is_within(first, 0xc2, 0xdf))
        return (form_t){2, 0x80, 0xbf};
    if (is_within(first, 0xe0, 0xef))
        return (form_t){3, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf};
    if (is_within(first, 0xf0, 0xf4))
        return (form_t){4, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf};
    return (form_t){0, 0, 0};
}

/* Reads the character at `offset` and returns its size. Broken: BROKEN, and the size of the longest
 * piece that could have begun one, as the Unicode Standard advises (and Python does). */
static size_t character(span_t text, size_t offset, uint32_t *out_point)
{
    assert(offset < text.size);
    const uint8_t *at = (const uint8_t *)text.data + offset;
    size_t left = text.size - offset;
    form_t form = form_of(at[0]);
    *out_point = BROKEN;
    if (form.size == 0)
        return 1;
    uint32_t point = form.size == 1 ? at[0] : at[0] & (0x7fu >> form.size);
    for (size_t i = 1; i < form.size; i++) {
        bool fits =
            i < left && is_within(at[i], i == 1 ? form.low : 0x80, i == 1 ? form.high : 0xbf);
        if (!fits)
            return i;
        point = point << 6 | (at[i] & 0x3f);
    }
    *out_point = point;
    return form.size;
}

/* The byte there; 0 behind the end. */
static uint8_t byte_at(span_t text, size_t offset)
{
    return offset < text.size ? (uint8_t)text.data[offset] : 0;
}

/* After the introducer: parameters, then one final byte. */
static size_t skip_control_sequence(span_t text, size_t offset)
{
    while (is_within(byte_at(text, offset), 0x20, 0x3f))
        offset++;
    return is_within(byte_at(text, offset), 0x40, 0x7e) ? offset + 1 : offset;
}

/* After the introducer: anything up to ST or BEL. Another ESC begins something new. */
static size_t skip_string(span_t text, size_t offset)
{
    while (offset < text.size) {
        uint32_t point;
        size_t size = character(text, offset, &point);
        if (point == ESCAPE)
            return byte_at(text, offset + 1) == '\\' ? offset + 2 : offset;
        offset += size;
        if (point == BELL || point == 0x9c)
            return offset;
    }
    return offset;
}

static size_t skip_one(span_t text, size_t offset)
{
    uint32_t point;
    return offset < text.size ? offset + character(text, offset, &point) : offset;
}

/* After an introducer in its C1 form, `kind` being what follows ESC in the other form. */
static size_t skip_body(span_t text, size_t offset, uint8_t kind)
{
    switch (kind) {
    case '[':
        return skip_control_sequence(text, offset);
    case ']': /* OSC */
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */
        return skip_string(text, offset);
    case 'N': /* one character from another set */
    case 'O': /* so do cursor keys look in application mode */
        return skip_one(text, offset);
    default:
        return offset;
    }
}

/* After ESC. */
static size_t skip_escape(span_t text, size_t offset)
{
    uint8_t kind = byte_at(text, offset);
    if (is_within(kind, 0x30, 0x7e))
        return skip_body(text, offset + 1, kind);
    while (is_within(byte_at(text, offset), 0x20, 0x2f))
        offset++;
    return is_within(byte_at(text, offset), 0x30, 0x7e) ? offset + 1 : offset;
}

static bool is_hidden(uint32_t point)
{
    return point == 0x061c || is_within(point, 0x200e, 0x200f) ||
           is_within(point, 0x2028, 0x202e) || is_within(point, 0x2066, 0x2069);
}

static bool is_control(uint32_t point)
{
    return (point < 0x20 && point != '\t') || is_within(point, DELETE, 0x9f);
}

static void append(buffer_t *out, const char *bytes, size_t size)
{
    assert(size > 0);
    bool has_room = buffer_append(out, bytes, size);
    assert(has_room);
    (void)has_room;
}

/* Handles what begins at `offset`, plain or not, and returns where it ends. */
static size_t one(buffer_t *out, span_t raw, size_t offset, clean_way_t way)
{
    uint32_t point;
    size_t end = offset + character(raw, offset, &point);
    if (point == ESCAPE)
        return skip_escape(raw, end);
    if (is_within(point, 0x80, 0x9f))
        return skip_body(raw, end, (uint8_t)(point - 0x40));
    if (is_control(point) || (way == CLEAN_OUT && is_hidden(point)))
        return end;
    if (point == BROKEN)
        append(out, "\xef\xbf\xbd", 3);
    else
        append(out, raw.data + offset, end - offset);
    return end;
}

/* True if each of the eight bytes is within 0x20 and 0x7e. */
static bool are_plain(const char *bytes)
{
    const uint64_t ONES = 0x0101010101010101, HIGH = 0x80 * ONES;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    /* Above 0x7f; below 0x20, which borrows; 0x7f, which carries. */
    return ((word | (word - 0x20 * ONES) | (word + ONES)) & HIGH) == 0;
}

static size_t plain_end(span_t raw, size_t offset)
{
    while (raw.size - offset >= sizeof(uint64_t) && are_plain(raw.data + offset))
        offset += sizeof(uint64_t);
    while (offset < raw.size && is_within((uint8_t)raw.data[offset], 0x20, 0x7e))
        offset++;
    return offset;
}

void clean_append(buffer_t *out, span_t raw, clean_way_t way)
{
    assert(out && (raw.data || raw.size == 0));
    size_t offset = 0;
    while (offset < raw.size) {
        size_t plain = plain_end(raw, offset);
        if (plain > offset)
            append(out, raw.data + offset, plain - offset);
        offset = plain < raw.size ? one(out, raw, plain, way) : plain;
    }
    assert(offset == raw.size);
}
