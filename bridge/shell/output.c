/* What goes to users: sweeping rooms, sending, and how a connection ends.
 *
 *   EOF, /quit     is_ended    all input is answered, the last words have come back; then bye
 *   kicked         is_leaving  the session is over already
 *   is_leaving     what is queued is sent; then an ended connection is closed, any other is shut on
 *                  our side and lingers until the user hangs up: closing a socket with unread input
 *                  resets it, and the last lines would be lost
 *   reset, slow    is_doomed   bye, and closed at the end of the turn */
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PUT_BYTES = 16 * 1024 };

static bool waits_in(const user_t *user, const patience_t *list)
{
    return user->affairs && user->affairs->patient.list == list;
}

static void wait_in(bridge_t *self, patience_t *list, user_t *user)
{
    patience_wait(list, &user_affairs(user)->patient, self->now_ms);
}

static void stop_waiting(user_t *user)
{
    if (user->affairs == NULL)
        return;
    patience_leave(&user->affairs->patient);
    user_tidy(user);
}

void user_touch(bridge_t *self, user_t *user)
{
    assert(self && user);
    if (user->is_touched || user->is_doomed)
        return;
    user->is_touched = true;
    user->next = self->touched;
    self->touched = user;
}

static uint64_t lines_of(const plan_t *plan)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < plan->part_count; i++)
        lines += plan->parts[i].cursor < 0 ? 1 : plan->parts[i].to - plan->parts[i].from;
    return lines;
}

