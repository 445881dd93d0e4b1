#include "broker/core/outbox.h"

#include <assert.h>
#include <sodium.h>
#include <czmq.h>

enum { SMALLEST = 64, KEPT = 256 };

/* The bytes of one turn: bounded by what a turn reads, far below this. Offsets are 32 bits. */
static const size_t BYTES_MAX = UINT32_MAX;

void outbox_init(outbox_t *self)
{
    assert(self);
    *self = (outbox_t){0};
    buffer_init(&self->bytes, BYTES_MAX);
}

void outbox_fini(outbox_t *self)
{
    assert(self);
    free(self->effects);
    buffer_fini(&self->bytes);
    *self = (outbox_t){0};
}

void outbox_clear(outbox_t *self)
{
    assert(self);
    self->count = 0;
    if (self->has_secret)
        sodium_memzero(self->bytes.data, self->bytes.size);
    self->has_secret = false;
    buffer_clear(&self->bytes);
}

void outbox_rest(outbox_t *self)
{
    assert(self && self->count == 0 && self->bytes.size == 0);
    if (self->capacity > KEPT) {
        free(self->effects);
        self->effects = NULL;
        self->capacity = 0;
    }
    buffer_recycle(&self->bytes);
}

span_t outbox_span(const outbox_t *self, uint32_t offset, uint32_t size)
{
    assert(self && (size_t)offset + size <= self->bytes.size);
    if (size == 0)
        return (span_t){"", 0}; /* there may be no bytes at all to point into */
    return (span_t){self->bytes.data + offset, size};
}

peer_t outbox_peer(const outbox_t *self, const effect_t *effect)
{
    assert(effect->kind == EFFECT_SEND || effect->kind == EFFECT_FORGET);
    return (peer_t){effect->door, outbox_span(self, effect->routing_offset, effect->routing_size)};
}

static effect_t *add(outbox_t *self, effect_kind_t kind)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : SMALLEST;
        self->effects = realloc(self->effects, self->capacity * sizeof *self->effects);
        assert(self->effects);
    }
    effect_t *effect = &self->effects[self->count++];
    *effect = (effect_t){.kind = kind};
    return effect;
}

static uint32_t keep(outbox_t *self, span_t bytes)
{
    uint32_t offset = (uint32_t)self->bytes.size;
    bool has_room = buffer_append(&self->bytes, bytes.data, bytes.size);
    assert(has_room);
    (void)has_room;
    return offset;
}

static effect_t *add_to_peer(outbox_t *self, effect_kind_t kind, peer_t peer)
{
    assert(peer.routing.size > 0 && peer.routing.size <= UINT8_MAX);
    effect_t *effect = add(self, kind);
    effect->door = peer.door;
    effect->routing_offset = keep(self, peer.routing);
    effect->routing_size = (uint32_t)peer.routing.size;
    return effect;
}

void outbox_begin_send(outbox_t *self, peer_t to)
{
    assert(self);
    effect_t *effect = add_to_peer(self, EFFECT_SEND, to);
    effect->offset = (uint32_t)self->bytes.size; /* behind the routing id */
}

void outbox_begin_publish(outbox_t *self)
{
    assert(self);
    add(self, EFFECT_PUBLISH)->offset = (uint32_t)self->bytes.size;
}

void outbox_end(outbox_t *self)
{
    assert(self && self->count > 0);
    effect_t *effect = &self->effects[self->count - 1];
    assert(effect->size == 0 && effect->offset < self->bytes.size);
    effect->size = (uint32_t)self->bytes.size - effect->offset;
}

void outbox_send(outbox_t *self, peer_t to, span_t frame)
{
    outbox_begin_send(self, to);
    keep(self, frame);
    outbox_end(self);
}

void outbox_send_again(outbox_t *self, peer_t to)
{
    assert(self && self->count > 0);
    effect_t last = self->effects[self->count - 1];
    assert(last.kind == EFFECT_SEND && last.size > 0);
    effect_t *effect = add_to_peer(self, EFFECT_SEND, to);
    effect->offset = last.offset;
    effect->size = last.size;
}

