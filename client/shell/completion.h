/* client/shell/completion.h - what TAB could mean.
 *
 *   /he|            /help                a command
 *   /tell b|        bob, bea             somebody who is in one of one's rooms
 *   /join l|        lobby                a room one has heard of
 *   b|              "bob: "              somebody in the current room, spoken to
 *   hello b|        bob
 *
 * Without regard to ASCII case. Pure. */
#ifndef CLIENT_SHELL_COMPLETION_H
#define CLIENT_SHELL_COMPLETION_H

#include "client/shell/places.h"

typedef struct {
    size_t start;       /* where the word begins in the line */
    size_t common;      /* bytes that all candidates begin with */
    names_t candidates; /* sorted; names_clear() frees them */
    const char *suffix; /* follows a word that is complete */
} completion_t;

/* What the word that ends at `point` (bytes) of `line` could become. `room` is the current one, or "". */
completion_t completion_find(const places_t *places, const char *room, const char *line,
                             size_t point);

#endif
