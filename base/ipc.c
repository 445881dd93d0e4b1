#include "base/ipc.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char SCHEME[] = "ipc://";

enum { SCHEME_BYTES = sizeof SCHEME - 1 };

bool ipc_is(const char *endpoint)
{
    assert(endpoint);
    return strncmp(endpoint, SCHEME, SCHEME_BYTES) == 0;
}

bool ipc_address(const char *endpoint, size_t size, const char *suffix, ipc_t *out)
{
    assert(endpoint && suffix && out);
    ipc_t made = {.address = {.sun_family = AF_UNIX}};
    char *path = made.address.sun_path;
    size_t more = strlen(suffix);
    if (size <= SCHEME_BYTES || memcmp(endpoint, SCHEME, SCHEME_BYTES) != 0 ||
        size - SCHEME_BYTES + more >= sizeof made.address.sun_path)
        return false;
    size -= SCHEME_BYTES;
    memcpy(path, endpoint + SCHEME_BYTES, size);
    memcpy(path + size, suffix, more);
    bool is_abstract = path[0] == '@';
    if (is_abstract)
        path[0] = '\0';
    made.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + more + !is_abstract);
    *out = made;
    return true;
}

const char *ipc_path(const ipc_t *self)
{
    assert(self);
    return self->address.sun_path[0] ? self->address.sun_path : NULL;
}

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int give_up(int fd)
{
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = error;
    return -1;
}

int ipc_connect(const ipc_t *self)
{
    assert(self);
    int fd = open_socket();
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&self->address, self->size) == 0)
        return fd;
    return give_up(fd);
}

static bool is_socket(const char *path)
{
    struct stat status;
    return path && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

int ipc_listen(const ipc_t *self, int backlog)
{
    assert(self && backlog > 0);
    int answered = ipc_connect(self);
    if (answered >= 0) {
        (void)close(answered);
        errno = EADDRINUSE;
        return -1;
    }
    if (errno == ECONNREFUSED && is_socket(ipc_path(self)))
        (void)unlink(ipc_path(self));
    int fd = open_socket();
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&self->address, self->size) == 0 &&
        listen(fd, backlog) == 0)
        return fd;
    return give_up(fd);
}
