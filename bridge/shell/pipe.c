#include "bridge/shell/pipe.h"

#include <assert.h>
#include <poll.h>
#include <sys/epoll.h>

bool pipe_takes(span_t endpoint)
{
    ipc_t address;
    return ipc_address(endpoint.data, endpoint.size, "", &address);
}

void pipe_init(pipe_t *self, zmtp_role_t role)
{
    assert(self);
    *self = (pipe_t){.role = role};
    stream_init(&self->stream);
    backlog_init(&self->output, PIPE_OUTPUT_MAX);
}

static void forget(pipe_t *self)
{
    stream_close(&self->stream);
    backlog_clear(&self->output);
    self->has_input = false;
    self->zmtp = (zmtp_t){.role = self->role};
}

static void lose(pipe_t *self)
{
    self->avoids_lane = self->is_in_lane && self->zmtp.stage != ZMTP_TRAFFIC;
    forget(self);
    self->stage = PIPE_LOST;
    self->has_news = true;
}

/* The broker's own end first, which is there if anything is; -1: nobody listens. */
static int reach(pipe_t *self)
{
    int fd = self->has_lane && !self->avoids_lane ? ipc_connect(&self->lane) : -1;
    self->is_in_lane = fd >= 0;
    return fd >= 0 ? fd : ipc_connect(&self->usual);
}

void pipe_connect(pipe_t *self)
{
    assert(self);
    if (self->stage != PIPE_CONNECTING)
        return;
    int fd = reach(self);
    if (fd >= 0 && stream_open(&self->stream, fd, self->epoll_fd, self))
        self->stage = PIPE_CONNECTED;
}

void pipe_open(pipe_t *self, span_t endpoint, int epoll_fd)
{
    assert(self && epoll_fd >= 0);
    pipe_close(self, 0);
    bool is_address = ipc_address(endpoint.data, endpoint.size, "", &self->usual);
    assert(is_address); /* pipe_takes() it */
    (void)is_address;
    self->has_lane = ipc_address(endpoint.data, endpoint.size, IPC_LANE, &self->lane);
    self->epoll_fd = epoll_fd;
    self->stage = PIPE_CONNECTING;
    zmtp_begin(self->role, &self->output.bytes);
    self->beginning = self->output.bytes.size;
    pipe_connect(self);
}

/* How much of the output may be sent: libzmq ends a connection that goes on before both are ready. */
static size_t sendable(const pipe_t *self)
{
    return self->zmtp.stage == ZMTP_TRAFFIC ? backlog_span(&self->output).size : self->beginning;
}

void pipe_flush(pipe_t *self)
{
    assert(self);
    size_t sent;
    if (!stream_send(&self->stream, backlog_span(&self->output).data, sendable(self), &sent)) {
        lose(self);
        return;
    }
    if (sent > 0)
        backlog_drop(&self->output, sent);
    self->beginning -= sent < self->beginning ? sent : self->beginning;
}

/* Waits until the other end has taken what is there, or the time is up: when the bridge ends. */
static void linger(pipe_t *self, int linger_ms)
{
    struct pollfd waits = {.fd = self->stream.fd, .events = POLLOUT};
    pipe_flush(self);
    while (self->stream.fd >= 0 && sendable(self) > 0 && poll(&waits, 1, linger_ms) > 0)
        pipe_flush(self);
}

void pipe_close(pipe_t *self, int linger_ms)
{
    assert(self);
    if (self->stream.fd >= 0 && linger_ms > 0)
        linger(self, linger_ms);
    forget(self);
    self->stage = PIPE_CLOSED;
    self->has_news = false;
}

void pipe_fini(pipe_t *self)
{
    pipe_close(self, 0);
    stream_fini(&self->stream);
    backlog_fini(&self->output);
}

static bool is_open(const pipe_t *self)
{
    return self->stage == PIPE_CONNECTING || self->stage == PIPE_CONNECTED;
}

bool pipe_put(pipe_t *self, span_t frame)
{
    assert(self);
    return is_open(self) && zmtp_put(&self->output.bytes, frame);
}

bool pipe_put_topic(pipe_t *self, span_t topic, bool is_wanted)
{
    assert(self);
    return is_open(self) && zmtp_put_topic(&self->output.bytes, topic, is_wanted);
}

void pipe_notice(pipe_t *self, uint32_t events)
{
    assert(self);
    if (events & EPOLLOUT)
        pipe_flush(self);
    stream_notice(&self->stream, events);
}

/* False: nothing came. */
static bool read_more(pipe_t *self)
{
    stream_read_t came = stream_read(&self->stream, ZMTP_WHOLE_BYTES);
    if (came == STREAM_LOST)
        lose(self);
    self->has_input |= came == STREAM_CAME;
    return came == STREAM_CAME;
}

/* Takes one thing from what has come. */
static zmtp_found_t take_input(pipe_t *self, span_t *out)
{
    span_t input;
    input.data = stream_input(&self->stream, &input.size);
    zmtp_found_t found = zmtp_take(&self->zmtp, &input, out);
    stream_left(&self->stream, input.size);
    self->has_input = found != ZMTP_WAIT;
    return found;
}

bool pipe_take(pipe_t *self, span_t *out_frame)
{
    assert(self && out_frame);
    while (self->stream.fd >= 0) {
        span_t taken;
        zmtp_found_t found = take_input(self, &taken);
        if (found == ZMTP_FRAME) {
            *out_frame = taken;
            return true;
        }
        if (found == ZMTP_WRONG || (found == ZMTP_PING && !zmtp_pong(&self->output.bytes, taken)))
            lose(self);
        else if (found == ZMTP_WAIT && !read_more(self))
            return false;
    }
    return false;
}

bool pipe_has_more(const pipe_t *self)
{
    assert(self);
    return self->stream.is_told || self->has_input || self->has_news;
}

bool pipe_take_loss(pipe_t *self)
{
    assert(self);
    bool has_news = self->has_news;
    self->has_news = false;
    return has_news;
}
