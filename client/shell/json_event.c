#include "client/shell/json_event.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

static const char *const EVS[] = {
    [HUBBUB_READY] = "ready",       [HUBBUB_DOWN] = "down",         [HUBBUB_REFUSED] = "refused",
    [HUBBUB_JOINED] = "joined",     [HUBBUB_PARTED] = "parted",     [HUBBUB_MESSAGE] = "message",
    [HUBBUB_PRIVATE] = "private",   [HUBBUB_PRESENCE] = "presence", [HUBBUB_MEMBERS] = "members",
    [HUBBUB_ROOMS] = "rooms",       [HUBBUB_HISTORY] = "history",   [HUBBUB_DONE] = "done",
    [HUBBUB_LOST] = "lost",         [HUBBUB_WARNING] = "warning",   [HUBBUB_KICKED] = "kicked",
    [HUBBUB_SHUTDOWN] = "shutdown", [HUBBUB_UNDONE] = "undone",     [HUBBUB_BANS] = "bans",
    [HUBBUB_MUTED] = "muted",       [HUBBUB_UNMUTED] = "unmuted",   [HUBBUB_ROLE] = "role",
    [HUBBUB_SLOW] = "slow",
};

/* ---- values ---- */

json_t *json_event_text(const char *text, size_t size)
{
    assert(text);
    json_t *string = json_stringn(text, size);
    if (string)
        return string;
    char *clean = printable(text, size, PRINTABLE_IN);
    string = json_string(clean);
    free(clean);
    return string;
}

/* All set_ functions leave out what is empty, as the wire does. */
static void set(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);
    assert(!failed); /* only memory */
    (void)failed;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && *text)
        set(object, key, json_event_text(text, strlen(text)));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
    if (number > 0)
        set(object, key, json_integer((json_int_t)number));
}

static void set_data(json_t *object, const hubbub_event_t *event)
{
    if (event->data == NULL)
        return;
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    size_t size = sodium_base64_encoded_len(event->data_bytes, variant);
    char *encoded = malloc(size);
    assert(encoded);
    sodium_bin2base64(encoded, size, event->data, event->data_bytes, variant);
    set_text(object, "data", encoded);
    free(encoded);
}

/* ---- lists ---- */

static void append(json_t *list, json_t *value)
{
    int failed = json_array_append_new(list, value);
    assert(!failed);
    (void)failed;
}

static json_t *member_object(const hubbub_member_t *member)
{
    json_t *object = json_object();
    set_text(object, "nick", member->nick);
    set_text(object, "uid", member->uid);
    set_text(object, "state", member->state);
    set_text(object, "was", member->was);
    set_text(object, "status", member->status);
    set_text(object, "role", member->role);
    set_number(object, "since", member->since_ms);
    return object;
}

static json_t *room_object(const hubbub_room_t *room)
{
    json_t *object = json_object();
    set_text(object, "room", room->name);
    set(object, "count", json_integer((json_int_t)room->count));
    set(object, "seq", json_integer((json_int_t)room->seq));
    set_number(object, "slow_ms", room->slow_ms);
    return object;
}

static json_t *ban_object(const hubbub_ban_t *ban)
{
    json_t *object = json_object();
    set_text(object, "verdict", ban->verdict);
    set_text(object, "nick", ban->nick);
    set_text(object, "account", ban->account);
    set_text(object, "network", ban->network);
    set_text(object, "by", ban->by);
    set_text(object, "reason", ban->reason);
    set_number(object, "at", ban->at_ms);
    set_number(object, "until", ban->until_ms);
    return object;
}

/* The list of that key; made where there is none. */
static json_t *list_of(json_t *object, const char *key)
{
    json_t *list = json_object_get(object, key);
    if (list == NULL) {
        list = json_array();
        set(object, key, list);
    }
    return list;
}

static void add_members(json_t *object, const char *key, const hubbub_event_t *event)
{
    json_t *list = list_of(object, key);
    for (size_t i = 0; i < event->member_count; i++)
        append(list, member_object(&event->members[i]));
}

/* ---- events ---- */

static void add_message(json_t *object, const hubbub_event_t *event)
{
    set_text(object, "room", event->room);
    set_text(object, "from", event->nick);
    set_text(object, "uid", event->uid);
    set_text(object, "to", event->to);
    set(object, "text", json_event_text(event->text, event->text_bytes));
    set_number(object, "epoch", event->epoch);
    set_number(object, "seq", event->seq);
    set_number(object, "at", event->at_ms);
    set_text(object, "mid", event->mid);
    set_number(object, "cid", event->cid);
    set_text(object, "type", event->payload);
    set_data(object, event);
    set_number(object, "ref", event->ref);
    set_text(object, "rel", event->rel);
    set_number(object, "thread", event->thread);
}

