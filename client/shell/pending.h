/* client/shell/pending.h - requests that have no answer yet: who asked for what, where it was read. */
#ifndef CLIENT_SHELL_PENDING_H
#define CLIENT_SHELL_PENDING_H

#include <jansson.h>
#include <stddef.h>

#include "client/shell/order.h"

typedef struct pending {
    struct pending *next;
    uint64_t request; /* the library's number; 0: not made yet */
    size_t line;      /* of the input, from 1 */
    verb_t verb;
    char *subject;   /* what it was about: the text, the room or the person */
    char *room;      /* and in which room, where it is about a person; NULL: not told */
    uint64_t for_ms; /* how long that is to hold; 0: for good */
    json_t *reply;   /* grows until it is told; NULL without --json */
    size_t pages;    /* that have come */
} pending_t;

/* Those under way, oldest first. All zeros is empty. */
typedef struct {
    pending_t *first, *last;
} pendings_t;

/* A request read on that line; `subject` is copied, `reply` taken over. Until pending_put() the caller's. */
pending_t *pending_new(verb_t verb, size_t line, const char *subject, json_t *reply);

/* Says in which room it is; copied. */
void pending_set_room(pending_t *self, const char *room);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. */
void pending_destroy(pending_t **self_p);

/* Takes over *self_p, which has its request's number. */
void pendings_put(pendings_t *self, pending_t **self_p);

/* The one of that number; NULL: none. Borrowed. Answers come nearly in order, so it is soon found. */
pending_t *pendings_find(const pendings_t *self, uint64_t request);

/* The same, and it is the caller's again. */
pending_t *pendings_take(pendings_t *self, uint64_t request);

/* Frees all. */
void pendings_clear(pendings_t *self);

#endif
