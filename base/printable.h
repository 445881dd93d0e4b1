/* base/printable.h - makes foreign text harmless to a terminal, and typed text fit for the wire.
 *
 *   "a\x1b[31mb"  "a\xc2\x9b31mb"    "ab": whole escape sequences go, in both their forms
 *   "a\x1b]0;title\x07b"             "ab": so do strings for the terminal (OSC, DCS, SOS, PM, APC)
 *   "a\x07\x7f\xc2\x85" "b"          "ab": control characters go
 *   "a\tb"                           as it is
 *   "a\xff" "b"                      U+FFFD for every byte that is no UTF-8
 *
 * A sequence that does not end takes the rest of its own text with it, never what is printed behind that: with a format, each
 * string is made harmless by itself. printable() is pure; the others write, and a failed write shows when the caller flushes. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum {
    PRINTABLE_IN,  /* towards the broker: format characters stay, emoji need them */
    PRINTABLE_OUT, /* towards a terminal: bidi controls and U+2028, U+2029 go too */
} printable_way_t;

/* What is left of `size` bytes, on one line, ending with a zero. The caller frees it. */
char *printable(const char *text, size_t size, printable_way_t way);

/* Where in `size` bytes the first character is that paints: a control character other than TAB, or one that reorders or
 * breaks a line; which one, and its size in bytes. `size`: there is none, and the others are untouched. */
size_t printable_find(const char *text, size_t size, int32_t *out_point, size_t *out_size);

/* Writes what PRINTABLE_OUT leaves of a string. */
void printable_put(FILE *out, const char *text, size_t size);

/* Writes what printf() would, each string cleaned as by printable_put(); the format itself stays as it is. A format of ours
 * has %s, %u, %lu, %llu, %zu, with `-`, a width or, for strings, a precision; another is a mistake and asserted. A precision
 * counts the bytes that are read, a width those that are written. printable_line() then ends the line. */
void printable_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void printable_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void printable_vprint(FILE *out, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

/* The same into `out`, cut to `capacity` (> 0) with its zero: a message made of several texts. */
void printable_text(char *out, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void printable_vtext(char *out, size_t capacity, const char *format, va_list values)
    __attribute__((format(printf, 3, 0)));

#endif
