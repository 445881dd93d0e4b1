#include "client/lib/sockets.h"

#include "proto/tables.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    WAITING_MAX = 100000, /* frames either way in the DEALER */
    EVENTS_MAX = 10000,   /* frames in the SUB; what is dropped beyond is replayed */
    IDLE_S = 20,          /* then the kernel asks whether the SUB's connection is alive */
    ASK_S = 5,
    ASK_MAX = 3,
    FRAME_BYTES_MAX = 2 * LIMIT_FRAME_BYTES,
    LOSSES = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_MONITOR_STOPPED |
             ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
             ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static bool watch(sockets_t *self, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int descriptor_of(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    int rc = zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    assert(rc == 0);
    (void)rc;
    return fd;
}

static void set(void *socket, int option, int value)
{
    int rc = zmq_setsockopt(socket, option, &value, sizeof value);
    assert(rc == 0);
    (void)rc;
}

static void set_key(void *socket, int option, const uint8_t *key)
{
    int rc = zmq_setsockopt(socket, option, key, CURVE_KEY_BYTES);
    assert(rc == 0);
    (void)rc;
}

static void put_under(void *socket, const credentials_t *keys)
{
    set_key(socket, ZMQ_CURVE_SERVERKEY, keys->server_key);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key);
    set_key(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key);
}

static void *socket_new(sockets_t *self, int type, int waiting_max)
{
    void *socket = zmq_socket(self->context, type);
    if (socket == NULL)
        return NULL;
    int64_t frame_bytes_max = FRAME_BYTES_MAX;
    int rc = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max);
    assert(rc == 0);
    (void)rc;
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_SNDHWM, waiting_max);
    set(socket, ZMQ_RCVHWM, waiting_max);
    if (self->keys.is_keyed && type != ZMQ_PAIR)
        put_under(socket, &self->keys);
    if (watch(self, descriptor_of(socket)))
        return socket;
    zmq_close(socket);
    return NULL;
}

/* A SUB never sends, so it would not notice that its connection is dead. */
static void keep_alive(void *sub)
{
    set(sub, ZMQ_TCP_KEEPALIVE, 1);
    set(sub, ZMQ_TCP_KEEPALIVE_IDLE, IDLE_S);
    set(sub, ZMQ_TCP_KEEPALIVE_INTVL, ASK_S);
    set(sub, ZMQ_TCP_KEEPALIVE_CNT, ASK_MAX);
}

/* The descriptor is closed with the socket, but not before ZeroMQ's thread gets to it. */
static void socket_close(sockets_t *self, void **socket_p)
{
    if (*socket_p == NULL)
        return;
    epoll_ctl(self->epoll, EPOLL_CTL_DEL, descriptor_of(*socket_p), NULL);
    zmq_close(*socket_p);
    *socket_p = NULL;
}

/* First the DEALER is told to stop telling: its thread would wait for ever for a monitor that has gone, and
 * with it every socket. */
static void monitor_close(sockets_t *self)
{
    if (self->dealer)
        zmq_socket_monitor(self->dealer, NULL, 0);
    socket_close(self, &self->monitor);
}

