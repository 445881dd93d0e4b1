#include "base/printable.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { ESCAPE = 0x1b, BELL = 0x07, DELETE = 0x7f, STRING_END = 0x9c, BROKEN = 0xfffd, GROWTH = 3 };

typedef struct {
    const uint8_t *data;
    size_t size;
} text_t;

static bool is_within(int32_t value, int32_t low, int32_t high)
{
    return value >= low && value <= high;
}

/* The character at `offset` and its size; BROKEN and 1 where there is none. */
static size_t character(text_t text, size_t offset, int32_t *out_point)
{
    assert(offset < text.size);
    utf8proc_ssize_t left = (utf8proc_ssize_t)(text.size - offset);
    utf8proc_ssize_t size = utf8proc_iterate(text.data + offset, left, out_point);
    if (size > 0)
        return (size_t)size;
    *out_point = BROKEN;
    return 1;
}

/* The byte there; 0 behind the end. */
static uint8_t byte_at(text_t text, size_t offset)
{
    return offset < text.size ? text.data[offset] : 0;
}

/* Parameters and intermediates, then one final byte. */
static size_t skip_sequence(text_t text, size_t offset, int32_t low)
{
    while (is_within(byte_at(text, offset), 0x20, 0x3f) && byte_at(text, offset) < low)
        offset++;
    return is_within(byte_at(text, offset), low, 0x7e) ? offset + 1 : offset;
}

/* Anything up to ST or BEL. Another ESC begins something new. */
static size_t skip_string(text_t text, size_t offset)
{
    while (offset < text.size) {
        int32_t point;
        size_t size = character(text, offset, &point);
        if (point == ESCAPE)
            return byte_at(text, offset + 1) == '\\' ? offset + 2 : offset;
        offset += size;
        if (point == BELL || point == STRING_END)
            return offset;
    }
    return offset;
}

/* What follows an introducer, `kind` being its second byte in the form with ESC. */
static size_t skip_body(text_t text, size_t offset, uint8_t kind)
{
    if (kind == '[')
        return skip_sequence(text, offset, 0x40);
    if (kind != 0 && strchr("]PX^_", kind))
        return skip_string(text, offset);
    return offset;
}

static size_t skip_escape(text_t text, size_t offset)
{
    uint8_t kind = byte_at(text, offset);
    if (is_within(kind, 0x40, 0x5f))
        return skip_body(text, offset + 1, kind);
    return skip_sequence(text, offset, 0x30);
}

static bool is_control(int32_t point)
{
    return (point < 0x20 && point != '\t') || is_within(point, DELETE, 0x9f);
}

/* Characters that reorder or break a line. */
static bool is_treacherous(int32_t point)
{
    return point == 0x061c || is_within(point, 0x200e, 0x200f) ||
           is_within(point, 0x2028, 0x202e) || is_within(point, 0x2066, 0x2069);
}

/* Handles what begins at *offset, moves it on, and says how many bytes came to `out`. */
static size_t clean_one(text_t text, size_t *offset, printable_way_t way, char *out)
{
    int32_t point;
    size_t start = *offset;
    *offset += character(text, start, &point);
    if (point == ESCAPE)
        *offset = skip_escape(text, *offset);
    else if (is_within(point, 0x80, 0x9f))
        *offset = skip_body(text, *offset, (uint8_t)(point - 0x40));
    if (is_control(point) || (way == PRINTABLE_OUT && is_treacherous(point)))
        return 0;
    return (size_t)utf8proc_encode_char(point, (uint8_t *)out);
}

char *printable(const char *text, size_t size, printable_way_t way)
{
    assert(text || size == 0);
    text_t given = {(const uint8_t *)text, size};
    char *out = malloc(size * GROWTH + 1);
    assert(out);
    size_t used = 0;
    for (size_t offset = 0; offset < size;)
        used += clean_one(given, &offset, way, out + used);
    assert(used <= size * GROWTH);
    out[used] = '\0';
    return out;
}

