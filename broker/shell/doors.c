#include "broker/shell/doors.h"

#include "broker/shell/gatekeeper.h"
#include "proto/tables.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

/* The fixed settings of both kinds of socket. */
enum {
    /* Replies libzmq holds per peer, of up to a frame each; what is beyond we hold and count in bytes. */
    ROUTER_SEND_HWM = 200,
    /* Events libzmq holds per subscriber before it drops. They are shared, not copied: a thousand stuck
     * subscribers hold the bytes of one. */
    PUB_SEND_HWM = 4096,
    RECEIVE_HWM = 10000,      /* requests of one peer waiting to be read */
    SUBSCRIPTION_BYTES = 256, /* a subscription is a room's name; nothing longer comes to PUB */
    HANDSHAKE_BYTES = 1024,   /* under CURVE the greeting counts too, and it is longer */
    ACCEPT_BACKLOG = 4096,    /* TCP connections waiting to be accepted */
    HANDSHAKE_MS = 10000,     /* a peer that does not finish its greeting is dropped */
    PROBE_MS = 10000,         /* ZMTP's own heartbeat finds half-open connections */
    PROBE_TIMEOUT_MS = 30000,
    CONTEXT_SOCKETS = 1023,
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

static void set_common(void *socket)
{
    set(socket, ZMQ_BACKLOG, ACCEPT_BACKLOG);
    set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set(socket, ZMQ_HEARTBEAT_IVL, PROBE_MS);
    set(socket, ZMQ_HEARTBEAT_TIMEOUT, PROBE_TIMEOUT_MS);
}

static void *open_router(void *context)
{
    void *router = zmq_socket(context, ZMQ_ROUTER);
    if (router == NULL)
        return NULL;
    set_common(router);
    set(router, ZMQ_SNDHWM, ROUTER_SEND_HWM);
    set(router, ZMQ_RCVHWM, RECEIVE_HWM);
    set_longest(router, LIMIT_FRAME_BYTES);
    set(router, ZMQ_ROUTER_MANDATORY, 1); /* or it drops silently */
    return router;
}

static void *open_pub(void *context, bool is_keyed)
{
    void *pub = zmq_socket(context, ZMQ_PUB);
    if (pub == NULL)
        return NULL;
    set_common(pub);
    set(pub, ZMQ_SNDHWM, PUB_SEND_HWM);
    set_longest(pub, is_keyed ? HANDSHAKE_BYTES : SUBSCRIPTION_BYTES);
    return pub;
}

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static const char IPC[] = "ipc://";

/* libzmq takes a path over from whoever listens there; we ask first. A path nobody answers is left over
 * from a process that was killed. */
static bool is_taken(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!starts_with(endpoint, IPC) || endpoint[sizeof IPC - 1] == '*')
        return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", endpoint + sizeof IPC - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_answered = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return is_answered;
}

static void unlink_paths(const setting_list_t *bound)
{
    for (size_t i = 0; i < bound->count; i++)
        if (starts_with(bound->items[i], IPC))
            (void)unlink(bound->items[i] + sizeof IPC - 1); /* libzmq may have been first */
}

static bool bind_one(void *socket, const char *option, const char *endpoint, setting_list_t *bound,
                     char *out_error)
{
    /* Only where it is asked for: IPv4 addresses would be reported in IPv6's clothes. */
    set(socket, ZMQ_IPV6, strchr(endpoint, '[') != NULL);
    bool is_taken_over = is_taken(endpoint);
    if (is_taken_over)
        errno = EADDRINUSE;
    if (is_taken_over || zmq_bind(socket, endpoint) != 0) {
        snprintf(out_error, DOORS_ERROR_BYTES, "cannot bind --%s %s: %s (errno %d)", option,
                 endpoint, zmq_strerror(zmq_errno()), zmq_errno());
        return false;
    }
    if (bound == NULL) /* bound again: it knows its port */
        return true;
    assert(bound->count < SETTING_LIST_ITEMS);
    size_t size = sizeof bound->items[0];
    int done = zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound->items[bound->count++], &size);
    assert(done == 0);
    (void)done;
    return true;
}

/* Which ROUTER takes an endpoint. */
static int door_of(const char *endpoint, bool is_keyed)
{
    if (is_keyed)
        return DOOR_KEYED;
    return starts_with(endpoint, IPC) ? DOOR_LOCAL : DOOR_NET;
}

static bool bind_pub(doors_t *self, const char *endpoint, int which, char *out_error)
{
    setting_list_t *own = &self->pub_of[which];
    if (!bind_one(self->pubs[which], "pub", endpoint, &self->pub_bound, out_error))
        return false;
    memcpy(own->items[own->count++], self->pub_bound.items[self->pub_bound.count - 1],
           sizeof own->items[0]);
    return true;
}

bool doors_bind(doors_t *self, const setting_list_t *router, const setting_list_t *pub,
                doors_is_keyed_t *is_keyed, const void *context, char *out_error)
{
    assert(self && self->context && router && pub && is_keyed && out_error);
    for (size_t i = 0; i < router->count; i++) {
        const char *endpoint = router->items[i];
        void *socket = self->routers[door_of(endpoint, is_keyed(context, endpoint))];
        if (!bind_one(socket, "router", endpoint, &self->router_bound, out_error))
            return false;
    }
    for (size_t i = 0; i < pub->count; i++)
        if (!bind_pub(self, pub->items[i], is_keyed(context, pub->items[i]) ? PUB_KEYED : PUB_PLAIN,
                      out_error))
            return false;
    return true;
}

bool doors_is_endpoint(const char *endpoint)
{
    static const char TCP[] = "tcp://";
    assert(endpoint);
    if (starts_with(endpoint, IPC))
        return endpoint[sizeof IPC - 1] != '\0';
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
    self->pubs[PUB_PLAIN] = open_pub(self->context, false);
    return self->routers[DOOR_NET] && self->routers[DOOR_LOCAL] && self->pubs[PUB_PLAIN];
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

static void close_one(void **socket, int linger_ms)
{
    if (*socket == NULL)
        return;
    set(*socket, ZMQ_LINGER, linger_ms);
    zmq_close(*socket);
    *socket = NULL;
}

static bool bind_again(doors_t *self)
{
    const setting_list_t *bound = &self->pub_of[PUB_KEYED];
    char error[DOORS_ERROR_BYTES];
    for (size_t i = 0; i < bound->count; i++)
        if (!bind_one(self->pubs[PUB_KEYED], "pub", bound->items[i], NULL, error))
            return false;
    return true;
}

bool doors_renew_pub(doors_t *self)
{
    assert(self && self->key);
    close_one(&self->pubs[PUB_KEYED], 0);
    self->pubs[PUB_KEYED] = open_pub(self->context, true);
    if (self->pubs[PUB_KEYED] == NULL)
        return false;
    put_under_key(self->pubs[PUB_KEYED], self->key);
    if (bind_again(self))
        return true;
    close_one(&self->pubs[PUB_KEYED], 0);
    return false;
}

void doors_shut(doors_t *self, int linger_ms)
{
    assert(self && linger_ms >= 0);
    for (int door = 0; door < DOOR_COUNT; door++)
        close_one(&self->routers[door], linger_ms);
    for (int pub = 0; pub < PUB_COUNT; pub++)
        close_one(&self->pubs[pub], linger_ms);
}

void doors_close(doors_t *self, int linger_ms)
{
    doors_shut(self, linger_ms);
    if (self->context)
        zmq_ctx_term(self->context);
    self->context = NULL;
    unlink_paths(&self->router_bound);
    unlink_paths(&self->pub_bound);
}
