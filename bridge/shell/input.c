/* What comes from users. Input is read only when it can be dealt with: before the welcome it waits in
 * the kernel, and so does that of who types faster than the broker takes it. */
#include "bridge/core/clean.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

_Static_assert(SHARE_MOST_BYTES <= UINT16_MAX, "a stash holds one reading");

void user_watch(bridge_t *self, user_t *user)
{
    assert(self && user);
    if (user->is_doomed)
        return;
    bool is_read =
        user->is_lingering || (!user->is_held && !user->is_throttled && !user->is_ended &&
                               !user->is_leaving && !(user->is_entering && user->is_blocked));
    uint32_t interest = (is_read && !user->is_eof ? (uint32_t)EPOLLIN : 0u) |
                        (user->is_blocked ? (uint32_t)EPOLLOUT : 0u);
    enum { INTEREST_MAX = 7 };
    _Static_assert((EPOLLIN | EPOLLOUT) <= INTEREST_MAX, "interest fits its field");
    if (interest == user->interest)
        return;
    struct epoll_event event = {.events = interest, .data.ptr = user};
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, user->fd, &event);
    user->interest = interest & INTEREST_MAX;
}

/* True if a line would have to wait for the answers to those before. */
static bool is_ahead(const bridge_t *self, const user_t *user)
{
    if (user->sid == USER_NO_SID || self->is_away)
        return false;
    if (user_is_knocking(user))
        return true;
    size_t waiting = client_link_waiting(self->link, user->sid);
    return waiting >= UNANSWERED_MAX || (user->is_resting && waiting > 0);
}

static void throttle(bridge_t *self, user_t *user)
{
    user->is_throttled = true;
    user_watch(self, user);
    if (user->is_warned || user->is_resting)
        return;
    user->is_warned = true;
    user_tell(self, user, PHRASE_flood, NULL);
}

/* What was typed, where it was read and where it was cleaned. */
static void wipe(bridge_t *self, span_t line)
{
    explicit_bzero((void *)(uintptr_t)line.data,
                   line.size); /* ours: it is only handed on as constant */
    if (self->text.size > 0)
        explicit_bzero(self->text.data, self->text.size);
}

static void one_line(bridge_t *self, user_t *user, line_found_t found, span_t line)
{
    if (user->is_locked && !user_tries_to_log_in(self, user))
        return;
    if (found == LINE_TOO_LONG) {
        numeral_t digits;
        tell_unsaid(self, user);
        self->counters.lines_too_long++;
        user_tell(self, user, PHRASE_too_long,
                  &(words_t){.count = numeral(LIMIT_TEXT_BYTES, &digits)});
        return;
    }
    self->counters.lines_in++;
    bool may_be_secret = password_is_asked(user) || (line.size > 0 && line.data[0] == '/');
    buffer_clear(&self->text);
    clean_append(&self->text, line, CLEAN_IN);
    if (password_is_asked(user))
        password_typed(self, user, buffer_span(&self->text));
    else
        user_order(self, user, buffer_span(&self->text));
    if (may_be_secret)
        wipe(self, line);
}

/* Only a line that has not ended is kept with the user. */
static line_found_t next_line(user_t *user, span_t *input, span_t *out)
{
    if (user->affairs)
        return line_next(&user->affairs->line, input, out);
    line_t fresh = {0};
    line_found_t found = line_next(&fresh, input, out);
    if (fresh.bytes || fresh.is_skipping)
        user_affairs(user)->line = fresh;
    return found;
}

/* Deals with lines until the input is used up, or it has to rest. */
static void lines(bridge_t *self, user_t *user, span_t *input)
{
    span_t line;
    while (!user->is_ended && !user->is_leaving && !user->is_doomed) {
        if (is_ahead(self, user)) {
            throttle(self, user);
            break;
        }
        line_found_t found = next_line(user, input, &line);
        if (found == LINE_NONE)
            break;
        one_line(self, user, found, line);
    }
    tell_unsaid(self, user);
    user_tidy(user);
}

static void answer_telnet(bridge_t *self, user_t *user, const telnet_answers_t *answers)
{
    /* Right onto the socket: it is no line, and lost when the socket is full. */
    if (answers->size > 0 && !user->is_blocked && !user->is_deaf &&
        !outlet_has_private(&user->outlet))
        (void)user_send(user, answers->bytes, answers->size);
    if (answers->was_asked)
        user_tell(self, user, PHRASE_yes, NULL);
}

static void received(bridge_t *self, user_t *user, char *bytes, size_t size)
{
    telnet_answers_t answers;
    answers.size = 0;
    answers.was_asked = false;
    self->counters.bytes_in += size;
    if (is_foreign(self, user, (span_t){bytes, size})) {
        turn_off(self, user, PHRASE_foreign);
        return;
    }
    span_t input = {bytes, telnet_filter(&user->telnet, bytes, size, &answers)};
    answer_telnet(self, user, &answers);
    lines(self, user, &input);
    if (!user->is_throttled || input.size == 0)
        return;
    affairs_t *affairs = user_affairs(user);
    assert(affairs->stash == NULL && input.size <= SHARE_MOST_BYTES);
    affairs->stash = malloc(input.size);
    assert(affairs->stash);
    memcpy(affairs->stash, input.data, input.size);
    affairs->stash_at = 0;
    affairs->stash_size = (uint16_t)input.size;
}

