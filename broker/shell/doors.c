#include "broker/shell/doors.h"

#include "base/ipc.h"
#include "base/log.h"
#include "broker/shell/gatekeeper.h"
#include "proto/tables.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { CONTEXT_SOCKETS = 1023, NAME_BYTES = 40 };

/* The fixed settings, by kind of socket. */
enum { ON_ROUTER = 1, ON_PUB = 2, ON_KEYED_PUB = 4, ON_EVERY = ON_ROUTER | ON_PUB | ON_KEYED_PUB };
static const struct {
    unsigned on;
    int option;
    int64_t value;
} FIXED[] = {
#define SOCKET(kind, name, value, unit, why) {ON_##kind, ZMQ_##name, value},
#include "broker/shell/sockets.def"
#undef SOCKET
};

static void set(void *socket, int option, int value)
{
    int done = zmq_setsockopt(socket, option, &value, sizeof value);
    assert(done == 0);
    (void)done;
}

/* The one option that takes 64 bits. */
static void set_longest(void *socket, int64_t bytes)
{
    int done = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes);
    assert(done == 0);
    (void)done;
}

static void *open_socket(void *context, int type, unsigned kind)
{
    void *made = zmq_socket(context, type);
    for (size_t i = 0; made && i < sizeof FIXED / sizeof FIXED[0]; i++) {
        if ((FIXED[i].on & kind) == 0)
            continue;
        if (FIXED[i].option == ZMQ_MAXMSGSIZE)
            set_longest(made, FIXED[i].value);
        else
            set(made, FIXED[i].option, (int)FIXED[i].value);
    }
    return made;
}

static void *open_router(void *context)
{
    return open_socket(context, ZMQ_ROUTER, ON_ROUTER);
}

static void *open_pub(void *context, bool is_keyed)
{
    return open_socket(context, ZMQ_PUB, is_keyed ? ON_KEYED_PUB : ON_PUB);
}

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* libzmq makes up the path itself. */
static bool is_anywhere(const char *endpoint)
{
    return strcmp(endpoint, "ipc://*") == 0;
}

/* libzmq takes a path over from whoever listens there; we ask first. A path nobody answers is left over
 * from a process that was killed. */
static bool is_taken(const char *endpoint)
{
    ipc_t address;
    int fd = !is_anywhere(endpoint) && ipc_address(endpoint, strlen(endpoint), "", &address)
                 ? ipc_connect(&address)
                 : -1;
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void unlink_paths(const setting_list_t *bound)
{
    ipc_t address;
    for (size_t i = 0; i < bound->count; i++)
        if (ipc_address(bound->items[i], strlen(bound->items[i]), "", &address) &&
            ipc_path(&address))
            (void)unlink(ipc_path(&address)); /* libzmq may have been first */
}

static void close_one(void **socket)
{
    if (*socket == NULL)
        return;
    zmq_close(*socket);
    *socket = NULL;
}

static void close_at_once(void **socket)
{
    if (*socket)
        set(*socket, ZMQ_LINGER, 0);
    close_one(socket);
}

static const char TCP[] = "tcp://";

/* The next event of a monitor is that its socket listens: with which descriptor. -1: there is none. */
static int listening_descriptor(void *monitor)
{
    struct {
        uint16_t event;
        int32_t value;
    } __attribute__((packed)) told;
    if (zmq_recv(monitor, &told, sizeof told, ZMQ_DONTWAIT) != (int)sizeof told)
        return -1;
    return told.event == ZMQ_EVENT_LISTENING ? told.value : -1;
}

/* As zmq_bind(), and `out_fd` is the descriptor that listens, libzmq's; -1: not known, so that door cannot rest. The event comes
 * while zmq_bind() runs. */
static int bind_and_tell(doors_t *self, void *socket, const char *endpoint, int *out_fd)
{
    char name[NAME_BYTES]; /* another each time: libzmq gives one free when it gets to it */
    snprintf(name, sizeof name, "inproc://bound-%u", self->binds++);
    *out_fd = -1;
    void *monitor = zmq_socket_monitor(socket, name, ZMQ_EVENT_LISTENING) == 0
                        ? zmq_socket(self->context, ZMQ_PAIR)
                        : NULL;
    bool is_heard = monitor && zmq_connect(monitor, name) == 0;
    int bound = zmq_bind(socket, endpoint);
    int error = zmq_errno();
    if (bound == 0 && is_heard)
        *out_fd = listening_descriptor(monitor);
    (void)zmq_socket_monitor(socket, NULL, 0);
    close_at_once(&monitor);
    errno = error;
    return bound;
}

/* The place is remembered if it is one that can rest. libzmq waits for connections by poll and does not mind that accept() never
 * does. */
static void add_place(doors_t *self, void **socket_p, int fd)
{
    int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        self->places[self->place_count++] = (door_place_t){socket_p, fd};
}

static bool bind_one(doors_t *self, void **socket_p, const char *option, const char *endpoint,
                     setting_list_t *bound, char *out_error)
{
    void *socket = *socket_p;
    /* Only where it is asked for: IPv4 addresses would be reported in IPv6's clothes. */
    set(socket, ZMQ_IPV6, strchr(endpoint, '[') != NULL);
    bool is_taken_over = is_taken(endpoint);
    if (is_taken_over)
        errno = EADDRINUSE;
    int fd;
    if (is_taken_over || bind_and_tell(self, socket, endpoint, &fd) != 0) {
        snprintf(out_error, DOORS_ERROR_BYTES, "cannot bind --%s %s: %s (errno %d)", option,
                 endpoint, zmq_strerror(zmq_errno()), zmq_errno());
        return false;
    }
    if (starts_with(endpoint, TCP))
        add_place(self, socket_p, fd);
    if (bound == NULL) /* bound again: it knows its port */
        return true;
    assert(bound->count < SETTING_LIST_ITEMS);
    size_t size = sizeof bound->items[0];
    int done = zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound->items[bound->count++], &size);
    assert(done == 0);
    (void)done;
    return true;
}

