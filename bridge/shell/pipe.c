#include "bridge/shell/pipe.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char SCHEME[] = "ipc://";

enum { SCHEME_BYTES = sizeof SCHEME - 1, INPUT_KEPT_BYTES = 1 << 16, OUTPUT_KEPT_BYTES = 1 << 16 };

/* An '@' in front means a name without a file, as libzmq has it. False: too long, or none. */
static bool address_of(span_t endpoint, struct sockaddr_un *out, socklen_t *out_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (endpoint.size <= SCHEME_BYTES || memcmp(endpoint.data, SCHEME, SCHEME_BYTES) != 0 ||
        endpoint.size - SCHEME_BYTES >= sizeof address.sun_path)
        return false;
    size_t size = endpoint.size - SCHEME_BYTES;
    memcpy(address.sun_path, endpoint.data + SCHEME_BYTES, size);
    bool is_abstract = address.sun_path[0] == '@';
    if (is_abstract)
        address.sun_path[0] = '\0';
    *out = address;
    *out_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + !is_abstract);
    return true;
}

bool pipe_takes(span_t endpoint)
{
    struct sockaddr_un address;
    socklen_t size;
    return address_of(endpoint, &address, &size);
}

void pipe_init(pipe_t *self, zmtp_role_t role)
{
    assert(self);
    *self = (pipe_t){.role = role, .fd = -1};
    buffer_init(&self->output, PIPE_OUTPUT_MAX);
}

static void forget(pipe_t *self)
{
    if (self->fd >= 0)
        (void)close(self->fd); /* which takes it out of the epoll set */
    self->fd = -1;
    self->is_told = self->has_input = self->is_waiting = false;
    self->zmtp = (zmtp_t){ZMTP_GREETING};
    self->from = self->to = self->sent = 0;
    if (self->output.capacity > OUTPUT_KEPT_BYTES)
        buffer_fini(&self->output);
    buffer_clear(&self->output);
}

static void lose(pipe_t *self)
{
    forget(self);
    self->stage = PIPE_LOST;
    self->has_news = true;
}

static bool watch(pipe_t *self, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = self};
    return epoll_ctl(self->epoll_fd, operation, self->fd, &event) == 0;
}

void pipe_connect(pipe_t *self)
{
    assert(self);
    if (self->stage != PIPE_CONNECTING)
        return;
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd >= 0 &&
        connect(self->fd, (struct sockaddr *)&self->address, self->address_bytes) == 0 &&
        watch(self, EPOLL_CTL_ADD, EPOLLIN)) {
        self->stage = PIPE_CONNECTED;
        return;
    }
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
}

/* A new buffer of which nothing is in memory yet, where a storm has filled much of the old one. */
static void renew_input(pipe_t *self)
{
    free(self->input);
    self->input = malloc(PIPE_INPUT_BYTES);
    assert(self->input);
}

void pipe_open(pipe_t *self, span_t endpoint, int epoll_fd)
{
    assert(self && epoll_fd >= 0);
    pipe_close(self, 0);
    bool is_address = address_of(endpoint, &self->address, &self->address_bytes);
    assert(is_address); /* pipe_takes() it */
    (void)is_address;
    if (self->input == NULL)
        renew_input(self);
    self->epoll_fd = epoll_fd;
    self->stage = PIPE_CONNECTING;
    zmtp_begin(self->role, &self->output);
    self->beginning = self->output.size;
    pipe_connect(self);
}

/* What is out need not be kept. */
static void compact(pipe_t *self)
{
    if (self->sent <= self->output.size / 2)
        return;
    self->beginning -= self->sent < self->beginning ? self->sent : self->beginning;
    self->output.size -= self->sent;
    memmove(self->output.data, self->output.data + self->sent, self->output.size);
    self->sent = 0;
}

/* The socket takes no more, or takes again. */
static void await(pipe_t *self, bool is_waiting)
{
    if (self->is_waiting == is_waiting)
        return;
    self->is_waiting = is_waiting;
    if (!watch(self, EPOLL_CTL_MOD, is_waiting ? EPOLLIN | EPOLLOUT : EPOLLIN))
        lose(self);
}

/* How much of the output may be sent: libzmq ends a connection that goes on before both are ready. */
static size_t sendable(const pipe_t *self)
{
    return self->zmtp.stage == ZMTP_TRAFFIC ? self->output.size : self->beginning;
}

