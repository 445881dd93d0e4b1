/* tests/sim/report.h - what is told of a run: its steps where they are traced, and the end of a bad one.
 *
 * A broken invariant ends the program: the seed, the step, what is wrong in plain words, and how to see
 * it again. So does an assert of the cores, and a run that does not come to an end. */
#ifndef TESTS_SIM_REPORT_H
#define TESTS_SIM_REPORT_H

#include "proto/span.h"

#include <stdint.h>

/* A run begins. `is_traced`: trace() prints. */
void report_begin(uint64_t seed, bool is_traced);

/* Where the run is: how many things have happened, and when. */
void report_at(uint64_t step, uint64_t now_ms);

/* A line about the step, in traced runs. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An invariant is broken. */
void violated(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A span as printf's "%.*s" wants it. */
#define SPAN_ARGS(span) (int)(span).size, (span).data

#endif
