/* idle_load - many telnet users who say nothing.
 *
 *   idle_load PORT USERS PER_SECOND
 *
 * Connects USERS (at most PER_SECOND of them a second, 0: as fast as they are greeted), then does what
 * standard input says, a word a line, and prints a JSON line for each:
 *
 *   listen   from here on, lines of ours count: {"heard": users that heard one, "twice": lines too many, ..}
 *            once all have heard it, or nothing came for 5 s
 *   say      the first user says the line that is expected
 *   leave    all hang up
 *
 * At the end of input the program ends. */
#include "bench/lines.h"
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256, AT_ONCE = 64, STUCK_MS = 5000, PATIENCE_MS = 60000, READ_BYTES = 65536 };
enum { COMMAND = UINT32_MAX };

typedef struct {
    int fd;
    bool is_greeted;
    int heard;
    uint16_t in_line; /* bytes of a line that has not ended */
    char mark;        /* where a text of ours would begin */
} user_t;

typedef struct {
    int epoll, user_count, connected, greeted, heard, twice;
    bool is_expecting, has_command;
    user_t *users;
    double last_s;
} bench_t;

/* A line of ours ends with LOAD_TEXT_BYTES of text: all others are shorter, or no message. */
static void end_line(bench_t *bench, user_t *user)
{
    if (!user->is_greeted) {
        user->is_greeted = true;
        bench->greeted++;
    }
    if (user->mark == '#' && bench->is_expecting) {
        bench->heard += user->heard == 0;
        bench->twice += user->heard > 0;
        user->heard++;
        bench->last_s = load_now_s();
    }
    user->in_line = 0;
    user->mark = '\0';
}

static void take(bench_t *bench, user_t *user, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            end_line(bench, user);
        else if (user->in_line++ > 0 && i > 0 && bytes[i - 1] == ']' && user->mark == '\0')
            user->mark = bytes[i];
    }
}

static bool turn(bench_t *bench, int wait_ms)
{
    static char bytes[READ_BYTES];
    struct epoll_event events[EVENTS];
    int count = epoll_wait(bench->epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == COMMAND) {
            bench->has_command = true;
            continue;
        }
        user_t *user = &bench->users[events[i].data.u32];
        take(bench, user, bytes, lines_read(user->fd, bytes, sizeof bytes));
    }
    return count > 0;
}

static void watch(const bench_t *bench, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    if (epoll_ctl(bench->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        load_fail("epoll_ctl");
}

static void connect_one(bench_t *bench, const char *port)
{
    user_t *user = &bench->users[bench->connected];
    user->fd = lines_connect(port);
    watch(bench, user->fd, (uint32_t)bench->connected++);
}

static void connect_all(bench_t *bench, const char *port, double per_s)
{
    double begin = load_now_s();
    while (bench->greeted < bench->user_count) {
        bool is_due = per_s == 0 || bench->connected < per_s * (load_now_s() - begin);
        if (bench->connected < bench->user_count && is_due &&
            bench->connected - bench->greeted < AT_ONCE)
            connect_one(bench, port);
        else if (!turn(bench, is_due ? PATIENCE_MS : 1) && is_due)
            load_fail("stuck: somebody was not greeted");
        while (turn(bench, 0))
            ;
    }
    double seconds = load_now_s() - begin;
    printf("{\"connected\": %d, \"seconds\": %.3f, \"per_s\": %.0f}\n", bench->user_count, seconds,
           bench->user_count / seconds);
}

static void hear_all(bench_t *bench)
{
    double begin = bench->last_s = load_now_s();
    while (bench->heard < bench->user_count && turn(bench, STUCK_MS))
        ;
    while (turn(bench, 200)) /* what would come twice */
        ;
    printf("{\"heard\": %d, \"twice\": %d, \"seconds\": %.4f}\n", bench->heard, bench->twice,
           bench->last_s - begin);
    bench->heard = bench->twice = 0;
    for (int i = 0; i < bench->user_count; i++)
        bench->users[i].heard = 0;
}

static void say(const bench_t *bench)
{
    char line[LOAD_TEXT_BYTES + 1];
    load_write_text(line, '#', 0);
    line[LOAD_TEXT_BYTES] = '\n';
    lines_send(bench->users[0].fd, line, sizeof line);
}

static void leave(const bench_t *bench)
{
    for (int i = 0; i < bench->user_count; i++)
        (void)close(bench->users[i].fd);
    printf("{\"left\": %d}\n", bench->user_count);
}

/* False: the end of input. */
static bool obey(bench_t *bench)
{
    char word[32];
    ssize_t size = read(STDIN_FILENO, word, sizeof word - 1);
    word[size > 0 ? size : 0] = '\0';
    bench->has_command = false;
    if (strcmp(word, "say\n") == 0)
        say(bench);
    if (strcmp(word, "leave\n") == 0)
        leave(bench);
    if (strcmp(word, "say\n") == 0 || strcmp(word, "listen\n") == 0) {
        bench->is_expecting = true;
        hear_all(bench);
    }
    (void)fflush(stdout);
    return size > 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fprintf(stderr, "Usage: idle_load PORT USERS PER_SECOND\n");
        return 2;
    }
    static bench_t bench;
    bench.user_count = (int)load_number(argv[2]);
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    bench.users = load_memory((size_t)bench.user_count, sizeof *bench.users);
    connect_all(&bench, argv[1], (double)load_number(argv[3]));
    (void)fflush(stdout);
    watch(&bench, STDIN_FILENO, COMMAND);
    do
        while (!bench.has_command)
            (void)turn(&bench, -1);
    while (obey(&bench));
    free(bench.users);
    return 0;
}
