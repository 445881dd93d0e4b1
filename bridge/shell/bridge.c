#include "bridge/shell/bridge.h"

#include "base/entropy.h"
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    FILES_APART = 64, /* descriptors that are not users': sockets, libzmq's, logs */
    RESUME_MS = 5000,
    WAITING_BYTES = 64 * 1024,
    GOODBYE_MS = 500, /* how long the farewells may take to get out */
    LONGEST_WAIT_MS = 1000,
    ASLEEP_US = 10 /* what is there to be read ends a sleep sooner */
};

void look_at_clock(bridge_t *self)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    self->now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    self->now_ms = self->now_us / 1000;
}

static char *copy(const char *text)
{
    char *out = text ? strdup(text) : NULL;
    assert(text == NULL || out);
    return out;
}

static uint32_t users_permitted(uint32_t wanted)
{
    struct rlimit files;
    rlim_t most = LIMIT_SESSIONS_PER_LINK;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < most + FILES_APART)
        most = files.rlim_cur > 2UL * FILES_APART ? files.rlim_cur - FILES_APART : FILES_APART;
    return wanted > 0 && wanted < most ? wanted : (uint32_t)most;
}

static void take_config(bridge_t *self, const bridge_config_t *config)
{
    self->config = *config;
    self->config.keys = NULL;
    if (config->keys)
        self->keys = *config->keys;
    self->config.listen = copy(config->listen);
    self->config.tls_listen = copy(config->tls_listen);
    self->config.tls_cert = self->config.tls_key = NULL;
    self->config.proxy_from = NULL;
    self->config.router = copy(config->router);
    self->config.pub = copy(config->pub);
    self->config.language = NULL;
    if (config->direct) {
        self->direct = *config->direct;
        self->config.direct = &self->direct;
    }
    self->config.agent = copy(config->agent);
    self->config.users_max = users_permitted(config->users_max);
    if (config->login_grace_ms == 0)
        self->config.login_grace_ms = LOGIN_GRACE_MS;
    if (config->user_waiting_bytes == 0)
        self->config.user_waiting_bytes = WAITING_BYTES;
    self->config.resume_ms = config->resume_ms ? config->resume_ms : RESUME_MS;
    if (self->config.backlog_lines > BACKLOG_MAX)
        self->config.backlog_lines = BACKLOG_MAX;
    self->hall.backlog = self->config.backlog_lines;
}

static uint64_t random_key(void)
{
    entropy_t entropy;
    uint8_t bytes[ENTROPY_BYTES];
    uint64_t key;
    entropy_init(&entropy);
    entropy_fill(&entropy, bytes);
    entropy_fini(&entropy);
    memcpy(&key, bytes, sizeof key);
    return key;
}

static bool take_proxies(bridge_t *self, const setting_list_t *networks, char *out_error)
{
    for (size_t i = 0; networks && i < networks->count; i++) {
        if (!network_read(span_of(networks->items[i]), &self->proxies[self->proxy_count++])) {
            (void)snprintf(out_error, BRIDGE_ERROR_BYTES,
                           "--proxy-from %.60s: an address or a network is needed, as 192.0.2.0/24",
                           networks->items[i]);
            return false;
        }
    }
    return true;
}

static bool take_language(bridge_t *self, const char *language, char *out_error)
{
    self->language = language ? language_find(span_of(language)) : LANGUAGE_en;
    if (self->language == LANGUAGE_COUNT)
        (void)snprintf(out_error, BRIDGE_ERROR_BYTES, "there is no language %s; en and zh are",
                       language);
    return self->language != LANGUAGE_COUNT;
}

static bool open_tls(bridge_t *self, const bridge_config_t *config, char *out_error)
{
    if (config->tls_listen == NULL)
        return true;
    if (config->tls_cert == NULL || config->tls_key == NULL) {
        (void)snprintf(out_error, BRIDGE_ERROR_BYTES,
                       "--tls-listen needs --tls-cert FILE and --tls-key FILE");
        return false;
    }
    _Static_assert((int)TLS_ERROR_BYTES <= (int)BRIDGE_ERROR_BYTES, "one buffer for both");
    self->tls = tls_new(config->tls_cert, config->tls_key, out_error);
    self->chunk = malloc(TLS_CHUNK_BYTES);
    assert(self->chunk);
    return self->tls && port_open(&self->ports[PORT_TLS], config->tls_listen, out_error);
}

static bool open_plain(bridge_t *self, char *out_error)
{
    return self->config.listen == NULL ||
           port_open(&self->ports[PORT_PLAIN], self->config.listen, out_error);
}

