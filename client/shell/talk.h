/* client/shell/talk.h - the conversation: orders become requests, events and answers become output.
 *
 * Stands between the library and whatever lines come from and go to: a terminal, a pipe, a program that
 * speaks JSON. Writes to streams, waits for nothing. */
#ifndef CLIENT_SHELL_TALK_H
#define CLIENT_SHELL_TALK_H

#include <stdio.h>

#include "client/shell/places.h"
#include "include/hubbub.h"

typedef struct talk talk_t;

typedef enum {
    TALK_TERMINAL, /* a person: mistakes are told among the other lines */
    TALK_LINES,    /* a pipe: mistakes go to `err` and into the exit status */
    TALK_JSON,     /* a program: everything is an object in `out`, mistakes count as well */
} talk_mode_t;

typedef struct {
    talk_mode_t mode;
    const char *room;  /* the first current one, which the library is in from the start if it may */
    bool has_password; /* of the account that we come under */
    bool has_times;
    bool is_ascii; /* JSON: escape everything else, for a terminal */
    FILE *out, *err;
} talk_options_t;

/* A conversation that is not connected. The streams are borrowed; the rest is copied. */
talk_t *talk_new(const talk_options_t *options);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. The handle is the caller's. */
void talk_destroy(talk_t **self_p);

/* The library's handle, whose on_event is talk_event(); borrowed. Once, before anything else. */
void talk_connect(talk_t *self, hubbub_t *chat);

/* For hubbub_options_t: `user` is the conversation. */
void talk_event(void *user, hubbub_t *chat, const hubbub_event_t *event);

/* One line of input, the `number`th from 1, without its end. Not kept. True: it says something, which
 * will be shown when it comes back from the broker. */
bool talk_line(talk_t *self, const char *line, size_t size, size_t number);

/* The `number`th line was longer than can be read, and was skipped. */
void talk_line_too_long(talk_t *self, size_t number);

/* Where plain text goes; "": nowhere. Borrowed until the next call. */
const char *talk_room(const talk_t *self);

/* For completion. Borrowed. */
const places_t *talk_places(const talk_t *self);

/* True after /quit or its like: no more input is wanted. */
bool talk_has_quit(const talk_t *self);

/* True when nothing more can come: the session has ended or was refused. */
bool talk_is_over(const talk_t *self);

/* True once the broker has welcomed us. */
bool talk_was_ready(const talk_t *self);

/* True while the broker does not answer, from the start on. */
bool talk_is_down(const talk_t *self);

/* What is known of why it does not, for people; "": nothing. Borrowed until the next event. */
const char *talk_trouble(const talk_t *self);

/* True while the broker waits for another nick. */
bool talk_is_refused(const talk_t *self);

/* How many says were acknowledged but have not been heard yet by ourselves: they are on their way. */
size_t talk_unheard(const talk_t *self);

/* True if something that was asked for was not done. */
bool talk_has_failed(const talk_t *self);

/* One line about something that ends the program. */
void talk_fail(talk_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
