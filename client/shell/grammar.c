#include "client/shell/grammar.h"

#include "proto/duration.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND(word, verb, shape, usage, about) {#word, VERB_##verb, SHAPE_##shape, usage, about},
static const command_t COMMANDS[] = {
#include "client/shell/commands.def"
};
#undef COMMAND

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0], DIGITS_MAX = 6 };

static const char BLANKS[] = " \t";

const command_t *grammar_commands(size_t *out_count)
{
    assert(out_count);
    *out_count = COMMAND_COUNT;
    return COMMANDS;
}

const command_t *grammar_find(const char *word, size_t size)
{
    assert(word);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *other = COMMANDS[i].word;
        if (strlen(other) == size && memcmp(other, word, size) == 0)
            return &COMMANDS[i];
    }
    return NULL;
}

const char *grammar_word(verb_t verb)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (COMMANDS[i].verb == verb)
            return COMMANDS[i].word;
    return "";
}

bool grammar_is_secret(const char *line)
{
    assert(line);
    if (line[0] != '/')
        return false;
    const command_t *command = grammar_find(line + 1, strcspn(line + 1, " \t\n"));
    return command && command->shape >= SHAPE_PASSWORD;
}

size_t grammar_secret_at(const char *line)
{
    assert(line);
    if (!grammar_is_secret(line))
        return 0;
    size_t at = strcspn(line, BLANKS);
    const command_t *command = grammar_find(line + 1, at - 1);
    if (command && command->shape == SHAPE_NICK_PASSWORD) {
        size_t name = at + strspn(line + at, BLANKS);
        at = name + strcspn(line + name, BLANKS);
        if (at == name)
            return 0;
    }
    size_t blanks = strspn(line + at, BLANKS);
    return blanks ? at + blanks : 0;
}

/* Cuts off the first word and leaves *rest behind it and the blanks that follow; empty: no word. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    char *end = word + strcspn(word, BLANKS);
    *rest = end + strspn(end, BLANKS);
    *end = '\0';
    return word;
}

static void trim_end(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && strchr(BLANKS, text[size - 1]))
        size--;
    text[size] = '\0';
}

/* Reads exactly one word; false: there is none, or more. */
static bool take_only(char *rest, const char **out_word)
{
    const char *word = take_word(&rest);
    if (*word == '\0' || *rest != '\0')
        return false;
    *out_word = word;
    return true;
}

static bool take_count(char *rest, uint64_t *out_count)
{
    const char *word;
    if (!take_only(rest, &word))
        return false;
    size_t digits = strspn(word, "0123456789");
    if (word[digits] != '\0' || digits > DIGITS_MAX)
        return false;
    *out_count = strtoull(word, NULL, 10);
    return *out_count > 0;
}

static bool take_to_text(char *rest, order_t *out)
{
    out->to = take_word(&rest);
    out->text = rest;
    return *out->to != '\0' && *out->text != '\0';
}

/* Takes the next word if it is a duration. False: it is none but meant as one, which is the order then. */
static bool take_duration(char **rest, order_t *out)
{
    span_t word = {*rest, strcspn(*rest, BLANKS)};
    bool is_one = duration_read(word, &out->for_ms);
    if (!is_one && !duration_is_meant(word))
        return true;
    const char *taken = take_word(rest);
    if (!is_one)
        *out = (order_t){.verb = VERB_no_time, .text = taken};
    return is_one;
}

static bool take_nick_time(char *rest, order_t *out)
{
    out->nick = take_word(&rest);
    return *out->nick != '\0' && take_duration(&rest, out) && *rest == '\0';
}

static bool take_nick_reason(char *rest, bool may_end, order_t *out)
{
    out->nick = take_word(&rest);
    if (may_end && !take_duration(&rest, out))
        return false;
    out->reason = *rest ? rest : NULL;
    return *out->nick != '\0';
}

static bool take_nick_role(char *rest, order_t *out)
{
    out->nick = take_word(&rest);
    return *out->nick != '\0' && take_only(rest, &out->role);
}

/* A duration, a number of seconds, or off. */
static bool take_pace(char *rest, order_t *out)
{
    uint64_t seconds = 0;
    bool is_read = strcmp(rest, "off") == 0 || duration_read(span_of(rest), &out->slow_ms);
    if (!is_read && take_count(rest, &seconds))
        out->slow_ms = seconds * 1000;
    return is_read || seconds > 0;
}

/* The last one may have blanks within. */
static bool take_passwords(char *rest, order_t *out)
{
    out->password = take_word(&rest);
    out->new_password = rest;
    return *out->password != '\0' && *out->new_password != '\0';
}

static bool take_nick_password(char *rest, order_t *out)
{
    out->nick = take_word(&rest);
    out->password = rest;
    return *out->nick != '\0' && *out->password != '\0';
}

/* What follows a command's word, into the order. False: it has another shape. */
static bool take_arguments(shape_t shape, char *rest, order_t *out)
{
    bool is_alone = *rest == '\0';
    switch (shape) {
    case SHAPE_NOTHING:
        return is_alone;
    case SHAPE_ROOM:
        return take_only(rest, &out->room);
    case SHAPE_MAYBE_ROOM:
        return is_alone || take_only(rest, &out->room);
    case SHAPE_NICK:
        return take_only(rest, &out->nick);
    case SHAPE_TO_TEXT:
        return take_to_text(rest, out);
    case SHAPE_MAYBE_COUNT:
        return is_alone || take_count(rest, &out->limit);
    case SHAPE_MAYBE_STATUS:
        out->status = rest;
        return true;
    case SHAPE_NICK_MAYBE_TIME:
        return take_nick_time(rest, out);
    case SHAPE_NICK_REASON:
    case SHAPE_NICK_TIME_REASON:
        return take_nick_reason(rest, shape == SHAPE_NICK_TIME_REASON, out);
    case SHAPE_NICK_ROLE:
        return take_nick_role(rest, out);
    case SHAPE_PACE:
        return take_pace(rest, out);
    case SHAPE_PASSWORD:
        out->password = rest;
        return !is_alone;
    case SHAPE_NICK_PASSWORD:
        return take_nick_password(rest, out);
    case SHAPE_PASSWORDS:
        return take_passwords(rest, out);
    }
    return false;
}

static order_t read_command(char *line)
{
    char *rest = line;
    trim_end(line);
    const char *word = take_word(&rest);
    const command_t *command = grammar_find(word, strlen(word));
    if (command == NULL)
        return (order_t){.verb = VERB_unknown, .text = word};
    order_t order = {.verb = command->verb};
    if (!take_arguments(command->shape, rest, &order) && order.verb != VERB_no_time)
        return (order_t){.verb = VERB_usage, .text = command->usage};
    return order;
}

order_t grammar_read(char *line)
{
    assert(line);
    assert(strchr(line, '\n') == NULL);
    if (line[strspn(line, BLANKS)] == '\0')
        return (order_t){.verb = VERB_nothing};
    if (line[0] == '/' && line[1] != '/')
        return read_command(line + 1);
    return (order_t){.verb = VERB_say, .text = line[0] == '/' ? line + 1 : line};
}
