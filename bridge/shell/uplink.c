/* What leads to the broker. A DEALER lives for one attempt: a fresh one has a fresh routing id
 * and nothing queued from before. Its monitor tells when TCP breaks, long before heartbeats would. */
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <zmq.h>

enum {
    DEALER_SEND_MAX = 400000, /* frames: every session has a bounded number in flight */
    RECEIVE_MAX = 100000,
    NAME_BYTES_MAX = 64,
    REFUSALS = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
    LOSSES = ZMQ_EVENT_DISCONNECTED | REFUSALS,
    RETRY_MS = 100, /* between two attempts of a pipe */
    IDLE_S = 20,    /* then the kernel asks whether the SUB's connection is alive */
    ASK_S = 5,
    ASK_MAX = 3
};

static void set_option(void *socket, int option, int value)
{
    int failed = zmq_setsockopt(socket, option, &value, sizeof value);
    assert(failed == 0);
    (void)failed;
}

static void put_under(const bridge_t *self, void *socket)
{
    const credentials_t *keys = &self->keys;
    if (!keys->is_keyed)
        return;
    int failed = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->server_key, CURVE_KEY_BYTES);
    failed |= zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, CURVE_KEY_BYTES);
    failed |= zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, CURVE_KEY_BYTES);
    assert(failed == 0);
    (void)failed;
}

/* Puts a socket's descriptor into the epoll set. It is readable when there is something to be looked
 * at, once: what zmq_getsockopt (ZMQ_EVENTS) says counts. */
static bool watch(bridge_t *self, wire_t *wire)
{
    size_t size = sizeof wire->fd;
    wire->is_suspect = true;
    if (zmq_getsockopt(wire->socket, ZMQ_FD, &wire->fd, &size) != 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = wire};
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, wire->fd, &event) == 0;
}

static void shut(bridge_t *self, wire_t *wire, int linger_ms)
{
    if (wire->socket == NULL)
        return;
    if (wire->fd >= 0)
        (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, wire->fd, NULL);
    set_option(wire->socket, ZMQ_LINGER, linger_ms);
    (void)zmq_close(wire->socket);
    *wire = (wire_t){.fd = -1};
}

/* First the DEALER is told to stop telling: its thread would wait for ever for a monitor that has gone, and
 * with it every socket. */
static void shut_monitor(bridge_t *self)
{
    if (self->uplink.dealer.socket)
        (void)zmq_socket_monitor(self->uplink.dealer.socket, NULL, 0);
    shut(self, &self->uplink.monitor, 0);
}

/* A SUB never sends, so it would not notice that its connection is dead. */
static void keep_alive(void *sub)
{
    set_option(sub, ZMQ_TCP_KEEPALIVE, 1);
    set_option(sub, ZMQ_TCP_KEEPALIVE_IDLE, IDLE_S);
    set_option(sub, ZMQ_TCP_KEEPALIVE_INTVL, ASK_S);
    set_option(sub, ZMQ_TCP_KEEPALIVE_CNT, ASK_MAX);
}

static bool is_for_pipe(const bridge_t *self, span_t endpoint)
{
    return !self->keys.is_keyed && pipe_takes(endpoint);
}

/* Of libzmq's, kept until the bridge ends: its subscriptions outlive its connections. */
static void open_sub(bridge_t *self)
{
    if (self->uplink.sub.socket)
        return;
    void *sub = self->uplink.sub.socket = zmq_socket(self->zmq_context, ZMQ_SUB);
    if (sub == NULL) {
        log_warn("link.unsubscribed", log_str("error", zmq_strerror(errno)));
        return;
    }
    set_option(sub, ZMQ_RCVHWM, RECEIVE_MAX);
    set_option(sub, ZMQ_LINGER, 0);
    put_under(self, sub);
    keep_alive(sub);
    if (!watch(self, &self->uplink.sub))
        shut(self, &self->uplink.sub, 0);
    else
        client_link_subscribe_again(self->link);
}