bridge_t *bridge_new(const bridge_config_t *config, void *zmq_context, char *out_error)
{
    assert(config && (config->listen || config->tls_listen) && config->router && zmq_context &&
           out_error);
    bridge_t *self = calloc(1, sizeof *self);
    assert(self);
    self->reserve_fd = self->epoll_fd = -1;
    for (size_t i = 0; i < PORT_COUNT; i++)
        self->ports[i].fd = -1;
    self->uplink.dealer.fd = self->uplink.sub.fd = self->uplink.monitor.fd = -1;
    pipe_init(&self->uplink.dealer_pipe, ZMTP_DEALER);
    pipe_init(&self->uplink.sub_pipe, ZMTP_SUB);
    self->zmq_context = zmq_context;
    self->read_bytes = SHARE_MOST_BYTES;
    take_config(self, config);
    buffer_init(&self->lines, RENDER_BYTES);
    buffer_init(&self->limits, RENDER_BYTES);
    buffer_init(&self->text, CLEAN_TEXT_BYTES);
    patience_init(&self->entering, config->enter_ms ? config->enter_ms : ENTER_MS);
    patience_init(&self->slow, PATIENCE_MS);
    patience_init(&self->ending, ENDING_MS);
    patience_init(&self->lingering, LINGER_MS);
    patience_init(&self->lagging, LAG_MS);
    patience_init(&self->locked, self->config.login_grace_ms);
    self->addresses = addresses_new(config->connections_per_address, random_key());
    self->pace =
        pace_new(config->connections_per_address > 0 ? config->connections_per_s : 0, random_key());
    if (!take_language(self, config->language, out_error) ||
        !take_proxies(self, config->proxy_from, out_error) || !open_plain(self, out_error) ||
        !open_tls(self, config, out_error))
        bridge_destroy(&self);
    return self;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void bridge_destroy(bridge_t **self_p)
{
    assert(self_p);
    bridge_t *self = *self_p;
    if (self == NULL)
        return;
    assert(self->users.count == 0 && self->link == NULL);
    users_fini(&self->users);
    hall_fini(&self->hall);
    addresses_destroy(&self->addresses);
    buffer_fini(&self->lines);
    buffer_fini(&self->limits);
    buffer_fini(&self->text);
    pace_destroy(&self->pace);
    for (size_t i = 0; i < PORT_COUNT; i++)
        port_close(&self->ports[i]);
    close_if_open(self->config.reload_fd);
    tls_destroy(&self->tls);
    free(self->chunk);
    credentials_fini(&self->keys);
    free((void *)(uintptr_t)self->config.listen);
    free((void *)(uintptr_t)self->config.tls_listen);
    free((void *)(uintptr_t)self->config.router);
    free((void *)(uintptr_t)self->config.pub);
    free((void *)(uintptr_t)self->config.agent);
    free(self);
    *self_p = NULL;
}

const char *bridge_address(const bridge_t *self)
{
    assert(self);
    return self->ports[PORT_PLAIN].address;
}

const char *bridge_tls_address(const bridge_t *self)
{
    assert(self);
    return self->ports[PORT_TLS].address;
}

const bridge_counters_t *bridge_counters(const bridge_t *self)
{
    assert(self);
    return &self->counters;
}

static bool watch(bridge_t *self, int *place)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = place};
    return *place < 0 || epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, *place, &event) == 0;
}

static bool open_all(bridge_t *self)
{
    look_at_clock(self);
    self->has_epoll_pwait2 = true;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (self->epoll_fd < 0 || self->reserve_fd < 0 || !watch(self, &self->config.stop_fd) ||
        !watch(self, &self->config.report_fd) || !watch(self, &self->config.reload_fd)) {
        log_error("bridge.unstarted", log_errno(errno));
        return false;
    }
    self->link = calls_new_link(self);
    client_link_start(self->link, self->now_ms);
    uplink_flush(self);
    listener_resume(self);
    return true;
}

static void report(bridge_t *self, const char *event)
{
    const bridge_counters_t *counters = &self->counters;
#define BRIDGE_COUNTER(name) log_u64(#name, counters->name),
    log_info(event, BRIDGE_COUNTERS(BRIDGE_COUNTER) log_u64("rooms", self->hall.count));
#undef BRIDGE_COUNTER
}

static void drain(int fd)
{
    char thrown[512];
    while (read(fd, thrown, sizeof thrown) == (ssize_t)sizeof thrown)
        ;
}

static void reload(bridge_t *self)
{
    char error[TLS_ERROR_BYTES];
    drain(self->config.reload_fd);
    if (self->tls == NULL)
        return;
    if (tls_reload(self->tls, error))
        log_info("tls.reloaded", log_u64("users", self->users.count));
    else
        log_error("tls.unreloaded", log_str("error", error));
}

static void dispatch(bridge_t *self, const struct epoll_event *event)
{
    void *place = event->data.ptr;
    const port_t *port = listener_find(self, place);
    if (port)
        listener_accept(self, port);
    else if (place == &self->config.stop_fd)
        self->is_stopping = true;
    else if (place == &self->config.report_fd) {
        drain(self->config.report_fd);
        report(self, "bridge.counters");
    } else if (place == &self->config.reload_fd)
        reload(self);
    else if (!uplink_notice(self, place, event->events))
        user_event(self, place, event->events);
}

/* Until the first of those who lag is sent what waits. */
static uint64_t lag_us(const bridge_t *self)
{
    if (self->lagging.first == NULL)
        return UINT64_MAX;
    uint64_t due_us = (self->lagging.first->since_ms + LAG_MS) * 1000;
    return due_us > self->now_us ? due_us - self->now_us : 0;
}

