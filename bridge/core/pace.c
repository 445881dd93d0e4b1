#include "bridge/core/pace.h"

#include "bridge/core/addresses.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, SETS = PACE_PLACES / WAYS, US_PER_S = 1000000 };
_Static_assert((SETS & (SETS - 1)) == 0, "a set is found by a mask");

/* An allowance as one number: when it will be full again. */
typedef struct {
    address_t address;
    uint64_t full_us; /* in the past: it is full. 0: a free place */
} place_t;

struct pace {
    place_t places[SETS][WAYS];
    uint64_t key;
    uint64_t gap_us; /* what one connection costs; 0: nothing */
};

pace_t *pace_new(uint32_t per_s, uint64_t key)
{
    assert(per_s <= US_PER_S);
    pace_t *self = calloc(1, sizeof *self); /* what is not used stays out of memory */
    assert(self);
    self->key = key;
    self->gap_us = per_s > 0 ? US_PER_S / per_s : 0;
    return self;
}

void pace_destroy(pace_t **self_p)
{
    assert(self_p);
    free(*self_p);
    *self_p = NULL;
}

/* The address' place, or the one it takes: of the four it may have, the one that is full for longest. */
static place_t *place_of(pace_t *self, const address_t *address)
{
    place_t *set = self->places[addresses_hash(*address, self->key) & (SETS - 1)], *quiet = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].full_us > 0 && memcmp(&set[i].address, address, sizeof *address) == 0)
            return &set[i];
        if (set[i].full_us < quiet->full_us)
            quiet = &set[i];
    }
    *quiet = (place_t){.address = *address, .full_us = 0};
    return quiet;
}

bool pace_take(pace_t *self, address_t address, uint64_t now_us)
{
    assert(self);
    if (self->gap_us == 0)
        return true;
    address = addresses_network(address);
    place_t *place = place_of(self, &address);
    uint64_t from_us = place->full_us > now_us ? place->full_us : now_us;
    if (from_us + self->gap_us > now_us + (uint64_t)PACE_GATHERS_S * US_PER_S)
        return false;
    place->full_us = from_us + self->gap_us;
    return true;
}
