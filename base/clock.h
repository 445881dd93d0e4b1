/* base/clock.h - the two clocks of a shell; cores are told the time instead. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past; never goes back, unlike the wall clock. */
uint64_t clock_mono_ms(void);

/* The same in microseconds, for what is measured. */
uint64_t clock_mono_us(void);

/* Milliseconds since 1970, UTC; may jump when somebody sets the clock. */
uint64_t clock_wall_ms(void);

#endif
