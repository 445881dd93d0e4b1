/* client/shell/places.h - which rooms one is in and knows of, and who is there. Pure; one owner. */
#ifndef CLIENT_SHELL_PLACES_H
#define CLIENT_SHELL_PLACES_H

#include "client/shell/names.h"
#include "include/hubbub.h"

/* A room one is in. */
typedef struct place {
    struct place *next; /* in the order of entering */
    char *room;
    names_t nicks;
    uint64_t
        page_seq;   /* of presence, when the last page of who is here was made; 0: none came yet */
    bool is_paging; /* between two pages of who is here */
} place_t;

/* All zeros is: in no room, knowing none. */
typedef struct {
    place_t *first;
    names_t rooms; /* heard of, those one is in among them */
} places_t;

/* Forgets everything. */
void places_clear(places_t *self);

/* The room of that name one is in, in any case; NULL: one is not. Borrowed until one leaves. */
const place_t *places_find(const places_t *self, const char *room);

/* Takes note of an event: JOINED, PARTED, PRESENCE, MEMBERS, ROOMS; others change nothing. */
void places_learn(places_t *self, const hubbub_event_t *event);

#endif
