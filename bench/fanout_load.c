/* fanout_load - what a broadcast to many TCP users costs.
 *
 *   fanout_load DIALECT PORT USERS MESSAGES IN_FLIGHT RATE PID...
 *
 * USERS connect; one says MESSAGES lines of which at most IN_FLIGHT are on their way, or RATE a second
 * (0: as fast as IN_FLIGHT permits). DIALECT is `lines` (everybody hears what one types: a telnet user of
 * ours, or the floor) or `redis` (everybody subscribes, one more connection publishes). Prints one JSON line;
 * the CPU is that of the processes named by PID. */
#include "bench/lines.h"
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { EVENTS = 256, QUIET_MS = 700, STUCK_MS = 10000, READ_BYTES = 262144 };

static const char SUBSCRIBE[] = "SUBSCRIBE lobby\r\n",
                  PUBLISH[] = "*3\r\n$7\r\nPUBLISH\r\n$5\r\nlobby\r\n$100\r\n";

typedef struct {
    int fd;
    long heard;
    lines_t lines;
} user_t;

typedef struct {
    flight_t flight;
    double rate, now_s;
    int epoll, user_count, speaker_fd;
    bool is_redis, has_begun;
    user_t *users; /* with the one who publishes, where there is one, at the end */
    user_t *reader;
} bench_t;

static void take_line(void *context, const char *line, size_t size)
{
    bench_t *bench = context;
    long number = lines_number(line, size, '#');
    if (number >= 0 && bench->has_begun)
        flight_hear(&bench->flight, &bench->reader->heard, number, bench->now_s);
}

static void read_user(bench_t *bench, user_t *user)
{
    static char bytes[READ_BYTES];
    size_t size = lines_read(user->fd, bytes, sizeof bytes);
    bench->reader = user;
    bench->now_s = load_now_s();
    lines_feed(&user->lines, bytes, size, take_line, bench);
}

/* True if something came in time. */
static bool turn(bench_t *bench, double wait_s)
{
    struct epoll_event events[EVENTS];
    struct timespec span = {(time_t)wait_s, (long)((wait_s - (double)(time_t)wait_s) * 1e9)};
    int count = epoll_pwait2(bench->epoll, events, EVENTS, &span, NULL);
    for (int i = 0; i < count; i++)
        read_user(bench, &bench->users[events[i].data.u32]);
    return count > 0;
}

static void connect_user(bench_t *bench, int number, const char *port)
{
    user_t *user = &bench->users[number];
    user->fd = lines_connect(port);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)number};
    if (epoll_ctl(bench->epoll, EPOLL_CTL_ADD, user->fd, &event) != 0)
        load_fail("epoll_ctl");
}

static void connect_all(bench_t *bench, const char *port)
{
    for (int i = 0; i < bench->user_count; i++) {
        connect_user(bench, i, port);
        if (bench->is_redis)
            lines_send(bench->users[i].fd, SUBSCRIBE, sizeof SUBSCRIBE - 1);
        while (turn(bench, 0))
            ;
    }
    if (bench->is_redis)
        connect_user(bench, bench->user_count, port);
    bench->speaker_fd = bench->users[bench->is_redis ? bench->user_count : 0].fd;
    while (turn(bench, QUIET_MS / 1e3))
        ;
    bench->has_begun = true;
}

static void say(bench_t *bench, double when_s)
{
    char line[sizeof PUBLISH + LOAD_TEXT_BYTES + 2];
    size_t size = bench->is_redis ? sizeof PUBLISH - 1 : 0;
    memcpy(line, PUBLISH, size);
    load_write_text(line + size, '#', flight_say(&bench->flight, when_s));
    size += LOAD_TEXT_BYTES;
    if (bench->is_redis)
        line[size++] = '\r';
    line[size++] = '\n';
    lines_send(bench->speaker_fd, line, size);
}

/* When the next line is to be said; what is late counts from then. */
static double due_s(const bench_t *bench)
{
    return bench->flight.began_s + (double)bench->flight.said / bench->rate;
}

static void run_paced(bench_t *bench)
{
    while (bench->flight.complete < bench->flight.messages) {
        while (flight_has_room(&bench->flight) && due_s(bench) <= load_now_s())
            say(bench, due_s(bench));
        bool has_all = bench->flight.said == bench->flight.messages;
        double wait = has_all ? STUCK_MS / 1e3 : due_s(bench) - load_now_s();
        if (!turn(bench, wait > 0 ? wait : 0) && has_all)
            flight_stuck(&bench->flight);
    }
}

static void run(bench_t *bench)
{
    while (bench->flight.complete < bench->flight.messages) {
        while (flight_has_room(&bench->flight))
            say(bench, load_now_s());
        if (!turn(bench, STUCK_MS / 1e3))
            flight_stuck(&bench->flight);
    }
}

int main(int argc, char **argv)
{
    if (argc < 8) {
        (void)fprintf(stderr,
                      "Usage: fanout_load DIALECT PORT USERS MESSAGES IN_FLIGHT RATE PID...\n");
        return 2;
    }
    static bench_t bench;
    bench.is_redis = strcmp(argv[1], "redis") == 0;
    bench.user_count = (int)load_number(argv[3]);
    bench.rate = (double)load_number(argv[6]);
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    bench.users = load_memory((size_t)bench.user_count + 1, sizeof *bench.users);
    flight_init(&bench.flight, load_number(argv[4]), (int)load_number(argv[5]), bench.user_count,
                argv + 7);
    connect_all(&bench, argv[2]);
    flight_begin(&bench.flight);
    if (bench.rate > 0)
        run_paced(&bench);
    else
        run(&bench);
    int status = flight_report(&bench.flight);
    flight_fini(&bench.flight);
    free(bench.users);
    return status;
}
