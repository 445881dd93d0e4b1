/* From what people type to requests. */
#include "base/clock.h"
#include "bridge/core/grammar.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <stdlib.h>

enum { HISTORY_LINES = 20 };

static uint64_t pack(tag_t tag)
{
    uint64_t packed;
    memcpy(&packed, &tag, sizeof packed);
    return packed;
}

/* Sends a request; what cannot even be sent is told at once, and false. What is said streams; of anything else the
 * answer is waited for before the next line is looked at: `/join tea` and a line after it mean tea. */
static bool ask(bridge_t *self, user_t *user, client_request_t *request, tag_t tag)
{
    request->tag = pack(tag);
    hub_err_t err = client_link_request(self->link, user->sid, request, self->now_ms);
    if (err != HUB_OK) {
        user_tell(self, user, phrase_of_error(err), NULL);
        if (request->op == OP_join)
            user_stays_out(self, user);
        return false;
    }
    user->is_resting |= request->op != OP_say && request->op != OP_tell;
    user->is_parting |= request->op == OP_part && tag.room != USER_NO_ROOM;
    return true;
}

/* By which room they could go on in; who is in none is told so. */
static void tell_choice(bridge_t *self, user_t *user, phrase_t in_others, phrase_t in_none,
                        words_t words)
{
    if (outlet_count(&user->outlet) == 0) {
        user_tell(self, user, in_none, &words);
        return;
    }
    const room_t *other = hall_find(&self->hall, outlet_cursors(&user->outlet)[0].room);
    assert(other);
    words.room = name_span(&other->name);
    user_tell(self, user, in_others, &words);
}

void tell_nowhere(bridge_t *self, user_t *user)
{
    assert(self && user);
    tell_choice(self, user, PHRASE_nowhere, PHRASE_no_room, (words_t){.count = {"", 0}});
}

void tell_unsaid(bridge_t *self, user_t *user)
{
    assert(self && user);
    numeral_t digits;
    words_t words = {.count = numeral(self->unsaid, &digits)};
    if (self->unsaid == 1)
        tell_choice(self, user, PHRASE_not_said, PHRASE_no_room, words);
    else if (self->unsaid > 1)
        tell_choice(self, user, PHRASE_not_said_many, PHRASE_no_room_many, words);
    self->unsaid = 0;
}

void user_stays_out(bridge_t *self, user_t *user)
{
    assert(self && user);
    user_affairs(user)->refused_ms = self->now_ms;
}

void user_talks_in(user_t *user, uint32_t room)
{
    assert(user && room != USER_NO_ROOM);
    user->current = room;
    if (user->affairs)
        user->affairs->refused_ms = 0;
}

/* The room they mean now; NULL: none. */
static const room_t *meant_room(bridge_t *self, user_t *user)
{
    affairs_t *affairs = user->affairs;
    if (affairs && affairs->refused_ms > 0) {
        if (self->now_ms - affairs->refused_ms < BLIND_MS)
            user->current = USER_NO_ROOM;
        affairs->refused_ms = 0;
    }
    return hall_find(&self->hall, user->current);
}

/* The room that person talks in; NULL: told that there is none. */
static const room_t *current_room(bridge_t *self, user_t *user)
{
    const room_t *room = meant_room(self, user);
    if (room == NULL)
        tell_nowhere(self, user);
    return room;
}

static tag_t tag_of(verb_t verb, uint32_t room)
{
    return (tag_t){.purpose = FOR_ORDER, .verb = (uint8_t)verb, .room = room};
}

static void refuse_long(bridge_t *self, user_t *user)
{
    numeral_t digits;
    self->counters.lines_too_long++;
    user_tell(self, user, PHRASE_too_long, &(words_t){.count = numeral(LIMIT_TEXT_BYTES, &digits)});
}

static void say(bridge_t *self, user_t *user, const order_t *order)
{
    const room_t *room = meant_room(self, user);
    if (room == NULL) {
        self->unsaid++;
        return;
    }
    if (order->text.size > LIMIT_TEXT_BYTES) {
        refuse_long(self, user);
        return;
    }
    client_request_t request = {.op = OP_say, .room = name_span(&room->name), .text = order->text};
    (void)ask(self, user, &request, tag_of(ORDER_SAY, user->current));
}

static void tell(bridge_t *self, user_t *user, const order_t *order)
{
    if (order->text.size > LIMIT_TEXT_BYTES) {
        refuse_long(self, user);
        return;
    }
    client_request_t request = {.op = OP_tell, .to = order->name, .text = order->text};
    (void)ask(self, user, &request, tag_of(ORDER_tell, USER_NO_ROOM));
}

void ask_who(bridge_t *self, user_t *user, tag_t tag, span_t room, span_t page)
{
    assert(self && user);
    client_request_t request = {.op = OP_who, .room = room, .page = page, .limit = LIMIT_WHO_MAX};
    (void)ask(self, user, &request, tag);
}

