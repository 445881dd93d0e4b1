#include "base/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_KEPT_BYTES = 1 << 16 };

void stream_init(stream_t *self)
{
    assert(self);
    *self = (stream_t){.fd = -1};
}

/* A new buffer of which nothing is in memory yet, where a storm has filled much of the old one. */
static void renew_input(stream_t *self)
{
    free(self->input);
    self->input = malloc(STREAM_INPUT_BYTES);
    assert(self->input);
}

static bool watch(const stream_t *self, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = self->place};
    return epoll_ctl(self->epoll_fd, operation, self->fd, &event) == 0;
}

bool stream_open(stream_t *self, int fd, int epoll_fd, void *place)
{
    assert(self && self->fd < 0 && fd >= 0 && epoll_fd >= 0);
    self->fd = fd;
    self->epoll_fd = epoll_fd;
    self->place = place;
    if (self->input == NULL)
        renew_input(self);
    if (watch(self, EPOLL_CTL_ADD, EPOLLIN))
        return true;
    (void)close(fd);
    self->fd = -1;
    return false;
}

void stream_close(stream_t *self)
{
    assert(self);
    if (self->fd >= 0)
        (void)close(self->fd); /* which takes it out of the epoll set */
    self->fd = -1;
    self->is_told = self->is_waiting = false;
    self->from = self->to = 0;
}

void stream_fini(stream_t *self)
{
    stream_close(self);
    free(self->input);
    self->input = NULL;
}

void stream_notice(stream_t *self, uint32_t events)
{
    assert(self);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        self->is_told = true;
}

/* --- sending ------------------------------------------------------------------------------------ */

/* The descriptor takes no more, or takes again. */
static bool await(stream_t *self, bool is_waiting)
{
    if (self->is_waiting == is_waiting)
        return true;
    self->is_waiting = is_waiting;
    return watch(self, EPOLL_CTL_MOD, is_waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool stream_send(stream_t *self, const char *bytes, size_t size, size_t *out_sent)
{
    assert(self && bytes && out_sent);
    *out_sent = 0;
    while (self->fd >= 0 && *out_sent < size) {
        ssize_t sent = send(self->fd, bytes + *out_sent, size - *out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return (errno == EAGAIN || errno == EWOULDBLOCK) && await(self, true);
        *out_sent += (size_t)sent;
    }
    return size == 0 || await(self, false);
}

/* --- reading ------------------------------------------------------------------------------------ */

/* Puts what has not been taken yet to the front where a whole thing would not fit behind it. */
static void make_room(stream_t *self, size_t whole_bytes)
{
    if (self->from == self->to && self->to > INPUT_KEPT_BYTES)
        renew_input(self);
    if (self->from == self->to)
        self->from = self->to = 0;
    if (STREAM_INPUT_BYTES - self->from >= whole_bytes)
        return;
    memmove(self->input, self->input + self->from, self->to - self->from);
    self->to -= self->from;
    self->from = 0;
}

stream_read_t stream_read(stream_t *self, size_t whole_bytes)
{
    assert(self && self->fd >= 0 && whole_bytes <= STREAM_INPUT_BYTES);
    if (!self->is_told)
        return STREAM_NOTHING;
    make_room(self, whole_bytes);
    size_t room = STREAM_INPUT_BYTES - self->to;
    ssize_t came = recv(self->fd, self->input + self->to, room, 0);
    if (came < 0 && errno == EINTR)
        return STREAM_NOTHING; /* it is told again */
    if (came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        self->is_told = false;
        return STREAM_NOTHING;
    }
    if (came <= 0)
        return STREAM_LOST;
    self->is_told = (size_t)came == room; /* else the set tells of more */
    self->to += (size_t)came;
    return STREAM_CAME;
}
