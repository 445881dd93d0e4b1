/* floor_tcp - the floor of what a chat over TCP can do: bytes from one to all, nothing decided.
 *
 *   floor_tcp echo         every byte goes back to whom it came from
 *   floor_tcp each         every line goes to everybody, one send() each
 *   floor_tcp batch        lines are written when 64 have gathered, or after 1 ms
 *   floor_tcp bridge       lines are written when the bridge's own rule says so (bridge/core/gather.h)
 *
 * Binds a free port, prints `ready tcp=HOST:PORT`, ends with SIGTERM. One log of bytes, a cursor per user,
 * one send() per user and sweep. It is bounded by what may be in flight: who falls a whole log behind ends
 * the program. */
#include "bench/load.h"
#include "bridge/core/gather.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOG_BYTES = 1 << 20, EVENTS = 256, READ_BYTES = 8192, BATCH_LINES = 64, BATCH_US = 1000 };
enum { USERS = 16384, LISTENER = UINT32_MAX };

/* As many bytes before each line as a guest's name takes. */
static const char NAME[] = "[guest-00000]";

typedef enum { ECHO, EACH, BATCH, BRIDGE, MODE_COUNT } floor_mode_t;
static const char *const MODES[] = {"echo", "each", "batch", "bridge"};

typedef struct {
    int fd;
    uint64_t sent; /* of the log */
    bool is_blocked;
} reader_t;

typedef struct {
    floor_mode_t mode;
    int epoll, listener_fd;
    uint32_t count;
    uint64_t end; /* of the log */
    gather_t gather;
    reader_t readers[USERS];
    bool is_line; /* the log ends within a line */
    char log[LOG_BYTES];
} floor_t;

static uint64_t now_us(void)
{
    return (uint64_t)(load_now_s() * 1e6);
}

static void watch(floor_t *self, int fd, uint32_t number, int operation, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.u32 = number};
    if (epoll_ctl(self->epoll, operation, fd, &event) != 0)
        load_fail("epoll_ctl");
}

static void append(floor_t *self, const char *bytes, size_t size)
{
    size_t at = self->end % LOG_BYTES, before = LOG_BYTES - at;
    memcpy(self->log + at, bytes, size < before ? size : before);
    if (size > before)
        memcpy(self->log, bytes + before, size - before);
    self->end += size;
}

static void flush(floor_t *self, uint32_t number)
{
    reader_t *reader = &self->readers[number];
    while (reader->sent < self->end && !reader->is_blocked) {
        size_t at = reader->sent % LOG_BYTES, size = self->end - reader->sent;
        if (size > LOG_BYTES - at)
            size = LOG_BYTES - at;
        ssize_t sent = send(reader->fd, self->log + at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            load_fail("send");
        reader->sent += sent > 0 ? (size_t)sent : 0;
        reader->is_blocked = sent < (ssize_t)size;
        if (reader->is_blocked)
            watch(self, reader->fd, number, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
}

static void sweep(floor_t *self)
{
    uint64_t began_us = now_us();
    gather_swept(&self->gather, 0);
    for (uint32_t i = 0; i < self->count; i++)
        if (self->readers[i].fd >= 0)
            flush(self, i);
    gather_took(&self->gather,
                &(gather_sweep_t){.lines = self->gather.swept,
                                  .writes = 1, /* to each reader */
                                  .us = now_us() - began_us},
                now_us());
}

static void take_lines(floor_t *self, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *stop = memchr(bytes, '\n', size);
        size_t part = stop ? (size_t)(stop - bytes) + 1 : size;
        if (!self->is_line)
            append(self, NAME, sizeof NAME - 1);
        append(self, bytes, part);
        self->is_line = stop == NULL;
        if (stop)
            gather_line(&self->gather, 0, now_us());
        if (stop && self->mode == EACH)
            sweep(self);
        bytes += part;
        size -= part;
    }
}

static void readable(floor_t *self, uint32_t number)
{
    char bytes[READ_BYTES];
    reader_t *reader = &self->readers[number];
    ssize_t size = recv(reader->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0 && self->mode == ECHO) {
        (void)!send(reader->fd, bytes, (size_t)size, MSG_NOSIGNAL);
    } else if (size > 0) {
        take_lines(self, bytes, (size_t)size);
    } else if (size == 0 || errno != EAGAIN) {
        (void)close(reader->fd);
        reader->fd = -1;
    }
}

static void accept_all(floor_t *self)
{
    int fd, on = 1;
    while ((fd = accept4(self->listener_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (self->count == USERS)
            exit(1);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        self->readers[self->count] = (reader_t){.fd = fd, .sent = self->end};
        watch(self, fd, self->count++, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void dispatch(floor_t *self, const struct epoll_event *event)
{
    uint32_t number = event->data.u32;
    if (number == LISTENER) {
        accept_all(self);
        return;
    }
    if (event->events & EPOLLOUT) {
        self->readers[number].is_blocked = false;
        watch(self, self->readers[number].fd, number, EPOLL_CTL_MOD, EPOLLIN);
        flush(self, number);
    }
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        readable(self, number);
}

/* Until the sweep; UINT64_MAX: nothing waits. */
static uint64_t wait_us(const floor_t *self)
{
    uint64_t due_us = gather_due_us(&self->gather), now = now_us();
    if (due_us == GATHER_NEVER)
        return UINT64_MAX;
    if (self->mode == BATCH)
        due_us = self->gather.lines >= BATCH_LINES ? 0 : self->gather.first_us + BATCH_US;
    return due_us <= now ? 0 : due_us - now;
}

static void turn(floor_t *self)
{
    struct epoll_event events[EVENTS];
    uint64_t us = wait_us(self);
    struct timespec span = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    int count = epoll_pwait2(self->epoll, events, EVENTS, us == UINT64_MAX ? NULL : &span, NULL);
    for (int i = 0; i < count; i++)
        dispatch(self, &events[i]);
    if (wait_us(self) == 0)
        sweep(self);
}

static void open_listener(floor_t *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    self->listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(self->listener_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(self->listener_fd, 4096) != 0 ||
        getsockname(self->listener_fd, (struct sockaddr *)&address, &size) != 0)
        load_fail("listen");
    watch(self, self->listener_fd, LISTENER, EPOLL_CTL_ADD, EPOLLIN);
    printf("ready tcp=127.0.0.1:%u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static floor_t self;
    self.mode = ECHO;
    while (argc == 2 && self.mode < MODE_COUNT && strcmp(argv[1], MODES[self.mode]) != 0)
        self.mode++;
    if (argc != 2 || self.mode == MODE_COUNT) {
        (void)fprintf(stderr, "Usage: floor_tcp echo|each|batch|bridge\n");
        return 2;
    }
    self.epoll = epoll_create1(EPOLL_CLOEXEC);
    open_listener(&self);
    for (;;)
        turn(&self);
}
