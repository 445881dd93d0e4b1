/* Any cleaned line is read as an order whose fields lie within it, and its phrases can be written. */
#include "bridge/core/clean.h"
#include "bridge/core/grammar.h"
#include "bridge/core/render.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void check_within(span_t part, span_t line)
{
    if (part.size == 0)
        return;
    assert(part.data >= line.data && part.data + part.size <= line.data + line.size);
    (void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LIMIT_TEXT_BYTES)
        return 0;
    buffer_t line, out;
    buffer_init(&line, (size_t)CLEAN_GROWTH * LIMIT_TEXT_BYTES);
    buffer_init(&out, RENDER_BYTES);
    clean_append(&line, (span_t){(const char *)data, size}, CLEAN_IN);
    order_t order = order_read(buffer_span(&line));
    check_within(order.name, buffer_span(&line));
    check_within(order.text, buffer_span(&line));
    assert(order.verb != ORDER_tell || (order.name.size > 0 && order.text.size > 0));
    assert(order.verb != ORDER_SAY || order.text.size > 0);
    assert(order.count <= ORDER_COUNT_MAX && order.usage < PHRASE_COUNT);
    phrase_line(&out, LANGUAGE_zh, PHRASE_unknown, &(words_t){.text = order.text});
    render_text(&out, LANGUAGE_en, PHRASE_tells, order.name, (span_t){"", 0}, order.text);
    buffer_fini(&line);
    buffer_fini(&out);
    return 0;
}