void uplink_stop(bridge_t *self, int linger_ms)
{
    assert(self);
    shut_monitor(self);
    shut(self, &self->uplink.dealer, linger_ms);
    shut(self, &self->uplink.sub, 0);
    pipe_close(&self->uplink.dealer_pipe, linger_ms);
    pipe_fini(&self->uplink.dealer_pipe);
    pipe_fini(&self->uplink.sub_pipe);
    free(self->uplink.sub_endpoint);
    self->uplink.sub_endpoint = NULL;
}

/* Without a monitor a lost broker is found by its silence. */
static void open_monitor(bridge_t *self)
{
    char name[NAME_BYTES_MAX];
    (void)snprintf(name, sizeof name, "inproc://bridge-%p-%u", (void *)self, self->uplink.opened);
    if (zmq_socket_monitor(self->uplink.dealer.socket, name, LOSSES) != 0)
        return;
    wire_t *monitor = &self->uplink.monitor;
    monitor->socket = zmq_socket(self->zmq_context, ZMQ_PAIR);
    if (monitor->socket)
        set_option(monitor->socket, ZMQ_LINGER, 0);
    if (monitor->socket == NULL || zmq_connect(monitor->socket, name) != 0 || !watch(self, monitor))
        shut_monitor(self);
}

void on_open(void *context)
{
    bridge_t *self = context;
    if (self->config.direct) {
        self->config.direct->open(self->config.direct->context);
        return;
    }
    if (is_for_pipe(self, span_of(self->config.router))) {
        pipe_close(&self->uplink.sub_pipe,
                   0); /* a loss of it would be thought one of the new link */
        pipe_open(&self->uplink.dealer_pipe, span_of(self->config.router), self->epoll_fd);
        return;
    }
    shut_monitor(self);
    shut(self, &self->uplink.dealer, 0);
    self->uplink.opened++;
    void *dealer = self->uplink.dealer.socket = zmq_socket(self->zmq_context, ZMQ_DEALER);
    if (dealer == NULL) {
        log_warn("link.unopened", log_str("error", zmq_strerror(errno)));
        return;
    }
    set_option(dealer, ZMQ_SNDHWM, DEALER_SEND_MAX);
    set_option(dealer, ZMQ_RCVHWM, RECEIVE_MAX);
    set_option(dealer, ZMQ_LINGER, 0);
    put_under(self, dealer);
    int64_t longest = LIMIT_FRAME_BYTES;
    (void)zmq_setsockopt(dealer, ZMQ_MAXMSGSIZE, &longest, sizeof longest);
    open_monitor(self);
    if (zmq_connect(dealer, self->config.router) != 0 || !watch(self, &self->uplink.dealer))
        log_warn("link.unconnected", log_str("router", self->config.router),
                 log_str("error", zmq_strerror(errno)));
}

