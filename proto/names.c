#include "proto/names.h"

#include <assert.h>
#include <stdlib.h>
#include <utf8proc.h>

/* Reads one character; 0 bytes read: not UTF-8. */
static size_t next(span_t text, size_t offset, int32_t *out_point)
{
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.data + offset,
                                             (utf8proc_ssize_t)(text.size - offset), out_point);
    return size > 0 ? (size_t)size : 0;
}

/* Shown as nothing, though Unicode calls them symbols and letters: a blank of Braille, a note's head, a place for an object; places
 * for parts of a syllable of Hangul, which are as wide as a letter; blanks among hieroglyphs. */
static bool is_blank(int32_t point)
{
    static const int32_t BLANKS[] = {0x2800, 0x1d159, 0xfffc,  0x115f, 0x1160,
                                     0x3164, 0xffa0,  0x13441, 0x13442};
    for (size_t i = 0; i < sizeof BLANKS / sizeof BLANKS[0]; i++)
        if (point == BLANKS[i])
            return true;
    return false;
}

/* In any name, whenever it was made. */
static bool is_allowed_in_name(int32_t point)
{
    if (point < 0x80)
        return point > ' ' && point != 0x7f && strchr("|/[]@#", point) == NULL;
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    default:
        return true;
    }
}

/* What is not assigned has no shape, or a blank one, and none that will be known tomorrow. */
static bool has_shape(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category != UTF8PROC_CATEGORY_CN && category != UTF8PROC_CATEGORY_CO &&
           category != UTF8PROC_CATEGORY_CS && !is_blank(point);
}

/* A letter, a digit or a picture: what a name can be called by. */
static bool is_nameable(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) ||
           category == UTF8PROC_CATEGORY_SO;
}

/* It would be put on what stands before the name. */
static bool is_mark(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

static bool is_name(span_t name)
{
    if (name.size == 0 || name.size > NAME_BYTES)
        return false;
    size_t size;
    for (size_t offset = 0; offset < name.size; offset += size) {
        int32_t point;
        size = next(name, offset, &point);
        if (size == 0 || !is_allowed_in_name(point))
            return false;
    }
    return true;
}

/* Of a name: may somebody new be called so? */
static bool is_good_name(span_t name)
{
    bool can_be_called = false;
    size_t size;
    for (size_t offset = 0; offset < name.size; offset += size) {
        int32_t point;
        size = next(name, offset, &point);
        if (!has_shape(point) || point == '<' || point == '>' || (offset == 0 && is_mark(point)))
            return false;
        can_be_called |= is_nameable(point);
    }
    return can_be_called;
}

static bool fold_ascii(span_t name, name_t *out)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c >= 0x80)
            return false;
        out->text[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out->size = (uint8_t)name.size;
    out->text[name.size] = '\0';
    return true;
}

static bool fold_once(span_t name, name_t *out)
{
    assert(name.size <= NAME_BYTES);
    if (fold_ascii(name, out))
        return true;
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t size = utf8proc_map(
        (const utf8proc_uint8_t *)name.data, (utf8proc_ssize_t)name.size, &folded,
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    bool fits = size > 0 && is_name((span_t){(const char *)folded, (size_t)size});
    if (fits) {
        out->size = (uint8_t)size;
        memcpy(out->text, folded, (size_t)size);
        out->text[size] = '\0';
    }
    free(folded);
    return fits;
}

/* Folding twice is folding once, but for a few characters whose case folding decomposes: until it
 * stands still. */
static bool fold(span_t name, name_t *out)
{
    enum { ROUNDS = 4 };
    name_t folded, again;
    if (!is_name(name) || !fold_once(name, &folded))
        return false;
    for (int round = 0; round < ROUNDS; round++) {
        if (!fold_once(name_span(&folded), &again))
            return false;
        if (span_equal(name_span(&folded), name_span(&again))) {
            *out = folded;
            return true;
        }
        folded = again;
    }
    return false;
}

bool name_fold(span_t name, name_t *out)
{
    assert(out);
    return fold(name, out);
}

static bool fold_new(span_t name, name_t *out)
{
    return fold(name, out) && is_good_name(name) && is_good_name(name_span(out));
}

/* Who reads is called so by the bridge: `[ada -> you]`. */
static const char RESERVED_NICK[] = "you";

hub_err_t nick_fold(span_t nick, name_t *out)
{
    assert(out);
    name_t folded;
    if (!fold_new(nick, &folded) || span_is(name_span(&folded), RESERVED_NICK))
        return HUB_NICK_INVALID;
    *out = folded;
    return HUB_OK;
}

hub_err_t room_fold(span_t room, name_t *out)
{
    assert(out);
    name_t folded;
    if (!fold_new(room, &folded) || folded.text[0] == '$' || folded.text[0] == '!')
        return HUB_ROOM_INVALID;
    *out = folded;
    return HUB_OK;
}

static bool is_allowed_in_text(int32_t point, text_kind_t kind)
{
    if (kind == TEXT_ANY)
        return true;
    if (point == '\t' || point == '\n')
        return kind == TEXT_PARAGRAPH;
    return point >= 0xa0 || (point >= 0x20 && point < 0x7f);
}

/* How many bytes from `offset` on are printable ASCII, in steps of eight: most texts are nothing else.
 * Per byte: no top bit, not under a blank (adding 0x60 sets the top bit from 0x20 on), not DEL (adding 1
 * sets it then). No carry leaves a byte, since the top bits were clear. */
static size_t plain_bytes(span_t text, size_t offset)
{
    const uint64_t ONES = UINT64_C(0x0101010101010101), TOPS = ONES << 7;
    size_t begin = offset;
    for (uint64_t eight; text.size - offset >= sizeof eight; offset += sizeof eight) {
        memcpy(&eight, text.data + offset, sizeof eight);
        if ((eight & TOPS) || (~(eight + ONES * 0x60) & TOPS) || ((eight + ONES) & TOPS))
            break;
    }
    return offset - begin;
}

hub_err_t text_check(span_t text, size_t maximum, text_kind_t kind)
{
    assert(text.data || text.size == 0);
    if (text.size > maximum)
        return HUB_TOO_LONG;
    size_t size;
    for (size_t offset = plain_bytes(text, 0); offset < text.size; offset += size) {
        int32_t point = (unsigned char)text.data[offset];
        size = point < 0x80 ? 1 : next(text, offset, &point);
        if (size == 0 || !is_allowed_in_text(point, kind))
            return HUB_BAD_REQUEST;
    }
    return HUB_OK;
}
