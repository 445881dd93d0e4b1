/* The simulator: the real broker core and the real client core in virtual time.
 *
 *   sim                    the kept seeds, then 10 000 more
 *   sim COUNT              the kept seeds, then so many
 *   sim 0xSEED [--trace]   one of them, step by step
 *   sim FILE [--trace]     what hubbubd --record wrote */
#include "tests/sim/replay.h"
#include "tests/sim/rights.h"
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STANDARD_COUNT = 10000 };

static const char KEPT[] = "tests/sim/seeds.txt";

/* Both worlds of it. */
static void run_seed(uint64_t seed, bool is_traced, totals_t *totals)
{
    rights_run(seed, is_traced, &totals->steps, &totals->frames);
    world_run(seed, is_traced, totals);
}

/* One a line, as they were printed; what follows a # is why. */
static uint64_t run_kept(totals_t *totals)
{
    char line[256];
    uint64_t count = 0;
    FILE *file = fopen(KEPT, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file))
        if (line[0] == '0') {
            run_seed(strtoull(line, NULL, 16), false, totals);
            count++;
        }
    (void)fclose(file);
    return count;
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_many(uint64_t count)
{
    totals_t totals = {0};
    double begin = seconds();
    uint64_t kept = run_kept(&totals);
    for (uint64_t seed = 1; seed <= count; seed++)
        run_seed(seed, false, &totals);
    double spent = seconds() - begin;
    printf("seeds=%ju kept=%ju steps=%ju texts=%ju frames=%ju cpu_s=%.1f seeds_per_s=%.0f\n",
           (uintmax_t)count, (uintmax_t)kept, (uintmax_t)totals.steps, (uintmax_t)totals.texts,
           (uintmax_t)totals.frames, spent, (double)(count + kept) / spent);
    return 0;
}

static int usage(void)
{
    (void)fputs("Usage: sim [COUNT | 0xSEED [--trace] | FILE [--trace]]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return run_many(STANDARD_COUNT);
    bool is_traced = argc == 3 && strcmp(argv[2], "--trace") == 0;
    if (argc > 3 || (argc == 3 && !is_traced))
        return usage();
    if (access(argv[1], F_OK) == 0)
        return replay_file(argv[1], is_traced) ? 0 : 1;
    char *end;
    uint64_t number = strtoull(argv[1], &end, 0);
    if (*end != '\0' || end == argv[1])
        return usage();
    if (strncmp(argv[1], "0x", 2) != 0)
        return run_many(number);
    totals_t totals = {0};
    run_seed(number, is_traced, &totals);
    printf("seed 0x%jx: nothing broken\n", (uintmax_t)number);
    return 0;
}
