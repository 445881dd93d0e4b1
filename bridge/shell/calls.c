/* What the link tells: sessions that begin and end, rooms that are entered and left, what is said. */
#include "base/entropy.h"
#include "base/log.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <string.h>

static const span_t LOBBY = {"lobby", 5};

static void on_up(void *context)
{
    bridge_t *self = context;
    self->is_away = false;
    log_info("link.up", log_str("router", self->config.router));
    if (self->was_up)
        return;
    self->was_up = true;
    if (self->config.ready)
        self->config.ready(self->config.context);
}

/* Told once. Input that waited for a session is read from now on, and refused. */
static void tell_away(void *context, user_t *user)
{
    bridge_t *self = context;
    if (user->is_doomed || user->is_leaving || user->is_entering)
        return;
    user->is_held = false;
    user_watch(self, user);
    user_tell(self, user, user->is_ready ? PHRASE_away : PHRASE_greeting_away, NULL);
    user_resume_input(self, user);
    user_read_on(self, user);
}

static void on_down(void *context, uint64_t retry_ms)
{
    bridge_t *self = context;
    if (self->is_away || self->is_stopping)
        return; /* yet another attempt has failed: nothing new */
    log_info("link.down", log_str("router", self->config.router), log_u64("retry_ms", retry_ms));
    self->is_away = true;
    buffer_clear(&self->limits); /* the next broker may have others */
    users_each(&self->users, tell_away, self);
}

static void on_ready(void *context, uint32_t sid, void *who, client_ready_t how,
                     const message_t *welcome)
{
    bridge_t *self = context;
    user_t *user = who;
    user->sid = sid;
    if (self->limits.size == 0)
        render_limits(&self->limits, self->language, welcome);
    words_t words = {.nick = message_span(welcome, KEY_nick)};
    if (words.nick.size == 0)
        words.nick = client_link_nick(self->link, sid);
    user_tell(self, user, user->is_ready ? PHRASE_back : PHRASE_greeting, &words);
    (void)how;
    user->is_ready = true;
    user->is_held = false;
    user_unlock(self, user);
    user_watch(self, user);
    user_read_on(self, user);
}

static void on_refused(void *context, uint32_t sid, void *who, hub_err_t err,
                       const message_t *reply)
{
    bridge_t *self = context;
    user_t *user = who;
    bool is_name = (err == HUB_NICK_TAKEN || err == HUB_NICK_INVALID) && !user->is_locked;
    span_t guest = {"", 0};
    if (is_name && client_link_hello_as(self->link, sid, guest, self->now_ms) == HUB_OK)
        return;
    if (err == HUB_DENIED || (user->is_locked && (err == HUB_FLOOD || err == HUB_BAD_REQUEST))) {
        user_lock(self, user, err, reply);
        user_resume_input(self, user);
        return;
    }
    if (err == HUB_FULL)
        user_tell(self, user, PHRASE_refused_full, NULL);
    else
        user_tell(self, user, PHRASE_refused,
                  &(words_t){.text = reply ? message_span(reply, KEY_hint) : guest});
    self->counters.refused++;
    user_leave(self, user);
}

static void show_backlog(bridge_t *self, user_t *user, room_t *room)
{
    size_t wanted = self->config.backlog_lines;
    if (wanted == 0)
        return;
    if (!room->has_older && room->recent_count < wanted && room->asker) /* comes to all soon */
        return;
    if (!room->has_older && room->recent_count < wanted) {
        ask_for_backlog(self, user, room);
        return;
    }
    buffer_clear(&self->lines);
    room_recall(room, self->language, wanted, &self->lines);
    user_put_lines(self, user);
}

static void on_joined(void *context, uint32_t sid, void *who, uint32_t number, span_t name)
{
    (void)sid;
    bridge_t *self = context;
    user_t *user = who;
    if (user->is_doomed || user->is_deaf || user->is_leaving ||
        outlet_cursor(&user->outlet, number))
        return;
    room_t *room = hall_enter(&self->hall, number, name, user);
    /* Of the first room, which nobody asks for, the greeting tells. */
    bool is_greeted = room->is_first && user->current == USER_NO_ROOM && !user->is_resting;
    user_talks_in(user, number);
    if (!is_greeted)
        user_tell(self, user, PHRASE_joined, &(words_t){.room = name});
    show_backlog(self, user, room);
}

