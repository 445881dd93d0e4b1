#include "ctl/arguments.h"

#include "base/curve.h"
#include "base/places.h"
#include "base/printable.h"
#include "proto/duration.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPIRES_DAYS = 7, EXPIRES_DAYS_MAX = 3650 };

/* The value of an option in `--name VALUE` or `--name=VALUE`; NULL: it is another option. An empty value is
 * one that is missing. */
static const char *value_of(const char *name, char **argv, int *at)
{
    size_t size = strlen(name);
    const char *argument = argv[*at];
    if (strncmp(argument, name, size) != 0)
        return NULL;
    if (argument[size] == '=')
        return argument + size + 1;
    if (argument[size] != '\0')
        return NULL;
    const char *next = argv[*at + 1];
    if (next)
        ++*at;
    return next ? next : "";
}

static bool refuse(char *out_error, const char *what, const char *why)
{
    printable_text(out_error, ARGUMENTS_ERROR_BYTES, "%.100s: %s", what, why);
    return false;
}

static bool take_days(const char *text, uint64_t *out, char *out_error)
{
    char *end;
    unsigned long days = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || days == 0 || days > EXPIRES_DAYS_MAX)
        return refuse(out_error, "--expires", "a number of days, 1 to 3650, is needed");
    *out = days;
    return true;
}

static bool take_duration(const char *text, uint64_t *out_s, char *out_error)
{
    uint64_t ms;
    if (!duration_read(span_of(text), &ms))
        return refuse(out_error, "--for", "a time is needed, such as 90s, 30m, 2h, 7d or 4w");
    *out_s = ms / 1000;
    return true;
}

static bool take_word(arguments_t *out, const char *word, char *out_error)
{
    bool is_option = word[0] == '-' && strlen(word) != CURVE_TEXT_CHARS;
    if (is_option)
        return refuse(out_error, word, "there is no such option; see hubbubctl --help");
    if (out->count == ARGUMENTS_WORDS)
        return refuse(out_error, word, "too many words; see hubbubctl --help");
    out->words[out->count++] = word;
    return true;
}

/* One argument, and its value where it has one. */
static bool take(arguments_t *out, char **argv, int *at, char *out_error)
{
    const char *value;
    if (strcmp(argv[*at], "--help") == 0 || strcmp(argv[*at], "-h") == 0)
        out->wants_help = true;
    else if (strcmp(argv[*at], "--version") == 0)
        out->wants_version = true;
    else if (strcmp(argv[*at], "--operator") == 0)
        out->is_operator = true;
    else if ((value = value_of("--expires", argv, at)))
        return take_days(value, &out->expires_days, out_error);
    else if ((value = value_of("--for", argv, at)))
        return take_duration(value, &out->for_s, out_error);
    else if ((value = value_of("--password-file", argv, at)))
        out->password_file = value;
    else if ((value = value_of("--reason", argv, at)))
        out->reason = value;
    else if ((value = value_of("--data", argv, at)))
        out->data = value;
    else if ((value = value_of("--router", argv, at)))
        out->router = value;
    else
        return take_word(out, argv[*at], out_error);
    return true;
}

bool arguments_read(int argc, char **argv, arguments_t *out, char *out_error)
{
    assert(argc > 0 && argv && out && out_error);
    const char *data = getenv("HUBBUB_DATA");
    *out = (arguments_t){.data = data ? data : "", .expires_days = EXPIRES_DAYS};
    for (int at = 1; at < argc; at++)
        if (!take(out, argv, &at, out_error))
            return false;
    return true;
}

const char *arguments_data(const arguments_t *self)
{
    assert(self);
    static char data[PLACES_PATH_BYTES];
    places_data(self->data, data);
    return data;
}
