/* client/shell/grammar.h - what a typed line asks for.
 *
 *   hello                       said in the current room
 *   //hello                     said: "/hello"
 *   /who  /who tea              who is here, or in that room
 *   /tell bob  two  words       "two  words" to bob alone
 *   /ban bob  /ban bob 2h  /ban bob 2h spam  /ban bob spam
 *   /slow 10s  /slow 10  /slow off
 *   /nick  /tell bob            VERB_usage: a line that tells how
 *   /mute bob 10x               VERB_no_time: a reason does not begin with a digit, a time is meant
 *   /dance                      VERB_unknown
 *   (blanks only)               VERB_nothing
 *
 * The table is commands.def. Names are not checked here: the broker does. Pure. */
#ifndef CLIENT_SHELL_GRAMMAR_H
#define CLIENT_SHELL_GRAMMAR_H

#include <stddef.h>

#include "client/shell/order.h"

/* Reads one line, without its end and without control characters. It is cut into pieces in place, and
 * the order refers to it. */
order_t grammar_read(char *line);

/* What the word of a command is followed by, for completion and help. */
typedef enum {
    SHAPE_NOTHING,
    SHAPE_ROOM,
    SHAPE_MAYBE_ROOM,
    SHAPE_NICK,
    SHAPE_TO_TEXT,
    SHAPE_MAYBE_COUNT,
    SHAPE_MAYBE_STATUS,
    SHAPE_NICK_MAYBE_TIME,
    SHAPE_NICK_REASON,
    SHAPE_NICK_TIME_REASON,
    SHAPE_NICK_ROLE,
    SHAPE_PACE,
    SHAPE_PASSWORD,
    SHAPE_NICK_PASSWORD,
    SHAPE_PASSWORDS,
} shape_t;

typedef struct {
    const char *word; /* without the / */
    verb_t verb;
    shape_t shape;
    const char *usage;
    const char *about;
} command_t;

/* All commands, in the order of /help. */
const command_t *grammar_commands(size_t *out_count);

/* True if a password may stand in the line, so that it is not to be kept. */
bool grammar_is_secret(const char *line);

/* Where in the line the password begins, or would: behind the blank after the word, and after the name that /login has; 0: the line
 * has not come so far, or none belongs there. */
size_t grammar_secret_at(const char *line);

/* The word of a verb's first command; "" for a verb that has none. */
const char *grammar_word(verb_t verb);

/* The command of that word (not terminated); NULL: there is none. */
const command_t *grammar_find(const char *word, size_t size);

#endif
