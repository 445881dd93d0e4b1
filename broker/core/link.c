#include "broker/core/link.h"

#include <assert.h>
#include <czmq.h>

size_t link_key(peer_t peer, char *out_key)
{
    assert(out_key && peer.routing.size > 0 && peer.routing.size <= UINT8_MAX);
    memcpy(out_key, &peer.door, sizeof peer.door);
    memcpy(out_key + sizeof peer.door, peer.routing.data, peer.routing.size);
    return sizeof peer.door + peer.routing.size;
}

void link_set_peer(link_t *self, peer_t peer)
{
    assert(self && self->key == NULL);
    char key[LINK_KEY_BYTES];
    size_t size = link_key(peer, key);
    self->key = zmalloc(size);
    memcpy(self->key, key, size);
    self->routing_size = (uint32_t)peer.routing.size;
    self->door = peer.door;
}

peer_t link_peer(const link_t *self)
{
    assert(self && self->key);
    return (peer_t){self->door, {self->key + sizeof self->door, self->routing_size}};
}

void link_fini(link_t *self)
{
    assert(self);
    refs_fini(&self->rooms);
    sids_fini(&self->sids);
    shared_key_drop(&self->peer_key);
    free(self->key);
}
