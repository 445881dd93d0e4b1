#include "bridge/core/refusal.h"

#include <assert.h>

/* What the answer must have for a row to fit. */
enum { WITH_NOTHING = 0, WITH_TIME = 1, WITH_TEXT = 2, WITH_BOTH = WITH_TIME | WITH_TEXT };

enum { OP_ANY = OP_COUNT };

typedef struct {
    hub_err_t err;
    int op;
    unsigned needs;
    phrase_t phrase;
} row_t;

static const row_t ROWS[] = {
#define REFUSAL(error, op, needs, phrase) {HUB_##error, OP_##op, needs, PHRASE_##phrase},
#include "bridge/core/refusals.def"
#undef REFUSAL
};

static bool fits(const row_t *row, op_t op, hub_err_t err, unsigned has)
{
    return row->err == err && (row->op == OP_ANY || row->op == (int)op) && (row->needs & ~has) == 0;
}

phrase_t refusal_phrase(language_t language, op_t op, hub_err_t err, const message_t *reply,
                        words_t *out_words, time_words_t *out_time)
{
    assert(out_words && out_time);
    uint64_t wait_ms = reply ? message_uint(reply, KEY_retry_ms) : 0;
    span_t hint = reply ? message_span(reply, KEY_hint) : (span_t){"", 0};
    unsigned has = (wait_ms > 0 ? WITH_TIME : 0U) | (hint.size > 0 ? WITH_TEXT : 0U);
    *out_words = (words_t){.text = hint, .time = time_words_wait(language, wait_ms, out_time)};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (fits(&ROWS[i], op, err, has))
            return ROWS[i].phrase;
    return phrase_of_error(err);
}
