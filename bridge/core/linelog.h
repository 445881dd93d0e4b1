/* bridge/core/linelog.h - the lines of one room, kept once for all who read them.
 *
 * A ring of bytes and, beside it, where each line begins. Lines have absolute numbers that never come
 * back, so a reader is one number, the line it has yet to get; who asks for a line that is gone knows
 * how many were missed. At least LINELOG_KEEP_BYTES and LINELOG_KEEP_MS are kept, unless that is more
 * than LINELOG_BYTES_MAX; the ring begins small and grows by doubling.
 *
 *   lines    |  ... gone ...  | first ............ end |
 *   readers                      ^cursor    ^cursor   ^caught up
 *
 * Pure, one owner, no locks. */
#ifndef BRIDGE_CORE_LINELOG_H
#define BRIDGE_CORE_LINELOG_H

#include "proto/span.h"

#include <stdint.h>

enum {
    LINELOG_KEEP_BYTES = 256 * 1024,
    LINELOG_KEEP_MS = 10000,
    LINELOG_BYTES_MAX = 8 * 1024 * 1024,
    LINELOG_LINES_MAX = 512 * 1024
};

typedef struct linelog linelog_t;

/* An empty log; its first line will be number 0. */
linelog_t *linelog_new(void);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. */
void linelog_destroy(linelog_t **self_p);

/* Appends whole lines (copied): `lines` ends with LF and has at most an eighth of LINELOG_BYTES_MAX.
 * Old lines go where room is needed. `now_ms` never goes back. O(bytes). */
void linelog_append(linelog_t *self, span_t lines, uint64_t now_ms);

/* The oldest line kept, and the number the next line will have. */
uint64_t linelog_first(const linelog_t *self);
uint64_t linelog_end(const linelog_t *self);

/* How many bytes the lines from `from` to before `to` have; both are kept (first <= from <= to <= end). */
size_t linelog_bytes(const linelog_t *self, uint64_t from, uint64_t to);

/* Those bytes, where they lie: at most two pieces. Returns how many there are; borrowed until the next
 * append or tidy. O(1). */
size_t linelog_read(const linelog_t *self, uint64_t from, uint64_t to, span_t out[2]);

/* The line that the byte `offset` bytes after the beginning of `from` is in, or begins; *out_into is how
 * far into that line. `offset` is at most what there is. O(log lines). */
uint64_t linelog_find(const linelog_t *self, uint64_t from, size_t offset, size_t *out_into);

/* Drops what need not be kept and returns memory when three quarters are unused. Call every second or
 * so. */
void linelog_tidy(linelog_t *self, uint64_t now_ms);

/* Memory it holds, in bytes. */
size_t linelog_memory(const linelog_t *self);

#endif
