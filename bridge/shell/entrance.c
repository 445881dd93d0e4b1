/* The way in, before there is a session:
 *
 *   from a proxy      its PROXY header        then as from anywhere, under the address that stands in it
 *   the TLS port      the first byte          0x16, or one plain line says what this port wants
 *                     the handshake
 *   the plain port    nothing: the session is asked for at once
 *
 * All of it together has ENTER_MS. Until then nothing is kept of a connection but the header's beginning and, from
 * the first byte on, what OpenSSL needs. */
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { FIRST_BYTES = 16, LOG_REST_MS = 1000 };

/* Away from here: their input counts from now on, what they are told goes out. */
static void leave_entrance(user_t *user)
{
    user->is_entering = false;
    free(user->affairs->entry);
    user->affairs->entry = NULL;
    patience_leave(&user->affairs->patient);
    user_tidy(user);
}

static void ask_for_session(bridge_t *self, user_t *user)
{
    span_t nick = {"", 0};
    if (self->config.show_addresses) {
        port_write(&user->address, user->port, false, self->place);
        nick = span_of(self->place);
    }
    if (nick.size > LIMIT_NICK_BYTES)
        nick.size = 0;
    if (user_hello(self, user, nick) && self->is_away)
        user_tell(self, user, PHRASE_greeting_away, NULL);
}

void entrance_begin(bridge_t *self, user_t *user, bool is_proxied)
{
    assert(self && user && user->sid == USER_NO_SID);
    if (!is_proxied && !user->is_by_tls) {
        ask_for_session(self, user);
        return;
    }
    user->is_entering = true;
    affairs_t *affairs = user_affairs(user);
    affairs->entry = calloc(1, sizeof *affairs->entry);
    assert(affairs->entry);
    affairs->entry->step = is_proxied ? ENTRY_PROXY : ENTRY_FIRST;
    patience_wait(&self->entering, &affairs->patient, self->now_ms);
}

void turn_off(bridge_t *self, user_t *user, phrase_t why)
{
    assert(self && user);
    if (user->is_entering)
        leave_entrance(user);
    self->counters.refused++;
    user_tell(self, user, why, NULL);
    user_leave(self, user);
}

/* One line a second at most: strangers can bring this about. */
static void log_seldom(bridge_t *self, const char *event, const user_t *user)
{
    char host[BRIDGE_ADDRESS_BYTES];
    if (self->now_ms < self->log_ms)
        return;
    self->log_ms = self->now_ms + LOG_REST_MS;
    port_write_host(&user->address, host);
    log_warn(event, log_str("address", host));
}

bool is_foreign(bridge_t *self, user_t *user, span_t bytes)
{
    assert(self && user);
    switch (foreign_take(&user->beginning, bytes)) {
    case FOREIGN_NONE:
        return false;
    case FOREIGN_PROXY:
        self->counters.proxies_refused++;
        log_seldom(self, "proxy.stranger", user);
        break;
    case FOREIGN_TLS:
        self->counters.tls_at_plain++;
        break;
    case FOREIGN_ZMTP:
    case FOREIGN_HTTP:
        break;
    }
    self->counters.foreign++;
    return true;
}

static void broken(bridge_t *self, user_t *user)
{
    self->counters.resets++;
    user_doom(self, user);
}

/* Whoever the header names is admitted, or not. */
static void introduced(bridge_t *self, user_t *user, const proxy_t *header)
{
    phrase_t why;
    (void)proxy_source(header, &user->address, &user->port); /* or else it is the proxy itself */
    if (!listener_admit(self, user, user->address, &why)) {
        if (user->is_by_tls) {
            self->counters.refused++;
            user_doom(self, user);
        } else
            turn_off(self, user, why);
        return;
    }
    self->counters.proxied++;
    user->affairs->entry->step = ENTRY_FIRST;
    if (user->is_by_tls)
        return;
    leave_entrance(user);
    ask_for_session(self, user);
}

/* Reads the header and not a byte more. */
static void read_header(bridge_t *self, user_t *user)
{
    proxy_t *header = &user->affairs->entry->proxy;
    ssize_t size = recv(user->fd, self->input, proxy_wants(header), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        broken(self, user);
        return;
    }
    switch (proxy_take(header, (span_t){self->input, (size_t)size})) {
    case PROXY_MORE:
        return;
    case PROXY_WRONG:
        self->counters.proxies_wrong++;
        log_seldom(self, "proxy.wrong", user);
        user_doom(self, user);
        return;
    case PROXY_DONE: {
        const proxy_t whole = *header;
        introduced(self, user, &whole);
        return;
    }
    }
}

/* OpenSSL comes in only where TLS does: who is silent, or in clear, costs nothing. */
static void look_at_first(bridge_t *self, user_t *user)
{
    char first[FIRST_BYTES];
    ssize_t size = recv(user->fd, first, sizeof first, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0)
        broken(self, user);
    else if (first[0] == FOREIGN_TLS_BYTE) {
        user->affairs->tls = tls_line_new(self->tls, user->fd);
        user->affairs->entry->step = ENTRY_HANDSHAKE;
    } else {
        self->counters.plain_at_tls++;
        (void)is_foreign(self, user, (span_t){first, (size_t)size});
        turn_off(self, user, PHRASE_wants_tls);
    }
}

static void shake_hands(bridge_t *self, user_t *user)
{
    if (self->handshakes_left == 0)
        return; /* the descriptor tells again */
    self->handshakes_left--;
    user->is_blocked = false;
    switch (tls_line_handshake(user->affairs->tls)) {
    case TLS_DONE:
        self->counters.handshakes++;
        leave_entrance(user);
        user_watch(self, user);
        ask_for_session(self, user);
        return;
    case TLS_BROKEN:
        self->counters.handshakes_failed++;
        user_doom(self, user);
        return;
    case TLS_WANTS_WRITE:
        user->is_blocked = true;
        break;
    case TLS_WANTS_READ:
        break;
    }
    user_watch(self, user);
}

void entrance_event(bridge_t *self, user_t *user)
{
    assert(self && user->is_entering && user->affairs->entry);
    if (user->is_doomed)
        return;
    if (user->affairs->entry->step == ENTRY_PROXY)
        read_header(self, user);
    else if (user->affairs->entry->step == ENTRY_FIRST)
        look_at_first(self, user);
    else
        shake_hands(self, user);
}

void entrance_expire(bridge_t *self)
{
    assert(self);
    patient_t *patient;
    while ((patient = patience_due(&self->entering, self->now_ms)) != NULL) {
        user_t *user = user_of(patient);
        self->counters.entered_late++;
        if (user->affairs->entry->step == ENTRY_FIRST)
            turn_off(self, user, PHRASE_wants_tls); /* somebody who waits for a greeting in clear */
        else
            user_doom(self, user);
    }
}
