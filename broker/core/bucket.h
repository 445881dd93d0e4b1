/* broker/core/bucket.h - how much one session may ask for: a token bucket.
 *
 * Holds up to `burst` tokens and gains `per_s` of them a second. */
#ifndef BROKER_CORE_BUCKET_H
#define BROKER_CORE_BUCKET_H

#include <stdint.h>

/* 8 bytes, because every session has one. So the time is the clock's lower half: who spends nothing for 49
 * days may find in it what it held then instead of a full one, and some seconds later it is full. */
typedef struct {
    uint32_t milli;     /* thousandths of a token */
    uint32_t filled_ms; /* when `milli` was true */
} bucket_t;

enum { BUCKET_MOST = 4000000 };

/* A full bucket of at most BUCKET_MOST tokens. */
void bucket_init(bucket_t *self, uint32_t burst, uint64_t now_ms);

/* Takes `cost` tokens and returns 0; or takes none and returns after how many ms (> 0) they will be
 * there. `per_s` 0: no limit. */
uint64_t bucket_spend(bucket_t *self, uint32_t cost, uint32_t per_s, uint32_t burst,
                      uint64_t now_ms);

/* Whole tokens there are at `now_ms`. */
uint64_t bucket_left(const bucket_t *self, uint32_t per_s, uint32_t burst, uint64_t now_ms);

#endif
