/* tests/unit/proto.h - what the tests of proto/ share: cmocka, frames from hex. */
#ifndef TESTS_UNIT_PROTO_H
#define TESTS_UNIT_PROTO_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/span.h"
#include "proto/tables.h"

#include <stdio.h>
#include <stdlib.h>

static inline int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Bytes written as hex, with or without blanks; in memory of exactly their size, so that asan sees one
 * byte too far. The caller frees `data`. */
static inline span_t from_hex(const char *text)
{
    char *data = malloc(strlen(text) / 2 + 1);
    assert_non_null(data);
    size_t size = 0;
    for (; *text && *text != '\n'; text++)
        if (*text != ' ') {
            data[size++] = (char)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
            text++;
        }
    char *exact = size > 0 ? realloc(data, size) : data;
    assert_non_null(exact);
    return (span_t){exact, size};
}

#endif
