/* base/heap.h - how the C library's heap behaves in our servers. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* From now on what is large (64 KiB) is given back to the system as soon as it is freed, instead of staying as a hole
 * for the next time. Called once, before there are threads. */
void heap_give_back(void);

enum { HEAP_CALM_MS = 1000 };

/* Whether a storm has left holes in the heap. All zeros: none. */
typedef struct {
    uint64_t due_ms; /* 0: none */
} heap_t;

/* Much was moved at once, by the caller's measure. */
void heap_storm(heap_t *self, uint64_t now_ms);

/* When heap_look() has something to do; UINT64_MAX: never. */
uint64_t heap_due_ms(const heap_t *self);

/* Gives the holes back to the system once there was no storm for HEAP_CALM_MS; true if it did. Takes as long as there
 * are holes: a millisecond for some ten thousand. */
bool heap_look(heap_t *self, uint64_t now_ms);

#endif
