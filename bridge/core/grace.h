/* bridge/core/grace.h - how long, and how much, who has not logged in may be here.
 *
 * Where there are no guests a telnet user has no session before they log in. They may be silent for the grace
 * (the caller's, in ms); each line begins it anew, but GRACE_TIMES of it, or GRACE_LINES lines, are all they get:
 * enough to mistype a password, little to sit on a connection with.
 *
 * Pure: the caller brings the time, monotonic ms. */
#ifndef BRIDGE_CORE_GRACE_H
#define BRIDGE_CORE_GRACE_H

#include <stdbool.h>
#include <stdint.h>

enum { GRACE_TIMES = 6, GRACE_LINES = 64 };

/* All zeros: nobody has to log in. */
typedef struct {
    uint64_t since_ms;
    uint32_t lines;
    bool is_running;
} grace_t;

/* They are told to log in. Told again, nothing begins anew. */
void grace_begin(grace_t *self, uint64_t now_ms);

/* They said a line. False: that was one too many, by number or by time. */
bool grace_line(grace_t *self, uint64_t grace_ms, uint64_t now_ms);

#endif
