#include "client/shell/completion.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "client/shell/grammar.h"

typedef struct {
    const char *text;
    size_t size;
} word_t;

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Adds a name that begins with the word. */
static void offer(names_t *candidates, word_t word, const char *name)
{
    if (strncasecmp(name, word.text, word.size) == 0)
        names_add(candidates, name);
}

static void offer_all(names_t *candidates, word_t word, const names_t *names)
{
    for (size_t i = 0; i < names->count; i++)
        offer(candidates, word, names->items[i]);
}

static void offer_commands(names_t *candidates, word_t word)
{
    size_t count;
    char name[32] = "/";
    const command_t *commands = grammar_commands(&count);
    for (size_t i = 0; i < count; i++) {
        assert(strlen(commands[i].word) + 2 <= sizeof name);
        memcpy(name + 1, commands[i].word, strlen(commands[i].word) + 1);
        offer(candidates, word, name);
    }
}

static void offer_everybody(names_t *candidates, word_t word, const places_t *places)
{
    for (const place_t *place = places->first; place; place = place->next)
        offer_all(candidates, word, &place->nicks);
}

static void offer_present(names_t *candidates, word_t word, const places_t *places,
                          const char *room)
{
    const place_t *place = places_find(places, room);
    if (place)
        offer_all(candidates, word, &place->nicks);
}

/* The word after that of a command. */
static void offer_argument(names_t *candidates, word_t word, const places_t *places, shape_t shape)
{
    switch (shape) {
    case SHAPE_ROOM:
    case SHAPE_MAYBE_ROOM:
        offer_all(candidates, word, &places->rooms);
        return;
    case SHAPE_NICK:
    case SHAPE_TO_TEXT:
    case SHAPE_NICK_MAYBE_TIME:
    case SHAPE_NICK_REASON:
    case SHAPE_NICK_TIME_REASON:
    case SHAPE_NICK_ROLE:
        offer_everybody(candidates, word, places);
        return;
    case SHAPE_NOTHING:
    case SHAPE_MAYBE_COUNT:
    case SHAPE_PACE:
    case SHAPE_MAYBE_STATUS:
    case SHAPE_PASSWORD:
    case SHAPE_NICK_PASSWORD:
    case SHAPE_PASSWORDS:
        return;
    }
}

/* The command whose first argument begins at `start`; NULL: something else begins there. */
static const command_t *command_before(const char *line, size_t start)
{
    size_t end = strcspn(line, " \t");
    if (line[0] != '/' || end >= start || end + strspn(line + end, " \t") != start)
        return NULL;
    return grammar_find(line + 1, end - 1);
}

/* Bytes that two names share at their beginning, not counting case and not cutting a character. */
static size_t shared(const char *a, const char *b, size_t limit)
{
    size_t size = 0;
    while (size < limit && a[size] &&
           tolower((unsigned char)a[size]) == tolower((unsigned char)b[size]))
        size++;
    while (size > 0 && ((unsigned char)a[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* They are sorted: what the first and the last share, all do. */
static size_t common_of(const names_t *names)
{
    if (names->count == 0)
        return 0;
    const char *first = names->items[0];
    return shared(first, names->items[names->count - 1], strlen(first));
}

completion_t completion_find(const places_t *places, const char *room, const char *line,
                             size_t point)
{
    assert(places && room && line);
    completion_t found = {.start = point, .suffix = " "};
    while (found.start > 0 && !is_blank(line[found.start - 1]))
        found.start--;
    word_t word = {line + found.start, point - found.start};
    const command_t *command = command_before(line, found.start);
    if (found.start == 0 && line[0] == '/') {
        offer_commands(&found.candidates, word);
    } else if (command) {
        offer_argument(&found.candidates, word, places, command->shape);
    } else {
        offer_present(&found.candidates, word, places, room);
        found.suffix = found.start == 0 ? ": " : " ";
    }
    found.common = common_of(&found.candidates);
    return found;
}