size_t printable_find(const char *text, size_t size, int32_t *out_point, size_t *out_size)
{
    assert(text && out_point && out_size);
    text_t given = {(const uint8_t *)text, size};
    size_t next;
    for (size_t offset = 0; offset < size; offset += next) {
        int32_t point;
        next = character(given, offset, &point);
        if (!is_control(point) && !is_treacherous(point))
            continue;
        *out_point = point;
        *out_size = next;
        return offset;
    }
    return size;
}

void printable_put(FILE *out, const char *text, size_t size)
{
    assert(out);
    char *clean = printable(text, size, PRINTABLE_OUT);
    (void)fputs(clean, out); /* a lost terminal shows when it is flushed */
    free(clean);
}

/* --- formats ------------------------------------------------------------------------------------- */

typedef struct {
    FILE *out;
    va_list values; /* what is left of them */
} printer_t;

typedef struct {
    bool is_left; /* within `width` */
    int width;
    int precision; /* -1: none */
} shape_t;

static void put_string(printer_t *self, shape_t shape)
{
    const char *text = va_arg(self->values, const char *);
    size_t size = 0; /* an empty piece may have no place */
    if (shape.precision != 0)
        size = shape.precision < 0 ? strlen(text) : strnlen(text, (size_t)shape.precision);
    char *clean = printable(text, size, PRINTABLE_OUT);
    (void)fprintf(self->out, "%*s", shape.is_left ? -shape.width : shape.width, clean);
    free(clean);
}

/* The number that is next, whose conversion is at `at`: "u", "lu", "llu", "zu". */
static unsigned long long next_number(printer_t *self, const char *at)
{
    if (*at == 'u')
        return va_arg(self->values, unsigned);
    if (strncmp(at, "lu", 2) == 0)
        return va_arg(self->values, unsigned long);
    if (strncmp(at, "zu", 2) == 0)
        return va_arg(self->values, size_t);
    assert(strncmp(at, "llu", 3) == 0);
    return va_arg(self->values, unsigned long long);
}

/* `at` is behind a percent sign; returns what comes after the conversion. */
static const char *put_conversion(printer_t *self, const char *at)
{
    char *end;
    shape_t shape = {.is_left = *at == '-', .precision = -1};
    shape.width = (int)strtol(at + shape.is_left, &end, 10);
    if (strncmp(end, ".*", 2) == 0) {
        shape.precision = va_arg(self->values, int);
        end += 2;
    } else if (*end == '.')
        shape.precision = (int)strtol(end + 1, &end, 10);
    if (*end == 's')
        put_string(self, shape);
    else
        (void)fprintf(self->out, "%*llu", shape.is_left ? -shape.width : shape.width,
                      next_number(self, end));
    return end + strcspn(end, "su") + 1;
}

void printable_vprint(FILE *out, const char *format, va_list values)
{
    assert(out && format);
    printer_t self = {.out = out};
    va_copy(self.values, values);
    while (*format) {
        size_t plain = strcspn(format, "%");
        (void)fwrite(format, 1, plain, out);
        format += plain;
        if (*format)
            format = put_conversion(&self, format + 1);
    }
    va_end(self.values);
}

void printable_print(FILE *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printable_vprint(out, format, values);
    va_end(values);
}

void printable_line(FILE *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printable_vprint(out, format, values);
    va_end(values);
    (void)fputc('\n', out);
}

void printable_vtext(char *out, size_t capacity, const char *format, va_list values)
{
    assert(out && capacity > 0);
    char *text;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    assert(memory);
    printable_vprint(memory, format, values);
    (void)fclose(memory); /* memory */
    (void)snprintf(out, capacity, "%s", text);
    free(text);
}

void printable_text(char *out, size_t capacity, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printable_vtext(out, capacity, format, values);
    va_end(values);
}