static void who(bridge_t *self, user_t *user, const order_t *order)
{
    if (order->name.size > 0) {
        uint32_t number = client_link_room(self->link, order->name);
        bool is_ours = number != CLIENT_NO_ROOM && hall_find(&self->hall, number) != NULL;
        ask_who(self, user, tag_of(ORDER_who, is_ours ? number : USER_NO_ROOM), order->name,
                (span_t){NULL, 0});
        return;
    }
    const room_t *room = current_room(self, user);
    if (room)
        ask_who(self, user, tag_of(ORDER_who, user->current), name_span(&room->name),
                (span_t){NULL, 0});
}

static void nick(bridge_t *self, user_t *user, const order_t *order)
{
    client_request_t request = {.op = OP_nick, .nick = order->name};
    (void)ask(self, user, &request, tag_of(ORDER_nick, USER_NO_ROOM));
}

void user_asks_to_join(bridge_t *self, user_t *user, span_t room)
{
    assert(self && user);
    client_request_t request = {.op = OP_join, .room = room};
    (void)ask(self, user, &request, tag_of(ORDER_join, USER_NO_ROOM));
}

static void join(bridge_t *self, user_t *user, const order_t *order)
{
    uint32_t number = client_link_room(self->link, order->name);
    if (number != CLIENT_NO_ROOM && outlet_cursor(&user->outlet, number)) {
        user_talks_in(user, number);
        user_tell(self, user, PHRASE_current,
                  &(words_t){.room = client_link_room_name(self->link, number)});
        return;
    }
    user_asks_to_join(self, user, order->name);
}

/* The tag has the room only where it is the one they talk in. */
static void part(bridge_t *self, user_t *user, const order_t *order)
{
    client_request_t request = {.op = OP_part, .room = order->name};
    bool is_current = true;
    if (order->name.size == 0) {
        const room_t *room = current_room(self, user);
        if (room == NULL)
            return;
        request.room = name_span(&room->name);
    } else
        is_current = client_link_room(self->link, order->name) == user->current;
    (void)ask(self, user, &request, tag_of(ORDER_part, is_current ? user->current : USER_NO_ROOM));
}

static void rooms(bridge_t *self, user_t *user, const order_t *order)
{
    (void)order;
    client_request_t request = {.op = OP_rooms, .limit = LIMIT_ROOMS_PAGE};
    (void)ask(self, user, &request, tag_of(ORDER_rooms, USER_NO_ROOM));
}

static void history(bridge_t *self, user_t *user, const order_t *order)
{
    const room_t *room = current_room(self, user);
    if (room == NULL)
        return;
    uint64_t count = order->count > 0 ? order->count : HISTORY_LINES;
    tag_t tag = tag_of(ORDER_history, user->current);
    tag.shown = (uint16_t)(count < LIMIT_HISTORY_MAX ? count : LIMIT_HISTORY_MAX);
    client_request_t request = {
        .op = OP_history, .room = name_span(&room->name), .limit = tag.shown};
    (void)ask(self, user, &request, tag);
}

/* The reply does not say what the status is now; only one such order is under way. */
static void status(bridge_t *self, user_t *user, const order_t *order)
{
    assert(order->text.data); /* empty clears it */
    client_request_t request = {.op = OP_status, .status = order->text};
    affairs_t *affairs = user_affairs(user);
    free(affairs->status);
    affairs->status = strndup(order->text.data, order->text.size);
    (void)ask(self, user, &request, tag_of(ORDER_status, USER_NO_ROOM));
}

/* What owners and moderators may in the room that one talks in, and members of private ones. */
static op_t op_of(verb_t verb)
{
    switch ((unsigned)verb) {
    case ORDER_invite:
        return OP_invite;
    case ORDER_kick:
        return OP_kick;
    case ORDER_ban:
        return OP_ban;
    case ORDER_unban:
        return OP_unban;
    case ORDER_mute:
        return OP_mute;
    case ORDER_unmute:
        return OP_unmute;
    case ORDER_role:
        return OP_role;
    case ORDER_bans:
        return OP_bans;
    }
    return OP_slow;
}

/* The reply does not say what was done; only one such order is under way. */
static void keep_deed(bridge_t *self, user_t *user, const order_t *order, const room_t *room)
{
    phrase_t phrase = order->verb == ORDER_kick  ? PHRASE_has_kicked
                      : order->verb == ORDER_ban ? PHRASE_has_banned
                                                 : PHRASE_has_muted;
    buffer_clear(&self->lines);
    render_verdict(&self->lines, self->language, phrase, order->name, name_span(&room->name),
                   order->ms);
    affairs_t *affairs = user_affairs(user);
    free(affairs->deed);
    affairs->deed = strndup(self->lines.data, self->lines.size);
    assert(affairs->deed);
}

static void look_after(bridge_t *self, user_t *user, const order_t *order)
{
    const room_t *room = current_room(self, user);
    if (room == NULL)
        return;
    client_request_t request = {.op = op_of(order->verb),
                                .room = name_span(&room->name),
                                .nick = order->name,
                                .slow_ms = order->ms,
                                .zeros = order->verb == ORDER_slow ? K(slow_ms) : 0};
    if (order->ms > 0 && order->verb != ORDER_slow)
        request.until = clock_wall_ms() + order->ms;
    if (order->verb == ORDER_role)
        request.role = order->text;
    else if (order->text.size > 0)
        request.reason = order->text;
    bool is_asked = ask(self, user, &request, tag_of(order->verb, USER_NO_ROOM));
    if (is_asked &&
        (order->verb == ORDER_kick || order->verb == ORDER_ban || order->verb == ORDER_mute))
        keep_deed(self, user, order, room);
}

