/* How a connection begins: no byte behind what has come is looked at, it is the same in whatever pieces the bytes come, what
 * is known stays known, and until it is known nothing is said.
 *
 * The first byte of an input says how large the pieces of the second reading are. */
#include "bridge/core/foreign.h"

#include "bridge/core/clean.h"
#include "bridge/core/line.h"
#include "bridge/core/telnet.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CUTS = 64 };

/* Of exactly its size, so that asan sees one byte too far. */
static char *copy(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    assert(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    return bytes;
}

static foreign_t take(beginning_t *beginning, const uint8_t *data, size_t size)
{
    char *bytes = copy(data, size);
    foreign_t found = foreign_take(beginning, (span_t){bytes, size});
    free(bytes);
    return found;
}

/* Takes pieces of that size; *out_known is behind the one by which it was known, or 0. */
static foreign_t take_pieces(const uint8_t *data, size_t size, size_t most, size_t *out_known)
{
    beginning_t beginning = {0};
    foreign_t found = FOREIGN_NONE;
    *out_known = 0;
    for (size_t at = 0; at < size; at += most) {
        size_t piece = size - at < most ? size - at : most;
        foreign_t now = take(&beginning, data + at, piece);
        assert(found == FOREIGN_NONE || now == found);
        if (found == FOREIGN_NONE && now != FOREIGN_NONE)
            *out_known = at + piece;
        found = now;
    }
    return found;
}

/* What comes before may be lines, but there is nothing in them. */
static void check_silent(const uint8_t *data, size_t size)
{
    char *bytes = copy(data, size);
    telnet_t telnet = {0};
    telnet_answers_t answers = {.size = 0};
    line_t reader = {0};
    line_found_t found;
    buffer_t text;
    buffer_init(&text, (size_t)CLEAN_GROWTH * LINE_BYTES);
    span_t line, input = {bytes, telnet_filter(&telnet, bytes, size, &answers)};
    while ((found = line_next(&reader, &input, &line)) != LINE_NONE) {
        if (found == LINE_WHOLE)
            clean_append(&text, line, CLEAN_IN);
        assert(text.size == 0);
    }
    line_fini(&reader);
    buffer_fini(&text);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const uint8_t *bytes = data + 1;
    size_t known, count = size - 1;
    beginning_t beginning = {0};
    foreign_t whole = take(&beginning, bytes, count);
    foreign_t pieces = take_pieces(bytes, count, 1u + data[0] % 16, &known);
    foreign_t single = take_pieces(bytes, count, 1, &known);
    assert(pieces == whole && single == whole);
    for (size_t cut = 0; cut <= count && cut < CUTS; cut++) {
        beginning = (beginning_t){0};
        foreign_t early = take(&beginning, bytes, cut);
        foreign_t late = take(&beginning, bytes + cut, count - cut);
        assert(late == whole && early == (known > 0 && cut >= known ? whole : FOREIGN_NONE));
        (void)early, (void)late;
    }
    if (whole != FOREIGN_NONE)
        check_silent(bytes, known - 1);
    (void)pieces, (void)single;
    return 0;
}
