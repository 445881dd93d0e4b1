#include "proto/duration.h"

#include <assert.h>

static const struct {
    char unit;
    uint64_t ms;
} UNITS[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};

bool duration_read(span_t text, uint64_t *out_ms)
{
    assert(out_ms);
    uint64_t count = 0;
    size_t at = 0;
    for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
        count = count * 10 + (uint64_t)(text.data[at] - '0');
        if (count > DURATION_COUNT_MAX)
            return false;
    }
    if (count == 0 || at + 1 != text.size)
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (UNITS[i].unit != text.data[at])
            continue;
        *out_ms = count * UNITS[i].ms;
        return true;
    }
    return false;
}
