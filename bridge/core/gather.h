/* bridge/core/gather.h - when to sweep a room: at once when it is quiet, a little later when it is not.
 *
 * A sweep writes to every reader of a room. One line to a thousand users costs a thousand system calls, and
 * so do a hundred lines. So when the last sweep carried two lines or more, the next one waits after its first
 * line: GATHER_US, and half of what the last sweep took, GATHER_MORE_US at most. Measured, that lowers both
 * the CPU and the median delay. A rule by time alone, instead of by lines, fires in quiet rooms and hurts.
 *
 * Each room has its own: who floods one does not make another wait. Only where the readers of a quiet room get
 * lines of others with the same write, it gathers like those.
 *
 * Who waits for an answer before saying more falls silent with each sweep, and begins again with as many
 * lines. Where that was seen - the loop slept before the next line came - the next sweep does not wait once as
 * many are there.
 *
 * Pure: the caller brings the time, monotonic microseconds, and a number that grows whenever the loop slept. */
#ifndef BRIDGE_CORE_GATHER_H
#define BRIDGE_CORE_GATHER_H

#include <stdbool.h>
#include <stdint.h>

enum { GATHER_US = 200, GATHER_MORE_US = 2000, GATHER_BUSY_LINES = 2 };

#define GATHER_NEVER UINT64_MAX

/* All zeros is a quiet beginning. */
typedef struct {
    uint64_t first_us; /* when the first line of the next sweep came */
    uint32_t lines;    /* that wait for it */
    uint32_t swept;    /* that the last sweep carried */
    uint32_t pause_us; /* beside GATHER_US, by what the last sweep took */
    uint32_t sleeps;   /* of the loop, when it was made */
    bool is_busy;      /* each write of it carried GATHER_BUSY_LINES or more */
    bool has_rested;   /* between it and the first line of the next */
} gather_t;

/* What a sweep came to: `lines` were carried by `writes` system calls within `us`. */
typedef struct {
    uint64_t lines, writes, us;
} gather_sweep_t;

/* A line for the room came. */
void gather_line(gather_t *self, uint32_t sleeps, uint64_t now_us);

/* When the sweep is due: 0 is at once, GATHER_NEVER that nothing waits. */
uint64_t gather_due_us(const gather_t *self);

/* A sweep begins, with the lines that waited. */
void gather_swept(gather_t *self, uint32_t sleeps);

/* It is over: the longer it took, the longer the next may wait. Lines that came meanwhile count from now. */
void gather_took(gather_t *self, const gather_sweep_t *sweep, uint64_t now_us);

#endif
