#include "broker/core/slab.h"

#include <assert.h>
#include <czmq.h>

enum { CHUNK_THINGS = 256, NO_PLACE = UINT32_MAX };

typedef struct {
    uint32_t taken;     /* how often; odd while in use */
    uint32_t next_free; /* while not in use */
} place_t;

/* Things hold numbers and pointers, so they need no more than this. */
_Static_assert(sizeof(place_t) == _Alignof(void *) && _Alignof(place_t) <= _Alignof(void *),
               "a thing behind its place is aligned");

struct slab {
    size_t stride, maximum, count;
    char **chunks; /* each CHUNK_THINGS of place_t + thing */
    uint32_t places;
    uint32_t first_free;
};

static place_t *place_at(const slab_t *self, uint32_t place)
{
    assert(place < self->places);
    return (place_t *)(self->chunks[place / CHUNK_THINGS] + (place % CHUNK_THINGS) * self->stride);
}

slab_t *slab_new(size_t thing_bytes, size_t maximum)
{
    assert(thing_bytes > 0 && maximum > 0 && maximum < UINT32_MAX);
    slab_t *self = zmalloc(sizeof *self);
    size_t aligned = (thing_bytes + sizeof(place_t) - 1) & ~(sizeof(place_t) - 1);
    self->stride = sizeof(place_t) + aligned;
    self->maximum = maximum;
    self->first_free = NO_PLACE;
    return self;
}

void slab_destroy(slab_t **self_p)
{
    assert(self_p);
    slab_t *self = *self_p;
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->places / CHUNK_THINGS; i++)
        free(self->chunks[i]);
    free(self->chunks);
    free(self);
    *self_p = NULL;
}

static void grow(slab_t *self)
{
    uint32_t chunk = self->places / CHUNK_THINGS;
    self->chunks = realloc(self->chunks, (chunk + 1) * sizeof *self->chunks);
    assert(self->chunks);
    self->chunks[chunk] = zmalloc(CHUNK_THINGS * self->stride);
    self->places += CHUNK_THINGS;
    for (uint32_t i = self->places; i-- > self->places - CHUNK_THINGS;) {
        place_at(self, i)->next_free = self->first_free;
        self->first_free = i;
    }
}

static void *thing_of(place_t *place)
{
    return place + 1;
}

void *slab_add(slab_t *self, uint64_t *out_id)
{
    assert(self && out_id);
    if (self->count == self->maximum)
        return NULL;
    if (self->first_free == NO_PLACE)
        grow(self);
    uint32_t number = self->first_free;
    place_t *place = place_at(self, number);
    self->first_free = place->next_free;
    place->taken++;
    assert(place->taken & 1);
    self->count++;
    memset(thing_of(place), 0, self->stride - sizeof(place_t));
    *out_id = (uint64_t)place->taken << 32 | number;
    return thing_of(place);
}

hub_err_t slab_restore(slab_t *self, uint64_t id, void **out_thing)
{
    assert(self && out_thing);
    uint32_t number = (uint32_t)id, taken = (uint32_t)(id >> 32);
    if (!(taken & 1))
        return HUB_MALFORMED;
    if (number >= self->maximum || self->count == self->maximum)
        return HUB_FULL;
    while (number >= self->places)
        grow(self);
    place_t *place = place_at(self, number);
    if (place->taken & 1)
        return HUB_MALFORMED;
    place->taken = taken;
    self->count++;
    memset(thing_of(place), 0, self->stride - sizeof(place_t));
    *out_thing = thing_of(place);
    return HUB_OK;
}

void slab_restored(slab_t *self)
{
    assert(self);
    self->first_free = NO_PLACE;
    for (uint32_t i = self->places; i-- > 0;) {
        place_t *place = place_at(self, i);
        if (place->taken & 1)
            continue;
        place->next_free = self->first_free;
        self->first_free = i;
    }
}

void *slab_find(const slab_t *self, uint64_t id)
{
    assert(self);
    uint32_t number = (uint32_t)id, taken = (uint32_t)(id >> 32);
    if (number >= self->places || !(taken & 1))
        return NULL;
    place_t *place = place_at(self, number);
    return place->taken == taken ? thing_of(place) : NULL;
}

void *slab_at(const slab_t *self, uint32_t place)
{
    assert(self);
    if (place >= self->places)
        return NULL;
    place_t *found = place_at(self, place);
    return found->taken & 1 ? thing_of(found) : NULL;
}

void slab_remove(slab_t *self, uint64_t id)
{
    assert(slab_find(self, id));
    uint32_t number = (uint32_t)id;
    place_t *place = place_at(self, number);
    place->taken++;
    place->next_free = self->first_free;
    self->first_free = number;
    self->count--;
}

size_t slab_count(const slab_t *self)
{
    assert(self);
    return self->count;
}

void *slab_next(const slab_t *self, uint32_t *place)
{
    assert(self && place);
    for (; *place < self->places; ++*place) {
        place_t *found = place_at(self, *place);
        if (found->taken & 1) {
            ++*place;
            return thing_of(found);
        }
    }
    return NULL;
}
