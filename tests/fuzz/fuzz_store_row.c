/* Any bytes as a row of the store's tables, as a damaged database may have it: the first byte says where the directory of
 * runs ends. What is taken apart lies within the row. */
#include "tests/fuzz/fuzz.h"

#include "broker/store/block.h"
#include "broker/store/recent.h"

#include <assert.h>

static void look_at_block(span_t block, uint64_t count, uint64_t first_ms)
{
    block_cursor_t cursor;
    if (!block_open(&cursor, block, count, first_ms))
        return;
    for (uint64_t i = 0; i < count; i++) {
        block_next(&cursor);
        assert(cursor.offset <= cursor.events.size);
        assert(cursor.size <= cursor.events.size - cursor.offset);
        assert(cursor.events.data >= block.data);
        assert(cursor.events.data + cursor.events.size <= block.data + block.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t runs_size = data[0] < size ? data[0] : size - 1;
    span_t runs = {(const char *)data + 1, runs_size};
    span_t rest = {(const char *)data + 1 + runs_size, size - 1 - runs_size};
    recent_run_t run;
    while (runs.size > 0 && recent_take_run(&runs, &run)) {
        if (run.size > rest.size)
            break;
        if (run.id != RECENT_NOTE)
            look_at_block((span_t){rest.data, run.size}, run.count, run.first_ms);
        rest = (span_t){rest.data + run.size, rest.size - run.size};
    }
    look_at_block(rest, data[0], 1);
    return 0;
}
