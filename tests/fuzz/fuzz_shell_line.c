/* Any bytes typed become text that the wire allows, and an order whose parts lie within the line; any
 * bytes shown hold nothing that could move a cursor or turn the writing around. */
#include "client/shell/grammar.h"
#include "base/printable.h"
#include "proto/names.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <utf8proc.h>

enum { LINE_MAX_BYTES = 4096 };

static void check_within(const char *part, const char *line, size_t size)
{
    assert(part == NULL || (part >= line && part <= line + size));
    (void)line;
    (void)size;
}

static void check_typed(const char *data, size_t size)
{
    char *line = printable(data, size, PRINTABLE_IN);
    size_t left = strlen(line);
    assert(left <= 3 * size);
    assert(text_check((span_t){line, left}, left + 1, TEXT_PARAGRAPH) == HUB_OK);
    order_t order = grammar_read(line);
    check_within(order.room, line, left);
    check_within(order.to, line, left);
    check_within(order.nick, line, left);
    check_within(order.status, line, left);
    if (order.verb != VERB_usage)
        check_within(order.text, line, left);
    free(line);
}

static void check_shown(const char *data, size_t size)
{
    char *line = printable(data, size, PRINTABLE_OUT);
    const uint8_t *at = (const uint8_t *)line;
    int32_t point = 1;
    for (utf8proc_ssize_t step; (step = utf8proc_iterate(at, -1, &point)) > 0 && point;
         at += step) {
        assert(point == '\t' || utf8proc_category(point) != UTF8PROC_CATEGORY_CC);
        assert(point < 0x2028 || point > 0x202e);
        assert(point < 0x2066 || point > 0x2069);
    }
    assert(point == 0);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LINE_MAX_BYTES)
        return 0;
    check_typed((const char *)data, size);
    check_shown((const char *)data, size);
    return 0;
}
