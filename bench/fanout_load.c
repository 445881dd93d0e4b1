/* fanout_load - how much a broadcast to many telnet users costs.
 *
 *   fanout_load HOST PORT USERS MESSAGES IN_FLIGHT PID...
 *
 * Connects USERS to a bridge; one of them says MESSAGES lines, of which at most IN_FLIGHT are on their way
 * (said and not yet received by everybody). Every user checks that each line comes once and in order.
 * Prints one JSON line: deliveries, seconds, deliveries per second, CPU seconds per million deliveries of
 * the processes named by PID, and the time from saying a line to its last receiver (p50, p99, max). */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 100, NUMBER_DIGITS = 9, EVENTS = 256, QUIET_MS = 500, STUCK_MS = 10000 };

/* What every line says before its number; notices of the bridge do not hold it. */
static const char MARK[] = "]#";

typedef struct {
    int fd;
    long heard;  /* lines so far */
    size_t held; /* bytes of an unfinished line */
    char line[512];
} user_t;

typedef struct {
    int epoll, user_count, in_flight;
    long messages, said, complete, deliveries, wrong;
    user_t *users;
    int *missing; /* of line n: who has not heard it yet */
    double *said_at, *took;
    struct sockaddr_in address;
} bench_t;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* User and system seconds of a process, from /proc/PID/stat. */
static double cpu_s(const char *pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL) {
        fprintf(stderr, "fanout_load: no process %s\n", pid);
        exit(1);
    }
    fclose(file);
    unsigned long user = 0, system = 0;
    int fields = sscanf(strrchr(text, ')') + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    assert(fields == 2);
    (void)fields;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double all_cpu_s(char **pids)
{
    double sum = 0;
    for (; *pids; pids++)
        sum += cpu_s(*pids);
    return sum;
}

static void fail(const char *what)
{
    fprintf(stderr, "fanout_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void connect_user(bench_t *bench, int number)
{
    user_t *user = &bench->users[number];
    user->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (user->fd < 0 ||
        connect(user->fd, (struct sockaddr *)&bench->address, sizeof bench->address) != 0)
        fail("connect");
    int on = 1;
    setsockopt(user->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)number};
    if (epoll_ctl(bench->epoll, EPOLL_CTL_ADD, user->fd, &event) != 0)
        fail("epoll_ctl");
}

static void hear(bench_t *bench, user_t *user, long number)
{
    if (bench->said == 0)
        return; /* a room's last lines, shown to who enters */
    if (number != user->heard) {
        bench->wrong++;
        return;
    }
    user->heard++;
    bench->deliveries++;
    if (--bench->missing[number] > 0)
        return;
    bench->took[number] = now_s() - bench->said_at[number];
    bench->complete++;
}

static void take_line(bench_t *bench, user_t *user)
{
    user->line[user->held] = '\0';
    const char *mark = strstr(user->line, MARK);
    if (mark)
        hear(bench, user, strtol(mark + sizeof MARK - 1, NULL, 10));
    user->held = 0;
}

static void take_bytes(bench_t *bench, user_t *user, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t part = end ? (size_t)(end - bytes) : size;
        size_t room = sizeof user->line - 1 - user->held;
        memcpy(user->line + user->held, bytes, part < room ? part : room);
        user->held += part < room ? part : room;
        if (end == NULL)
            return;
        take_line(bench, user);
        bytes += part + 1;
        size -= part + 1;
    }
}

static void read_user(bench_t *bench, user_t *user)
{
    static char bytes[262144];
    ssize_t size = recv(user->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0)
        take_bytes(bench, user, bytes, (size_t)size);
    else if (size == 0 || errno != EAGAIN)
        fail("a user was disconnected");
}

/* True if something came within `wait_ms`. */
static bool turn(bench_t *bench, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(bench->epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++)
        read_user(bench, &bench->users[events[i].data.u32]);
    return count > 0;
}

static void say(bench_t *bench)
{
    char line[LINE_BYTES];
    memset(line, 'x', sizeof line);
    int size = snprintf(line, sizeof line, "#%0*ld ", NUMBER_DIGITS, bench->said);
    line[size] = 'x'; /* where the zero is */
    line[sizeof line - 1] = '\n';
    bench->said_at[bench->said] = now_s();
    if (send(bench->users[0].fd, line, sizeof line, 0) != sizeof line)
        fail("send");
    bench->said++;
}

static void run(bench_t *bench)
{
    while (bench->complete < bench->messages) {
        while (bench->said < bench->messages && bench->said - bench->complete < bench->in_flight)
            say(bench);
        if (!turn(bench, STUCK_MS)) {
            fprintf(stderr, "fanout_load: stuck: %ld said, %ld heard by all, %ld wrong\n",
                    bench->said, bench->complete, bench->wrong);
            exit(1);
        }
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report(bench_t *bench, double seconds, double cpu)
{
    qsort(bench->took, (size_t)bench->messages, sizeof *bench->took, compare);
    double millions = (double)bench->deliveries / 1e6;
    printf("{\"users\": %d, \"in_flight\": %d, \"messages\": %ld, \"deliveries\": %ld, "
           "\"wrong\": %ld, \"seconds\": %.3f, \"deliveries_per_s\": %.0f, "
           "\"cpu_s_per_million\": %.4f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
           bench->user_count, bench->in_flight, bench->messages, bench->deliveries, bench->wrong,
           seconds, (double)bench->deliveries / seconds, cpu / millions,
           1e3 * bench->took[bench->messages / 2], 1e3 * bench->took[bench->messages * 99 / 100],
           1e3 * bench->took[bench->messages - 1]);
}

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count, size);
    assert(room);
    return room;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "Usage: fanout_load HOST PORT USERS MESSAGES IN_FLIGHT PID...\n");
        return 2;
    }
    bench_t bench = {.user_count = (int)strtol(argv[3], NULL, 10),
                     .messages = strtol(argv[4], NULL, 10),
                     .in_flight = (int)strtol(argv[5], NULL, 10),
                     .epoll = epoll_create1(0)};
    bench.address.sin_family = AF_INET;
    bench.address.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
    inet_pton(AF_INET, argv[1], &bench.address.sin_addr);
    size_t messages = (size_t)bench.messages;
    bench.users = room_for((size_t)bench.user_count, sizeof *bench.users);
    bench.missing = room_for(messages, sizeof *bench.missing);
    bench.said_at = room_for(messages, sizeof *bench.said_at);
    bench.took = room_for(messages, sizeof *bench.took);
    for (long i = 0; i < bench.messages; i++)
        bench.missing[i] = bench.user_count;
    for (int i = 0; i < bench.user_count; i++) {
        connect_user(&bench, i);
        while (turn(&bench, 0))
            ;
    }
    while (turn(&bench, QUIET_MS))
        ;
    double cpu = all_cpu_s(argv + 6), begin = now_s();
    run(&bench);
    double seconds = now_s() - begin;
    report(&bench, seconds, all_cpu_s(argv + 6) - cpu);
    free(bench.users);
    free(bench.missing);
    free(bench.said_at);
    free(bench.took);
    return bench.wrong > 0;
}
