/* broker/store/block.h - events of a log with consecutive numbers, as the bytes of one row.
 *
 * First, for each event, two numbers (varint.h): milliseconds since the event before it (the first: 0), and
 * its size. Then the events themselves, one behind the other. The row beside it says the number and the time of the first event and
 * how many there are. Two events, "hey" and 300 bytes that came 200 ms later:
 *
 *   00 03  c8 01 ac 02  68 65 79  ....(300 bytes)
 *
 * So where an event lies is found without looking at the events, and a run of them is one piece. */
#ifndef BROKER_STORE_BLOCK_H
#define BROKER_STORE_BLOCK_H

#include "base/check.h"
#include "proto/buffer.h"

enum {
    BLOCK_EVENTS = 256,       /* at most so many: a reader looks at each of a block's entries */
    BLOCK_BYTES = 128 * 1024, /* not one more event, where there are as many bytes */
    BLOCK_SPAN_MS = 3600000,  /* nor across so much time: what is too old goes in whole blocks */
    /* Of a row's key, the number of the first event; above them stands the log's id. */
    BLOCK_SEQ_BITS = 37,
};

/* The key of a block; the highest one of a log. */
static inline uint64_t block_key(uint32_t id, uint64_t first)
{
    return (uint64_t)id << BLOCK_SEQ_BITS | first;
}

static inline uint64_t block_last_key(uint32_t id)
{
    return block_key(id, (UINT64_C(1) << BLOCK_SEQ_BITS) - 1);
}

static inline uint64_t block_first(uint64_t key)
{
    return key & ((UINT64_C(1) << BLOCK_SEQ_BITS) - 1);
}

/* True if another event, so long after the first one, belongs into another block than these. */
static inline bool block_is_full(uint64_t events, uint64_t bytes, uint64_t span_ms)
{
    return events >= BLOCK_EVENTS || bytes >= BLOCK_BYTES || span_ms >= BLOCK_SPAN_MS;
}

/* Appends an entry; first all entries are appended, then all events' bytes. */
void block_add_entry(buffer_t *self, uint64_t since_ms, size_t size);

/* A look at one event after the other. */
typedef struct {
    span_t entries; /* those that are left */
    span_t events;  /* all of them */
    uint64_t at_ms;
    size_t offset, size; /* of the event in the events */
} block_cursor_t;

/* Begins before the first of `count` events, at `first_ms`. False: that is no block. O(count). */
HUB_MUST_CHECK bool block_open(block_cursor_t *self, span_t block, uint64_t count,
                               uint64_t first_ms);

/* Goes to the next event; not more often than there are. */
void block_next(block_cursor_t *self);

#endif
