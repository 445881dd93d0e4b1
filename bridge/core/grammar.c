#include "bridge/core/grammar.h"

#include "proto/duration.h"

#include <assert.h>

typedef enum { STYLE_BAR, STYLE_SLASH } style_t;

typedef enum {
    SHAPE_NOTHING,
    SHAPE_NAME,
    SHAPE_NAME_TEXT,
    SHAPE_NAME_MAYBE_TEXT,
    SHAPE_NAME_TIME_TEXT,
    SHAPE_NAME_MAYBE_TIME,
    SHAPE_PACE,
    SHAPE_MAYBE_NAME,
    SHAPE_MAYBE_TEXT,
    SHAPE_MAYBE_COUNT,
    SHAPE_MAYBE_SECRET,
    SHAPE_NAME_MAYBE_SECRET,
    SHAPE_MAYBE_SECRETS
} shape_t;

typedef struct {
    span_t word;
    verb_t verb;
    style_t style;
    shape_t shape;
    phrase_t usage;
} row_t;

static const row_t ROWS[] = {
#define ORDER(verb, word, style, shape, usage)                                                     \
    {{word, sizeof word - 1}, ORDER_##verb, STYLE_##style, SHAPE_##shape, PHRASE_##usage},
#include "bridge/core/orders.def"
#undef ORDER
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static span_t drop(span_t text, size_t size)
{
    assert(size <= text.size);
    return (span_t){text.data + size, text.size - size};
}

static span_t trim(span_t text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = drop(text, 1);
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* Up to the first separator, | or blank; *out_rest is what follows it. */
static span_t field(span_t text, style_t style, span_t *out_rest)
{
    size_t size = 0;
    while (size < text.size &&
           (style == STYLE_BAR ? text.data[size] != '|' : !is_blank(text.data[size])))
        size++;
    *out_rest = drop(text, size < text.size ? size + 1 : size);
    return (span_t){text.data, size};
}

static const row_t *find(span_t word, style_t style)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (ROWS[i].style == style && span_equal(ROWS[i].word, word))
            return &ROWS[i];
    return NULL;
}

static bool read_name(span_t text, order_t *out)
{
    out->name = trim(text);
    return true;
}

/* Of a text after blanks none of its own blanks count; after | all do. */
static bool read_name_text(span_t text, style_t style, order_t *out)
{
    span_t rest;
    out->name = trim(field(text, style, &rest));
    out->text = style == STYLE_SLASH ? trim(rest) : rest;
    return out->name.size > 0 && trim(out->text).size > 0;
}

static bool read_name_maybe_text(span_t text, style_t style, order_t *out)
{
    (void)read_name_text(text, style, out); /* the text may be empty */
    return out->name.size > 0;
}

/* Takes a duration off the front of the text, if one stands there. False: something like one does. */
static bool take_time(order_t *out)
{
    span_t rest, word = field(out->text, STYLE_SLASH, &rest);
    if (duration_read(word, &out->ms))
        out->text = trim(rest);
    else if (duration_is_meant(word))
        out->usage = PHRASE_no_time;
    return out->usage != PHRASE_no_time;
}

static bool read_name_time_text(span_t text, style_t style, order_t *out)
{
    (void)read_name_text(text, style, out);
    return out->name.size > 0 && take_time(out);
}

static bool read_name_maybe_time(span_t text, style_t style, order_t *out)
{
    return read_name_time_text(text, style, out) && out->text.size == 0;
}

/* The last one may have blanks within. */
static bool read_secrets(span_t text, order_t *out)
{
    span_t rest;
    out->secret = field(text, STYLE_SLASH, &rest);
    out->new_secret = trim(rest);
    return out->secret.size == 0 || out->new_secret.size > 0;
}

static bool read_name_secret(span_t text, order_t *out)
{
    span_t rest;
    out->name = field(text, STYLE_SLASH, &rest);
    out->secret = trim(rest);
    return out->name.size > 0;
}

static bool read_count(span_t text, order_t *out)
{
    text = trim(text);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || out->count > ORDER_COUNT_MAX)
            return false;
        out->count = out->count * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.size == 0 || (out->count > 0 && out->count <= ORDER_COUNT_MAX);
}

/* A duration, a number of seconds, or off. */
static bool read_pace(span_t text, order_t *out)
{
    text = trim(text);
    if (span_is(text, "off") || duration_read(text, &out->ms))
        return true;
    if (text.size == 0 || !read_count(text, out))
        return false;
    out->ms = out->count * 1000;
    return true;
}

/* True: what follows the word has the row's shape. */
static bool read_shape(const row_t *row, span_t rest, order_t *out)
{
    switch (row->shape) {
    case SHAPE_NOTHING:
        return trim(rest).size == 0;
    case SHAPE_NAME:
        return read_name(rest, out) && out->name.size > 0;
    case SHAPE_NAME_TEXT:
        return read_name_text(rest, row->style, out);
    case SHAPE_NAME_MAYBE_TEXT:
        return read_name_maybe_text(rest, row->style, out);
    case SHAPE_NAME_TIME_TEXT:
        return read_name_time_text(rest, row->style, out);
    case SHAPE_NAME_MAYBE_TIME:
        return read_name_maybe_time(rest, row->style, out);
    case SHAPE_PACE:
        return read_pace(rest, out);
    case SHAPE_MAYBE_NAME:
        return read_name(rest, out);
    case SHAPE_MAYBE_TEXT:
        out->text = trim(rest);
        return true;
    case SHAPE_MAYBE_COUNT:
        return read_count(rest, out);
    case SHAPE_MAYBE_SECRET:
        out->secret = trim(rest);
        return true;
    case SHAPE_NAME_MAYBE_SECRET:
        return read_name_secret(trim(rest), out);
    case SHAPE_MAYBE_SECRETS:
        return read_secrets(trim(rest), out);
    }
    return false;
}

static order_t read_row(const row_t *row, span_t rest)
{
    order_t order = {.verb = row->verb, .usage = row->usage};
    if (read_shape(row, rest, &order))
        return order;
    return (order_t){.verb = ORDER_USAGE, .usage = order.usage};
}

static order_t read_slash(span_t line)
{
    span_t text = drop(line, 1), rest;
    if (text.size > 0 && text.data[0] == '/')
        return (order_t){.verb = ORDER_SAY, .text = text};
    span_t word = field(text, STYLE_SLASH, &rest);
    const row_t *row = find(word, STYLE_SLASH);
    return row ? read_row(row, trim(rest)) : (order_t){.verb = ORDER_UNKNOWN, .text = word};
}

order_t order_read(span_t line)
{
    assert(line.data || line.size == 0);
    span_t trimmed = trim(line), rest;
    if (trimmed.size == 0)
        return (order_t){.verb = ORDER_NOTHING};
    if (line.data[0] == '/')
        return read_slash(line);
    const row_t *row = find(trimmed, STYLE_BAR); /* the bare word */
    if (row)
        return read_row(row, (span_t){"", 0});
    row = find(field(line, STYLE_BAR, &rest), STYLE_BAR);
    if (row && row->shape != SHAPE_NOTHING)
        return read_row(row, rest);
    return (order_t){.verb = ORDER_SAY, .text = line};
}
