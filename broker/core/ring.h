/* broker/core/ring.h - the last events of one log, as they were sent.
 *
 * Consecutive numbers, bounded by count and bytes; the oldest make room for the newest. Memory grows
 * by doubling up to the bounds and then stays, so a busy log allocates nothing. */
#ifndef BROKER_CORE_RING_H
#define BROKER_CORE_RING_H

#include "proto/span.h"

#include <stdint.h>

typedef struct {
    uint64_t at_ms;
    uint32_t offset, size;
} ring_slot_t;

typedef struct {
    uint64_t first, next; /* seqs kept: first to next - 1 */
    ring_slot_t *slots;   /* of seq: slots[seq & (slot_count - 1)] */
    uint32_t slot_count;  /* a power of two, or 0 */
    uint32_t capacity;    /* of bytes */
    uint32_t write;       /* where the next event goes */
    char *bytes;
} ring_t;

/* An empty ring whose first event will be `first`. Undone by ring_fini(). */
void ring_init(ring_t *self, uint64_t first);

/* Frees what it holds; the numbers stay. */
void ring_fini(ring_t *self);

/* Appends event `seq` (the ring's next, asserted) of 1 to `maximum_bytes` bytes; `at_ms` never goes
 * back. Keeps at most `maximum_count` (a power of two) events and `maximum_bytes`. */
void ring_push(ring_t *self, uint64_t seq, uint64_t at_ms, span_t event, uint32_t maximum_count,
               uint32_t maximum_bytes);

/* Forgets all events and their memory; numbers go on. */
void ring_drop(ring_t *self);

/* The event `seq`, which is kept (asserted); borrowed until the next change. */
span_t ring_event(const ring_t *self, uint64_t seq);

/* The lowest kept seq whose time is `at_ms` or later; `next` if there is none. O(log n). */
uint64_t ring_seek(const ring_t *self, uint64_t at_ms);

/* Bytes of memory it holds. */
static inline size_t ring_memory(const ring_t *self)
{
    return self->capacity + (size_t)self->slot_count * sizeof(ring_slot_t);
}

#endif
