#include "client/core/client_room.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

enum { FIRST_BUCKETS = 16, FIRST_ROOMS = 16 };

_Static_assert(crypto_shorthash_KEYBYTES == 16, "SipHash has a key of 16 bytes");

void client_rooms_init(client_rooms_t *self, const uint8_t *key)
{
    assert(self && key);
    *self = (client_rooms_t){.bucket_count = FIRST_BUCKETS};
    memcpy(self->key, key, sizeof self->key);
    self->buckets = calloc(FIRST_BUCKETS, sizeof(client_room_t *));
    assert(self->buckets);
}

static void room_destroy(client_room_t *room)
{
    chain_remove(&room->place);
    inflow_fini(&room->flow);
    free(room);
}

void client_rooms_fini(client_rooms_t *self)
{
    assert(self);
    for (uint32_t i = 0; i < self->capacity; i++)
        if (self->rooms[i])
            room_destroy(self->rooms[i]);
    free(self->rooms);
    free(self->free);
    free(self->buckets);
    *self = (client_rooms_t){0};
}

static client_room_t **bucket_of(const client_rooms_t *self, span_t name)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)name.data, name.size,
                     self->key);
    return &self->buckets[hash & (self->bucket_count - 1)];
}

client_room_t *client_rooms_find(const client_rooms_t *self, span_t name)
{
    assert(self);
    client_room_t *room = *bucket_of(self, name);
    while (room && !span_equal(name_span(&room->name), name))
        room = room->next;
    return room;
}

client_room_t *client_rooms_at(const client_rooms_t *self, uint32_t index)
{
    assert(self);
    return index < self->capacity ? self->rooms[index] : NULL;
}

static void put_in_bucket(client_rooms_t *self, client_room_t *room)
{
    client_room_t **bucket = bucket_of(self, name_span(&room->name));
    room->next = *bucket;
    *bucket = room;
}

static void rehash(client_rooms_t *self)
{
    free(self->buckets);
    self->bucket_count *= 2;
    self->buckets = calloc(self->bucket_count, sizeof(client_room_t *));
    assert(self->buckets);
    for (uint32_t i = 0; i < self->capacity; i++)
        if (self->rooms[i] && self->rooms[i]->references > 0)
            put_in_bucket(self, self->rooms[i]);
}

/* Low numbers go out first, so that the application's array by number stays small. */
static void grow(client_rooms_t *self)
{
    uint32_t capacity = self->capacity ? self->capacity * 2 : FIRST_ROOMS;
    self->rooms = realloc(self->rooms, capacity * sizeof(client_room_t *));
    self->free = realloc(self->free, capacity * sizeof *self->free);
    assert(self->rooms && self->free);
    for (uint32_t index = capacity; index > self->capacity; index--) {
        self->rooms[index - 1] = NULL;
        self->free[self->free_count++] = index - 1;
    }
    self->capacity = capacity;
}

client_room_t *client_rooms_add(client_rooms_t *self, const name_t *name)
{
    assert(self && name && client_rooms_find(self, name_span(name)) == NULL);
    if (self->count == self->bucket_count)
        rehash(self);
    if (self->free_count == 0)
        grow(self);
    client_room_t *room = calloc(1, sizeof *room);
    assert(room);
    room->name = *name;
    memcpy(room->topic, name->text, name->size);
    room->index = self->free[--self->free_count];
    self->rooms[room->index] = room;
    self->count++;
    put_in_bucket(self, room);
    return room;
}

void client_rooms_retire(client_rooms_t *self, client_room_t *room)
{
    assert(self && room->references == 0);
    client_room_t **place = bucket_of(self, name_span(&room->name));
    while (*place != room)
        place = &(*place)->next;
    *place = room->next;
    self->count--;
}

void client_rooms_free(client_rooms_t *self, client_room_t *room)
{
    assert(self && room->references == 0 && self->rooms[room->index] == room);
    self->rooms[room->index] = NULL;
    self->free[self->free_count++] = room->index;
    room_destroy(room);
}