bool on_send(void *context, span_t frame)
{
    bridge_t *self = context;
    assert(frame.size > 0);
    if (self->config.direct)
        return self->config.direct->send(self->config.direct->context, frame);
    if (self->uplink.dealer_pipe.stage != PIPE_CLOSED)
        return pipe_put(&self->uplink.dealer_pipe, frame) ||
               self->uplink.dealer_pipe.stage == PIPE_LOST; /* which is told next */
    wire_t *dealer = &self->uplink.dealer;
    if (dealer->socket == NULL)
        return false;
    dealer->is_suspect = true;
    return zmq_send(dealer->socket, frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
}

static void stop_listening(uplink_t *uplink)
{
    pipe_close(&uplink->sub_pipe, 0);
    if (uplink->sub_endpoint)
        (void)zmq_disconnect(uplink->sub.socket, uplink->sub_endpoint);
    free(uplink->sub_endpoint);
    uplink->sub_endpoint = NULL;
}

static void listen_by_libzmq(bridge_t *self, span_t endpoint)
{
    uplink_t *uplink = &self->uplink;
    open_sub(self);
    if (uplink->sub.socket == NULL)
        return;
    uplink->sub.is_suspect = true;
    uplink->sub_endpoint = strndup(endpoint.data, endpoint.size);
    assert(uplink->sub_endpoint);
    if (zmq_connect(uplink->sub.socket, uplink->sub_endpoint) != 0)
        log_warn("link.unsubscribed", log_peer("pub", endpoint.data, endpoint.size),
                 log_str("error", zmq_strerror(errno)));
}

void on_listen(void *context, span_t endpoint)
{
    bridge_t *self = context;
    if (self->config.direct) /* all is heard */
        return;
    stop_listening(&self->uplink);
    if (is_for_pipe(self, endpoint)) {
        pipe_open(&self->uplink.sub_pipe, endpoint, self->epoll_fd);
        client_link_subscribe_again(self->link);
        return;
    }
    listen_by_libzmq(self, endpoint);
}

/* A pipe that has been lost is told of all topics when it is opened again. */
static void subscribe(bridge_t *self, span_t topic, bool is_wanted)
{
    uplink_t *uplink = &self->uplink;
    (void)pipe_put_topic(&uplink->sub_pipe, topic, is_wanted);
    if (uplink->sub.socket == NULL)
        return;
    uplink->sub.is_suspect = true;
    int option = is_wanted ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE;
    (void)zmq_setsockopt(uplink->sub.socket, option, topic.data, topic.size);
}

void on_subscribe(void *context, span_t topic)
{
    subscribe(context, topic, true);
}

void on_unsubscribe(void *context, span_t topic)
{
    subscribe(context, topic, false);
}

bool uplink_notice(bridge_t *self, const void *place, uint32_t events)
{
    assert(self);
    uplink_t *uplink = &self->uplink;
    pipe_t *const pipes[] = {&uplink->dealer_pipe, &uplink->sub_pipe};
    for (size_t i = 0; i < sizeof pipes / sizeof pipes[0]; i++)
        if (place == pipes[i]) {
            pipe_notice(pipes[i], events);
            return true;
        }
    wire_t *const wires[] = {&uplink->dealer, &uplink->sub, &uplink->monitor};
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++)
        if (place == wires[i])
            return wires[i]->is_told = true;
    return false;
}

static bool has_input(wire_t *wire)
{
    if (wire->socket == NULL)
        return false;
    if (wire->is_told || !wire->is_suspect)
        return wire->is_told;
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(wire->socket, ZMQ_EVENTS, &events, &size) != 0)
        return false;
    wire->is_suspect = false;
    wire->is_told = (events & ZMQ_POLLIN) != 0;
    return wire->is_told;
}