static void add_presence(json_t *object, const hubbub_event_t *event)
{
    set_text(object, "room", event->room);
    set(object, "count", json_integer((json_int_t)event->count));
    add_members(object, event->type == HUBBUB_PRESENCE ? "changes" : "members", event);
    if (event->has_more)
        set(object, "more", json_true());
}

static void add_ready(json_t *object, const hubbub_event_t *event)
{
    set_text(object, "nick", event->nick);
    set_text(object, "uid", event->uid);
    set(object, "new", json_boolean(event->is_new));
}

static void add_mute(json_t *object, const hubbub_event_t *event)
{
    set_number(object, "at", event->at_ms);
    set_number(object, "until", event->until_ms);
}

static void add_rest(json_t *object, const hubbub_event_t *event)
{
    set_text(object, "room", event->room);
    set_text(object, "error", event->error);
    set_text(object, "hint", event->hint);
    set_text(object, "reason", event->reason);
    set_text(object, "by", event->nick);
    set_text(object, "text", event->text);
    set_text(object, "role", event->role);
    if (event->type == HUBBUB_MUTED)
        add_mute(object, event);
    if (event->type == HUBBUB_SLOW) /* 0 says something here */
        set(object, "slow_ms", json_integer((json_int_t)event->slow_ms));
    set_number(object, "first", event->first);
    set_number(object, "last", event->last);
    set_number(object, "retry_ms", event->retry_ms);
    set_number(object, "idle_in_ms", event->idle_in_ms);
    set_number(object, "after_ms", event->after_ms);
}

json_t *json_event(const hubbub_event_t *event)
{
    assert(event && event->type < sizeof EVS / sizeof EVS[0]);
    json_t *object = json_object();
    set_text(object, "ev", EVS[event->type]);
    if (event->type == HUBBUB_MESSAGE || event->type == HUBBUB_PRIVATE)
        add_message(object, event);
    else if (event->type == HUBBUB_PRESENCE || event->type == HUBBUB_MEMBERS)
        add_presence(object, event);
    else if (event->type == HUBBUB_READY)
        add_ready(object, event);
    else
        add_rest(object, event);
    return object;
}

/* ---- answers ---- */

void json_event_add_page(json_t *reply, const hubbub_event_t *page)
{
    assert(reply && page);
    if (page->type == HUBBUB_MEMBERS) {
        set_text(reply, "room", page->room);
        set(reply, "count", json_integer((json_int_t)page->count));
        add_members(reply, "members", page);
    } else if (page->type == HUBBUB_ROOMS) {
        json_t *list = list_of(reply, "rooms");
        for (size_t i = 0; i < page->room_count; i++)
            append(list, room_object(&page->rooms[i]));
    } else if (page->type == HUBBUB_BANS) {
        set_text(reply, "room", page->room);
        json_t *list = list_of(reply, "bans");
        for (size_t i = 0; i < page->ban_count; i++)
            append(list, ban_object(&page->bans[i]));
    } else if (page->type == HUBBUB_HISTORY) {
        set_text(reply, "room", page->room);
        set(reply, "more", json_boolean(page->has_more));
        json_t *list = list_of(reply, "events");
        for (size_t i = 0; i < page->event_count; i++)
            append(list, json_event(&page->events[i]));
    }
}

void json_event_add_end(json_t *reply, const hubbub_event_t *done)
{
    assert(reply && done && done->type == HUBBUB_DONE);
    if (done->error) {
        set_text(reply, "error", done->error);
        set_text(reply, "hint", done->hint);
        set_number(reply, "retry_ms", done->retry_ms);
        return;
    }
    set(reply, "ok", json_true());
    set_number(reply, "epoch", done->epoch);
    set_number(reply, "seq", done->seq);
    set_number(reply, "at", done->at_ms);
    set_text(reply, "mid", done->mid);
    set_number(reply, "slow_ms", done->slow_ms);
}

/* What paints is written as JSON may: within a string, the only place where it can be. */
static void put_harmless(FILE *out, const char *text, size_t size)
{
    int32_t point;
    size_t at, skipped;
    for (; (at = printable_find(text, size, &point, &skipped)) < size; size -= at + skipped) {
        (void)fwrite(text, 1, at, out);
        (void)fprintf(out, "\\u%04x", (unsigned)point); /* none is beyond four digits */
        text += at + skipped;
    }
    (void)fwrite(text, 1, size, out);
}

void json_event_write(FILE *out, const json_t *object, bool is_ascii)
{
    assert(out && object);
    char *text = json_dumps(object, JSON_COMPACT | (is_ascii ? JSON_ENSURE_ASCII : 0));
    assert(text);
    put_harmless(out, text, strlen(text));
    (void)fputc('\n', out);
    free(text);
}
