#include "broker/core/ring.h"

#include <assert.h>
#include <czmq.h>

enum { SLOTS_SMALLEST = 8, BYTES_SMALLEST = 1024 };

void ring_init(ring_t *self, uint64_t first)
{
    assert(self && first > 0);
    *self = (ring_t){.first = first, .next = first};
}

void ring_fini(ring_t *self)
{
    assert(self);
    free(self->slots);
    free(self->bytes);
    *self = (ring_t){.first = self->next, .next = self->next};
}

void ring_drop(ring_t *self)
{
    ring_fini(self);
}

static ring_slot_t *slot_of(const ring_t *self, uint64_t seq)
{
    assert(self->slot_count > 0);
    return &self->slots[seq & (self->slot_count - 1)];
}

static void grow_slots(ring_t *self, uint32_t maximum)
{
    uint32_t count = self->slot_count ? 2 * self->slot_count : SLOTS_SMALLEST;
    if (count > maximum)
        count = maximum;
    ring_slot_t *slots = zmalloc(count * sizeof *slots);
    for (uint64_t seq = self->first; seq < self->next; seq++)
        slots[seq & (count - 1)] = *slot_of(self, seq);
    free(self->slots);
    self->slots = slots;
    self->slot_count = count;
}

/* Lays the events out anew, in order, in a buffer of twice the size or more. */
static void grow_bytes(ring_t *self, uint32_t needed, uint32_t maximum)
{
    uint64_t capacity = self->capacity ? 2 * (uint64_t)self->capacity : BYTES_SMALLEST;
    while (capacity < 2 * (uint64_t)needed)
        capacity *= 2;
    if (capacity > maximum)
        capacity = maximum;
    char *bytes = malloc(capacity);
    assert(bytes);
    uint32_t write = 0;
    for (uint64_t seq = self->first; seq < self->next; seq++) {
        ring_slot_t *slot = slot_of(self, seq);
        memcpy(bytes + write, self->bytes + slot->offset, slot->size);
        slot->offset = write;
        write += slot->size;
    }
    free(self->bytes);
    self->bytes = bytes;
    self->capacity = (uint32_t)capacity;
    self->write = write;
}

/* Where `size` bytes fit without touching a kept event. False: nowhere. Free space is behind `write`,
 * up to the oldest event or the end, and else in front of the oldest. */
static bool find_space(ring_t *self, uint32_t size)
{
    if (self->first == self->next)
        self->write = 0;
    uint32_t oldest =
        self->first == self->next ? self->capacity : slot_of(self, self->first)->offset;
    bool is_wrapped = self->first != self->next && self->write <= oldest;
    uint32_t end = is_wrapped ? oldest : self->capacity;
    if (size <= end - self->write)
        return true;
    if (is_wrapped || size > oldest || self->first == self->next)
        return false;
    self->write = 0;
    return true;
}

void ring_push(ring_t *self, uint64_t seq, uint64_t at_ms, span_t event, uint32_t maximum_count,
               uint32_t maximum_bytes)
{
    assert(self && seq == self->next);
    assert(event.size > 0 && event.size <= maximum_bytes);
    assert(maximum_count > 0 && (maximum_count & (maximum_count - 1)) == 0);
    uint32_t size = (uint32_t)event.size;
    if (self->next - self->first == self->slot_count) {
        if (self->slot_count < maximum_count)
            grow_slots(self, maximum_count);
        else
            self->first++;
    }
    while (!find_space(self, size)) {
        if (self->capacity < maximum_bytes)
            grow_bytes(self, size, maximum_bytes);
        else
            self->first++;
    }
    memcpy(self->bytes + self->write, event.data, size);
    *slot_of(self, seq) = (ring_slot_t){at_ms, self->write, size};
    self->write += size;
    self->next++;
}

span_t ring_event(const ring_t *self, uint64_t seq)
{
    assert(self && seq >= self->first && seq < self->next);
    const ring_slot_t *slot = slot_of(self, seq);
    return (span_t){self->bytes + slot->offset, slot->size};
}

uint64_t ring_seek(const ring_t *self, uint64_t at_ms)
{
    assert(self);
    uint64_t low = self->first, high = self->next;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (slot_of(self, middle)->at_ms < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
