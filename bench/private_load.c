/* private_load - how long a private message and the answer to it take.
 *
 *   private_load DIALECT PORT ROUNDS PID...
 *
 * ada writes to bob, bob answers, one round after the other. DIALECT: `telnet` (ours), `redis` (each
 * publishes to what the other has subscribed), `echo` (the floor: two round trips of a raw TCP echo). Prints
 * one JSON line. To be run on one CPU with the servers: where the scheduler puts them says more else. */
#include "bench/lines.h"
#include "bench/load.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARM_UP = 200, STUCK_MS = 10000, QUIET_MS = 500, READ_BYTES = 65536, PREFIX_BYTES = 64 };

/* All is set by greet(). */
typedef struct {
    int in, out; /* where one hears and says; the same but for redis */
    char prefix[PREFIX_BYTES];
    const char *end;
    char mark; /* what the other's texts begin with */
    long number;
    lines_t lines;
} person_t;

static person_t ada = {.mark = '=', .end = ""}, bob = {.mark = '#', .end = ""};

static void take_line(void *context, const char *line, size_t size)
{
    person_t *person = context;
    long number = lines_number(line, size, person->mark);
    if (number >= 0)
        person->number = number;
}

/* False: nothing came in time. */
static bool read_some(person_t *person, int wait_ms)
{
    char bytes[READ_BYTES];
    struct pollfd item = {.fd = person->in, .events = POLLIN};
    if (poll(&item, 1, wait_ms) <= 0)
        return false;
    lines_feed(&person->lines, bytes, lines_read(person->in, bytes, sizeof bytes), take_line,
               person);
    return true;
}

static void wait_for(person_t *person, long number)
{
    while (person->number != number)
        if (!read_some(person, STUCK_MS))
            load_fail("stuck: no message came");
}

static void say(const person_t *person, char mark, long number)
{
    char line[PREFIX_BYTES + LOAD_TEXT_BYTES + 2];
    size_t size = strlen(person->prefix), end = strlen(person->end);
    memcpy(line, person->prefix, size);
    load_write_text(line + size, mark, number);
    memcpy(line + size + LOAD_TEXT_BYTES, person->end, end);
    lines_send(person->out, line, size + LOAD_TEXT_BYTES + end);
}

static void round_trip(bool is_echo, long number)
{
    if (is_echo) {
        say(&ada, '=', 2 * number);
        wait_for(&ada, 2 * number);
        say(&ada, '=', 2 * number + 1);
        wait_for(&ada, 2 * number + 1);
        return;
    }
    say(&ada, '#', number);
    wait_for(&bob, number);
    say(&bob, '=', number);
    wait_for(&ada, number);
}

static void greet(person_t *person, const char *dialect, const char *port, const char *name,
                  const char *other)
{
    char line[2 * PREFIX_BYTES];
    person->number = -1;
    person->end = "\n";
    person->in = person->out = lines_connect(port);
    if (strcmp(dialect, "telnet") == 0) {
        lines_send(person->in, line, (size_t)snprintf(line, sizeof line, "rename|%s\n", name));
        (void)snprintf(person->prefix, sizeof person->prefix, "to|%s|", other);
    } else if (strcmp(dialect, "redis") == 0) {
        lines_send(person->in, line, (size_t)snprintf(line, sizeof line, "SUBSCRIBE %s\r\n", name));
        (void)snprintf(person->prefix, sizeof person->prefix,
                       "*3\r\n$7\r\nPUBLISH\r\n$3\r\n%s\r\n$100\r\n", other);
        person->end = "\r\n";
        person->out = lines_connect(port);
    }
    while (read_some(person, QUIET_MS))
        ;
}

/* Answers to who publishes: nobody reads them in time, the next say does. */
static void drop_answers(const person_t *person)
{
    char bytes[READ_BYTES];
    if (person->in != person->out)
        (void)lines_read(person->out, bytes, sizeof bytes);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        (void)fprintf(stderr, "Usage: private_load DIALECT PORT ROUNDS PID...\n");
        return 2;
    }
    static delays_t delays;
    long rounds = load_number(argv[3]);
    bool is_echo = strcmp(argv[1], "echo") == 0;
    greet(&ada, argv[1], argv[2], "ada", "bob");
    greet(&bob, argv[1], argv[2], "bob", "ada");
    for (long i = 0; i < WARM_UP; i++)
        round_trip(is_echo, i);
    double cpu = load_cpu_s(argv + 4);
    for (long i = WARM_UP; i < rounds + WARM_UP; i++) {
        double begin = load_now_s();
        round_trip(is_echo, i);
        delays_add(&delays, load_now_s() - begin);
        drop_answers(&ada);
        drop_answers(&bob);
    }
    printf("{\"users\": 2, \"rounds\": %ld, \"cpu_us_per_round\": %.2f, ", rounds,
           1e6 * (load_cpu_s(argv + 4) - cpu) / (double)rounds);
    delays_print(&delays, "");
    printf("}\n");
    return 0;
}
