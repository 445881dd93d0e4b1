#include "bridge/core/phrases.h"

#include "bridge/core/clean.h"

#include <assert.h>
#include <stddef.h>

enum { TIME_ROOM_BYTES = 1024 };

static const char *const PHRASES[PHRASE_COUNT][LANGUAGE_COUNT] = {
#define PHRASE(name, english, chinese) [PHRASE_##name] = {english, chinese},
#include "bridge/core/phrases.def"
#undef PHRASE
};

/* A row of errors.def without its phrase does not compile. */
static const phrase_t OF_ERROR[HUB_ERR_COUNT + 1] = {
#define ERROR(symbol, name, hint) [HUB_##symbol] = PHRASE_error_##symbol,
#include "proto/errors.def"
#undef ERROR
    [HUB_MALFORMED] = PHRASE_error_unknown,
    [HUB_ERR_COUNT] = PHRASE_error_unknown,
};

static const struct {
    const char *name;
    size_t place; /* in words_t */
} WORDS[] = {
#define WORD(name, text) {#name, offsetof(words_t, name)},
#include "bridge/core/words.def"
#undef WORD
};

span_t numeral(uint64_t number, numeral_t *out)
{
    assert(out);
    size_t at = sizeof out->digits;
    do {
        out->digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return (span_t){out->digits + at, sizeof out->digits - at};
}

language_t language_find(span_t name)
{
    if (span_is(name, "en"))
        return LANGUAGE_en;
    return span_is(name, "zh") ? LANGUAGE_zh : LANGUAGE_COUNT;
}

const char *phrase_text(language_t language, phrase_t phrase)
{
    assert(language < LANGUAGE_COUNT && phrase < PHRASE_COUNT);
    return PHRASES[phrase][language];
}

phrase_t phrase_of_error(hub_err_t err)
{
    assert(err != HUB_OK && err <= HUB_ERR_COUNT);
    return OF_ERROR[err];
}

static void append(buffer_t *out, span_t piece)
{
    if (piece.size == 0)
        return;
    bool has_room = buffer_append(out, piece.data, piece.size);
    assert(has_room);
    (void)has_room;
}

static span_t word_find(span_t name, const words_t *words)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (span_is(name, WORDS[i].name))
            return *(const span_t *)(const void *)((const char *)words + WORDS[i].place);
    assert(false); /* a phrase has a word that is not in words.def */
    return (span_t){"", 0};
}

/* Appends what a placeholder or a line's end stands for; `at` is there. Returns what comes after. */
static const char *special(buffer_t *out, const char *at, const words_t *words)
{
    if (*at == '\n') {
        append(out, span_of("\r\n"));
        return at + 1;
    }
    const char *end = strchr(at, '}');
    assert(*at == '{' && end && words);
    clean_append(out, word_find((span_t){at + 1, (size_t)(end - at - 1)}, words), CLEAN_OUT);
    return end + 1;
}

void phrase_append(buffer_t *out, language_t language, phrase_t phrase, const words_t *words)
{
    assert(out);
    const char *at = phrase_text(language, phrase);
    while (*at != '\0') {
        size_t plain = strcspn(at, "{\n");
        append(out, (span_t){at, plain});
        at += plain;
        if (*at != '\0')
            at = special(out, at, words);
    }
}

void phrase_line(buffer_t *out, language_t language, phrase_t phrase, const words_t *words)
{
    phrase_append(out, language, phrase, words);
    append(out, span_of("\r\n"));
}

span_t time_words(language_t language, duration_unit_t unit, uint64_t count, time_words_t *out)
{
    static const phrase_t ONE[] = {PHRASE_time_1_s, PHRASE_time_1_m, PHRASE_time_1_h,
                                   PHRASE_time_1_d, PHRASE_time_1_w};
    static const phrase_t MANY[] = {PHRASE_time_s, PHRASE_time_m, PHRASE_time_h, PHRASE_time_d,
                                    PHRASE_time_w};
    assert(unit < sizeof ONE / sizeof ONE[0] && out);
    numeral_t digits;
    buffer_t words;
    buffer_init(&words, TIME_ROOM_BYTES);
    phrase_append(&words, language, count == 1 ? ONE[unit] : MANY[unit],
                  &(words_t){.count = numeral(count, &digits)});
    size_t size = words.size;
    assert(size <= sizeof out->text);
    memcpy(out->text, words.data, size);
    buffer_fini(&words);
    return (span_t){out->text, size};
}

span_t time_words_wait(language_t language, uint64_t ms, time_words_t *out)
{
    uint64_t count;
    duration_unit_t unit = duration_about(ms, &count);
    return time_words(language, unit, count, out);
}
