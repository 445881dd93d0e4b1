/* client/core/client_room.h - the rooms of a link, by number and by name.
 *
 * Names come from foreign people, so the hash is SipHash under a key of ours. Rooms never move. */
#ifndef CLIENT_CORE_CLIENT_ROOM_H
#define CLIENT_CORE_CLIENT_ROOM_H

#include "client/core/chain.h"
#include "client/core/inflow.h"
#include "proto/names.h"

typedef struct client_room {
    chain_t place; /* among those with something due, or the gone */
    inflow_t flow;
    uint64_t pseq;            /* the last presence event */
    uint64_t head_pseq;       /* the last one known to exist */
    uint64_t presence_due_ms; /* when a presence event is taken for lost; 0: none is missing */
    uint64_t gap_after_ms;    /* a gap in presence is not told before */
    uint32_t gap_pause_ms;    /* what was waited for that */
    struct client_room *next; /* in the bucket */
    uint32_t index;
    uint32_t references; /* sessions' lists and requests; 0: gone */
    uint32_t members; /* sessions that the broker has confirmed in it; 0: its events are nobody's */
    uint32_t asker;   /* sid of a session that may ask for a replay, most likely */
    bool is_private;
    bool is_presence_stale;     /* none has come since the link was lost */
    bool is_gap_owed;           /* it is to be told when that is due */
    name_t name;                /* canonical */
    char topic[NAME_BYTES + 1]; /* the name and its zero, name.size + 1 bytes */
} client_room_t;

typedef struct {
    client_room_t **rooms; /* by number; NULL: free */
    uint32_t capacity;
    uint32_t *free; /* numbers to be given out again */
    uint32_t free_count;
    client_room_t **buckets;
    uint32_t bucket_count; /* a power of 2 */
    uint32_t count;
    uint8_t key[16];
} client_rooms_t;

/* An empty table; `key` is 16 secret bytes, copied. */
void client_rooms_init(client_rooms_t *self, const uint8_t *key);

/* Frees all rooms. */
void client_rooms_fini(client_rooms_t *self);

/* The room of exactly that name; NULL: there is none. */
client_room_t *client_rooms_find(const client_rooms_t *self, span_t name);

/* The room of that number; NULL: there is none. */
client_room_t *client_rooms_at(const client_rooms_t *self, uint32_t index);

/* A fresh room without references; the name is not there yet. */
client_room_t *client_rooms_add(client_rooms_t *self, const name_t *name);

/* The name is free again; the room and its number live until client_rooms_free(). */
void client_rooms_retire(client_rooms_t *self, client_room_t *room);

/* Frees a retired room; its number may be given out again. */
void client_rooms_free(client_rooms_t *self, client_room_t *room);

#endif
