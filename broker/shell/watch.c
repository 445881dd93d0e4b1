#include "broker/shell/watch.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <zmq.h>

int watch_descriptor(void *socket)
{
    assert(socket);
    int fd = -1;
    size_t size = sizeof fd;
    int done = zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    assert(done == 0);
    (void)done;
    return fd;
}

void watch_init(watch_t *self, const doors_t *doors)
{
    assert(self && doors);
    for (watched_t which = WATCH_STOP; which < WATCH_DOORS; which++)
        watch_set(self, which, -1);
    for (unsigned door = 0; door < DOOR_COUNT; door++) {
        void *router = self->routers[door] = doors->routers[door];
        self->may_have_input[door] = router != NULL;
        watch_set(self, WATCH_DOORS + door, router ? watch_descriptor(router) : -1);
    }
}

void watch_set(watch_t *self, watched_t which, int fd)
{
    assert(self && which < WATCH_COUNT);
    self->items[which] = (struct pollfd){fd, POLLIN, 0};
}

bool watch_is_ready(const watch_t *self, watched_t which)
{
    assert(self && which < WATCH_COUNT);
    return self->items[which].revents != 0;
}

bool watch_socket_has_input(void *socket)
{
    assert(socket);
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

bool watch_has_input(const watch_t *self)
{
    assert(self);
    for (int door = 0; door < DOOR_COUNT; door++)
        if (self->may_have_input[door] && watch_socket_has_input(self->routers[door]))
            return true;
    return false;
}

static void notice(watch_t *self)
{
    for (int door = 0; door < DOOR_COUNT; door++)
        self->may_have_input[door] |= self->items[WATCH_DOORS + door].revents != 0;
}

bool watch_sleep(watch_t *self, uint64_t us)
{
    assert(self);
    struct pollfd *items = self->items;
    struct timespec span = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    if (ppoll(items, WATCH_COUNT, &span, NULL) < 0 && errno != EINTR)
        return false;
    notice(self);
    return true;
}
