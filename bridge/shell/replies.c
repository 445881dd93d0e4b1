/* From replies to lines. */
#include "bridge/core/grammar.h"
#include "bridge/core/refusal.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <stdlib.h>

static void said(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)self;
    user->said_room = tag.room;
    user->said_seq = (uint32_t)message_uint(reply, KEY_seq);
}

static void who(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    const room_t *room = hall_find(&self->hall, tag.room);
    span_t name = room ? name_span(&room->name) : (span_t){"", 0};
    uint64_t count = message_uint(reply, KEY_count);
    numeral_t digits;
    buffer_clear(&self->lines);
    if (tag.shown == 0)
        phrase_line(&self->lines, self->language, room ? PHRASE_who_head : PHRASE_who_head_there,
                    &(words_t){.count = numeral(count, &digits), .room = name});
    size_t shown = tag.shown + render_members(&self->lines, self->language, reply);
    span_t next = message_span(reply, KEY_next);
    bool goes_on = next.size > 0 && room && shown > tag.shown && shown < WHO_MAX;
    if (next.size > 0 && !goes_on && count > shown)
        phrase_line(&self->lines, self->language, PHRASE_and_more,
                    &(words_t){.count = numeral(count - shown, &digits)});
    user_put_lines(self, user);
    tag.shown = (uint16_t)shown;
    if (goes_on)
        ask_who(self, user, tag, name, next);
}

static void renamed(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    user_tell(self, user, PHRASE_you_are, &(words_t){.nick = message_span(reply, KEY_nick)});
}

static void rooms(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, PHRASE_rooms_head, NULL);
    (void)render_rooms(&self->lines, self->language, reply);
    user_put_lines(self, user);
}

static void history(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    buffer_clear(&self->lines);
    if (render_history(&self->lines, self->language, reply, tag.shown) == 0)
        phrase_line(&self->lines, self->language, PHRASE_history_empty, NULL);
    user_put_lines(self, user);
}

static void status(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    (void)reply;
    affairs_t *affairs = user_affairs(user);
    char *status = affairs->status;
    affairs->status = NULL;
    span_t text = span_of(status ? status : "");
    user_tell(self, user, text.size > 0 ? PHRASE_status_set : PHRASE_status_cleared,
              &(words_t){.text = text});
    free(status);
    user_tidy(user);
}

/* Whom nothing has to be told: the event, or joined() and parted(), say it. */
static void done(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)self;
    (void)user;
    (void)tag;
    (void)reply;
}

static void looked_after(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    (void)reply;
    user_tell(self, user, PHRASE_looked_after, NULL);
}

static void forget_deed(user_t *user)
{
    if (user->affairs == NULL)
        return;
    free(user->affairs->deed);
    user->affairs->deed = NULL;
    user_tidy(user);
}

static void judged(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    (void)reply;
    const char *deed = user->affairs ? user->affairs->deed : NULL;
    assert(deed); /* it was kept when that was asked */
    buffer_clear(&self->lines);
    bool has_room = buffer_append(&self->lines, deed, strlen(deed));
    assert(has_room);
    (void)has_room;
    user_put_lines(self, user);
    forget_deed(user);
}

/* joined() has said where one is. */
static void entered(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    time_words_t time;
    uint64_t slow_ms = message_uint(reply, KEY_slow_ms);
    if (slow_ms > 0)
        user_tell(self, user, PHRASE_slow_room,
                  &(words_t){.time = time_words_wait(self->language, slow_ms, &time)});
}

static void bans(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    size_t count;
    (void)message_list(reply, KEY_bans, &count);
    buffer_clear(&self->lines);
    phrase_line(&self->lines, self->language, count ? PHRASE_bans_head : PHRASE_bans_none, NULL);
    (void)render_bans(&self->lines, self->language, reply);
    if (message_has(reply, KEY_next))
        phrase_line(&self->lines, self->language, PHRASE_and_others, NULL);
    user_put_lines(self, user);
}

typedef void reply_t(bridge_t *self, user_t *user, tag_t tag, const message_t *reply);

static reply_t *const REPLIES[] = {
    [ORDER_SAY] = said,
    [ORDER_who] = who,
    [ORDER_nick] = renamed,
    [ORDER_tell] = done,
    [ORDER_join] = entered,
    [ORDER_part] = done,
    [ORDER_rooms] = rooms,
    [ORDER_history] = history,
    [ORDER_status] = status,
    [ORDER_register] = registered,
    [ORDER_login] = logged_in,
    [ORDER_password] = password_changed,
    [ORDER_invite] = looked_after,
    [ORDER_kick] = judged,
    [ORDER_ban] = judged,
    [ORDER_unban] = looked_after,
    [ORDER_mute] = judged,
    [ORDER_unmute] = looked_after,
    [ORDER_role] = looked_after,
    [ORDER_slow] = looked_after,
    [ORDER_bans] = bans,
};

/* What was said before this bridge was in the room goes to all who came since it was asked for. */
static void backlog(bridge_t *self, tag_t tag, hub_err_t err, const message_t *reply)
{
    room_t *room = hall_find(&self->hall, tag.room);
    if (room == NULL)
        return;
    room->asker = NULL;
    if (err != HUB_OK)
        return;
    room->has_older = true;
    buffer_clear(&self->lines);
    (void)render_history(&self->lines, self->language, reply, self->config.backlog_lines);
    if (self->lines.size == 0 || self->lines.size > OLDER_BYTES)
        return;
    (void)buffer_append(&room->older, self->lines.data, self->lines.size);
    for (size_t i = 0; i < room->member_count; i++) {
        buffer_clear(&self->lines);
        (void)buffer_append(&self->lines, room->older.data, room->older.size);
        user_put_lines(self, room->members[i]);
    }
}

void tell_refused(bridge_t *self, user_t *user, op_t op, hub_err_t err, const message_t *reply)
{
    assert(self && user);
    time_words_t time;
    words_t words;
    phrase_t phrase = refusal_phrase(self->language, op, err, reply, &words, &time);
    user_tell(self, user, phrase, &words);
}

void on_reply(void *context, uint32_t sid, void *who_asked, op_t op, uint64_t packed, hub_err_t err,
              const message_t *reply)
{
    (void)sid;
    bridge_t *self = context;
    user_t *user = who_asked;
    tag_t tag;
    memcpy(&tag, &packed, sizeof tag);
    assert(tag.verb < sizeof REPLIES / sizeof REPLIES[0] && REPLIES[tag.verb]);
    if (tag.purpose == FOR_BACKLOG)
        backlog(self, tag, err, reply);
    else if (err != HUB_OK)
        tell_refused(self, user, op, err, reply);
    else
        REPLIES[tag.verb](self, user, tag, reply);
    if (err != HUB_OK && REPLIES[tag.verb] == judged)
        forget_deed(user);
    user->is_parting &= op != OP_part;
    if (err != HUB_OK && op == OP_join)
        user_stays_out(self, user);
    user_resume_input(self, user);
    user_touch(self, user);
}