void outbox_cancel(outbox_t *self)
{
    assert(self && self->count > 0);
    const effect_t *last = &self->effects[--self->count];
    assert(last->kind == EFFECT_SEND && last->offset + last->size == self->bytes.size);
    self->bytes.size = last->routing_offset;
}

void outbox_publish(outbox_t *self, span_t frame)
{
    outbox_begin_publish(self);
    keep(self, frame);
    outbox_end(self);
}

/* An effect of a batch that concerns `log` (or a key) and brings bytes. */
static effect_t *add_to_store(outbox_t *self, effect_kind_t kind, uint64_t batch, span_t log,
                              span_t bytes)
{
    effect_t *effect = add(self, kind);
    effect->batch = batch;
    effect->log_offset = keep(self, log);
    effect->log_size = (uint32_t)log.size;
    effect->offset = keep(self, bytes);
    effect->size = (uint32_t)bytes.size;
    return effect;
}

void outbox_append(outbox_t *self, uint64_t batch, span_t log, uint64_t epoch, uint64_t seq,
                   uint64_t at_ms, span_t event)
{
    assert(self && batch > 0 && seq > 0 && event.size > 0);
    effect_t *effect = add_to_store(self, EFFECT_APPEND, batch, log, event);
    effect->epoch = epoch;
    effect->seq = seq;
    effect->at_ms = at_ms;
}

void outbox_put(outbox_t *self, uint64_t batch, span_t key, span_t value)
{
    assert(self && batch > 0 && key.size > 0 && key.size <= UINT8_MAX);
    add_to_store(self, EFFECT_PUT, batch, key, value);
}

void outbox_note(outbox_t *self, uint64_t batch, uint64_t number, span_t bytes)
{
    assert(self && batch > 0 && bytes.size > 0);
    add_to_store(self, EFFECT_NOTE, batch, (span_t){0}, bytes)->seq = number;
}

void outbox_drop_notes(outbox_t *self, uint64_t batch, uint64_t below)
{
    assert(self && batch > 0);
    add_to_store(self, EFFECT_DROP_NOTES, batch, (span_t){0}, (span_t){0})->seq = below;
}

void outbox_erase(outbox_t *self, uint64_t batch, span_t log)
{
    assert(self && batch > 0 && log.size > 0);
    add_to_store(self, EFFECT_ERASE, batch, log, (span_t){0});
}

void outbox_read(outbox_t *self, const query_t *query)
{
    assert(self && query && query->first <= query->last && query->count > 0);
    add_to_store(self, EFFECT_READ, 0, query->log, (span_t){(const char *)query, sizeof *query});
}

void outbox_trim(outbox_t *self, const retention_t *retention)
{
    assert(self && retention);
    add_to_store(self, EFFECT_TRIM, 0, retention->log,
                 (span_t){(const char *)retention, sizeof *retention});
}

static span_t log_of(const outbox_t *self, const effect_t *effect)
{
    return outbox_span(self, effect->log_offset, effect->log_size);
}

query_t outbox_query(const outbox_t *self, const effect_t *effect)
{
    assert(self && effect && effect->kind == EFFECT_READ && effect->size == sizeof(query_t));
    query_t query;
    memcpy(&query, self->bytes.data + effect->offset, sizeof query);
    query.log = log_of(self, effect);
    return query;
}

retention_t outbox_retention(const outbox_t *self, const effect_t *effect)
{
    assert(self && effect && effect->kind == EFFECT_TRIM && effect->size == sizeof(retention_t));
    retention_t retention;
    memcpy(&retention, self->bytes.data + effect->offset, sizeof retention);
    retention.log = log_of(self, effect);
    return retention;
}

void outbox_commit(outbox_t *self, uint64_t batch)
{
    assert(self && batch > 0);
    add(self, EFFECT_COMMIT)->batch = batch;
}

void outbox_forget(outbox_t *self, peer_t peer)
{
    assert(self);
    add_to_peer(self, EFFECT_FORGET, peer);
}

void outbox_hash(outbox_t *self, uint64_t number, span_t password, span_t hash)
{
    assert(self && password.size > 0);
    self->has_secret = true;
    add_to_store(self, EFFECT_HASH, 0, hash, password)->seq = number;
}

void outbox_stop(outbox_t *self)
{
    assert(self);
    add(self, EFFECT_STOP);
}