ssize_t user_send(user_t *user, const void *bytes, size_t size)
{
    assert(user && bytes);
    tls_line_t *tls = user_tls(user);
    return tls ? tls_line_write(tls, bytes, size)
               : send(user->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Copies the plan's beginning to where it is encrypted from. Returns its size. */
static size_t gather_chunk(bridge_t *self)
{
    size_t size = 0;
    for (int i = 0; i < self->plan.count && size < TLS_CHUNK_BYTES; i++) {
        const struct iovec *piece = &self->plan.pieces[i];
        size_t room = TLS_CHUNK_BYTES - size;
        size_t part = piece->iov_len < room ? piece->iov_len : room;
        memcpy(self->chunk + size, piece->iov_base, part);
        size += part;
    }
    return size;
}

static ssize_t send_plan(bridge_t *self, user_t *user)
{
    if (user_tls(user))
        return user_send(user, self->chunk, gather_chunk(self));
    if (self->plan.count == 1) /* nearly always; costs the kernel less */
        return send(user->fd, self->plan.pieces[0].iov_base, self->plan.pieces[0].iov_len,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    struct msghdr message = {.msg_iov = self->plan.pieces, .msg_iovlen = (size_t)self->plan.count};
    return sendmsg(user->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void block(bridge_t *self, user_t *user)
{
    user->is_blocked = true;
    user_watch(self, user);
    wait_in(self, &self->slow, user);
}

/* The other end is gone for good. What it sent before may still be there to be read. */
static void deafen(bridge_t *self, user_t *user)
{
    user->is_deaf = true;
    hall_leave_all(&self->hall, user);
    outlet_fini(&user->outlet);
    stop_waiting(user);
    user_touch(self, user);
}

static bool has_rest(const user_t *user)
{
    const tls_line_t *tls = user_tls(user);
    return tls && tls_line_has_output(tls);
}

/* Sends what is left of an encrypted record. False: that has to wait. */
static bool send_rest(bridge_t *self, user_t *user)
{
    if (!has_rest(user))
        return true;
    tls_step_t step = tls_line_flush(user->affairs->tls);
    user->is_deaf |= step == TLS_BROKEN;
    if (step == TLS_WANTS_WRITE)
        block(self, user);
    else if (waits_in(user, &self->slow))
        stop_waiting(user);
    return step == TLS_DONE;
}

/* True if the socket takes no more, though not all of the plan has gone. TLS takes chunks. */
static bool is_stuck(const bridge_t *self, const user_t *user, size_t sent)
{
    return user_tls(user) ? sent == 0 || has_rest(user) : sent < self->plan.bytes;
}

/* One send. True: there may be more. */
static bool send_once(bridge_t *self, user_t *user)
{
    if (!send_rest(self, user))
        return false;
    outlet_plan(&user->outlet, self->language, &self->plan);
    self->counters.skipped_lines += self->plan.skipped;
    if (self->plan.count == 0)
        return false;
    self->counters.sends++;
    self->slice_sends++;
    ssize_t sent = send_plan(self, user);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        self->counters.resets += errno == ECONNRESET; /* nobody who reads will be told again */
        user->is_deaf = true;
        return false;
    }
    size_t size = sent > 0 ? (size_t)sent : 0;
    outlet_sent(&user->outlet, &self->plan, size);
    self->counters.bytes_out += size;
    self->slice_bytes += size;
    if (is_stuck(self, user, size)) {
        if (size > 0 && waits_in(user, &self->slow))
            patience_progress(&user->affairs->patient, self->now_ms);
        block(self, user);
        return false;
    }
    if (waits_in(user, &self->slow) || waits_in(user, &self->lagging))
        stop_waiting(user);
    if (size < self->plan.bytes)
        return true;
    self->counters.deliveries += lines_of(&self->plan);
    return !outlet_is_done(&user->outlet); /* a plan has an end; what was lost is told behind it */
}

static void flush(bridge_t *self, user_t *user)
{
    if (user->is_deaf || user->is_entering)
        return;
    while (!user->is_blocked && send_once(self, user))
        ;
    if (user->is_deaf)
        user_touch(self, user); /* leaving rooms has to wait until no sweep goes through them */
}

void user_wait_for_login(bridge_t *self, user_t *user)
{
    assert(self && user && user->is_locked);
    bool is_waited_for = user->affairs && user->affairs->patient.list;
    if (!is_waited_for && !user->is_ended && !user->is_leaving && !user->is_doomed)
        wait_in(self, &self->locked, user);
}

static void part_unknown(bridge_t *self, user_t *user)
{
    self->counters.logged_in_late++;
    stop_waiting(user);
    user_tell(self, user, PHRASE_log_in_late, NULL);
    user_leave(self, user);
}

bool user_tries_to_log_in(bridge_t *self, user_t *user)
{
    assert(self && user && user->is_locked);
    affairs_t *affairs = user_affairs(user);
    if (!grace_line(&affairs->grace, self->config.login_grace_ms, self->now_ms)) {
        part_unknown(self, user);
        return false;
    }
    if (waits_in(user, &self->locked))
        patience_progress(&affairs->patient, self->now_ms);
    return true;
}

void user_unblock(bridge_t *self, user_t *user)
{
    assert(self && user);
    user->is_blocked = false;
    if (user->is_locked && waits_in(user, &self->slow)) {
        stop_waiting(user);
        user_wait_for_login(self, user);
    }
    user_watch(self, user);
    user_touch(self, user);
}

static void put_lines(bridge_t *self, user_t *user)
{
    span_t left = buffer_span(&self->lines);
    while (left.size > 0 && !user->is_deaf) {
        size_t size = left.size;
        if (size > PUT_BYTES) { /* pieces, so that who reads loses nothing of a long answer */
            const char *end = memrchr(left.data, '\n', PUT_BYTES);
            size = end ? (size_t)(end - left.data) + 1 : size;
        }
        self->counters.skipped_lines += outlet_put(&user->outlet, (span_t){left.data, size},
                                                   user->current, self->config.user_waiting_bytes);
        left = (span_t){left.data + size, left.size - size};
        if (left.size > 0)
            flush(self, user);
    }
    buffer_clear(&self->lines);
}

void user_put_lines(bridge_t *self, user_t *user)
{
    assert(self && user);
    put_lines(self, user);
    if (waits_in(user, &self->lagging))
        stop_waiting(user);
    user_touch(self, user);
}

void user_put_own_lines(bridge_t *self, user_t *user)
{
    assert(self && user);
    bool waits = user->affairs && user->affairs->patient.list;
    bool may_lag = !outlet_has_private(&user->outlet) && !waits && !user->is_blocked &&
                   !user->is_deaf && !user->is_ended && !user->is_leaving;
    put_lines(self, user);
    if (may_lag)
        wait_in(self, &self->lagging, user);
    else
        user_touch(self, user);
}

void user_tell(bridge_t *self, user_t *user, phrase_t phrase, const words_t *words)
{
    assert(self && user);
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, phrase, words);
    user_put_lines(self, user);
}

void room_append(bridge_t *self, room_t *room)
{
    assert(self && room);
    if (self->lines.size == 0)
        return;
    linelog_append(room->log, buffer_span(&self->lines), self->now_ms);
    buffer_clear(&self->lines);
    hall_grow(&self->hall, room, self->now_us);
}

static bool is_slice_over(const bridge_t *self)
{
    return self->slice_sends >= SLICE_SENDS || self->slice_bytes >= SLICE_BYTES;
}

/* Until all its members have been written to, or the slice is over. */
static void write_room(bridge_t *self, room_t *room)
{
    while (room->swept < room->member_count && !is_slice_over(self)) {
        user_t *user = room->members[room->swept++];
        if (user->is_blocked)
            continue;
        flush(self, user);
        if (user->is_ended || user->is_leaving)
            user_touch(self, user);
    }
}

static void sweep_room(bridge_t *self, room_t *room)
{
    uint64_t began_us = self->now_us;
    uint64_t writes = self->counters.sends, lines = self->counters.deliveries;
    write_room(self, room);
    look_at_clock(self);
    room->sweep.lines += self->counters.deliveries - lines;
    room->sweep.writes += self->counters.sends - writes;
    room->sweep.us += self->now_us - began_us;
}

void sweep(bridge_t *self)
{
    assert(self);
    self->slice_sends = 0;
    self->slice_bytes = 0;
    hall_look(&self->hall, self->now_us);
    room_t *room;
    while (!is_slice_over(self) && (room = hall_due(&self->hall)) != NULL) {
        sweep_room(self, room);
        hall_next(&self->hall, self->now_us);
    }
}

static void say_bye(bridge_t *self, user_t *user)
{
    if (user->sid == USER_NO_SID)
        return;
    client_link_bye(self->link, user->sid, self->now_ms);
    user->sid = USER_NO_SID;
}

void user_doom(bridge_t *self, user_t *user)
{
    assert(self && user);
    if (user->is_doomed)
        return;
    user->is_doomed = true;
    affairs_t *affairs = user_affairs(user);
    patience_leave(&affairs->patient);
    affairs->next_doomed = self->doomed;
    self->doomed = user;
}

void user_leave(bridge_t *self, user_t *user)
{
    assert(self && user);
    user->is_leaving = true;
    flush(self, user); /* what the rooms have for them goes now or never */
    hall_leave_all(&self->hall, user);
    user->current = USER_NO_ROOM;
    say_bye(self, user);
    user_watch(self, user);
    user_touch(self, user);
}

void user_end(bridge_t *self, user_t *user)
{
    assert(self && user);
    user->is_ended = true;
    user_watch(self, user);
    user_touch(self, user);
}

/* By the low bits: half of their range is a room's life. */
static bool has_come(const room_t *room, uint32_t seq)
{
    return (int32_t)((uint32_t)room->seq - seq) >= 0;
}

/* True if the last message this user said has come back to them. */
static bool has_heard(const bridge_t *self, const user_t *user)
{
    const room_t *room = hall_find(&self->hall, user->said_room);
    return user->is_late || user->is_deaf || room == NULL || has_come(room, user->said_seq);
}

/* An ended session leaves once everything it asked for has been answered and sent. */
static void settle_ended(bridge_t *self, user_t *user)
{
    bool has_stash = user->affairs && user->affairs->stash_size > 0;
    if (has_stash || client_link_waiting(self->link, user->sid) > 0)
        return;
    if (!has_heard(self, user)) {
        if (!user->is_blocked)
            wait_in(self, &self->ending, user);
        return;
    }
    if (waits_in(user, &self->ending))
        stop_waiting(user);
    if (user->is_blocked && !user->is_deaf)
        return;
    if (!user->is_eof)
        user_tell(self, user, PHRASE_goodbye, NULL);
    user_leave(self, user);
}

static void hang_up(bridge_t *self, user_t *user)
{
    tls_line_t *tls = user_tls(user);
    if (tls)
        tls_line_close(tls);
    if (user->is_eof || user->is_deaf || shutdown(user->fd, SHUT_WR) != 0) {
        user_doom(self, user);
        return;
    }
    user->is_lingering = true;
    user_watch(self, user);
    wait_in(self, &self->lingering, user);
}

static void settle(bridge_t *self, user_t *user)
{
    if (user->is_throttled && user->sid != USER_NO_SID &&
        client_link_is_ready(self->link, user->sid))
        user_resume_input(self, user); /* who was let in: by now in their rooms */
    if (!waits_in(user, &self->lagging) || user->is_ended || user->is_leaving)
        flush(self, user);
    if (user->is_deaf && outlet_count(&user->outlet) > 0)
        deafen(self, user);
    if (user->is_ended && !user->is_leaving)
        settle_ended(self, user);
    bool is_sent = user->is_deaf || (outlet_is_done(&user->outlet) && !has_rest(user));
    if (user->is_leaving && !user->is_lingering && is_sent)
        hang_up(self, user);
}

void users_settle(bridge_t *self)
{
    assert(self);
    while (self->touched) {
        user_t *user = self->touched;
        self->touched = user->next;
        user->is_touched = false;
        if (!user->is_doomed)
            settle(self, user);
    }
}

void expire(bridge_t *self)
{
    assert(self);
    patient_t *patient;
    while ((patient = patience_due(&self->slow, self->now_ms)) != NULL) {
        self->counters.stalled_kicks++;
        log_info("user.stalled", log_u64("fd", (uint64_t)user_of(patient)->fd));
        user_doom(self, user_of(patient));
    }
    while ((patient = patience_due(&self->lagging, self->now_ms)) != NULL) {
        user_t *user = user_of(patient);
        stop_waiting(user);
        user_touch(self, user);
    }
    while ((patient = patience_due(&self->locked, self->now_ms)) != NULL) {
        if (user_is_knocking(user_of(patient))) /* it is we who are slow */
            patience_progress(patient, self->now_ms);
        else
            part_unknown(self, user_of(patient));
    }
    while ((patient = patience_due(&self->lingering, self->now_ms)) != NULL)
        user_doom(self, user_of(patient));
    while ((patient = patience_due(&self->ending, self->now_ms)) != NULL) {
        user_t *user = user_of(patient);
        stop_waiting(user);
        user->is_late = true;
        user_touch(self, user);
    }
}

void bury(bridge_t *self)
{
    assert(self);
    while (self->doomed) {
        user_t *user = self->doomed;
        self->doomed = user->affairs->next_doomed;
        say_bye(self, user);
        hall_leave_all(&self->hall, user);
        patience_leave(&user->affairs->patient);
        if (user->is_counted)
            addresses_remove(self->addresses, user->address);
        tls_line_destroy(&user->affairs->tls);
        (void)close(user->fd); /* leaves the epoll set by that */
        users_remove(&self->users, user);
        self->counters.users = self->users.count;
    }
}
