/* bridge/core/gather.h - when to sweep: at once when it is quiet, a little later when it is not.
 *
 * A sweep writes to every user of the rooms that grew. One line to a thousand users costs a thousand
 * system calls, and so do a hundred lines. So when the last sweep carried two lines or more, the next
 * one waits after its first line: GATHER_US, and half of what the last sweep took, GATHER_MORE_US at most.
 * Measured, that lowers both the CPU and the median delay. A rule by time alone, instead of by lines, fires
 * in quiet rooms and hurts.
 *
 * Who waits for an answer before saying more falls silent with each sweep, and begins again with as many
 * lines. Where that was seen - nothing came meanwhile - the next sweep does not wait once as many are there.
 *
 * Pure: the caller brings the time, monotonic microseconds. */
#ifndef BRIDGE_CORE_GATHER_H
#define BRIDGE_CORE_GATHER_H

#include <stdbool.h>
#include <stdint.h>

enum { GATHER_US = 200, GATHER_MORE_US = 2000, GATHER_BUSY_LINES = 2 };

/* All zeros is a quiet beginning. */
typedef struct {
    uint64_t first_us; /* when the first line of the next sweep came */
    uint32_t lines;    /* that wait for it */
    bool is_busy;      /* the last sweep carried GATHER_BUSY_LINES or more */
    uint32_t pause_us; /* beside GATHER_US, by what the last sweep took */
    uint32_t swept;    /* lines that the last sweep carried */
    bool has_rested;   /* since then */
} gather_t;

/* A line for a room came. */
void gather_line(gather_t *self, uint64_t now_us);

/* How long until the sweep: 0 is now, UINT64_MAX never (nothing waits). */
uint64_t gather_wait_us(const gather_t *self, uint64_t now_us);

/* The sweep is made with the lines that waited. */
void gather_swept(gather_t *self);

/* It took so long: the longer, the longer the next may wait. */
void gather_took(gather_t *self, uint64_t us);

/* Nothing was left to be read after the last sweep: whoever spoke waits. */
void gather_rested(gather_t *self);

#endif
