#include "client/lib/handle.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    EVENTS_MAX = 4096,
    DEALER_BUDGET = 256, /* frames per turn: replies first, they are few */
    SUB_BUDGET = 1024,
    LINGER_MS = 200,
};

static const char ROUTER[] = "tcp://127.0.0.1:5680";

uint64_t handle_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *hubbub_version(void)
{
    return HUB_VERSION;
}

/* ---- making and ending ---- */

static bool fill_entropy(uint8_t *out, size_t size)
{
    ssize_t got;
    do
        got = getrandom(out, size, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

static bool say_hello(hubbub_t *self, const hubbub_options_t *options)
{
    span_t rooms[LIMIT_ROOMS_PER_SESSION] = {{"lobby", 5}};
    size_t count = options->rooms ? options->room_count : 1;
    if (count > LIMIT_ROOMS_PER_SESSION)
        return false;
    for (size_t i = 0; options->rooms && i < count; i++)
        rooms[i] = span_of(options->rooms[i]);
    client_hello_t hello = {
        .nick = options->nick ? span_of(options->nick) : (span_t){"", 0},
        .rooms = rooms,
        .room_count = count,
        .resume_ms = options->resume_ms,
        .user = self,
    };
    return client_link_hello(self->link, &hello, handle_now_ms(), &self->sid) == HUB_OK;
}

/* False: no memory. */
static bool keep_password(hubbub_t *self, const char *password)
{
    self->password = password ? strdup(password) : NULL;
    return password == NULL || self->password;
}

static void forget_password(hubbub_t *self)
{
    if (self->password)
        explicit_bzero(self->password, strlen(self->password));
    free(self->password);
    self->password = NULL;
}

/* 0, or the errno of what went wrong. */
static int start(hubbub_t *self, const hubbub_options_t *options)
{
    client_options_t link_options = {
        .router = self->sockets.router,
        .agent = options->agent,
        .connect_ms = options->connect_ms,
        .sessions_max = 1,
    };
    if (!fill_entropy(link_options.entropy, sizeof link_options.entropy))
        return errno;
    self->link = client_link_new(&link_options, &HANDLE_CALLS, self);
    if (!keep_password(self, options->password))
        return ENOMEM;
    if (!say_hello(self, options))
        return EINVAL;
    client_link_start(self->link, handle_now_ms());
    return self->open_errno;
}

/* False with errno. */
static bool open_sockets(hubbub_t *self, const hubbub_options_t *options)
{
    char error[CREDENTIALS_ERROR_BYTES];
    credentials_t keys;
    credentials_given_t given = {.key_file = options->key_file,
                                 .secret_key = options->secret_key,
                                 .server_key = options->server_key};
    errno = 0;
    if (!credentials_load(&given, &keys, error)) {
        if (self->on_log)
            self->on_log(self->user, error);
        errno = errno ? errno : EINVAL;
        return false;
    }
    const char *router = options->router ? options->router : ROUTER;
    if (options->router == NULL && keys.is_keyed && keys.router[0])
        router = keys.router;
    bool is_open = sockets_init(&self->sockets, router, &keys);
    int reason = errno;
    credentials_fini(&keys);
    errno = reason;
    return is_open;
}

hubbub_t *hubbub_new(const hubbub_options_t *options)
{
    static const hubbub_options_t NONE = {0};
    const hubbub_options_t *given = options ? options : &NONE;
    hubbub_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->sid = CLIENT_NO_SID;
    self->error = err_name(HUB_OK);
    self->events_max = given->events_max ? given->events_max : EVENTS_MAX;
    self->on_event = given->on_event;
    self->on_log = given->on_log;
    self->user = given->user;
    if (!open_sockets(self, given)) {
        free(self);
        return NULL;
    }
    int reason = start(self, given);
    if (reason == 0)
        return self;
    hubbub_destroy(&self);
    errno = reason;
    return NULL;
}

void hubbub_destroy(hubbub_t **self_p)
{
    assert(self_p);
    hubbub_t *self = *self_p;
    if (self == NULL)
        return;
    if (self->link)
        hubbub_quit(self);
    client_link_destroy(&self->link);
    sockets_fini(&self->sockets, LINGER_MS);
    queue_fini(&self->queue);
    queue_node_destroy(&self->shown);
    while (self->queries) {
        query_t *query = self->queries;
        self->queries = query->next;
        free(query);
    }
    forget_password(self);
    free(self);
    *self_p = NULL;
}

void hubbub_quit(hubbub_t *self)
{
    assert(self);
    if (self->sid != CLIENT_NO_SID)
        client_link_bye(self->link, self->sid, handle_now_ms());
    self->sid = CLIENT_NO_SID;
    sockets_wake(&self->sockets);
}

/* ---- turning ---- */

typedef void take_t(client_link_t *link, const void *data, size_t size, uint64_t now_ms);

/* The socket is looked up anew each time: a frame may make the link open another DEALER. */
static void drain(hubbub_t *self, void *const *socket, take_t *take, int budget)
{
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (budget-- > 0 && self->queue.count < self->events_max &&
           sockets_receive(*socket, &message))
        take(self->link, zmq_msg_data(&message), zmq_msg_size(&message), handle_now_ms());
    zmq_msg_close(&message);
}

/* Takes what there is and arranges to be called again when there is more. */
static void turn(hubbub_t *self)
{
    sockets_rest(&self->sockets);
    if (sockets_is_lost(&self->sockets))
        client_link_disconnected(self->link, handle_now_ms());
    drain(self, &self->sockets.dealer, client_link_frame, DEALER_BUDGET);
    drain(self, &self->sockets.sub, client_link_published, SUB_BUDGET);
    uint64_t now_ms = handle_now_ms();
    if (client_link_next_ms(self->link) <= now_ms)
        client_link_tick(self->link, now_ms);
}

static void arm(hubbub_t *self)
{
    if (sockets_has_more(&self->sockets))
        sockets_wake(&self->sockets);
    sockets_wake_at(&self->sockets, client_link_next_ms(self->link));
}

static void hand_out(hubbub_t *self)
{
    queue_node_t *node;
    while (self->on_event && (node = queue_take(&self->queue)) != NULL) {
        self->on_event(self->user, self, &node->event);
        queue_node_destroy(&node);
    }
}

void hubbub_process(hubbub_t *self)
{
    assert(self);
    queue_node_destroy(&self->shown);
    turn(self);
    hand_out(self);
    arm(self);
}

int hubbub_fd(const hubbub_t *self)
{
    assert(self);
    return self->sockets.epoll;
}

/* True: readable. */
static bool wait_readable(const hubbub_t *self, int timeout_ms)
{
    struct pollfd item = {.fd = self->sockets.epoll, .events = POLLIN};
    return poll(&item, 1, timeout_ms) > 0;
}

bool hubbub_wait(hubbub_t *self, int timeout_ms)
{
    assert(self && timeout_ms >= -1);
    if (!wait_readable(self, timeout_ms))
        return false;
    hubbub_process(self);
    return true;
}

static int left_of(uint64_t end_ms)
{
    uint64_t now_ms = handle_now_ms();
    return now_ms >= end_ms ? 0 : (int)(end_ms - now_ms);
}

/* A slow application must not miss its heartbeats because of what it has not pulled yet. */
static void keep_alive(hubbub_t *self)
{
    if (client_link_next_ms(self->link) <= handle_now_ms())
        hubbub_process(self);
}

const hubbub_event_t *hubbub_next(hubbub_t *self, int timeout_ms)
{
    assert(self && timeout_ms >= -1);
    queue_node_destroy(&self->shown);
    uint64_t end_ms = handle_now_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
    keep_alive(self);
    while (self->queue.first == NULL && self->on_event == NULL && self->sid != CLIENT_NO_SID) {
        if (!hubbub_wait(self, timeout_ms < 0 ? -1 : left_of(end_ms)))
            break;
    }
    if (self->on_event)
        return NULL;
    self->shown = queue_take(&self->queue);
    return self->shown ? &self->shown->event : NULL;
}

/* ---- the session ---- */

bool hubbub_hello_as(hubbub_t *self, const char *nick)
{
    assert(self);
    span_t wanted = nick ? span_of(nick) : (span_t){"", 0};
    if (self->sid == CLIENT_NO_SID)
        return false;
    forget_password(self);
    sockets_wake(&self->sockets);
    return client_link_hello_as(self->link, self->sid, wanted, handle_now_ms()) == HUB_OK;
}

const char *hubbub_error(const hubbub_t *self)
{
    assert(self);
    return self->error;
}

size_t hubbub_unacknowledged(const hubbub_t *self)
{
    assert(self);
    return client_link_unacknowledged(self->link, self->sid);
}

size_t hubbub_waiting(const hubbub_t *self)
{
    assert(self);
    return client_link_waiting(self->link, self->sid);
}

uint64_t hubbub_owed_ms(const hubbub_t *self)
{
    assert(self);
    return client_link_owed_ms(self->link, self->sid, handle_now_ms());
}

bool hubbub_is_ready(const hubbub_t *self)
{
    assert(self);
    return client_link_is_ready(self->link, self->sid);
}

const char *hubbub_my_nick(const hubbub_t *self)
{
    assert(self);
    return client_link_nick(self->link, self->sid).data;
}
