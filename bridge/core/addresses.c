#include "bridge/core/addresses.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64, NETWORK_BYTES = 8 };

typedef struct {
    address_t address;
    uint32_t count; /* 0: a free place */
} entry_t;

/* Open addressing, at most half full. */
struct addresses {
    entry_t *entries;
    size_t capacity; /* a power of two */
    size_t used;
    uint64_t key;
    uint32_t limit;
};

addresses_t *addresses_new(uint32_t limit, uint64_t key)
{
    addresses_t *self = calloc(1, sizeof *self);
    assert(self);
    *self = (addresses_t){.capacity = SMALLEST, .key = key, .limit = limit};
    self->entries = calloc(self->capacity, sizeof *self->entries);
    assert(self->entries);
    return self;
}

void addresses_destroy(addresses_t **self_p)
{
    assert(self_p);
    if (*self_p)
        free((*self_p)->entries);
    free(*self_p);
    *self_p = NULL;
}

address_t addresses_network(address_t address)
{
    if (!network_is_four(address))
        memset(address.bytes + NETWORK_BYTES, 0, sizeof address.bytes - NETWORK_BYTES);
    return address;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    value = (value ^ (value >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return value ^ (value >> 32);
}

uint64_t addresses_hash(address_t address, uint64_t key)
{
    uint64_t halves[2];
    memcpy(halves, address.bytes, sizeof halves);
    return mix(mix(halves[0] ^ key) + (halves[1] ^ (key << 32 | key >> 32)));
}

/* Where the address is, or the free place where it would go. */
static entry_t *place_of(const addresses_t *self, const address_t *address)
{
    size_t place = (size_t)(addresses_hash(*address, self->key) & (self->capacity - 1));
    while (self->entries[place].count > 0 &&
           memcmp(&self->entries[place].address, address, sizeof *address) != 0)
        place = (place + 1) & (self->capacity - 1);
    return &self->entries[place];
}

static void grow(addresses_t *self)
{
    entry_t *old = self->entries;
    size_t count = self->capacity;
    self->capacity *= 2;
    self->entries = calloc(self->capacity, sizeof *self->entries);
    assert(self->entries);
    for (size_t i = 0; i < count; i++)
        if (old[i].count > 0)
            *place_of(self, &old[i].address) = old[i];
    free(old);
}

bool addresses_add(addresses_t *self, address_t address)
{
    assert(self);
    address = addresses_network(address);
    entry_t *entry = place_of(self, &address);
    if (self->limit > 0 && entry->count >= self->limit)
        return false;
    if (entry->count == 0 && ++self->used * 2 > self->capacity) {
        grow(self);
        entry = place_of(self, &address);
    }
    entry->address = address;
    entry->count++;
    return true;
}

void addresses_remove(addresses_t *self, address_t address)
{
    assert(self);
    address = addresses_network(address);
    entry_t *entry = place_of(self, &address);
    assert(entry->count > 0);
    if (--entry->count > 0)
        return;
    self->used--;
    size_t place = (size_t)(entry - self->entries);
    for (place = (place + 1) & (self->capacity - 1); self->entries[place].count > 0;
         place = (place + 1) & (self->capacity - 1)) {
        entry_t moved = self->entries[place];
        self->entries[place].count = 0;
        *place_of(self, &moved.address) = moved;
    }
}

uint32_t addresses_count(const addresses_t *self, address_t address)
{
    assert(self);
    address = addresses_network(address);
    return place_of(self, &address)->count;
}
