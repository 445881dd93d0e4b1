/* Accepting. One descriptor is held in reserve: when none is left, it lets us take connections, say
 * that it is full, and close them; then accepting rests until somebody leaves or a second has passed. So
 * a full bridge neither spins nor leaves people in the dark. */
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 1000, FULL_LOG_MS = 60000 };

span_t on_address(void *context, void *who)
{
    bridge_t *self = context;
    const user_t *user = who;
    port_write_host(&user->address, self->place);
    return span_of(self->place);
}

/* Says why not and hangs up. Who waits for TLS could not read it. */
static void refuse(bridge_t *self, const port_t *port, int fd, phrase_t why)
{
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, why, NULL);
    if (port == &self->ports[PORT_PLAIN])
        (void)send(fd, self->lines.data, self->lines.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_clear(&self->lines);
    (void)close(fd);
    self->counters.refused++;
}

bool listener_admit(bridge_t *self, user_t *user, address_t from, phrase_t *out_why)
{
    assert(self && !user->is_counted && out_why);
    if (!pace_take(self->pace, from, self->now_us)) {
        self->counters.refused_pace++;
        *out_why = PHRASE_refused_pace;
        return false;
    }
    *out_why = PHRASE_refused_address;
    user->is_counted = addresses_add(self->addresses, from);
    return user->is_counted;
}

static bool is_proxy(const bridge_t *self, address_t from)
{
    for (size_t i = 0; i < self->proxy_count; i++)
        if (network_has(&self->proxies[i], from))
            return true;
    return false;
}

static void welcome(bridge_t *self, const port_t *port, int fd,
                    const struct sockaddr_storage *address)
{
    user_t fresh = {.fd = fd};
    phrase_t why = PHRASE_refused_full;
    fresh.address = port_peer(address, &fresh.port);
    bool is_proxied = is_proxy(self, fresh.address);
    if (self->users.count >= self->config.users_max ||
        (!is_proxied && !listener_admit(self, &fresh, fresh.address, &why))) {
        refuse(self, port, fd, why);
        return;
    }
    user_t *user = users_add(&self->users, fd);
    user->address = fresh.address;
    user->port = fresh.port;
    user->is_counted = fresh.is_counted;
    user->is_by_tls = port == &self->ports[PORT_TLS];
    self->counters.accepted++;
    self->counters.users = self->users.count;
    user->interest = EPOLLIN;
    struct epoll_event event = {.events = user->interest, .data.ptr = user};
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        log_warn("user.unwatched", log_errno(errno));
        user_doom(self, user);
        return;
    }
    entrance_begin(self, user, is_proxied);
}

static void rest(bridge_t *self)
{
    if (!self->is_accepting)
        return;
    for (size_t i = 0; i < PORT_COUNT; i++)
        if (self->ports[i].fd >= 0)
            (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, self->ports[i].fd, NULL);
    self->is_accepting = false;
    self->resume_accepting_ms = self->now_ms + REST_MS;
}

/* No descriptor left: gives up the reserve to turn those in the queue away, one after the other. */
static void turn_away(bridge_t *self, const port_t *port)
{
    if (self->now_ms >= self->full_log_ms) {
        log_warn("listener.full", log_u64("users", self->users.count));
        self->full_log_ms = self->now_ms + FULL_LOG_MS;
    }
    if (self->reserve_fd >= 0)
        (void)close(self->reserve_fd);
    for (int i = 0; i < ACCEPT_BUDGET; i++) {
        int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        refuse(self, port, fd, PHRASE_refused_full);
    }
    self->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    rest(self);
}

/* Takes connections from one port's queue. False: no descriptor is left. */
static bool accept_from(bridge_t *self, const port_t *port)
{
    for (int i = 0; i < ACCEPT_BUDGET; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd =
            accept4(port->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(self, port, fd, &address);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return false;
        else if (errno != EINTR && errno != ECONNABORTED)
            break;
    }
    return true;
}

void listener_accept(bridge_t *self, const port_t *port)
{
    assert(self && port->fd >= 0);
    if (!accept_from(self, port))
        turn_away(self, port);
}

port_t *listener_find(bridge_t *self, const void *place)
{
    assert(self);
    for (size_t i = 0; i < PORT_COUNT; i++)
        if (place == &self->ports[i])
            return &self->ports[i];
    return NULL;
}

void listener_resume(bridge_t *self)
{
    assert(self);
    if (self->is_accepting)
        return;
    self->is_accepting = true;
    for (size_t i = 0; i < PORT_COUNT; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &self->ports[i]};
        int fd = self->ports[i].fd;
        if (fd >= 0 && epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST)
            self->is_accepting = false;
    }
    self->resume_accepting_ms = self->now_ms + REST_MS;
}
