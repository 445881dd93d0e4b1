#include "broker/core/restore_verdict.h"

#include "broker/core/verdicts.h"

#include <assert.h>

static bool read_words(const record_t *record, verdict_words_t *out)
{
    return record_span(record, "name", &out->name) && record_span(record, "by", &out->by) &&
           record_span(record, "reason", &out->reason) && record_span(record, "uid", &out->uid) &&
           record_uint(record, "at", &out->at_ms) && record_uint(record, "until", &out->until_ms) &&
           (out->uid.size == 0 || out->uid.size == MINT_NAME_CHARS);
}

hub_err_t restore_verdict(core_t *core, span_t key, const record_t *record)
{
    assert(core && record && core->restore);
    target_t target;
    verdict_words_t words;
    if (!target_read(key, &target) || !read_words(record, &words) || verdicts_find(core, &target))
        return HUB_MALFORMED;
    return verdicts_add(core, &target, &words) ? HUB_OK : HUB_FULL;
}
