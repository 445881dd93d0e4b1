/* bench/load.h - what the load generators share: the clock, other processes' CPU, delays, and a ledger of
 * what is in flight.
 *
 * Every message has a number, from 0. It is in flight from being said until everybody has it; at most
 * `in_flight` are at a time, so nobody wins by dropping. A number that is not the next one of its receiver
 * (lost, twice, out of order) is counted as wrong. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOAD_TEXT_BYTES = 100,
    LOAD_DELAY_STEPS = 128, /* buckets between two powers of two: 0.8 % */
    LOAD_DELAY_BUCKETS = 40 * LOAD_DELAY_STEPS
};

/* Delays in nanoseconds, by their logarithm. All zeros is empty. */
typedef struct {
    uint64_t count, longest_ns;
    uint64_t buckets[LOAD_DELAY_BUCKETS];
} delays_t;

typedef struct {
    long messages, said, complete, deliveries, wrong;
    int in_flight, receivers;
    double began_s, began_cpu_s;
    char **pids;     /* borrowed */
    int *missing;    /* of message n: who has not got it yet; owned */
    double *said_at; /* owned */
    delays_t each;   /* from saying to each receiver */
    delays_t last;   /* from saying to the last */
} flight_t;

/* Monotonic seconds. */
double load_now_s(void);

/* User and system seconds that the processes have taken; NULL ends the list. */
double load_cpu_s(char **pids);

/* Says what failed and why, and ends the program. */
_Noreturn void load_fail(const char *what);

/* Zeroed memory. */
void *load_memory(size_t count, size_t size);

/* A decimal argument; ends the program where it is none. */
long load_number(const char *argument);

/* Writes `mark`, nine digits and filling: LOAD_TEXT_BYTES, no end. */
void load_write_text(char *out, char mark, long number);

/* The number in a text of LOAD_TEXT_BYTES; -1: it does not begin with `mark`. */
long load_read_text(const char *text, char mark);

void delays_add(delays_t *self, double seconds);

/* The delay in milliseconds below which `share` of all lie. */
double delays_ms(const delays_t *self, double share);

/* Prints "NAMEp50_ms": .., "NAMEp99_ms": .., "NAMEmax_ms": .. for a JSON object. */
void delays_print(const delays_t *self, const char *name);

/* `pids` is kept: whose CPU counts. */
void flight_init(flight_t *self, long messages, int in_flight, int receivers, char **pids);
void flight_fini(flight_t *self);

/* Time and CPU count from here on. */
void flight_begin(flight_t *self);

/* True while another message may be said. */
bool flight_has_room(const flight_t *self);

/* The next message is said, at `now_s`; returns its number. */
long flight_say(flight_t *self, double now_s);

/* A receiver, which has had *heard messages so far, got this one. */
void flight_hear(flight_t *self, long *heard, long number, double now_s);

/* Ends the program: nothing has moved for too long. */
_Noreturn void flight_stuck(const flight_t *self);

/* Prints the JSON line; returns the program's exit status. */
int flight_report(const flight_t *self);

#endif
