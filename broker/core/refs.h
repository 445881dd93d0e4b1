/* broker/core/refs.h - numbers with counts: how many sessions of a link are in which room.
 *
 * A sorted array: finding is O(log n), adding a new number O(n) bytes moved. */
#ifndef BROKER_CORE_REFS_H
#define BROKER_CORE_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t number;
    uint32_t count; /* > 0 */
} ref_t;

typedef struct {
    ref_t *list; /* by ascending number */
    size_t count, capacity;
} refs_t;

/* Counts `number` once more. */
void refs_add(refs_t *self, uint64_t number);

/* Counts it once less; it must be there (asserted). At none it is gone. */
void refs_remove(refs_t *self, uint64_t number);

/* True if it is counted. */
bool refs_has(const refs_t *self, uint64_t number);

/* Frees what it holds; it is as new. */
void refs_fini(refs_t *self);

#endif
