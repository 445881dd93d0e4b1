#include "client/shell/places.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static place_t **slot_of(places_t *self, const char *room)
{
    place_t **slot = &self->first;
    while (*slot && strcasecmp((*slot)->room, room) != 0)
        slot = &(*slot)->next;
    return slot;
}

static void remove_at(place_t **slot)
{
    place_t *place = *slot;
    *slot = place->next;
    names_clear(&place->nicks);
    free(place->room);
    free(place);
}

void places_clear(places_t *self)
{
    assert(self);
    while (self->first)
        remove_at(&self->first);
    names_clear(&self->rooms);
}

const place_t *places_find(const places_t *self, const char *room)
{
    assert(self && room);
    const place_t *place = self->first;
    while (place && strcasecmp(place->room, room) != 0)
        place = place->next;
    return place;
}

static void enter(places_t *self, const char *room)
{
    place_t **slot = slot_of(self, room);
    names_add(&self->rooms, room);
    if (*slot)
        return;
    *slot = calloc(1, sizeof **slot);
    assert(*slot);
    (*slot)->room = strdup(room);
    assert((*slot)->room);
}

static void leave(places_t *self, const char *room)
{
    place_t **slot = slot_of(self, room);
    if (*slot)
        remove_at(slot);
}

static void learn_member(place_t *place, const hubbub_member_t *member)
{
    if (*member->was)
        names_remove(&place->nicks, member->was);
    if (strcmp(member->state, "gone") == 0)
        names_remove(&place->nicks, member->nick);
    else
        names_add(&place->nicks, member->nick);
}

/* A page of who is here replaces what was known, unless it goes on from the page before. */
static void learn_members(place_t *place, const hubbub_event_t *event)
{
    if (event->type == HUBBUB_MEMBERS) {
        if (!place->is_paging)
            names_clear(&place->nicks);
        place->is_paging = event->has_more;
        place->page_seq = event->seq;
    }
    for (size_t i = 0; i < event->member_count; i++)
        learn_member(place, &event->members[i]);
}

void places_learn(places_t *self, const hubbub_event_t *event)
{
    assert(self && event);
    if (event->type == HUBBUB_JOINED)
        enter(self, event->room);
    else if (event->type == HUBBUB_PARTED)
        leave(self, event->room);
    else if (event->type == HUBBUB_PRESENCE || event->type == HUBBUB_MEMBERS) {
        place_t *place = *slot_of(self, event->room);
        if (place)
            learn_members(place, event);
    } else if (event->type == HUBBUB_ROOMS) {
        for (size_t i = 0; i < event->room_count; i++)
            names_add(&self->rooms, event->rooms[i].name);
    }
}
