#include "bench/lines.h"

#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static void hold(lines_t *self, const char *bytes, size_t size)
{
    size_t room = sizeof self->bytes - self->held;
    memcpy(self->bytes + self->held, bytes, size < room ? size : room);
    self->held += size < room ? size : room;
}

static size_t trimmed(const char *line, size_t size)
{
    return size > 0 && line[size - 1] == '\r' ? size - 1 : size;
}

void lines_feed(lines_t *self, const char *bytes, size_t size, lines_take_t *take, void *context)
{
    const char *end = bytes + size;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        if (stop == NULL || self->held > 0)
            hold(self, bytes, (size_t)((stop ? stop : end) - bytes));
        if (stop == NULL)
            return;
        if (self->held > 0)
            take(context, self->bytes, trimmed(self->bytes, self->held));
        else
            take(context, bytes, trimmed(bytes, (size_t)(stop - bytes)));
        self->held = 0;
        bytes = stop + 1;
    }
}

long lines_number(const char *line, size_t size, char mark)
{
    return size < LOAD_TEXT_BYTES ? -1 : load_read_text(line + size - LOAD_TEXT_BYTES, mark);
}

int lines_connect(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load_number(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        load_fail("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void lines_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0)
            load_fail("send");
        bytes += sent;
        size -= (size_t)sent;
    }
}

size_t lines_read(int fd, char *out, size_t size)
{
    ssize_t got = recv(fd, out, size, MSG_DONTWAIT);
    if (got > 0)
        return (size_t)got;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    load_fail("a connection was ended");
}
