/* broker/core/numbers.h - a growing list of numbers. */
#ifndef BROKER_CORE_NUMBERS_H
#define BROKER_CORE_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* All zero: an empty list. Undone by numbers_fini(). */
typedef struct {
    uint64_t *list;
    size_t count, capacity;
} numbers_t;

/* Adds a number at the end. O(1) over time. */
void numbers_add(numbers_t *self, uint64_t number);

/* Forgets the numbers, keeps the memory. */
static inline void numbers_clear(numbers_t *self)
{
    self->count = 0;
}

/* Frees the memory; it is as new. */
void numbers_fini(numbers_t *self);

#endif