static void usage(bridge_t *self, user_t *user, const order_t *order)
{
    user_tell(self, user, order->usage, NULL);
}

static void unknown(bridge_t *self, user_t *user, const order_t *order)
{
    user_tell(self, user, PHRASE_unknown, &(words_t){.text = order->text});
}

/* Ours, and the broker's. */
static void limits(bridge_t *self, user_t *user, const order_t *order)
{
    (void)order;
    const bridge_config_t *config = &self->config;
    const struct {
        const char *name;
        uint64_t value;
    } own[] = {
        {"connections_per_address", config->connections_per_address},
        {"connections_per_s", config->connections_per_s},
        {"users_max", config->users_max},
        {"user_waiting_bytes", config->user_waiting_bytes},
        {"enter_ms", self->entering.limit_ms},
        {"login_grace_ms", config->login_grace_ms},
    };
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, PHRASE_limits_head, NULL);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        numeral_t digits;
        phrase_line(
            &self->lines, self->language, PHRASE_limits_line,
            &(words_t){.text = span_of(own[i].name), .count = numeral(own[i].value, &digits)});
    }
    bool has_room = buffer_append(&self->lines, self->limits.data, self->limits.size);
    assert(has_room);
    (void)has_room;
    user_put_lines(self, user);
}

static void help(bridge_t *self, user_t *user, const order_t *order)
{
    (void)order;
    user_tell(self, user, PHRASE_help, NULL);
}

static void quit(bridge_t *self, user_t *user, const order_t *order)
{
    (void)order;
    user_end(self, user);
}

void user_ask(bridge_t *self, user_t *user, client_request_t *request, verb_t verb)
{
    assert(self && user && request);
    (void)ask(self, user, request, tag_of(verb, USER_NO_ROOM));
}

bool user_has_broker(const bridge_t *self, const user_t *user)
{
    assert(self && user);
    return user->sid != USER_NO_SID && client_link_is_ready(self->link, user->sid);
}

typedef struct {
    void (*follow)(bridge_t *self, user_t *user, const order_t *order);
    bool needs_broker;
} rule_t;

static const rule_t RULES[] = {
    [ORDER_NOTHING] = {NULL, false},
    [ORDER_SAY] = {say, true},
    [ORDER_USAGE] = {usage, false},
    [ORDER_UNKNOWN] = {unknown, false},
    [ORDER_who] = {who, true},
    [ORDER_nick] = {nick, true},
    [ORDER_tell] = {tell, true},
    [ORDER_join] = {join, true},
    [ORDER_part] = {part, true},
    [ORDER_rooms] = {rooms, true},
    [ORDER_history] = {history, true},
    [ORDER_status] = {status, true},
    [ORDER_limits] = {limits, false},
    [ORDER_help] = {help, false},
    [ORDER_quit] = {quit, false},
    [ORDER_register] = {password_order, true},
    [ORDER_login] = {password_order, true},
    [ORDER_password] = {password_order, true},
    [ORDER_invite] = {look_after, true},
    [ORDER_kick] = {look_after, true},
    [ORDER_ban] = {look_after, true},
    [ORDER_unban] = {look_after, true},
    [ORDER_mute] = {look_after, true},
    [ORDER_unmute] = {look_after, true},
    [ORDER_role] = {look_after, true},
    [ORDER_slow] = {look_after, true},
    [ORDER_bans] = {look_after, true},
};

void user_order(bridge_t *self, user_t *user, span_t line)
{
    assert(self && user);
    order_t order = order_read(line);
    assert(order.verb < sizeof RULES / sizeof RULES[0]);
    const rule_t *rule = &RULES[order.verb];
    if (rule->follow == NULL)
        return;
    if (order.verb != ORDER_SAY)
        tell_unsaid(self, user);
    bool is_known_outside = order.verb == ORDER_login || order.verb == ORDER_help ||
                            order.verb == ORDER_limits || order.verb == ORDER_quit ||
                            order.verb == ORDER_USAGE;
    if (user->is_locked && !is_known_outside)
        user_tell(self, user, PHRASE_log_in, NULL);
    else if (rule->needs_broker && !user->is_locked && !user_has_broker(self, user))
        user_tell(self, user, PHRASE_not_sent, NULL);
    else
        rule->follow(self, user, &order);
}

void ask_for_backlog(bridge_t *self, user_t *user, room_t *room)
{
    assert(self && user && room);
    tag_t tag = {.purpose = FOR_BACKLOG, .verb = ORDER_history, .room = room->number};
    client_request_t request = {.op = OP_history,
                                .tag = pack(tag),
                                .room = name_span(&room->name),
                                .limit = self->config.backlog_lines};
    if (client_link_request(self->link, user->sid, &request, self->now_ms) == HUB_OK)
        room->asker = user;
}
