#include "proto/duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
    char unit;
    uint64_t ms;
    const char *word;
} UNITS[] = {[DURATION_S] = {'s', 1000, "second"},
             [DURATION_M] = {'m', 60000, "minute"},
             [DURATION_H] = {'h', 3600000, "hour"},
             [DURATION_D] = {'d', 86400000, "day"},
             [DURATION_W] = {'w', 604800000, "week"}};

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

bool duration_is_meant(span_t text)
{
    return text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

duration_unit_t duration_parts(uint64_t ms, uint64_t *out_count)
{
    assert(ms > 0 && out_count);
    duration_unit_t unit = DURATION_W;
    while (unit > DURATION_S && ms % UNITS[unit].ms != 0)
        unit--;
    *out_count = ms / UNITS[unit].ms;
    return unit;
}

/* How many of the unit it takes. */
static uint64_t fill(uint64_t ms, duration_unit_t unit)
{
    return ms / UNITS[unit].ms + (ms % UNITS[unit].ms > 0);
}

duration_unit_t duration_about(uint64_t ms, uint64_t *out_count)
{
    enum { PART = 20 };
    assert(out_count);
    duration_unit_t unit = DURATION_W;
    while (unit > DURATION_S &&
           (ms == 0 || UNITS[unit].ms - 1 - (ms - 1) % UNITS[unit].ms > ms / PART))
        unit--;
    *out_count = fill(ms, unit);
    return unit;
}

const char *duration_wait(uint64_t ms, char out[DURATION_WORDS_BYTES])
{
    assert(out);
    uint64_t count;
    const char *word = UNITS[duration_about(ms, &count)].word;
    (void)snprintf(out, DURATION_WORDS_BYTES, "%" PRIu64 " %s%s", count, word,
                   count == 1 ? "" : "s");
    return out;
}

const char *duration_words(uint64_t ms, const char *otherwise, char out[DURATION_WORDS_BYTES])
{
    assert(otherwise && out);
    if (ms == 0)
        return otherwise;
    uint64_t count;
    const char *word = UNITS[duration_parts(ms, &count)].word;
    (void)snprintf(out, DURATION_WORDS_BYTES, "for %" PRIu64 " %s%s", count, word,
                   count == 1 ? "" : "s");
    return out;
}