void pipe_flush(pipe_t *self)
{
    assert(self);
    while (self->fd >= 0 && self->sent < sendable(self)) {
        ssize_t sent = send(self->fd, self->output.data + self->sent, sendable(self) - self->sent,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            compact(self);
            await(self, true);
            return;
        }
        if (sent < 0) {
            lose(self);
            return;
        }
        self->sent += (size_t)sent;
    }
    if (self->fd < 0 || self->sent == 0 || self->sent < self->output.size)
        return;
    self->sent = self->beginning = 0;
    buffer_recycle(&self->output);
    await(self, false);
}

/* Waits until the other end has taken what is there, or the time is up: when the bridge ends. */
static void linger(pipe_t *self, int linger_ms)
{
    struct pollfd waits = {.fd = self->fd, .events = POLLOUT};
    pipe_flush(self);
    while (self->fd >= 0 && self->sent < sendable(self) && poll(&waits, 1, linger_ms) > 0)
        pipe_flush(self);
}

void pipe_close(pipe_t *self, int linger_ms)
{
    assert(self);
    if (self->fd >= 0 && linger_ms > 0)
        linger(self, linger_ms);
    forget(self);
    self->stage = PIPE_CLOSED;
    self->has_news = false;
}

void pipe_fini(pipe_t *self)
{
    pipe_close(self, 0);
    free(self->input);
    self->input = NULL;
    buffer_fini(&self->output);
}

static bool is_open(const pipe_t *self)
{
    return self->stage == PIPE_CONNECTING || self->stage == PIPE_CONNECTED;
}

bool pipe_put(pipe_t *self, span_t frame)
{
    assert(self);
    return is_open(self) && zmtp_put(&self->output, frame);
}

bool pipe_put_topic(pipe_t *self, span_t topic, bool is_wanted)
{
    assert(self);
    return is_open(self) && zmtp_put_topic(&self->output, topic, is_wanted);
}

void pipe_notice(pipe_t *self, uint32_t events)
{
    assert(self);
    if (events & EPOLLOUT)
        pipe_flush(self);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        self->is_told = true;
}

/* Puts what has not been taken yet to the front where a whole frame would not fit behind it. */
static void make_room(pipe_t *self)
{
    if (self->from == self->to && self->to > INPUT_KEPT_BYTES)
        renew_input(self);
    if (self->from == self->to)
        self->from = self->to = 0;
    if (PIPE_INPUT_BYTES - self->from >= ZMTP_WHOLE_BYTES)
        return;
    memmove(self->input, self->input + self->from, self->to - self->from);
    self->to -= self->from;
    self->from = 0;
}

/* False: nothing came. */
static bool read_more(pipe_t *self)
{
    make_room(self);
    size_t room = PIPE_INPUT_BYTES - self->to;
    ssize_t came = recv(self->fd, self->input + self->to, room, 0);
    if (came < 0 && errno == EINTR)
        return false; /* epoll tells again */
    if (came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        self->is_told = false;
        return false;
    }
    if (came <= 0) {
        lose(self);
        return false;
    }
    self->is_told = (size_t)came == room; /* else epoll tells of more */
    self->has_input = true;
    self->to += (size_t)came;
    return true;
}

/* Takes one thing from what has come. */
static zmtp_found_t take_input(pipe_t *self, span_t *out)
{
    span_t input = {self->input + self->from, self->to - self->from};
    zmtp_found_t found = zmtp_take(&self->zmtp, &input, out);
    self->from = self->to - input.size;
    self->has_input = found != ZMTP_WAIT;
    return found;
}

bool pipe_take(pipe_t *self, span_t *out_frame)
{
    assert(self && out_frame);
    while (self->fd >= 0) {
        span_t taken;
        zmtp_found_t found = take_input(self, &taken);
        if (found == ZMTP_FRAME) {
            *out_frame = taken;
            return true;
        }
        if (found == ZMTP_WRONG || (found == ZMTP_PING && !zmtp_pong(&self->output, taken)))
            lose(self);
        else if (found == ZMTP_WAIT && !(self->is_told && read_more(self)))
            return false;
    }
    return false;
}

bool pipe_has_more(const pipe_t *self)
{
    assert(self);
    return self->is_told || self->has_input || self->has_news;
}

bool pipe_take_loss(pipe_t *self)
{
    assert(self);
    bool has_news = self->has_news;
    self->has_news = false;
    return has_news;
}
