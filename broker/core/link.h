/* broker/core/link.h - one DEALER connection, which carries any number of sessions. */
#ifndef BROKER_CORE_LINK_H
#define BROKER_CORE_LINK_H

#include "broker/core/bucket.h"
#include "broker/core/deadlines.h"
#include "broker/core/lookup.h"
#include "broker/core/outbox.h"
#include "broker/core/refs.h"
#include "broker/core/shared_key.h"
#include "broker/core/sids.h"

typedef struct {
    uint64_t id;
    lookup_key_t by_peer;
    char *key; /* the door's number, then the routing id */
    uint32_t routing_size;
    uint32_t door;
    shared_key_t *peer_key; /* whose it is, and nobody else's */
    bool names_sid;         /* it has carried a sid other than 0: events name theirs */
    uint64_t heard_ms;
    deadline_t due;         /* when to look whether it has gone silent */
    sids_t sids;            /* the places of its sessions in their slab, from 1, by their sids */
    refs_t rooms;           /* how many of its sessions are in which room */
    bucket_t replay;        /* events it may replay */
    bucket_t greetings;     /* requests without a session */
    uint64_t bare_since_ms; /* it has carried no session since then; of use while it carries none */
    uint32_t pages;         /* asked of the store, not answered yet */
    uint64_t owed_batch; /* its last answer that waits is held under this batch or an earlier one */
    uint64_t waiting_bytes; /* unsent */
    uint64_t waiting_since_ms;
} link_t;

enum { LINK_KEY_BYTES = sizeof(uint32_t) + UINT8_MAX };

/* Writes the bytes under which a peer's link is looked up, LINK_KEY_BYTES at most; returns how many. */
size_t link_key(peer_t peer, char *out_key);

/* Takes the peer's address (copied). */
void link_set_peer(link_t *self, peer_t peer);

/* Where its frames go; borrowed. */
peer_t link_peer(const link_t *self);

/* Frees what the record owns, not the record. */
void link_fini(link_t *self);

#endif