/* --- resting ------------------------------------------------------------------------------------ */

/* Whoever asks for a connection gets no answer from the kernel, and asks again in a second or two. */
static void be_deaf(const door_place_t *place)
{
    static struct sock_filter nothing[] = {{BPF_RET | BPF_K, 0, 0, 0}};
    const struct sock_fprog program = {1, nothing};
    (void)setsockopt(place->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Those the kernel has let in and libzmq has not taken: it would try to without pause. */
static void turn_away(const door_place_t *place)
{
    int fd;
    while ((fd = accept4(place->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

void doors_rest(doors_t *self)
{
    assert(self);
    self->rests += !self->is_resting;
    self->is_resting = true;
    for (size_t i = 0; i < self->place_count; i++) {
        be_deaf(&self->places[i]);
        turn_away(&self->places[i]);
    }
}

void doors_wake(doors_t *self)
{
    assert(self);
    int unused = 0;
    for (size_t i = 0; i < self->place_count; i++)
        (void)setsockopt(self->places[i].fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    self->is_resting = false;
}

/* --- binding ------------------------------------------------------------------------------------ */

/* Which ROUTER takes an endpoint. */
static int door_of(const char *endpoint, bool is_keyed)
{
    if (is_keyed)
        return DOOR_KEYED;
    return ipc_is(endpoint) ? DOOR_LOCAL : DOOR_NET;
}

static bool bind_pub(doors_t *self, const char *endpoint, int which, char *out_error)
{
    setting_list_t *own = &self->pub_of[which];
    if (!bind_one(self, &self->pubs[which], "pub", endpoint, &self->pub_bound, out_error))
        return false;
    memcpy(own->items[own->count++], self->pub_bound.items[self->pub_bound.count - 1],
           sizeof own->items[0]);
    return true;
}

/* Before the endpoint itself, so that a bridge which waits for its broker finds the lane. Those that can be had: a bridge takes the
 * endpoint where it has none. */
static void open_lanes(doors_t *self, const setting_list_t *endpoints, bool is_pub,
                       doors_is_keyed_t *is_keyed, const void *context)
{
    for (size_t i = 0; self->lanes && i < endpoints->count; i++) {
        const char *endpoint = endpoints->items[i];
        bool has_lane = ipc_is(endpoint) && !is_anywhere(endpoint) && !is_keyed(context, endpoint);
        if (has_lane && !is_taken(endpoint) && !lanes_bind(self->lanes, endpoint, is_pub))
            log_info("lane.none", log_str("endpoint", endpoint), log_errno(errno));
    }
}

bool doors_bind(doors_t *self, const setting_list_t *router, const setting_list_t *pub,
                doors_is_keyed_t *is_keyed, const void *context, char *out_error)
{
    assert(self && self->context && router && pub && is_keyed && out_error);
    self->lanes = lanes_new();
    open_lanes(self, router, false, is_keyed, context);
    open_lanes(self, pub, true, is_keyed, context);
    for (size_t i = 0; i < router->count; i++) {
        const char *endpoint = router->items[i];
        void **socket_p = &self->routers[door_of(endpoint, is_keyed(context, endpoint))];
        if (!bind_one(self, socket_p, "router", endpoint, &self->router_bound, out_error))
            return false;
    }
    for (size_t i = 0; i < pub->count; i++)
        if (!bind_pub(self, pub->items[i], is_keyed(context, pub->items[i]) ? PUB_KEYED : PUB_PLAIN,
                      out_error))
            return false;
    return true;
}

bool doors_bind_operator(doors_t *self, const char *directory, char *out_error)
{
    assert(self && self->context && directory && out_error);
    char endpoint[SETTING_STR_BYTES + 1];
    int size = snprintf(endpoint, sizeof endpoint, "ipc://%s/operator", directory);
    ipc_t address;
    if (size < 0 || (size_t)size >= sizeof endpoint ||
        !ipc_address(endpoint, strlen(endpoint), "", &address)) {
        snprintf(out_error, DOORS_ERROR_BYTES, "the path of --data is too long for a socket in it");
        return false;
    }
    mode_t before = umask(S_IXUSR | S_IRWXG | S_IRWXO); /* the socket's file is made in here */
    bool is_bound = bind_one(self, &self->routers[DOOR_OPERATOR], "data", endpoint,
                             &self->operator_bound, out_error);
    umask(before);
    return is_bound;
}

bool doors_is_endpoint(const char *endpoint)
{
    assert(endpoint);
    if (ipc_is(endpoint))
        return strcmp(endpoint, "ipc://") != 0;
    const char *port = strrchr(endpoint, ':');
    if (!starts_with(endpoint, TCP) || port < endpoint + sizeof TCP)
        return false; /* no colon behind a host */
    port++;
    size_t digits = strspn(port, "0123456789");
    return strcmp(port, "*") == 0 || (digits > 0 && digits <= 5 && port[digits] == '\0' &&
                                      strtoul(port, NULL, 10) <= UINT16_MAX);
}

static bool open_plain(doors_t *self)
{
    self->routers[DOOR_NET] = open_router(self->context);
    self->routers[DOOR_LOCAL] = open_router(self->context);
    self->routers[DOOR_OPERATOR] = open_router(self->context);
    self->pubs[PUB_PLAIN] = open_pub(self->context, false);
    return self->routers[DOOR_NET] && self->routers[DOOR_LOCAL] && self->routers[DOOR_OPERATOR] &&
           self->pubs[PUB_PLAIN];
}

/* libzmq asks the gatekeeper where there is one, and lets everybody in where there is none: it has to
 * stand there before anything is bound, and until all is shut. */
static void put_under_key(void *socket, const certificate_t *key)
{
    int failed = zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->secret_key, CURVE_KEY_BYTES);
    assert(failed == 0);
    set(socket, ZMQ_CURVE_SERVER, 1);
    failed = zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, GATEKEEPER_DOMAIN, strlen(GATEKEEPER_DOMAIN));
    assert(failed == 0);
    (void)failed;
}

static bool open_keyed(doors_t *self)
{
    if (self->key == NULL)
        return true;
    void *router = self->routers[DOOR_KEYED] = open_router(self->context);
    void *pub = self->pubs[PUB_KEYED] = open_pub(self->context, true);
    if (router)
        put_under_key(router, self->key);
    if (pub)
        put_under_key(pub, self->key);
    return router && pub;
}

bool doors_open(doors_t *self, const certificate_t *key, char *out_error)
{
    assert(self && out_error && (key == NULL || key->has_secret));
    memset(self, 0, sizeof *self);
    self->key = key;
    self->context = zmq_ctx_new();
    assert(self->context);
    zmq_ctx_set(self->context, ZMQ_MAX_SOCKETS, CONTEXT_SOCKETS);
    if (open_plain(self) && open_keyed(self))
        return true;
    snprintf(out_error, DOORS_ERROR_BYTES, "cannot make a socket: %s", zmq_strerror(zmq_errno()));
    return false;
}

static bool bind_again(doors_t *self)
{
    const setting_list_t *bound = &self->pub_of[PUB_KEYED];
    char error[DOORS_ERROR_BYTES];
    for (size_t i = 0; i < bound->count; i++)
        if (!bind_one(self, &self->pubs[PUB_KEYED], "pub", bound->items[i], NULL, error))
            return false;
    return true;
}

/* Before a socket is closed, and its descriptors with it. */
static void forget_places(doors_t *self, void *const *socket_p)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->place_count; i++)
        if (self->places[i].socket_p != socket_p)
            self->places[kept++] = self->places[i];
    self->place_count = kept;
}

bool doors_renew_pub(doors_t *self)
{
    assert(self && self->key);
    forget_places(self, &self->pubs[PUB_KEYED]);
    close_at_once(&self->pubs[PUB_KEYED]);
    self->pubs[PUB_KEYED] = open_pub(self->context, true);
    if (self->pubs[PUB_KEYED] == NULL)
        return false;
    put_under_key(self->pubs[PUB_KEYED], self->key);
    bool is_bound = bind_again(self);
    if (self->is_resting)
        doors_rest(self); /* what has just been bound, too */
    if (is_bound)
        return true;
    forget_places(self, &self->pubs[PUB_KEYED]);
    close_at_once(&self->pubs[PUB_KEYED]);
    return false;
}

void doors_shut(doors_t *self)
{
    assert(self);
    self->place_count = 0;
    lanes_destroy(&self->lanes);
    for (int door = 0; door < DOOR_COUNT; door++)
        close_one(&self->routers[door]);
    for (int pub = 0; pub < PUB_COUNT; pub++)
        close_one(&self->pubs[pub]);
}

void doors_close(doors_t *self)
{
    doors_shut(self);
    if (self->context)
        zmq_ctx_term(self->context);
    self->context = NULL;
    unlink_paths(&self->router_bound);
    unlink_paths(&self->pub_bound);
    unlink_paths(&self->operator_bound);
}
