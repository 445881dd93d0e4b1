/* bridge/core/phrases.h - what people read, in their language.
 *
 * All of it stands in phrases.def. Our own small formatter fills in the words and cleans each of them
 * (bridge/core/clean.h), so no foreign byte gets to a terminal past it:
 *
 *   phrase_line (&out, LANGUAGE_en, PHRASE_renamed, &(words_t){.was = old, .nick = new});
 *   "* bob is now ada\r\n"
 *
 * Pure. */
#ifndef BRIDGE_CORE_PHRASES_H
#define BRIDGE_CORE_PHRASES_H

#include "proto/buffer.h"
#include "proto/duration.h"
#include "proto/err.h"

typedef enum { LANGUAGE_en, LANGUAGE_zh, LANGUAGE_COUNT } language_t;

typedef enum {
#define PHRASE(name, english, chinese) PHRASE_##name,
#include "bridge/core/phrases.def"
#undef PHRASE
    PHRASE_COUNT
} phrase_t;

/* The words of one phrase; those it does not use are not looked at. */
typedef struct {
#define WORD(name, text) span_t name;
#include "bridge/core/words.def"
#undef WORD
} words_t;

/* A number as a word. */
typedef struct {
    char digits[24];
} numeral_t;

/* Writes `number` in decimal and returns it; borrowed from *out. */
span_t numeral(uint64_t number, numeral_t *out);

/* The language of that name ("en", "zh"); LANGUAGE_COUNT: none. */
language_t language_find(span_t name);

/* The phrase as it stands in the table, words not filled in. */
const char *phrase_text(language_t language, phrase_t phrase);

/* Appends a phrase, its words filled in and cleaned; further lines begin after CR LF. The buffer must
 * have room (asserted): words grow up to CLEAN_GROWTH times. */
void phrase_append(buffer_t *out, language_t language, phrase_t phrase, const words_t *words);

/* The same, and CR LF at the end. */
void phrase_line(buffer_t *out, language_t language, phrase_t phrase, const words_t *words);

/* How long, as a word. */
typedef struct {
    char text[DURATION_WORDS_BYTES];
} time_words_t;

/* So many of the unit: "10 minutes"; borrowed from *out. */
span_t time_words(language_t language, duration_unit_t unit, uint64_t count, time_words_t *out);

/* A wait, by duration_about(), likewise. */
span_t time_words_wait(language_t language, uint64_t ms, time_words_t *out);

/* The phrase for an error of the wire; `err` is not HUB_OK. */
phrase_t phrase_of_error(hub_err_t err);

#endif
