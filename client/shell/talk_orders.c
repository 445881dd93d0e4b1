#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/printable.h"
#include "client/shell/json_request.h"
#include "client/shell/talk_state.h"

/* What became of an attempt to make a request: its number, or why there is none. */
typedef struct {
    uint64_t request;
    const char *error; /* where request is 0 */
} attempt_t;

static attempt_t attempt(const talk_t *self, uint64_t request)
{
    return (attempt_t){request, request ? NULL : hubbub_error(self->chat)};
}

static bool has(const order_t *order, field_t field)
{
    return order->present >> field & 1;
}

/* The room an order is about: the one it names, else the current one; "": there is none. */
static const char *room_of(const talk_t *self, const order_t *order)
{
    return order->room ? order->room : self->room;
}

/* Decodes data; NULL: none. False: it is no base64. */
static bool decode_data(const char *data, uint8_t **out_bytes, size_t *out_size)
{
    *out_bytes = NULL;
    *out_size = 0;
    if (data == NULL)
        return true;
    size_t room = strlen(data) / 4 * 3 + 3;
    *out_bytes = malloc(room);
    assert(*out_bytes);
    return sodium_base642bin(*out_bytes, room, data, strlen(data), NULL, out_size, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

static attempt_t send_message(talk_t *self, const order_t *order)
{
    uint8_t *data;
    size_t data_bytes;
    attempt_t result = {0, "bad_request"};
    if (decode_data(order->data, &data, &data_bytes)) {
        hubbub_message_t message = {
            .room = order->verb == VERB_say ? room_of(self, order) : NULL,
            .to = order->verb == VERB_tell ? order->to : NULL,
            .text = order->text,
            .payload = order->type,
            .data = data,
            .data_bytes = data_bytes,
            .ref = order->ref,
            .rel = order->rel,
            .thread = order->thread,
        };
        result = attempt(self, hubbub_send(self->chat, &message));
    }
    free(data);
    return result;
}

static attempt_t ask_history(talk_t *self, const order_t *order)
{
    hubbub_page_t page = {
        .before = order->before,
        .after = order->after,
        .since_ms = order->since,
        .until_ms = order->until,
        .limit = order->limit,
        .is_from_start = has(order, FIELD_after) && order->after == 0,
    };
    return attempt(self, hubbub_history(self->chat, room_of(self, order), &page));
}

static attempt_t ask_join(talk_t *self, const order_t *order)
{
    if (order->private || order->verb == VERB_private)
        return attempt(self, hubbub_join_private(self->chat, order->room));
    return attempt(self, hubbub_join(self->chat, order->room));
}

/* When what is asked for ends; 0: not by itself. */
static uint64_t end_of(const order_t *order)
{
    struct timespec now;
    if (order->for_ms == 0)
        return order->until;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + order->for_ms;
}

static attempt_t moderate(talk_t *self, const order_t *order)
{
    static const hubbub_deed_t DEEDS[] = {[VERB_kick] = HUBBUB_KICK,
                                          [VERB_ban] = HUBBUB_BAN,
                                          [VERB_unban] = HUBBUB_UNBAN,
                                          [VERB_mute] = HUBBUB_MUTE,
                                          [VERB_unmute] = HUBBUB_UNMUTE};
    hubbub_measure_t measure = {
        .deed = DEEDS[order->verb],
        .room = room_of(self, order),
        .nick = order->nick,
        .reason = order->reason,
        .until_ms = end_of(order),
    };
    return attempt(self, hubbub_moderate(self->chat, &measure));
}

static attempt_t ask(talk_t *self, const order_t *order)
{
    const char *room = room_of(self, order);
    switch (order->verb) {
    case VERB_say:
    case VERB_tell:
        return send_message(self, order);
    case VERB_join:
    case VERB_private:
        return ask_join(self, order);
    case VERB_invite:
        return attempt(self, hubbub_invite_until(self->chat, room, order->nick, end_of(order)));
    case VERB_kick:
    case VERB_ban:
    case VERB_unban:
    case VERB_mute:
    case VERB_unmute:
        return moderate(self, order);
    case VERB_bans:
        return attempt(self, hubbub_bans(self->chat, room));
    case VERB_role:
        return attempt(self, hubbub_role(self->chat, room, order->nick, order->role));
    case VERB_slow:
        return attempt(self, hubbub_slow(self->chat, room, order->slow_ms));
    case VERB_part:
        return attempt(self, hubbub_part(self->chat, room));
    case VERB_who:
        return attempt(self, hubbub_who(self->chat, room));
    case VERB_rooms:
        return attempt(self, hubbub_rooms(self->chat));
    case VERB_history:
        return ask_history(self, order);
    case VERB_nick:
        return attempt(self, hubbub_nick(self->chat, order->nick));
    case VERB_status:
        return attempt(self, hubbub_status(self->chat, order->status));
    case VERB_register:
        return attempt(self, hubbub_register(self->chat, order->password));
    case VERB_login:
        return attempt(self, hubbub_login(self->chat, order->nick, order->password));
    case VERB_password:
        return attempt(self, hubbub_password(self->chat, order->password, order->new_password));
    case VERB_nothing:
    case VERB_usage:
    case VERB_no_time:
    case VERB_unknown:
    case VERB_help:
    case VERB_quit:
        break;
    }
    assert(false); /* a verb that asks for nothing */
    return (attempt_t){0, "bad_request"};
}

/* ---- making requests ---- */

static bool needs_room(verb_t verb)
{
    return verb == VERB_say || verb == VERB_part || verb == VERB_who || verb == VERB_history ||
           (verb >= VERB_kick && verb <= VERB_slow) || verb == VERB_invite;
}

static const char *subject_of(const talk_t *self, const order_t *order)
{
    if (order->verb == VERB_say)
        return order->text;
    if (order->verb == VERB_status)
        return order->status ? order->status : "";
    if (order->verb == VERB_tell)
        return order->to;
    if (order->verb == VERB_nick || order->verb == VERB_invite || order->verb == VERB_role ||
        (order->verb >= VERB_kick && order->verb <= VERB_unmute))
        return order->nick;
    return needs_room(order->verb) || order->room ? room_of(self, order) : "";
}

static json_t *reply_to(const talk_t *self, const order_t *order, const json_t *id)
{
    if (self->options.mode != TALK_JSON)
        return NULL;
    json_t *reply = json_pack("{ss}", "reply", json_request_op(order->verb));
    if (id)
        (void)json_object_set(reply, "id",
                              (json_t *)(uintptr_t)id); /* fails for want of memory only */
    return reply;
}

/* Ends a request that was never made. */
static void fail_at_once(talk_t *self, pending_t *pending, const char *error)
{
    hubbub_event_t done = {.type = HUBBUB_DONE, .error = error};
    done.hint = strcmp(error, "busy") == 0 ? "too many requests have no answer yet"
                                           : err_hint(err_find(span_of(error)));
    talk_answer(self, pending, &done);
}

static void request(talk_t *self, const order_t *order, size_t line, const json_t *id)
{
    pending_t *pending =
        pending_new(order->verb, line, subject_of(self, order), reply_to(self, order, id));
    pending->for_ms = order->for_ms;
    pending_set_room(pending, room_of(self, order));
    if (needs_room(order->verb) && *room_of(self, order) == '\0') {
        fail_at_once(self, pending, "not_member");
        return;
    }
    attempt_t result = ask(self, order);
    if (result.request == 0) {
        fail_at_once(self, pending, result.error);
        return;
    }
    if (order->verb == VERB_say && self->is_down && self->options.mode == TALK_TERMINAL)
        printable_line(self->options.out, "* waits for the broker: %s", order->text);
    if (talk_is_join(order->verb) && self->options.mode == TALK_TERMINAL)
        talk_go_to(self, order->room, result.request);
    if (order->verb == VERB_join && self->options.mode == TALK_JSON)
        talk_set_room(self, order->room);
    pending->request = result.request;
    pendings_put(&self->pendings, &pending);
}

/* The broker has refused our nick: the next one may do. */
static void hello_again(talk_t *self, const order_t *order, size_t line, const json_t *id)
{
    pending_t *pending = pending_new(VERB_nick, line, order->nick, reply_to(self, order, id));
    if (hubbub_hello_as(self->chat, order->nick)) {
        hubbub_event_t done = {.type = HUBBUB_DONE};
        self->is_refused = false;
        if (self->options.mode == TALK_JSON)
            talk_answer(self, pending, &done);
        else
            pending_destroy(&pending); /* the welcome says it */
        return;
    }
    fail_at_once(self, pending, "nick_invalid");
}

void talk_perform(talk_t *self, const order_t *order, size_t line, const json_t *id)
{
    assert(self && order && self->chat);
    switch (order->verb) {
    case VERB_nothing:
        return;
    case VERB_usage:
        talk_complain(self, line, "usage: %s", order->text);
        return;
    case VERB_no_time:
        talk_complain(self, line,
                      "%s is no time (30s, 10m, 2h, 7d, 4w are); a reason begins with no digit",
                      order->text);
        return;
    case VERB_unknown:
        talk_complain(self, line, "there is no command /%s; see /help, or begin with // to say it",
                      order->text);
        return;
    case VERB_help:
        show_help(self->options.out);
        return;
    case VERB_quit:
        self->has_quit = true;
        return;
    case VERB_nick:
        if (self->is_refused)
            hello_again(self, order, line, id);
        else
            request(self, order, line, id);
        return;
    default:
        if (self->is_refused && self->options.mode == TALK_TERMINAL)
            talk_complain(self, line, "you have no name yet; /nick NAME takes one");
        else
            request(self, order, line, id);
    }
}