/* What somebody is told who is not in a room any more. */
static void tell_parted(bridge_t *self, user_t *user, span_t name, const message_t *why)
{
    words_t words = {.room = name};
    phrase_t phrase = PHRASE_parted;
    if (why) {
        bool is_ban = span_is(message_span(why, KEY_reason), "banned");
        words.nick = message_span(why, KEY_by);
        words.text = message_span(why, KEY_text);
        phrase = is_ban ? PHRASE_put_out_banned : PHRASE_put_out;
        if (words.text.size > 0)
            phrase = is_ban ? PHRASE_put_out_banned_says : PHRASE_put_out_says;
    }
    user_tell(self, user, phrase, &words);
}

/* Who has asked to leave goes on in another room. Nobody else does: what they are just typing was meant for the room
 * they were put out of, or that is gone, so they talk nowhere until they have chosen. */
static void leave_current(bridge_t *self, user_t *user, bool is_asked)
{
    user->current = USER_NO_ROOM;
    if (!is_asked) {
        tell_nowhere(self, user);
        return;
    }
    if (outlet_count(&user->outlet) == 0)
        return;
    user->current = outlet_cursors(&user->outlet)[0].room;
    const room_t *room = hall_find(&self->hall, user->current);
    assert(room);
    user_tell(self, user, PHRASE_current, &(words_t){.room = name_span(&room->name)});
}

static void on_parted(void *context, uint32_t sid, void *who, uint32_t number, span_t name,
                      const message_t *why)
{
    (void)sid;
    bridge_t *self = context;
    user_t *user = who;
    hall_leave(&self->hall, number, user);
    tell_parted(self, user, name, why);
    if (user->current == number)
        leave_current(self, user, user->is_parting && why == NULL);
}

/* Nobody has typed a /join, but its answer says best why they are not there. */
static void on_left_out(void *context, uint32_t sid, void *who, span_t name)
{
    (void)sid;
    bridge_t *self = context;
    user_t *user = who;
    if (user->is_doomed || user->is_leaving)
        return;
    tell_nowhere(self, user);
    user_asks_to_join(self, user, name);
}

/* The hot path: once per message, whoever many users there are. */
static void on_message(void *context, uint32_t number, const message_t *event)
{
    bridge_t *self = context;
    room_t *room = hall_find(&self->hall, number);
    self->counters.messages++;
    if (room == NULL)
        return;
    uint64_t seq = message_uint(event, KEY_seq);
    if (!message_has(event, KEY_text)) {
        room->seq = seq;
        return;
    }
    buffer_clear(&self->lines);
    render_message(&self->lines, self->language, event, name_span(&room->name), room->is_first);
    uint64_t from = linelog_end(room->log);
    room_append(self, room);
    room_note(room, from, seq);
}

static void on_private(void *context, uint32_t sid, void *who, const message_t *event)
{
    bridge_t *self = context;
    buffer_clear(&self->lines);
    if (render_private(&self->lines, self->language, event, client_link_nick(self->link, sid)))
        user_put_own_lines(self, who);
    else
        user_put_lines(self, who);
}

static void on_presence(void *context, uint32_t number, const message_t *event)
{
    bridge_t *self = context;
    room_t *room = hall_find(&self->hall, number);
    if (room == NULL)
        return;
    buffer_clear(&self->lines);
    roster_render(room->roster, &self->lines, self->language, event, name_span(&room->name),
                  room->is_first);
    room_append(self, room);
}

static void on_lost(void *context, uint32_t number, uint32_t sid, void *who, uint64_t first,
                    uint64_t last)
{
    (void)sid;
    bridge_t *self = context;
    numeral_t digits;
    words_t words = {.count = numeral(last - first + 1, &digits)};
    room_t *room = number == CLIENT_NO_ROOM ? NULL : hall_find(&self->hall, number);
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, PHRASE_lost, &words);
    if (room)
        room_append(self, room);
    else if (number == CLIENT_NO_ROOM && who)
        user_put_lines(self, who);
}

static void on_warning(void *context, uint32_t sid, void *who, uint64_t idle_in_ms)
{
    (void)sid;
    bridge_t *self = context;
    time_words_t time;
    user_tell(self, who, PHRASE_warning,
              &(words_t){.time = time_words_wait(self->language, idle_in_ms, &time)});
}

static void on_treated(void *context, uint32_t sid, void *who, ev_t ev, const message_t *event)
{
    (void)sid;
    bridge_t *self = context;
    buffer_clear(&self->lines);
    render_treatment(&self->lines, self->language, ev, event);
    user_put_lines(self, who);
}

