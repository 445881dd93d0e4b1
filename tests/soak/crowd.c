/* hub_crowd - many people talk, and every one of them checks what it hears.
 *
 *   hub_crowd ROUTER ROOM SPEAKERS LISTENERS RATE DOZERS HEARTBEAT_MS SECONDS
 *
 * SPEAKERS say RATE messages a second between them, with at most 64 unanswered each, and now and then tell one
 * to anybody; LISTENERS listen, and so do the speakers. Up to DOZERS of the listeners at a time stop taking part
 * for longer than it takes to be thought lost. All are handles of libhubbub in one thread.
 *
 * On standard input: `fault`, a fault begins now; `stop`, say no more, wait for what is due, report and end.
 * It ends by itself after SECONDS. On standard output, an object a line:
 *   {"event": "talking"}                        all are in the room
 *   {"event": "back", "people": 70, ...}        after a fault: when they talked again, in ms after it
 *   {"event": "end", "missing": 0, ...}         the verdict
 * Ends with 0 if nothing was missing, twice, out of order or strange. */
#include "tests/soak/person.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 128,
    TELL_EVERY = 40,     /* messages of a speaker */
    BACK_MAX_MS = 20000, /* who does not talk by then is not back */
    STOP_MAX_MS = 60000,
    JOIN_MAX_MS = 30000,
    LOST_AFTER = 3, /* heartbeats */
    INPUT_BYTES = 256,
};

typedef struct {
    crowd_t crowd;
    person_t *people;
    uint32_t speakers, count, dozers, dozing;
    double rate;
    uint64_t heartbeat_ms, end_ms;
    int epoll;
    uint64_t now_ms, turned_ms, begun_ms, talked_ms;
    uint64_t second_ms, second_said, per_second; /* acknowledged within the last whole second */
    bool is_talking, is_waiting, is_stopping;
    uint64_t fault_ms; /* monotonic */
    unsigned faults;
} soak_t;

static uint64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void fail(const char *what)
{
    fprintf(stderr, "hub_crowd: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint32_t below(uint32_t limit)
{
    return limit ? (uint32_t)random() % limit : 0;
}

/* ---- the loop's descriptors ---- */

static void watch(soak_t *self, int operation, int fd, person_t *person)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = person};
    if (epoll_ctl(self->epoll, operation, fd, &event) != 0)
        fail("epoll_ctl");
}

static void doze(soak_t *self, person_t *person)
{
    uint64_t least_ms = (LOST_AFTER + 1) * self->heartbeat_ms;
    person->wakes_ms = self->now_ms + least_ms + below((uint32_t)least_ms);
    watch(self, EPOLL_CTL_DEL, hubbub_fd(person->chat), NULL);
    self->dozing++;
}

static void wake(soak_t *self, person_t *person)
{
    person->wakes_ms = 0;
    watch(self, EPOLL_CTL_ADD, hubbub_fd(person->chat), person);
    hubbub_process(person->chat);
    self->dozing--;
}

static void mind_dozers(soak_t *self)
{
    for (uint32_t i = self->speakers; i < self->count; i++)
        if (self->people[i].wakes_ms &&
            (self->people[i].wakes_ms <= self->now_ms || self->is_stopping))
            wake(self, &self->people[i]);
    if (self->is_stopping || self->dozing >= self->dozers || below(100) > 0)
        return;
    person_t *person = &self->people[self->speakers + below(self->count - self->speakers)];
    if (person->wakes_ms == 0)
        doze(self, person);
}

/* ---- talking ---- */

static void talk(soak_t *self, person_t *speaker, double credit)
{
    speaker->credit += credit;
    if (speaker->credit > PERSON_WINDOW)
        speaker->credit = PERSON_WINDOW; /* what could not be said is not made up for */
    for (; speaker->credit >= 1; speaker->credit--) {
        bool is_private = below(TELL_EVERY) == 0;
        if (!(is_private ? person_tell(speaker, below(self->count)) : person_say(speaker)))
            return;
    }
}

static void talk_all(soak_t *self)
{
    double credit = self->rate / self->speakers * (double)(self->now_ms - self->turned_ms) / 1000;
    self->turned_ms = self->now_ms;
    for (uint32_t i = 0; i < self->speakers && !self->is_stopping; i++)
        talk(self, &self->people[i], credit);
    if (self->now_ms < self->second_ms + 1000)
        return;
    uint64_t said = ledger_said_count(self->crowd.ledger);
    self->per_second = said - self->second_said;
    self->second_said = said;
    self->second_ms = self->now_ms;
}

static void begin_talking(soak_t *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (!self->people[i].is_joined)
            return;
    self->is_talking = true;
    self->talked_ms = self->turned_ms = self->second_ms = self->now_ms;
    printf("{\"event\": \"talking\"}\n");
}

/* ---- faults ---- */

static int by_number(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Those who dozed do not count: they could not talk. */
static void print_back(soak_t *self)
{
    uint64_t *took = calloc(self->count, sizeof *took);
    assert(took);
    uint32_t awake = 0, back = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const person_t *person = &self->people[i];
        awake += person->wakes_ms == 0 || person->back_ms > 0;
        if (person->back_ms > 0)
            took[back++] = person->back_ms;
    }
    qsort(took, back, sizeof *took, by_number);
    printf(
        "{\"event\": \"back\", \"people\": %u, \"back\": %u, \"per_second\": %llu, \"took_ms\": [",
        awake, back, (unsigned long long)self->per_second);
    for (uint32_t i = 0; i < back; i++)
        printf("%s%llu", i ? ", " : "", (unsigned long long)took[i]);
    printf("]}\n");
    free(took);
}

