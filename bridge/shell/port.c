#include "bridge/shell/port.h"

#include "bridge/shell/bridge_state.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 4096, HOST_BYTES = 128, PORT_MAX = 65535 };

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

const char *bridge_place(const char *listen)
{
    assert(listen);
    return *listen == '\0' || strcmp(listen, "none") == 0 ? NULL : listen;
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

void port_write(const address_t *address, uint16_t port, bool has_brackets,
                char out[BRIDGE_ADDRESS_BYTES])
{
    assert(address && out);
    char host[BRIDGE_ADDRESS_BYTES];
    port_write_host(address, host);
    bool is_bracketed = has_brackets && !network_is_four(*address);
    (void)snprintf(out, BRIDGE_ADDRESS_BYTES, is_bracketed ? "[%.46s]:%u" : "%.46s:%u", host, port);
}

void port_write_host(const address_t *address, char out[BRIDGE_ADDRESS_BYTES])
{
    assert(address && out);
    struct in6_addr six;
    memcpy(&six, address->bytes, sizeof six);
    if (network_is_four(*address))
        (void)inet_ntop(AF_INET, six.s6_addr + 12, out, BRIDGE_ADDRESS_BYTES);
    else
        (void)inet_ntop(AF_INET6, &six, out, BRIDGE_ADDRESS_BYTES);
}

address_t port_peer(const struct sockaddr_storage *address, uint16_t *out_port)
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

bool port_open(port_t *self, const char *listen_at, char *out_error)
{
    assert(self && listen_at && out_error);
    const char *port;
    self->fd = -1;
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
    for (const struct addrinfo *at = infos; at && self->fd < 0; at = at->ai_next)
        self->fd = open_one(at);
    int error = errno;
    freeaddrinfo(infos);
    if (self->fd < 0) {
        complain(out_error, listen_at, strerror(error));
        return false;
    }
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    (void)getsockname(self->fd, (struct sockaddr *)&bound, &size);
    uint16_t own_port;
    address_t own = port_peer(&bound, &own_port);
    port_write(&own, own_port, true, self->address);
    return true;
}

void port_close(port_t *self)
{
    assert(self);
    if (self->fd >= 0)
        (void)close(self->fd);
    self->fd = -1;
}
