/* client/shell/show.h - what happens, as lines for people.
 *
 *   [ada] hello                  said in the current room, one's own lines included
 *   #tea [ada] hello             said in another room
 *   [ada -> you] psst            told to oneself alone
 *   [you -> bob] psst            told to somebody alone
 *   | [ada] hello                said before: /history
 *   * bob came                   everything else; " in tea" follows in other rooms
 *   12:03 [ada] hello            with times
 *
 * Every line of a text stands under its speaker's name, and everything foreign goes through
 * base/printable.h: nobody forges a line, moves the cursor or turns the writing around. Writes,
 * decides nothing; a failed write shows when the caller flushes. */
#ifndef CLIENT_SHELL_SHOW_H
#define CLIENT_SHELL_SHOW_H

#include <stdio.h>

#include "client/shell/places.h"
#include "include/hubbub.h"

/* Who reads. */
typedef struct {
    const char *room;       /* the current one, "": none */
    const char *nick, *uid; /* one's own */
    const places_t *places; /* as they were before the event: tells who comes from who comes back */
    bool has_times;
} viewer_t;

/* An event: MESSAGE, PRIVATE, PRESENCE, LOST, UNDONE, WARNING, KICKED, SHUTDOWN; others show nothing. */
void show_event(FILE *out, const viewer_t *viewer, const hubbub_event_t *event);

/* That one has left a room, or who has put one out of it. */
void show_parted(FILE *out, const hubbub_event_t *event);

/* Pages that answer a request; `is_first` puts a heading before them. */
void show_members(FILE *out, const hubbub_event_t *page, bool is_first);
void show_rooms(FILE *out, const hubbub_event_t *page, bool is_first);
void show_bans(FILE *out, const hubbub_event_t *page, bool is_first);
void show_history(FILE *out, const viewer_t *viewer, const hubbub_event_t *page);

/* A page that nobody asked for, before places_learn() takes it: who came and went without it being told. Rooms of
 * one page only, and not before one knows who is there. */
void show_repaired(FILE *out, const viewer_t *viewer, const hubbub_event_t *page);

/* How long one waits between two messages in a slow room; nothing where it is 0. */
void show_pace(FILE *out, uint64_t slow_ms);

/* What one can type. */
void show_help(FILE *out);

#endif
