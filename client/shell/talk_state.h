/* client/shell/talk_state.h - what the three parts of the conversation share: talk.c, talk_orders.c,
 * talk_events.c. For nobody else. */
#ifndef CLIENT_SHELL_TALK_STATE_H
#define CLIENT_SHELL_TALK_STATE_H

#include "client/shell/pending.h"
#include "client/shell/show.h"
#include "client/shell/talk.h"
#include "proto/names.h"

struct talk {
    talk_options_t options; /* the room in it is not used any more */
    hubbub_t *chat;         /* borrowed */
    places_t places;
    pendings_t pendings;
    /* The current one, folded; "": none. At a terminal and with JSON also one that was only asked for: what follows is for
     * that room, or fails with it. */
    char room[NAME_BYTES + 1];
    char entered[NAME_BYTES + 1]; /* the one we were last known to be in; "": none */
    uint64_t going;       /* the last request at a terminal that makes a room the current one */
    char *trouble;        /* why the broker does not answer; NULL: not known */
    char *uid;            /* our own; NULL before the welcome */
    uint64_t said, heard; /* acknowledged says, and our own messages that came */
    bool was_ready, is_down, is_down_told, is_refused;
    bool has_quit, is_over, has_failed;
};

/* ---- talk.c ---- */

/* Makes a room the current one; a name that cannot be one: none. */
void talk_set_room(talk_t *self, const char *room);

/* The same of one that was asked for by that request, which may be refused: then we are back where we were. */
void talk_go_to(talk_t *self, const char *room, uint64_t request);

/* True for what enters a room. */
bool talk_is_join(verb_t verb);

/* Who reads what we show. Borrowed until the next event. */
viewer_t talk_viewer(const talk_t *self);

/* Writes one object as a line and frees it. */
void talk_emit(talk_t *self, json_t *object);

/* Says what was wrong with that line of input. Not for JSON. */
void talk_complain(talk_t *self, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- talk_orders.c ---- */

/* Does what was asked for on that line. `id` is told back in the answer; NULL: without JSON, or none. */
void talk_perform(talk_t *self, const order_t *order, size_t line, const json_t *id);

/* ---- talk_events.c ---- */

/* Tells how a request ended; it is freed. */
void talk_answer(talk_t *self, pending_t *pending, const hubbub_event_t *done);

#endif
