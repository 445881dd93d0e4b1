#include "broker/core/sids.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST_BITS = 2 };

void sids_init(sids_t *self, uint64_t secret)
{
    assert(self);
    *self = (sids_t){.secret = secret | 1};
}

void sids_fini(sids_t *self)
{
    assert(self);
    free(self->places);
    sids_init(self, self->secret);
}

static uint32_t home_of(const sids_t *self, uint32_t sid)
{
    return (uint32_t)((self->secret * (sid + 1ull)) >> (64 - self->bits));
}

static uint32_t behind(const sids_t *self, uint32_t place)
{
    return (place + 1) & ((1u << self->bits) - 1);
}

/* Where the sid is, or the free place where it would go. */
static uint32_t place_of(const sids_t *self, uint32_t sid)
{
    uint32_t place = home_of(self, sid);
    while (self->places[place].session && self->places[place].sid != sid)
        place = behind(self, place);
    return place;
}

uint32_t sids_find(const sids_t *self, uint32_t sid)
{
    assert(self);
    return self->places ? self->places[place_of(self, sid)].session : 0;
}

static void grow(sids_t *self)
{
    sid_t *old = self->places;
    uint32_t old_count = old ? 1u << self->bits : 0;
    self->bits = old ? self->bits + 1 : SMALLEST_BITS;
    self->places = zmalloc((1ull << self->bits) * sizeof *self->places);
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].session)
            self->places[place_of(self, old[i].sid)] = old[i];
    free(old);
}

void sids_add(sids_t *self, uint32_t sid, uint32_t session)
{
    assert(self && session > 0);
    if (self->places == NULL || 4ull * (self->count + 1) > 3ull << self->bits)
        grow(self);
    sid_t *place = &self->places[place_of(self, sid)];
    assert(place->session == 0);
    *place = (sid_t){session, sid};
    self->count++;
}

/* True if what is at `place` would still be found after a move to `hole`, which lies before it. */
static bool may_move(const sids_t *self, uint32_t place, uint32_t hole)
{
    uint32_t mask = (1u << self->bits) - 1;
    uint32_t distance = (place - home_of(self, self->places[place].sid)) & mask;
    return distance >= ((place - hole) & mask);
}

/* Closes the hole with what was displaced behind it, so that no mark of a removed one is needed. */
void sids_remove(sids_t *self, uint32_t sid)
{
    assert(self && self->places);
    uint32_t hole = place_of(self, sid);
    assert(self->places[hole].session);
    for (uint32_t place = behind(self, hole); self->places[place].session;
         place = behind(self, place))
        if (may_move(self, place, hole)) {
            self->places[hole] = self->places[place];
            hole = place;
        }
    self->places[hole] = (sid_t){0};
    self->count--;
}

uint32_t sids_next(const sids_t *self, uint32_t *place)
{
    assert(self && place);
    uint32_t count = self->places ? 1u << self->bits : 0;
    while (*place < count) {
        uint32_t session = self->places[(*place)++].session;
        if (session > 0)
            return session;
    }
    return 0;
}
