/* The way of a telnet user's bytes: filter, lines, cleaning. What comes out must be harmless UTF-8, and
 * the same however the bytes were cut into segments.
 *
 * The first byte of an input says how large the segments of the second reading are. */
#include "bridge/core/clean.h"
#include "bridge/core/line.h"
#include "bridge/core/telnet.h"
#include "proto/names.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

enum { OUT_BYTES = 1024 * 1024 };

static void keep_line(buffer_t *out, line_found_t found, span_t line)
{
    size_t start = out->size;
    if (found == LINE_TOO_LONG)
        (void)buffer_append(out, "too long", 8);
    else if (out->maximum - out->size > (size_t)CLEAN_GROWTH * LINE_BYTES)
        clean_append(out, line, CLEAN_OUT);
    span_t text = {out->data ? out->data + start : "", out->size - start};
    assert(found == LINE_TOO_LONG || line.size <= LINE_BYTES);
    hub_err_t err = text_check(text, SIZE_MAX, TEXT_PARAGRAPH);
    assert(err == HUB_OK && memchr(text.data, '\n', text.size) == NULL);
    (void)err;
    (void)buffer_append(out, "\n", 1);
}

static void read_in_segments(const uint8_t *data, size_t size, size_t most, buffer_t *out)
{
    telnet_t telnet = {0};
    line_t reader = {0};
    span_t line;
    line_found_t found;
    for (size_t at = 0; at < size; at += most) {
        size_t piece = size - at < most ? size - at : most;
        char *segment = malloc(piece);
        assert(segment);
        memcpy(segment, data + at, piece);
        telnet_answers_t answers = {.size = 0};
        span_t input = {segment, telnet_filter(&telnet, segment, piece, &answers)};
        assert(answers.size <= sizeof answers.bytes);
        while ((found = line_next(&reader, &input, &line)) != LINE_NONE)
            keep_line(out, found, line);
        free(segment);
    }
    if ((found = line_end(&reader, &line)) != LINE_NONE)
        keep_line(out, found, line);
    line_fini(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    buffer_t whole, cut;
    buffer_init(&whole, OUT_BYTES);
    buffer_init(&cut, OUT_BYTES);
    read_in_segments(data + 1, size - 1, size, &whole);
    read_in_segments(data + 1, size - 1, 1u + data[0] % 16, &cut);
    assert(span_equal(buffer_span(&whole), buffer_span(&cut)));
    buffer_fini(&whole);
    buffer_fini(&cut);
    return 0;
}
