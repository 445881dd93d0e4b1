/* tests/sim/replay.h - replays what `hubbubd --record FILE` wrote. */
#ifndef TESTS_SIM_REPLAY_H
#define TESTS_SIM_REPLAY_H

#include <stdbool.h>

/* Feeds the file's events to a real core, checks what it sends and what it keeps, and prints its counters. violated()
 * where something is wrong with the core; returns false, with a line on standard error, where something is wrong with
 * the file. */
bool replay_file(const char *path, bool is_traced);

#endif
