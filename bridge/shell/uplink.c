/* The sockets towards the broker. A DEALER lives for one attempt: a fresh one has a fresh routing id
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
static int watch(bridge_t *self, void *socket, int *out_fd)
{
    size_t size = sizeof *out_fd;
    if (zmq_getsockopt(socket, ZMQ_FD, out_fd, &size) != 0)
        return -1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &self->uplink};
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, *out_fd, &event);
}

static void shut(bridge_t *self, void **socket_p, int *fd, int linger_ms)
{
    if (*socket_p == NULL)
        return;
    if (*fd >= 0)
        (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
    set_option(*socket_p, ZMQ_LINGER, linger_ms);
    (void)zmq_close(*socket_p);
    *socket_p = NULL;
    *fd = -1;
}

bool uplink_start(bridge_t *self)
{
    assert(self && self->uplink.sub == NULL);
    self->uplink.sub = zmq_socket(self->zmq_context, ZMQ_SUB);
    if (self->uplink.sub == NULL)
        return false;
    set_option(self->uplink.sub, ZMQ_RCVHWM, RECEIVE_MAX);
    set_option(self->uplink.sub, ZMQ_LINGER, 0);
    put_under(self, self->uplink.sub);
    return watch(self, self->uplink.sub, &self->uplink.sub_fd) == 0;
}

void uplink_stop(bridge_t *self, int linger_ms)
{
    assert(self);
    shut(self, &self->uplink.monitor, &self->uplink.monitor_fd, 0);
    shut(self, &self->uplink.dealer, &self->uplink.dealer_fd, linger_ms);
    shut(self, &self->uplink.sub, &self->uplink.sub_fd, 0);
    free(self->uplink.sub_endpoint);
    self->uplink.sub_endpoint = NULL;
}

/* Without a monitor a lost broker is found by its silence. */
static void open_monitor(bridge_t *self)
{
    char name[NAME_BYTES_MAX];
    (void)snprintf(name, sizeof name, "inproc://bridge-%p-%u", (void *)self, self->uplink.opened);
    if (zmq_socket_monitor(self->uplink.dealer, name, LOSSES) != 0)
        return;
    self->uplink.monitor = zmq_socket(self->zmq_context, ZMQ_PAIR);
    if (self->uplink.monitor == NULL)
        return;
    set_option(self->uplink.monitor, ZMQ_LINGER, 0);
    if (zmq_connect(self->uplink.monitor, name) != 0 ||
        watch(self, self->uplink.monitor, &self->uplink.monitor_fd) != 0)
        shut(self, &self->uplink.monitor, &self->uplink.monitor_fd, 0);
}

void on_open(void *context)
{
    bridge_t *self = context;
    shut(self, &self->uplink.monitor, &self->uplink.monitor_fd, 0);
    shut(self, &self->uplink.dealer, &self->uplink.dealer_fd, 0);
    self->uplink.opened++;
    void *dealer = self->uplink.dealer = zmq_socket(self->zmq_context, ZMQ_DEALER);
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
    if (zmq_connect(dealer, self->config.router) != 0 ||
        watch(self, dealer, &self->uplink.dealer_fd) != 0)
        log_warn("link.unconnected", log_str("router", self->config.router),
                 log_str("error", zmq_strerror(errno)));
}

bool on_send(void *context, span_t frame)
{
    bridge_t *self = context;
    assert(frame.size > 0);
    if (self->uplink.dealer == NULL)
        return false;
    return zmq_send(self->uplink.dealer, frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
}

void on_listen(void *context, span_t endpoint)
{
    bridge_t *self = context;
    uplink_t *uplink = &self->uplink;
    if (uplink->sub_endpoint)
        (void)zmq_disconnect(uplink->sub, uplink->sub_endpoint);
    free(uplink->sub_endpoint);
    uplink->sub_endpoint = strndup(endpoint.data, endpoint.size);
    assert(uplink->sub_endpoint);
    if (zmq_connect(uplink->sub, uplink->sub_endpoint) != 0)
        log_warn("link.unsubscribed", log_peer("pub", endpoint.data, endpoint.size),
                 log_str("error", zmq_strerror(errno)));
}

void on_subscribe(void *context, span_t topic)
{
    bridge_t *self = context;
    (void)zmq_setsockopt(self->uplink.sub, ZMQ_SUBSCRIBE, topic.data, topic.size);
}

void on_unsubscribe(void *context, span_t topic)
{
    bridge_t *self = context;
    (void)zmq_setsockopt(self->uplink.sub, ZMQ_UNSUBSCRIBE, topic.data, topic.size);
}

static bool has_input(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return socket && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 &&
           (events & ZMQ_POLLIN) != 0;
}

/* Takes one message of whatever many frames; *out_frame is its only one. False: there is none. */
static bool take(void *socket, zmq_msg_t *frame)
{
    return socket && zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) >= 0;
}

static void drain_dealer(bridge_t *self, zmq_msg_t *frame)
{
    for (int i = 0; i < DRAIN_BUDGET; i++) {
        void *dealer = self->uplink.dealer; /* a frame may lead to a fresh one */
        if (!take(dealer, frame))
            return;
        client_link_frame(self->link, zmq_msg_data(frame), zmq_msg_size(frame), self->now_ms);
    }
}

static void drain_sub(bridge_t *self, zmq_msg_t *frame)
{
    for (int i = 0; i < DRAIN_BUDGET && take(self->uplink.sub, frame); i++)
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
    while (take(self->uplink.monitor, frame)) {
        is_lost = true;
        tell_refusal(self, event_of(frame));
    }
    if (is_lost)
        client_link_disconnected(self->link, self->now_ms);
}

void uplink_drain(bridge_t *self)
{
    assert(self && self->link);
    zmq_msg_t frame;
    (void)zmq_msg_init(&frame);
    drain_dealer(self, &frame);
    drain_sub(self, &frame);
    drain_monitor(self, &frame);
    (void)zmq_msg_close(&frame);
}

bool uplink_has_more(bridge_t *self)
{
    assert(self);
    return has_input(self->uplink.dealer) || has_input(self->uplink.sub) ||
           has_input(self->uplink.monitor);
}
