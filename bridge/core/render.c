#include "bridge/core/render.h"

#include "bridge/core/clean.h"
#include "proto/duration.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

enum { STANDING_BYTES = 64, STATE_BYTES = 1024 };

static void append(buffer_t *out, span_t piece)
{
    if (piece.size == 0)
        return;
    bool has_room = buffer_append(out, piece.data, piece.size);
    assert(has_room);
    (void)has_room;
}

/* The next line of a text, its LF taken off. */
static span_t next_line(span_t *text)
{
    if (text->size == 0)
        return (span_t){"", 0};
    const char *end = memchr(text->data, '\n', text->size);
    span_t line = {text->data, end ? (size_t)(end - text->data) : text->size};
    size_t size = line.size + (end ? 1 : 0);
    *text = (span_t){text->data + size, text->size - size};
    return line;
}

void render_text(buffer_t *out, language_t language, phrase_t before, span_t nick, span_t room,
                 span_t text)
{
    assert(out && out->maximum >= RENDER_BYTES);
    words_t words = {.nick = nick, .room = room};
    if (text.size > RENDER_TEXT_BYTES)
        text.size = RENDER_TEXT_BYTES;
    do {
        span_t line = next_line(&text);
        if (out->maximum - out->size < RENDER_LINE_BYTES)
            return;
        phrase_append(out, language, before, &words);
        clean_append(out, line, CLEAN_OUT);
        append(out, span_of("\r\n"));
    } while (text.size > 0);
}

void render_message(buffer_t *out, language_t language, const message_t *event, span_t room,
                    bool is_first)
{
    assert(event);
    render_text(out, language, is_first ? PHRASE_said : PHRASE_said_in,
                message_span(event, KEY_from), room, message_span(event, KEY_text));
}

bool render_private(buffer_t *out, language_t language, const message_t *event, span_t own)
{
    assert(event);
    span_t from = message_span(event, KEY_from), to = message_span(event, KEY_to);
    bool is_own = span_equal(from, own) && !span_equal(to, own);
    render_text(out, language, is_own ? PHRASE_tells : PHRASE_told, is_own ? to : from,
                (span_t){"", 0}, message_span(event, KEY_text));
    return is_own;
}

static span_t state_word(language_t language, span_t state)
{
    if (span_is(state, "inactive"))
        return span_of(phrase_text(language, PHRASE_inactive));
    if (span_is(state, "detached"))
        return span_of(phrase_text(language, PHRASE_detached));
    return (span_t){"", 0};
}

static span_t role_word(language_t language, span_t role)
{
    if (span_is(role, "owner"))
        return span_of(phrase_text(language, PHRASE_owner));
    if (span_is(role, "moderator"))
        return span_of(phrase_text(language, PHRASE_moderator));
    return (span_t){"", 0};
}

/* "owner, idle", or one of them, or nothing. */
static span_t standing_of(language_t language, const message_t *member, char out[STANDING_BYTES])
{
    span_t role = role_word(language, message_span(member, KEY_role));
    span_t state = state_word(language, message_span(member, KEY_state));
    if (role.size == 0 || state.size == 0)
        return role.size ? role : state;
    int size = snprintf(out, STANDING_BYTES, "%s, %s", role.data, state.data);
    assert(size > 0 && size < STANDING_BYTES); /* they are ours */
    return (span_t){out, (size_t)size};
}

static void render_member(buffer_t *out, language_t language, const message_t *member)
{
    char standing[STANDING_BYTES];
    words_t words = {.nick = message_span(member, KEY_nick),
                     .state = standing_of(language, member, standing),
                     .text = message_span(member, KEY_status)};
    phrase_t plain = words.state.size ? PHRASE_who_row_state : PHRASE_who_row;
    phrase_t full = words.state.size ? PHRASE_who_row_both : PHRASE_who_row_status;
    phrase_line(out, language, words.text.size ? full : plain, &words);
}

static void render_room(buffer_t *out, language_t language, const message_t *room)
{
    numeral_t digits;
    words_t words = {.room = message_span(room, KEY_room),
                     .count = numeral(message_uint(room, KEY_count), &digits)};
    bool is_slow = message_uint(room, KEY_slow_ms) > 0;
    phrase_line(out, language, is_slow ? PHRASE_rooms_row_slow : PHRASE_rooms_row, &words);
}

/* "until 2026-11-27 12:03 UTC": all who use the bridge read the same. */
static span_t end_of(language_t language, uint64_t until_ms, char out[STANDING_BYTES])
{
    time_t until_s = (time_t)(until_ms / 1000);
    struct tm utc;
    if (until_ms == 0 || gmtime_r(&until_s, &utc) == NULL)
        return span_of(phrase_text(language, PHRASE_for_ever));
    char at[STANDING_BYTES / 2];
    (void)strftime(at, sizeof at, "%Y-%m-%d %H:%M UTC", &utc);
    int size = snprintf(out, STANDING_BYTES, "%s %s", phrase_text(language, PHRASE_until), at);
    assert(size > 0 && size < STANDING_BYTES);
    return (span_t){out, (size_t)size};
}

static void render_ban(buffer_t *out, language_t language, const message_t *ban)
{
    char end[STANDING_BYTES];
    bool is_mute = span_is(message_span(ban, KEY_verdict), "mute");
    key_id_t whom = message_has(ban, KEY_nick) ? KEY_nick : KEY_account;
    words_t words = {.nick = message_span(ban, whom),
                     .state = end_of(language, message_uint(ban, KEY_until), end),
                     .was = message_span(ban, KEY_by),
                     .text = message_span(ban, KEY_reason)};
    phrase_t plain = is_mute ? PHRASE_mute_row : PHRASE_ban_row;
    phrase_t full = is_mute ? PHRASE_mute_row_says : PHRASE_ban_row_says;
    phrase_line(out, language, words.text.size ? full : plain, &words);
}