/* How long may be slept: until the next thing that is due. */
static uint64_t may_sleep_us(bridge_t *self)
{
    if (uplink_has_more(self))
        return 0;
    uint64_t next_ms = client_link_next_ms(self->link), us = LONGEST_WAIT_MS * UINT64_C(1000);
    if (next_ms <= self->now_ms)
        return 0;
    if ((next_ms - self->now_ms) * 1000 < us)
        us = (next_ms - self->now_ms) * 1000;
    uint64_t gather = hall_wait_us(&self->hall, self->now_us), lag = lag_us(self);
    uint64_t retry = uplink_wait_us(self);
    if (gather < us)
        us = gather;
    if (retry < us)
        us = retry;
    return lag < us ? lag : us;
}

static uint64_t wait_us(bridge_t *self)
{
    look_at_clock(self);
    self->slept_from_us = self->now_us;
    return may_sleep_us(self);
}

static void wake(bridge_t *self)
{
    look_at_clock(self);
    if (self->slept_from_us > 0 && self->now_us - self->slept_from_us >= ASLEEP_US)
        hall_rested(&self->hall);
    self->slept_from_us = 0;
}

/* A kernel before 5.11 has milliseconds only. */
static int wait_for(bridge_t *self, struct epoll_event *events, uint64_t us)
{
    if (self->has_epoll_pwait2) {
        struct timespec span = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
        int count = epoll_pwait2(self->epoll_fd, events, EVENTS, &span, NULL);
        if (count >= 0 || errno != ENOSYS)
            return count;
        self->has_epoll_pwait2 = false;
    }
    return epoll_wait(self->epoll_fd, events, EVENTS, (int)((us + 999) / 1000));
}

static void tidy_room(void *context, room_t *room)
{
    const bridge_t *self = context;
    linelog_tidy(room->log, self->now_ms);
}

static void do_what_is_due(bridge_t *self)
{
    if (client_link_next_ms(self->link) <= self->now_ms)
        client_link_tick(self->link, self->now_ms);
    uplink_tick(self);
    expire(self);
    entrance_expire(self);
    if (self->now_ms >= self->tidy_ms) {
        self->tidy_ms = self->now_ms + TIDY_MS;
        hall_each(&self->hall, tidy_room, self);
        (void)heap_look(&self->heap, self->now_ms);
    }
}

static void turn(bridge_t *self, const struct epoll_event *events, int count)
{
    wake(self);
    if (count >= STORM_EVENTS)
        heap_storm(&self->heap, self->now_ms);
    self->handshakes_left =
        hall_is_sweeping(&self->hall) ? HANDSHAKES_PER_SLICE : HANDSHAKES_PER_TURN;
    self->read_bytes = share_bytes(count > 0 ? (size_t)count : 0);
    for (int i = 0; i < count; i++)
        dispatch(self, &events[i]);
    uplink_drain(self);
    users_settle(self);
    if (hall_wait_us(&self->hall, self->now_us) == 0) {
        sweep(self);
        users_settle(self);
    }
    do_what_is_due(self);
    users_settle(self);
    uplink_flush(self);
    bool may_accept = self->doomed || self->now_ms >= self->resume_accepting_ms;
    bury(self); /* nobody is in the list of the touched any more */
    if (may_accept)
        listener_resume(self);
}

static void say_goodbye(void *context, user_t *user)
{
    bridge_t *self = context;
    if (!user->is_leaving && !user->is_doomed && !user->is_entering)
        user_tell(self, user, PHRASE_bridge_stopping, NULL);
}

static void part_with(void *context, user_t *user)
{
    user_doom(context, user);
}

void bridge_stop(bridge_t *self)
{
    assert(self && self->link);
    users_each(&self->users, say_goodbye, self);
    users_settle(self);
    users_each(&self->users, part_with, self);
    bury(self);
    uplink_stop(self, GOODBYE_MS);
    client_link_destroy(&self->link);
    self->touched = NULL;
    report(self, "bridge.stopped");
    close_if_open(self->epoll_fd);
    close_if_open(self->reserve_fd);
    self->epoll_fd = self->reserve_fd = -1;
}

bool bridge_start(bridge_t *self)
{
    assert(self && self->link == NULL);
    if (open_all(self))
        return true;
    uplink_stop(self, 0);
    close_if_open(self->epoll_fd);
    close_if_open(self->reserve_fd);
    self->epoll_fd = self->reserve_fd = -1;
    return false;
}

int bridge_fd(const bridge_t *self)
{
    assert(self && self->epoll_fd >= 0);
    return self->epoll_fd;
}

uint64_t bridge_wait_us(void *context)
{
    return wait_us(context);
}

void bridge_turn(void *context, bool may_have_input)
{
    struct epoll_event events[EVENTS];
    turn(context, events, may_have_input ? wait_for(context, events, 0) : 0);
}

bool bridge_run(bridge_t *self)
{
    if (!bridge_start(self))
        return false;
    struct epoll_event events[EVENTS];
    while (!self->is_stopping)
        turn(self, events, wait_for(self, events, wait_us(self)));
    bridge_stop(self);
    return true;
}
