/* tests/property/random.h - random numbers that can be had again.
 *
 * SEED=n in the environment replays a run; a failing test prints the seed. */
#ifndef TESTS_PROPERTY_RANDOM_H
#define TESTS_PROPERTY_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    uint64_t seed, state;
} random_t;

/* Begins with SEED, else with the clock; says which on standard output. */
static inline random_t random_begin(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    return (random_t){seed, seed};
}

/* splitmix64 */
static inline uint64_t random_next(random_t *self)
{
    uint64_t z = self->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* From 0 to `limit` - 1; `limit` > 0. */
static inline uint32_t random_below(random_t *self, uint32_t limit)
{
    return (uint32_t)(random_next(self) % limit);
}

#endif