static void begin_fault(soak_t *self)
{
    self->faults++;
    self->is_waiting = true;
    self->fault_ms = self->now_ms;
    self->crowd.fault_ms = read_ms(CLOCK_REALTIME);
    for (uint32_t i = 0; i < self->count; i++)
        person_probe(&self->people[i]);
}

static void look_who_is_back(soak_t *self)
{
    bool is_over = self->now_ms >= self->fault_ms + BACK_MAX_MS;
    for (uint32_t i = 0; i < self->count && !is_over; i++)
        if (self->people[i].back_ms == 0 && self->people[i].wakes_ms == 0)
            return;
    self->is_waiting = false;
    print_back(self);
}

static void read_orders(soak_t *self)
{
    char input[INPUT_BYTES];
    ssize_t got = read(STDIN_FILENO, input, sizeof input - 1);
    input[got > 0 ? got : 0] = '\0';
    if (got <= 0 || strstr(input, "stop")) {
        self->is_stopping = true;
        self->end_ms = self->now_ms + STOP_MAX_MS;
        watch(self, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    } else if (strstr(input, "fault")) {
        begin_fault(self);
    }
}

/* ---- turning ---- */

static void turn(soak_t *self)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(self->epoll, events, EVENTS, 1);
    if (count < 0 && errno != EINTR)
        fail("epoll_wait");
    self->now_ms = read_ms(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++) {
        person_t *person = events[i].data.ptr;
        if (person)
            hubbub_process(person->chat);
        else
            read_orders(self);
    }
    if (!self->is_talking) {
        begin_talking(self);
        return;
    }
    talk_all(self);
    mind_dozers(self);
    if (self->is_waiting)
        look_who_is_back(self);
}

static bool is_done(const soak_t *self)
{
    if (self->now_ms >= self->end_ms ||
        (!self->is_talking && self->now_ms >= self->begun_ms + JOIN_MAX_MS))
        return true;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->people[i].pending_count > 0)
            return false;
    return self->is_stopping && ledger_is_complete(self->crowd.ledger);
}

/* ---- beginning and end ---- */

static void begin(soak_t *self)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max; /* a handle has about a dozen */
    setrlimit(RLIMIT_NOFILE, &files);
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll < 0)
        fail("epoll_create1");
    watch(self, EPOLL_CTL_ADD, STDIN_FILENO, NULL);
    self->people = calloc(self->count, sizeof *self->people);
    assert(self->people);
    for (uint32_t i = 0; i < self->count; i++) {
        if (!person_init(&self->people[i], &self->crowd, i))
            fail("a handle");
        watch(self, EPOLL_CTL_ADD, hubbub_fd(self->people[i].chat), &self->people[i]);
    }
}

static bool print_end(const soak_t *self)
{
    verdict_t verdict = ledger_verdict(self->crowd.ledger);
    double seconds = (double)(self->now_ms - self->talked_ms) / 1000;
    uint64_t wrong = verdict.missing + verdict.twice + verdict.holes + verdict.differing +
                     verdict.disorder + verdict.unknown + self->crowd.strange;
    printf(
        "{\"event\": \"end\", \"seconds\": %.1f, \"said\": %llu, \"told\": %llu, \"heard\": %llu, "
        "\"missing\": %llu, \"twice\": %llu, \"holes\": %llu, \"differing\": %llu, "
        "\"disorder\": %llu, \"unknown\": %llu, \"failed\": %llu, \"strange\": %llu, "
        "\"first_strange\": \"%s\"}\n",
        seconds, (unsigned long long)ledger_said_count(self->crowd.ledger),
        (unsigned long long)ledger_told_count(self->crowd.ledger),
        (unsigned long long)self->crowd.heard, (unsigned long long)verdict.missing,
        (unsigned long long)verdict.twice, (unsigned long long)verdict.holes,
        (unsigned long long)verdict.differing, (unsigned long long)verdict.disorder,
        (unsigned long long)verdict.unknown, (unsigned long long)self->crowd.failed,
        (unsigned long long)self->crowd.strange, self->crowd.first_strange);
    return wrong == 0 && self->is_talking && self->is_stopping;
}

static void end(soak_t *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        person_fini(&self->people[i]);
    free(self->people);
    ledger_destroy(&self->crowd.ledger);
    close(self->epoll);
}

static unsigned long number(const char *text)
{
    char *rest;
    unsigned long value = strtoul(text, &rest, 10);
    if (*text == '\0' || *rest != '\0') {
        fprintf(stderr, "hub_crowd: %s is no number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(
            stderr,
            "usage: hub_crowd ROUTER ROOM SPEAKERS LISTENERS RATE DOZERS HEARTBEAT_MS SECONDS\n");
        return 2;
    }
    soak_t self = {.crowd = {.router = argv[1], .room = argv[2]},
                   .speakers = (uint32_t)number(argv[3]),
                   .rate = (double)number(argv[5]),
                   .dozers = (uint32_t)number(argv[6]),
                   .heartbeat_ms = number(argv[7])};
    self.count = self.speakers + (uint32_t)number(argv[4]);
    self.crowd.ledger = ledger_new(self.count);
    self.begun_ms = self.now_ms = read_ms(CLOCK_MONOTONIC);
    self.end_ms = self.begun_ms + number(argv[8]) * 1000;
    setvbuf(stdout, NULL, _IOLBF, 0);
    begin(&self);
    while (!is_done(&self))
        turn(&self);
    bool is_well = print_end(&self);
    end(&self);
    return is_well ? 0 : 1;
}