/* Goes on with what was read before. While it is looked at it belongs to nobody else: affairs may go. */
static void read_stash(bridge_t *self, user_t *user)
{
    affairs_t *affairs = user->affairs;
    if (affairs == NULL || affairs->stash == NULL)
        return;
    char *stash = affairs->stash;
    span_t input = {stash + affairs->stash_at, affairs->stash_size};
    lines(self, user, &input); /* the stash keeps the affairs */
    affairs->stash_at = (uint16_t)(input.data - stash);
    affairs->stash_size = (uint16_t)input.size;
    if (user->is_throttled && input.size > 0)
        return;
    free(stash);
    affairs->stash = NULL;
    affairs->stash_at = affairs->stash_size = 0;
    user_tidy(user);
}

void user_resume_input(bridge_t *self, user_t *user)
{
    assert(self && user);
    if (user->sid == USER_NO_SID || user->is_doomed)
        return;
    size_t waiting = client_link_waiting(self->link, user->sid);
    if (waiting == 0)
        user->is_warned = user->is_resting = false;
    bool has_to_rest = (waiting > UNANSWERED_LOW || user->is_resting) && !self->is_away;
    if (!user->is_throttled || has_to_rest)
        return;
    user->is_throttled = false;
    read_stash(self, user);
    user_watch(self, user);
    user_read_on(self, user);
}

static void end_of_file(bridge_t *self, user_t *user)
{
    span_t line;
    user->is_eof = true;
    if (user->is_lingering) {
        user_doom(self, user);
        return;
    }
    if (is_foreign(self, user, span_of("\n"))) { /* which ends a line */
        turn_off(self, user, PHRASE_foreign);
        return;
    }
    if (user->affairs && line_end(&user->affairs->line, &line) != LINE_NONE)
        one_line(self, user, LINE_WHOLE, line);
    tell_unsaid(self, user);
    user_end(self, user);
}

/* The session is on its way: its input waits until it is there. While the broker is away it is read,
 * and refused. */
static bool has_to_wait(const bridge_t *self, const user_t *user)
{
    return !self->is_away && user->sid != USER_NO_SID && !user->is_lingering &&
           (!user->is_locked || user_is_knocking(user)) &&
           !client_link_is_ready(self->link, user->sid);
}

/* All input is here, but nobody is left to send to: what was asked for is still done. */
static void lose(bridge_t *self, user_t *user)
{
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, user->fd, NULL); /* it would be told for ever */
    user->is_deaf = true;
    user_touch(self, user);
}

/* Who lingers is not listened to, so nothing need be decrypted. */
static ssize_t take(bridge_t *self, const user_t *user)
{
    tls_line_t *tls = user_tls(user);
    if (tls && !user->is_lingering)
        return tls_line_read(tls, self->input, self->read_bytes);
    return recv(user->fd, self->input, self->read_bytes, MSG_DONTWAIT);
}

static void read_once(bridge_t *self, user_t *user, uint32_t events)
{
    bool is_broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (user->is_eof && is_broken) {
        lose(self, user);
        return;
    }
    if ((user->interest & EPOLLIN) != 0 && has_to_wait(self, user) && !is_broken) {
        user->is_held = true;
        user_watch(self, user);
        return;
    }
    ssize_t size = -1;
    errno = ECONNRESET;
    if ((user->interest & EPOLLIN) != 0)
        size = take(self, user);
    if (size > 0 && !user->is_lingering)
        received(self, user, self->input, (size_t)size);
    else if (size == 0)
        end_of_file(self, user);
    else if (size < 0 && errno != EAGAIN && errno != EINTR) {
        self->counters.resets++;
        user_doom(self, user);
    }
}

static bool has_decrypted(const user_t *user)
{
    const tls_line_t *tls = user_tls(user);
    return tls && !user->is_doomed && !user->is_lingering && (user->interest & EPOLLIN) != 0 &&
           tls_line_has_input(tls);
}

void user_read_on(bridge_t *self, user_t *user)
{
    assert(self && user);
    while (has_decrypted(user))
        read_once(self, user, EPOLLIN);
}

void user_readable(bridge_t *self, user_t *user, uint32_t events)
{
    assert(self && user);
    if (user->is_doomed)
        return;
    read_once(self, user, events);
    user_read_on(self, user);
}

void user_event(bridge_t *self, user_t *user, uint32_t events)
{
    assert(self && user);
    if (user->is_entering) {
        entrance_event(self, user);
        return;
    }
    if (events & EPOLLOUT)
        user_unblock(self, user);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        user_readable(self, user, events);
}
