/* Accepting. One descriptor is held in reserve: when none is left, it lets us take connections, say
 * that it is full, and close them; then accepting rests until somebody leaves or a second has passed. So
 * a full bridge neither spins nor leaves people in the dark. */
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, HOST_BYTES = 128, PORT_MAX = 65535, REST_MS = 1000 };

/* Splits HOST:PORT; brackets around the host are taken off. False: it is none. */
static bool split(const char *text, char *out_host, const char **out_port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0' ||
        strlen(colon + 1) > 5 || strtoul(colon + 1, NULL, 10) > PORT_MAX)
        return false;
    size_t size = (size_t)(colon - text);
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size >= HOST_BYTES)
        return false;
    memcpy(out_host, text, size);
    out_host[size] = '\0';
    *out_port = colon + 1;
    return true;
}

bool bridge_is_address(const char *listen)
{
    char host[HOST_BYTES];
    const char *port;
    assert(listen);
    return split(listen, host, &port);
}

/* An IPv4 address as the IPv6 address that maps it: one kind is enough from here on. */
static struct sockaddr_in6 as_six(const struct sockaddr_storage *address)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return six;
    }
    struct sockaddr_in four = {0};
    memcpy(&four, address, sizeof four);
    six.sin6_port = four.sin_port;
    six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
    memcpy(six.sin6_addr.s6_addr + 12, &four.sin_addr, 4);
    return six;
}

/* Writes HOST:PORT of an address; IPv6 in brackets where `has_brackets`. */
static void write_address(const address_t *address, uint16_t port, bool has_brackets,
                          char out[BRIDGE_ADDRESS_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "?";
    struct in6_addr six;
    memcpy(&six, address->bytes, sizeof six);
    bool is_four = IN6_IS_ADDR_V4MAPPED(&six);
    if (is_four)
        (void)inet_ntop(AF_INET, six.s6_addr + 12, host, sizeof host);
    else
        (void)inet_ntop(AF_INET6, &six, host, sizeof host);
    (void)snprintf(out, BRIDGE_ADDRESS_BYTES, !is_four && has_brackets ? "[%s]:%u" : "%s:%u", host,
                   port);
}

/* An address as it is counted; its port goes to *out_port. */
static address_t counted(const struct sockaddr_storage *address, uint16_t *out_port)
{
    address_t out;
    struct sockaddr_in6 six = as_six(address);
    memcpy(out.bytes, six.sin6_addr.s6_addr, sizeof out.bytes);
    *out_port = ntohs(six.sin6_port);
    return out;
}

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value); /* a default that works remains */
}

/* What is set here, accepted sockets inherit: no system calls per connection. */
static int open_one(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
    set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
    if (info->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static void complain(char *out_error, const char *listen_at, const char *why)
{
    (void)snprintf(out_error, BRIDGE_ERROR_BYTES, "cannot listen on %s: %s", listen_at, why);
}

bool listener_open(bridge_t *self, char *out_error)
{
    assert(self && out_error && self->config.listen);
    const char *listen_at = self->config.listen, *port;
    char host[HOST_BYTES];
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *infos;
    if (!split(listen_at, host, &port)) {
        complain(out_error, listen_at, "HOST:PORT is needed");
        return false;
    }
    bool is_any = host[0] == '\0' || strcmp(host, "*") == 0;
    int failed = getaddrinfo(is_any ? NULL : host, port, &hints, &infos);
    if (failed != 0) {
        complain(out_error, listen_at, gai_strerror(failed));
        return false;
    }
    for (const struct addrinfo *at = infos; at && self->listener_fd < 0; at = at->ai_next)
        self->listener_fd = open_one(at);
    int error = errno;
    freeaddrinfo(infos);
    if (self->listener_fd < 0) {
        complain(out_error, listen_at, strerror(error));
        return false;
    }
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    (void)getsockname(self->listener_fd, (struct sockaddr *)&bound, &size);
    uint16_t own_port;
    address_t own = counted(&bound, &own_port);
    write_address(&own, own_port, true, self->address);
    return true;
}

span_t on_address(void *context, void *who)
{
    bridge_t *self = context;
    const user_t *user = who;
    write_address(&user->address, user->port, false, self->place);
    return span_of(self->place);
}

/* Says why not and hangs up. */
static void refuse(bridge_t *self, int fd, phrase_t why)
{
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, why, NULL);
    (void)send(fd, self->lines.data, self->lines.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    buffer_clear(&self->lines);
    (void)close(fd);
    self->counters.refused++;
}

static void welcome(bridge_t *self, int fd, const struct sockaddr_storage *address)
{
    uint16_t port;
    address_t from = counted(address, &port);
    if (self->users.count >= self->config.users_max) {
        refuse(self, fd, PHRASE_refused_full);
        return;
    }
    if (!addresses_add(self->addresses, from)) {
        refuse(self, fd, PHRASE_refused_address);
        return;
    }
    user_t *user = users_add(&self->users, fd);
    user->address = from;
    user->port = port;
    self->counters.accepted++;
    self->counters.users = self->users.count;
    user->interest = EPOLLIN;
    struct epoll_event event = {.events = user->interest, .data.ptr = user};
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        log_warn("user.unwatched", log_errno(errno));
        user_doom(self, user);
        return;
    }
    span_t nick = self->config.show_addresses ? on_address(self, user) : (span_t){"", 0};
    if (nick.size > LIMIT_NICK_BYTES)
        nick.size = 0;
    if (user_hello(self, user, nick) && self->is_away)
        user_tell(self, user, PHRASE_greeting_away, NULL);
}

static void rest(bridge_t *self)
{
    if (!self->is_accepting)
        return;
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, self->listener_fd, NULL);
    self->is_accepting = false;
    self->resume_accepting_ms = self->now_ms + REST_MS;
}

/* No descriptor left: gives up the reserve to turn those in the queue away, one after the other. */
static void turn_away(bridge_t *self)
{
    log_warn("listener.full", log_u64("users", self->users.count));
    if (self->reserve_fd >= 0)
        (void)close(self->reserve_fd);
    for (int i = 0; i < ACCEPT_BUDGET; i++) {
        int fd = accept4(self->listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            break;
        refuse(self, fd, PHRASE_refused_full);
    }
    self->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    rest(self);
}

void listener_accept(bridge_t *self)
{
    assert(self && self->listener_fd >= 0);
    for (int i = 0; i < ACCEPT_BUDGET; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd = accept4(self->listener_fd, (struct sockaddr *)&address, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(self, fd, &address);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            turn_away(self);
            return;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

void listener_resume(bridge_t *self)
{
    assert(self);
    if (self->is_accepting)
        return;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &self->listener_fd};
    self->is_accepting = epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->listener_fd, &event) == 0;
    self->resume_accepting_ms = self->now_ms + REST_MS;
}