bool sockets_init(sockets_t *self, const char *router, const credentials_t *keys)
{
    assert(self && router && keys);
    *self = (sockets_t){.epoll = epoll_create1(EPOLL_CLOEXEC), .keys = *keys};
    self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->context = zmq_ctx_new();
    self->router = strdup(router);
    bool is_ready = self->epoll >= 0 && self->timer >= 0 && self->wake >= 0 && self->context &&
                    self->router && watch(self, self->timer) && watch(self, self->wake);
    if (is_ready)
        self->sub = socket_new(self, ZMQ_SUB, EVENTS_MAX);
    if (self->sub) {
        keep_alive(self->sub);
        return true;
    }
    int reason = errno;
    sockets_fini(self, 0);
    errno = reason;
    return false;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

void sockets_fini(sockets_t *self, int linger_ms)
{
    assert(self);
    if (self->dealer)
        set(self->dealer, ZMQ_LINGER, linger_ms);
    monitor_close(self);
    socket_close(self, &self->dealer);
    socket_close(self, &self->sub);
    if (self->context)
        while (zmq_ctx_term(self->context) != 0 && errno == EINTR)
            continue;
    close_descriptor(self->epoll);
    close_descriptor(self->timer);
    close_descriptor(self->wake);
    free(self->router);
    free(self->endpoint);
    credentials_fini(&self->keys);
    *self = (sockets_t){.epoll = -1, .timer = -1, .wake = -1};
}

static bool monitor_open(sockets_t *self)
{
    char name[48];
    snprintf(name, sizeof name, "inproc://hubbub-monitor-%u", self->opened);
    if (zmq_socket_monitor(self->dealer, name, LOSSES) != 0)
        return false;
    self->monitor = socket_new(self, ZMQ_PAIR, WAITING_MAX);
    return self->monitor && zmq_connect(self->monitor, name) == 0;
}

bool sockets_open(sockets_t *self)
{
    assert(self);
    monitor_close(self);
    socket_close(self, &self->dealer);
    self->opened++;
    self->trouble = TROUBLE_NONE;
    self->dealer = socket_new(self, ZMQ_DEALER, WAITING_MAX);
    if (self->dealer == NULL)
        return false;
    if (monitor_open(self) && zmq_connect(self->dealer, self->router) == 0) {
        sockets_wake(self);
        return true;
    }
    int reason = errno;
    monitor_close(self);
    socket_close(self, &self->dealer);
    errno = reason;
    return false;
}

bool sockets_send(sockets_t *self, span_t frame)
{
    assert(self && frame.size > 0);
    if (self->dealer == NULL)
        return false;
    int rc;
    do
        rc = zmq_send(self->dealer, frame.data, frame.size, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    return rc >= 0;
}

void sockets_listen(sockets_t *self, span_t endpoint)
{
    assert(self && endpoint.size > 0);
    if (self->endpoint)
        zmq_disconnect(self->sub, self->endpoint);
    free(self->endpoint);
    self->endpoint = strndup(endpoint.data, endpoint.size);
    assert(self->endpoint);
    zmq_connect(self->sub, self->endpoint); /* where it cannot be, replays bring what is missed */
    sockets_wake(self);
}

void sockets_subscribe(sockets_t *self, span_t topic)
{
    assert(self && topic.size > 0);
    zmq_setsockopt(self->sub, ZMQ_SUBSCRIBE, topic.data, topic.size);
}

void sockets_unsubscribe(sockets_t *self, span_t topic)
{
    assert(self && topic.size > 0);
    zmq_setsockopt(self->sub, ZMQ_UNSUBSCRIBE, topic.data, topic.size);
}

static bool receive_part(void *socket, zmq_msg_t *message)
{
    int rc;
    do
        rc = zmq_msg_recv(message, socket, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    return rc >= 0;
}

bool sockets_receive(void *socket, zmq_msg_t *message)
{
    assert(message);
    while (socket && receive_part(socket, message)) {
        if (!zmq_msg_more(message))
            return true;
        while (zmq_msg_more(message) && receive_part(socket, message))
            continue;
    }
    return false;
}

static void note_trouble(sockets_t *self, uint16_t event)
{
    trouble_t trouble = TROUBLE_NONE;
    if (event & ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        trouble = TROUBLE_KEY;
    else if (event & (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL))
        trouble = TROUBLE_HANDSHAKE;
    if (trouble > self->trouble)
        self->trouble = trouble;
}

/* Each event is two frames: number and value, then the endpoint. */
bool sockets_is_lost(sockets_t *self)
{
    assert(self);
    bool is_lost = false;
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (self->monitor && receive_part(self->monitor, &message)) {
        uint16_t event = 0;
        if (zmq_msg_more(&message) && zmq_msg_size(&message) >= sizeof event) {
            memcpy(&event, zmq_msg_data(&message), sizeof event);
            is_lost = is_lost || (event & LOSSES);
            note_trouble(self, event);
        }
    }
    zmq_msg_close(&message);
    return is_lost;
}

static bool is_readable(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return socket && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 &&
           (events & ZMQ_POLLIN);
}

bool sockets_has_more(sockets_t *self)
{
    assert(self);
    bool dealer = is_readable(self->dealer), monitor = is_readable(self->monitor);
    return is_readable(self->sub) || dealer || monitor;
}

void sockets_wake(sockets_t *self)
{
    assert(self);
    (void)eventfd_write(self->wake, 1); /* full means that it is readable already */
}

void sockets_wake_at(sockets_t *self, uint64_t at_ms)
{
    assert(self);
    if (at_ms == self->armed_ms)
        return;
    self->armed_ms = at_ms;
    struct itimerspec when = {0};
    if (at_ms != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(at_ms / 1000);
        when.it_value.tv_nsec = (long)(at_ms % 1000) * 1000000 + 1; /* all zero would stop it */
    }
    int rc = timerfd_settime(self->timer, TFD_TIMER_ABSTIME, &when, NULL);
    assert(rc == 0);
    (void)rc;
}

void sockets_rest(sockets_t *self)
{
    assert(self);
    uint64_t count;
    eventfd_t value;
    (void)eventfd_read(self->wake, &value);
    if (read(self->timer, &count, sizeof count) == (ssize_t)sizeof count)
        self->armed_ms = 0; /* it fires once */
}
