/* broker/core/flood.h - what becomes of who goes on asking for too much: refused, muted, kicked.
 *
 *   refused so much more often than served within `window_ms` -> muted for `mute_ms`
 *   refused as many times again while muted                   -> kicked
 *
 * Who waits when told to is refused about as often as served at worst, however fast: a client that finds out how
 * many may be under way. So what is served is taken off, and one that sends without looking is left. */
#ifndef BROKER_CORE_FLOOD_H
#define BROKER_CORE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t refusals, window_ms, mute_ms; /* refusals 0: nobody is muted or kicked */
} flood_rules_t;

/* 8 bytes, because every session has one. All zero: nothing has been refused. */
typedef struct {
    uint32_t since_ms; /* lower half of when the window, or the mute, began */
    uint32_t refusals : 31;
    bool is_muted : 1;
} flood_t;

typedef enum { FLOOD_REFUSED, FLOOD_MUTED, FLOOD_KICKED } flood_verdict_t;

/* For how many ms it is still muted; 0: it is not. Ends a mute that is over. */
uint64_t flood_muted_ms(flood_t *self, const flood_rules_t *rules, uint64_t now_ms);

/* One was served. */
static inline void flood_served(flood_t *self)
{
    if (self->refusals > 0 && !self->is_muted)
        self->refusals--;
}

/* One more was refused; after flood_muted_ms() for the same moment. FLOOD_MUTED: from now on, or still. */
flood_verdict_t flood_refused(flood_t *self, const flood_rules_t *rules, uint64_t now_ms);

#endif
