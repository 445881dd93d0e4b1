#include "tests/sim/report.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the run in progress: a signal handler and every module tell about it. */
static struct {
    uint64_t seed, step, now_ms;
    bool is_traced;
} run;

static void print_place(void)
{
    printf("SEED=0x%jx step=%ju now_ms=%ju\n", (uintmax_t)run.seed, (uintmax_t)run.step,
           (uintmax_t)run.now_ms);
    printf("replay: ./dev sim 0x%jx --trace\n", (uintmax_t)run.seed);
    fflush(stdout);
}

/* The process ends anyway, so what is not safe in a handler may be tried. */
static void on_abort(int number)
{
    (void)number;
    print_place();
    _exit(1);
}

void report_begin(uint64_t seed, bool is_traced)
{
    run.seed = seed;
    run.step = run.now_ms = 0;
    run.is_traced = is_traced;
    struct sigaction action = {.sa_handler = on_abort};
    (void)sigaction(SIGABRT, &action, NULL);
    (void)sigaction(SIGALRM, &action, NULL);
}

void report_at(uint64_t step, uint64_t now_ms)
{
    run.step = step;
    run.now_ms = now_ms;
}

void trace(const char *format, ...)
{
    if (!run.is_traced)
        return;
    va_list arguments;
    printf("%6ju %7ju  ", (uintmax_t)run.step, (uintmax_t)run.now_ms);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void violated(const char *format, ...)
{
    va_list arguments;
    printf("BROKEN: ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    print_place();
    _exit(1);
}