static void render_said_before(buffer_t *out, language_t language, const message_t *event)
{
    render_text(out, language, PHRASE_quoted, message_span(event, KEY_from), (span_t){"", 0},
                message_span(event, KEY_text));
}

typedef void row_t(buffer_t *out, language_t language, const message_t *row);

/* Calls `render` for each map of a list from number `first` on; returns how many. */
static size_t each(buffer_t *out, language_t language, const message_t *reply, key_id_t key,
                   size_t first, row_t *render)
{
    size_t count, done = 0;
    const msgpack_object *rows = message_list(reply, key, &count);
    for (size_t i = first; i < count; i++) {
        message_t row;
        if (out->maximum - out->size < RENDER_LINE_BYTES || !message_from_object(&row, &rows[i]))
            continue;
        render(out, language, &row);
        done++;
    }
    return done;
}

size_t render_members(buffer_t *out, language_t language, const message_t *reply)
{
    assert(out && reply && out->maximum >= RENDER_BYTES);
    return each(out, language, reply, KEY_members, 0, render_member);
}

size_t render_rooms(buffer_t *out, language_t language, const message_t *reply)
{
    assert(out && reply && out->maximum >= RENDER_BYTES);
    return each(out, language, reply, KEY_rooms, 0, render_room);
}

size_t render_bans(buffer_t *out, language_t language, const message_t *reply)
{
    assert(out && reply && out->maximum >= RENDER_BYTES);
    return each(out, language, reply, KEY_bans, 0, render_ban);
}

/* "for 10 minutes", in words of *out; of no time: until somebody lifts it. */
static span_t span_of_time(buffer_t *out, language_t language, span_t time)
{
    phrase_append(out, language, time.size > 0 ? PHRASE_for_time : PHRASE_until_lifted,
                  &(words_t){.time = time});
    return buffer_span(out);
}

void render_verdict(buffer_t *out, language_t language, phrase_t phrase, span_t nick, span_t room,
                    uint64_t ms)
{
    assert(out);
    time_words_t time;
    uint64_t count;
    span_t length = {"", 0};
    if (ms > 0) {
        duration_unit_t unit = duration_parts(ms, &count);
        length = time_words(language, unit, count, &time);
    }
    buffer_t state;
    buffer_init(&state, STATE_BYTES);
    phrase_line(
        out, language, phrase,
        &(words_t){.nick = nick, .room = room, .state = span_of_time(&state, language, length)});
    buffer_fini(&state);
}

/* By the broker's clock: whoever muted may have another. */
static void render_muted(buffer_t *out, language_t language, const message_t *event, words_t *words)
{
    uint64_t at_ms = message_uint(event, KEY_at), until_ms = message_uint(event, KEY_until);
    time_words_t time;
    span_t length = {"", 0};
    if (until_ms > at_ms)
        length = time_words_wait(language, until_ms - at_ms, &time);
    buffer_t state;
    buffer_init(&state, STATE_BYTES);
    words->state = span_of_time(&state, language, length);
    phrase_t here = words->text.size > 0 ? PHRASE_muted_in_says : PHRASE_muted_in;
    phrase_t anywhere = words->text.size > 0 ? PHRASE_muted_says : PHRASE_muted;
    phrase_line(out, language, words->room.size > 0 ? here : anywhere, words);
    buffer_fini(&state);
}

/* One that we do not know is none that has a word. */
static phrase_t phrase_of_role(span_t role)
{
    if (span_is(role, "owner"))
        return PHRASE_made_owner;
    return span_is(role, "moderator") ? PHRASE_made_moderator : PHRASE_made_member;
}

void render_treatment(buffer_t *out, language_t language, ev_t ev, const message_t *event)
{
    assert(out && event);
    words_t words = {.room = message_span(event, KEY_room),
                     .nick = message_span(event, KEY_by),
                     .text = message_span(event, KEY_text)};
    if (ev == EV_muted)
        render_muted(out, language, event, &words);
    else if (ev == EV_unmuted)
        phrase_line(out, language, words.room.size > 0 ? PHRASE_unmuted_in : PHRASE_unmuted,
                    &words);
    else
        phrase_line(out, language, phrase_of_role(message_span(event, KEY_role)), &words);
}

void render_limits(buffer_t *out, language_t language, const message_t *welcome)
{
    assert(out && welcome && out->maximum >= RENDER_BYTES);
    size_t count;
    const msgpack_object_kv *limits = message_map(welcome, KEY_limits, &count);
    for (size_t i = 0; i < count; i++) {
        const msgpack_object *name = &limits[i].key, *value = &limits[i].val;
        if (name->type != MSGPACK_OBJECT_STR || value->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            continue;
        numeral_t digits;
        phrase_line(out, language, PHRASE_limits_line,
                    &(words_t){.text = {name->via.str.ptr, name->via.str.size},
                               .count = numeral(value->via.u64, &digits)});
    }
}

size_t render_history(buffer_t *out, language_t language, const message_t *reply, size_t limit)
{
    assert(out && reply && out->maximum >= RENDER_BYTES);
    size_t count;
    (void)message_list(reply, KEY_events, &count);
    size_t first = count > limit ? count - limit : 0;
    return each(out, language, reply, KEY_events, first, render_said_before);
}