static void on_slowed(void *context, uint32_t number, uint64_t slow_ms)
{
    bridge_t *self = context;
    room_t *room = hall_find(&self->hall, number);
    if (room == NULL)
        return;
    time_words_t time;
    words_t words = {.room = name_span(&room->name),
                     .time = time_words_wait(self->language, slow_ms, &time)};
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, slow_ms > 0 ? PHRASE_slow_now : PHRASE_slow_over,
                &words);
    room_append(self, room);
}

/* What to say of a reason, alone and with what an operator says. */
typedef struct {
    const char *reason;
    phrase_t phrase, with_text;
} reason_row_t;

static const reason_row_t *row_of_reason(span_t reason)
{
    static const reason_row_t ROWS[] = {
        {"idle", PHRASE_kicked_idle, PHRASE_kicked_idle},
        {"slow", PHRASE_kicked_slow, PHRASE_kicked_slow},
        {"flood", PHRASE_kicked_flood, PHRASE_kicked_flood},
        {"silent", PHRASE_kicked_slow, PHRASE_kicked_slow},
        {"resumed", PHRASE_kicked_resumed, PHRASE_kicked_resumed},
        {"login", PHRASE_kicked_login, PHRASE_kicked_login},
        {"revoked", PHRASE_kicked_operator, PHRASE_kicked_operator},
        {"kicked", PHRASE_kicked_operator, PHRASE_kicked_operator_says},
        {"banned", PHRASE_kicked_banned, PHRASE_kicked_banned_says},
        {NULL, PHRASE_kicked, PHRASE_kicked}};
    const reason_row_t *row = ROWS;
    while (row->reason && !span_is(reason, row->reason))
        row++;
    return row;
}

static void on_kicked(void *context, uint32_t sid, void *who, span_t reason, span_t text)
{
    (void)sid;
    bridge_t *self = context;
    user_t *user = who;
    const reason_row_t *row = row_of_reason(reason);
    user->sid = USER_NO_SID;
    user_tell(self, user, text.size > 0 ? row->with_text : row->phrase,
              &(words_t){.text = row->reason ? text : reason});
    user_leave(self, user);
}

static void tell_stopping(void *context, user_t *user)
{
    if (!user->is_doomed && !user->is_leaving && !user->is_entering)
        user_tell(context, user, PHRASE_stopping, NULL);
}

static void on_shutdown(void *context, uint64_t after_ms)
{
    bridge_t *self = context;
    log_info("broker.stopping", log_u64("after_ms", after_ms));
    users_each(&self->users, tell_stopping, self);
}

static const client_calls_t CALLS = {
    .open = on_open,
    .send = on_send,
    .listen = on_listen,
    .subscribe = on_subscribe,
    .unsubscribe = on_unsubscribe,
    .address = on_address,
    .password = on_password_wanted,
    .up = on_up,
    .down = on_down,
    .ready = on_ready,
    .refused = on_refused,
    .joined = on_joined,
    .parted = on_parted,
    .left_out = on_left_out,
    .reply = on_reply,
    .message = on_message,
    .private_message = on_private,
    .presence = on_presence,
    .lost = on_lost,
    .warning = on_warning,
    .treated = on_treated,
    .slowed = on_slowed,
    .kicked = on_kicked,
    .shutdown = on_shutdown,
};

client_link_t *calls_new_link(bridge_t *self)
{
    assert(self);
    client_options_t options = {.router = self->config.router,
                                .pub = self->config.pub,
                                .agent = self->config.agent,
                                .requests_max = 4 * UNANSWERED_MAX};
    entropy_t entropy;
    entropy_init(&entropy);
    _Static_assert(sizeof options.entropy == ENTROPY_BYTES, "one filling is enough");
    entropy_fill(&entropy, options.entropy);
    entropy_fini(&entropy);
    return client_link_new(&options, &CALLS, self);
}

bool user_hello(bridge_t *self, user_t *user, span_t nick)
{
    assert(self && user && user->sid == USER_NO_SID);
    client_hello_t hello = {.nick = nick,
                            .rooms = &LOBBY,
                            .room_count = 1,
                            .resume_ms = self->config.resume_ms,
                            .is_kicked_idle = true,
                            .user = user};
    hub_err_t err = client_link_hello(self->link, &hello, self->now_ms, &user->sid);
    if (err == HUB_OK)
        return true;
    user_tell(self, user, err == HUB_FULL ? PHRASE_refused_full : phrase_of_error(err), NULL);
    self->counters.refused++;
    user_leave(self, user);
    return false;
}
