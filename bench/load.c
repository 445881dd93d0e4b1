#include "bench/load.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DIGITS = 9, STAT_BYTES = 1024 };

double load_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

_Noreturn void load_fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

void *load_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert(memory);
    return memory;
}

long load_number(const char *argument)
{
    char *end;
    long number = strtol(argument, &end, 10);
    if (*end != '\0') {
        errno = EINVAL;
        load_fail(argument);
    }
    return number;
}

/* From /proc/PID/stat: the ticks are coarse, but runs take seconds. */
static double cpu_s_of(const char *pid)
{
    char path[64], text[STAT_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        load_fail(path);
    (void)fclose(file);
    enum { BEFORE_USER = 12 }; /* words between the name and the user's ticks */
    char *word = strrchr(text, ')') + 2, *end;
    for (int i = 1; i < BEFORE_USER; i++)
        word = strchr(word, ' ') + 1;
    unsigned long user = strtoul(word, &end, 10), system = strtoul(end, NULL, 10);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double load_cpu_s(char **pids)
{
    double sum = 0;
    for (; *pids; pids++)
        sum += cpu_s_of(*pids);
    return sum;
}

void load_write_text(char *out, char mark, long number)
{
    memset(out, 'x', LOAD_TEXT_BYTES);
    out[0] = mark;
    for (int i = DIGITS; i > 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[DIGITS + 1] = '-';
}

long load_read_text(const char *text, char mark)
{
    if (text[0] != mark)
        return -1;
    long number = 0;
    for (int i = 1; i <= DIGITS; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

/* --- delays ------------------------------------------------------------------------------------- */

/* Below LOAD_DELAY_STEPS one bucket per nanosecond, then LOAD_DELAY_STEPS per power of two. */
static size_t bucket_of(uint64_t ns)
{
    if (ns < LOAD_DELAY_STEPS)
        return ns;
    unsigned power = 63U - (unsigned)__builtin_clzll(ns) - 7U; /* so that LOAD_DELAY_STEPS is 0 */
    size_t bucket =
        ((size_t)power + 1) * LOAD_DELAY_STEPS + (size_t)(ns >> power) - LOAD_DELAY_STEPS;
    return bucket < LOAD_DELAY_BUCKETS ? bucket : LOAD_DELAY_BUCKETS - 1;
}

static double ns_of(size_t bucket)
{
    if (bucket < LOAD_DELAY_STEPS)
        return (double)bucket;
    size_t power = bucket / LOAD_DELAY_STEPS - 1;
    return (double)((uint64_t)(bucket % LOAD_DELAY_STEPS + LOAD_DELAY_STEPS) << power);
}

void delays_add(delays_t *self, double seconds)
{
    uint64_t ns = seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
    self->buckets[bucket_of(ns)]++;
    self->count++;
    if (ns > self->longest_ns)
        self->longest_ns = ns;
}

double delays_ms(const delays_t *self, double share)
{
    uint64_t wanted = (uint64_t)((double)self->count * share), seen = 0;
    for (size_t i = 0; i < LOAD_DELAY_BUCKETS; i++) {
        seen += self->buckets[i];
        if (seen > wanted)
            return ns_of(i) / 1e6;
    }
    return (double)self->longest_ns / 1e6;
}

void delays_print(const delays_t *self, const char *name)
{
    printf("\"%sp50_ms\": %.4f, \"%sp99_ms\": %.4f, \"%smax_ms\": %.4f", name, delays_ms(self, 0.5),
           name, delays_ms(self, 0.99), name, (double)self->longest_ns / 1e6);
}

/* --- what is in flight -------------------------------------------------------------------------- */

void flight_init(flight_t *self, long messages, int in_flight, int receivers, char **pids)
{
    assert(messages > 0 && in_flight > 0 && receivers > 0);
    *self = (flight_t){
        .messages = messages, .in_flight = in_flight, .receivers = receivers, .pids = pids};
    self->missing = load_memory((size_t)messages, sizeof *self->missing);
    self->said_at = load_memory((size_t)messages, sizeof *self->said_at);
    for (long i = 0; i < messages; i++)
        self->missing[i] = receivers;
}

void flight_fini(flight_t *self)
{
    free(self->missing);
    free(self->said_at);
}

void flight_begin(flight_t *self)
{
    self->began_cpu_s = load_cpu_s(self->pids);
    self->began_s = load_now_s();
}

bool flight_has_room(const flight_t *self)
{
    return self->said < self->messages && self->said - self->complete < self->in_flight;
}

long flight_say(flight_t *self, double now_s)
{
    self->said_at[self->said] = now_s;
    return self->said++;
}

void flight_hear(flight_t *self, long *heard, long number, double now_s)
{
    if (number != *heard || number >= self->said) {
        self->wrong++;
        return;
    }
    double took = now_s - self->said_at[number];
    ++*heard;
    self->deliveries++;
    delays_add(&self->each, took);
    if (--self->missing[number] > 0)
        return;
    delays_add(&self->last, took);
    self->complete++;
}

_Noreturn void flight_stuck(const flight_t *self)
{
    (void)fprintf(stderr, "bench: stuck: %ld said, %ld heard by all, %ld wrong\n", self->said,
                  self->complete, self->wrong);
    exit(1);
}

int flight_report(const flight_t *self)
{
    double seconds = load_now_s() - self->began_s;
    double cpu = load_cpu_s(self->pids) - self->began_cpu_s;
    double millions = (double)self->deliveries / 1e6, messages = (double)self->messages;
    printf("{\"users\": %d, \"in_flight\": %d, \"messages\": %ld, \"deliveries\": %ld, "
           "\"wrong\": %ld, \"seconds\": %.4f, \"deliveries_per_s\": %.0f, \"cpu_s\": %.2f, "
           "\"cpu_s_per_million\": %.4f, \"us_per_message\": %.3f, ",
           self->receivers, self->in_flight, self->messages, self->deliveries, self->wrong, seconds,
           (double)self->deliveries / seconds, cpu, cpu / millions, 1e6 * seconds / messages);
    delays_print(&self->each, "");
    printf(", ");
    delays_print(&self->last, "last_");
    printf("}\n");
    return self->wrong > 0;
}