/* Takes one message of whatever many frames; *out_frame is its only one. False: there is none. */
static bool take(wire_t *wire, zmq_msg_t *frame)
{
    if (!wire->is_told)
        return false;
    if (zmq_msg_recv(frame, wire->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    wire->is_told = errno == EINTR;
    wire->is_suspect &= wire->is_told;
    return false;
}

/* A frame may lead to a fresh DEALER, which is then the one that is read. */
static void drain_dealer(bridge_t *self, zmq_msg_t *frame)
{
    for (int i = 0; i < DRAIN_BUDGET && take(&self->uplink.dealer, frame); i++)
        client_link_frame(self->link, zmq_msg_data(frame), zmq_msg_size(frame), self->now_ms);
}

static void drain_sub(bridge_t *self, zmq_msg_t *frame)
{
    for (int i = 0; i < DRAIN_BUDGET && take(&self->uplink.sub, frame); i++)
        client_link_published(self->link, zmq_msg_data(frame), zmq_msg_size(frame), self->now_ms);
}

/* An event's first frame begins with its number; the second is the endpoint. */
static unsigned event_of(zmq_msg_t *frame)
{
    uint16_t number = 0;
    if (zmq_msg_more(frame) && zmq_msg_size(frame) >= sizeof number)
        memcpy(&number, zmq_msg_data(frame), sizeof number);
    return number;
}

/* Why nobody can talk: the operator has to see to it. */
static void tell_refusal(const bridge_t *self, unsigned event)
{
    const char *reason =
        event & ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? "the broker does not know our key"
        : self->keys.is_keyed ? "no handshake: it has another key than --server-key, or takes none"
                              : "no handshake: the broker wants a key, see --key";
    if (event & REFUSALS)
        log_warn("link.refused", log_str("router", self->config.router), log_str("reason", reason));
}

static void drain_monitor(bridge_t *self, zmq_msg_t *frame)
{
    bool is_lost = false;
    while (take(&self->uplink.monitor, frame)) {
        is_lost = true;
        tell_refusal(self, event_of(frame));
    }
    if (is_lost)
        client_link_disconnected(self->link, self->now_ms);
}

/* A frame may lead to a fresh pipe, which is then the one that is read. */
static void drain_pipes(bridge_t *self)
{
    uplink_t *uplink = &self->uplink;
    span_t frame;
    for (int i = 0; i < DRAIN_BUDGET && pipe_take(&uplink->dealer_pipe, &frame); i++)
        client_link_frame(self->link, frame.data, frame.size, self->now_ms);
    for (int i = 0; i < DRAIN_BUDGET && pipe_take(&uplink->sub_pipe, &frame); i++)
        client_link_published(self->link, frame.data, frame.size, self->now_ms);
    bool is_lost = pipe_take_loss(&uplink->dealer_pipe);
    if (pipe_take_loss(&uplink->sub_pipe) || is_lost)
        client_link_disconnected(self->link, self->now_ms);
}

static void drain_direct(bridge_t *self)
{
    const bridge_direct_t *direct = self->config.direct;
    span_t frame;
    bool is_published;
    for (int i = 0; i < DRAIN_BUDGET && direct->take(direct->context, &frame, &is_published); i++)
        if (is_published)
            client_link_published(self->link, frame.data, frame.size, self->now_ms);
        else
            client_link_frame(self->link, frame.data, frame.size, self->now_ms);
}

void uplink_drain(bridge_t *self)
{
    assert(self && self->link);
    if (self->config.direct) {
        drain_direct(self);
        return;
    }
    drain_pipes(self);
    if (self->uplink.dealer.socket == NULL && self->uplink.sub.socket == NULL)
        return;
    zmq_msg_t frame;
    (void)zmq_msg_init(&frame);
    drain_dealer(self, &frame);
    drain_sub(self, &frame);
    drain_monitor(self, &frame);
    (void)zmq_msg_close(&frame);
}

void uplink_flush(bridge_t *self)
{
    assert(self);
    pipe_flush(&self->uplink.dealer_pipe);
    pipe_flush(&self->uplink.sub_pipe);
}

static bool is_connecting(const uplink_t *uplink)
{
    return uplink->dealer_pipe.stage == PIPE_CONNECTING ||
           uplink->sub_pipe.stage == PIPE_CONNECTING;
}

void uplink_tick(bridge_t *self)
{
    assert(self);
    uplink_t *uplink = &self->uplink;
    if (!is_connecting(uplink) || self->now_ms < uplink->retry_ms)
        return;
    uplink->retry_ms = self->now_ms + RETRY_MS;
    pipe_connect(&uplink->dealer_pipe);
    pipe_connect(&uplink->sub_pipe);
}

uint64_t uplink_wait_us(const bridge_t *self)
{
    assert(self);
    if (!is_connecting(&self->uplink))
        return UINT64_MAX;
    uint64_t retry_ms = self->uplink.retry_ms;
    return retry_ms > self->now_ms ? (retry_ms - self->now_ms) * 1000 : 0;
}

bool uplink_has_more(bridge_t *self)
{
    assert(self);
    if (self->config.direct)
        return self->config.direct->has(self->config.direct->context);
    uplink_t *uplink = &self->uplink;
    if (pipe_has_more(&uplink->dealer_pipe) || pipe_has_more(&uplink->sub_pipe))
        return true;
    bool has_dealer = has_input(&uplink->dealer), has_sub = has_input(&uplink->sub);
    return has_input(&uplink->monitor) || has_dealer || has_sub;
}
