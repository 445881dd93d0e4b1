#include "client/shell/show.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/printable.h"
#include "client/shell/grammar.h"
#include "proto/duration.h"

enum { TIME_BYTES = 32, PREFIX_BYTES = 256 };

/* "12:03 ", or nothing. */
static const char *time_of(const viewer_t *viewer, uint64_t at_ms, const char *format,
                           char out[TIME_BYTES])
{
    time_t at_s = (time_t)(at_ms / 1000);
    struct tm local;
    out[0] = '\0';
    if (viewer->has_times && at_ms > 0 && localtime_r(&at_s, &local))
        (void)strftime(out, TIME_BYTES, format, &local);
    return out;
}

/* ---- what is said ---- */

/* A text, every line of it behind `prefix`. */
static void put_text(FILE *out, const char *prefix, const hubbub_event_t *event)
{
    const char *text = event->text;
    const char *end = text + event->text_bytes;
    while (true) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((stop ? stop : end) - text);
        printable_put(out, prefix, strlen(prefix));
        printable_put(out, text, size);
        (void)fputc('\n', out);
        if (stop == NULL)
            return;
        text = stop + 1;
    }
}

static bool is_current(const viewer_t *viewer, const char *room)
{
    return strcasecmp(viewer->room, room) == 0;
}

static void put_message(FILE *out, const viewer_t *viewer, const hubbub_event_t *event,
                        const char *before)
{
    char prefix[PREFIX_BYTES];
    bool is_here = is_current(viewer, event->room);
    printable_text(prefix, sizeof prefix, "%s%s%s%s[%s] ", before, is_here ? "" : "#",
                   is_here ? "" : event->room, is_here ? "" : " ", event->nick);
    put_text(out, prefix, event);
}

/* Both copies of a private message are events of the inbox; one to oneself is a copy from somebody. */
static void put_private(FILE *out, const viewer_t *viewer, const hubbub_event_t *event,
                        const char *before)
{
    char prefix[PREFIX_BYTES];
    bool is_ours = strcmp(event->uid, viewer->uid) == 0 && strcasecmp(event->to, event->nick) != 0;
    if (is_ours)
        printable_text(prefix, sizeof prefix, "%s[you -> %s] ", before, event->to);
    else
        printable_text(prefix, sizeof prefix, "%s[%s -> you] ", before, event->nick);
    put_text(out, prefix, event);
}

static void put_said(FILE *out, const viewer_t *viewer, const hubbub_event_t *event,
                     const char *before)
{
    if (event->type == HUBBUB_PRIVATE)
        put_private(out, viewer, event, before);
    else
        put_message(out, viewer, event, before);
}

void show_history(FILE *out, const viewer_t *viewer, const hubbub_event_t *page)
{
    assert(out && viewer && page);
    char time[TIME_BYTES];
    char before[TIME_BYTES + 2];
    viewer_t there = *viewer;
    there.room = page->room;
    if (page->event_count == 0)
        printable_line(out, "* Nothing has been said here yet.");
    for (size_t i = 0; i < page->event_count; i++) {
        const hubbub_event_t *event = &page->events[i];
        printable_text(before, sizeof before, "| %s",
                       time_of(viewer, event->at_ms, "%Y-%m-%d %H:%M ", time));
        put_said(out, &there, event, before);
    }
}

/* ---- who is here ---- */

/* Who came, went or took another name; not who was idle or away for a while. */
static void put_presence(FILE *out, const viewer_t *viewer, const hubbub_event_t *event,
                         const hubbub_member_t *member)
{
    const place_t *place = places_find(viewer->places, event->room);
    bool is_here = is_current(viewer, event->room);
    const char *room = is_here ? "" : event->room;
    if (strcmp(member->uid, viewer->uid) == 0)
        return;
    /* A page may overtake the event and then knows who is only about to come. */
    bool is_told = place && (event->seq == 0 || event->seq > place->page_seq);
    bool was_known = is_told && names_has(&place->nicks, member->nick);
    if (strcmp(member->state, "gone") == 0) /* by the name they were known by here */
        printable_line(out, "* %s went%s%s", *member->was ? member->was : member->nick,
                       is_here ? "" : " from ", room);
    else if (*member->was)
        printable_line(out, "* %s is now %s%s%s", member->was, member->nick, is_here ? "" : " in ",
                       room);
    else if (!was_known && strcmp(member->state, "active") == 0)
        printable_line(out, "* %s came%s%s", member->nick, is_here ? "" : " to ", room);
}

static bool is_on_page(const hubbub_event_t *page, const char *nick)
{
    for (size_t i = 0; i < page->member_count; i++)
        if (strcasecmp(page->members[i].nick, nick) == 0)
            return true;
    return false;
}

void show_repaired(FILE *out, const viewer_t *viewer, const hubbub_event_t *page)
{
    assert(out && viewer && page);
    const place_t *place = places_find(viewer->places, page->room);
    if (place == NULL || place->page_seq == 0 || place->is_paging || page->has_more)
        return;
    for (size_t i = 0; i < place->nicks.count; i++) {
        const char *nick = place->nicks.items[i];
        hubbub_member_t gone = {.nick = nick, .uid = "", .state = "gone", .was = "", .role = ""};
        if (!is_on_page(page, nick) && strcasecmp(nick, viewer->nick) != 0)
            put_presence(out, viewer, page, &gone);
    }
    for (size_t i = 0; i < page->member_count; i++)
        if (!names_has(&place->nicks, page->members[i].nick))
            put_presence(out, viewer, page, &page->members[i]);
}

static const char *state_word(const char *state)
{
    if (strcmp(state, "inactive") == 0)
        return " (idle)";
    return strcmp(state, "detached") == 0 ? " (connection lost)" : "";
}

void show_members(FILE *out, const hubbub_event_t *page, bool is_first)
{
    assert(out && page);
    if (is_first)
        printable_line(out, "* %" PRIu64 " here in %s:", page->count, page->room);
    for (size_t i = 0; i < page->member_count; i++) {
        const hubbub_member_t *member = &page->members[i];
        printable_line(out, "*   %s%s%s%s%s%s%s", member->nick, *member->role ? " (" : "",
                       member->role, *member->role ? ")" : "", state_word(member->state),
                       *member->status ? ": " : "", member->status);
    }
}

void show_rooms(FILE *out, const hubbub_event_t *page, bool is_first)
{
    assert(out && page);
    if (is_first)
        printable_line(out, page->room_count ? "* Rooms:"
                                             : "* There are no rooms; /join ROOM makes one.");
    for (size_t i = 0; i < page->room_count; i++)
        printable_line(out, "*   %s (%" PRIu64 ")%s", page->rooms[i].name, page->rooms[i].count,
                       page->rooms[i].slow_ms ? ", slow" : "");
}

/* "until 2026-11-27 12:03", by this machine's clock, or "for ever". */
static const char *end_of(uint64_t until_ms, char out[TIME_BYTES])
{
    time_t until_s = (time_t)(until_ms / 1000);
    struct tm local;
    if (until_ms == 0 || localtime_r(&until_s, &local) == NULL)
        return "for ever";
    (void)strftime(out, TIME_BYTES, "until %Y-%m-%d %H:%M", &local);
    return out;
}

void show_bans(FILE *out, const hubbub_event_t *page, bool is_first)
{
    assert(out && page);
    char end[TIME_BYTES];
    if (is_first)
        printable_line(out,
                       page->ban_count ? "* Banned or muted in %s:"
                                       : "* Nobody is banned or muted in %s.",
                       page->room);
    for (size_t i = 0; i < page->ban_count; i++) {
        const hubbub_ban_t *ban = &page->bans[i];
        const char *whom = *ban->nick ? ban->nick : *ban->account ? ban->account : ban->network;
        bool is_mute = strcmp(ban->verdict, "mute") == 0;
        printable_line(out, "*   %s %s %s, by %s%s%s", *whom ? whom : "a key",
                       is_mute ? "muted" : "banned", end_of(ban->until_ms, end), ban->by,
                       *ban->reason ? ": " : "", ban->reason);
    }
}

void show_pace(FILE *out, uint64_t slow_ms)
{
    assert(out);
    char words[DURATION_WORDS_BYTES];
    if (slow_ms > 0)
        printable_line(out, "* It is slow: one message in %s.", duration_wait(slow_ms, words));
}

/* ---- the rest ---- */

static void put_lost(FILE *out, const hubbub_event_t *event)
{
    uint64_t count = event->last >= event->first ? event->last - event->first + 1 : 0;
    bool is_inbox = strcmp(event->room, "@") == 0;
    printable_line(out, "* %" PRIu64 " %smessage%s%s%s %s", count, is_inbox ? "private " : "",
                   count == 1 ? "" : "s", is_inbox ? "" : " of ", is_inbox ? "" : event->room,
                   event->type == HUBBUB_LOST
                       ? "did not reach you and cannot be had any more."
                       : "that you have seen are not in the broker any more.");
}

void show_parted(FILE *out, const hubbub_event_t *event)
{
    assert(out && event);
    const char *deed = strcmp(event->reason, "banned") == 0 ? "banned you from" : "put you out of";
    const char *text = event->text;
    if (event->reason[0] == '\0')
        printable_line(out, "* You have left %s.", event->room);
    else
        printable_line(out, "* %s has %s %s%s%s", event->nick, deed, event->room,
                       *text ? ": " : ".", text);
}

static void put_kicked(FILE *out, const hubbub_event_t *event)
{
    if (strcmp(event->reason, "idle") == 0)
        printable_line(out, "* You said nothing for too long; the broker has ended the session.");
    else if (strcmp(event->reason, "resumed") == 0)
        printable_line(out, "* Your session was taken over from elsewhere.");
    else if (strcmp(event->reason, "flood") == 0)
        printable_line(out,
                       "* You sent far too much for too long; the broker has ended the session.");
    else if (strcmp(event->reason, "login") == 0)
        printable_line(out, "* Somebody has logged in as you elsewhere.");
    else if (event->text[0])
        printable_line(out, "* The broker has ended the session: %s: %s", event->reason,
                       event->text);
    else
        printable_line(out, "* The broker has ended the session: %s", event->reason);
}

/* By the broker's clock: ours may be another. */
static void put_muted(FILE *out, const hubbub_event_t *event)
{
    char words[DURATION_WORDS_BYTES], end[DURATION_WORDS_BYTES + 4] = "until somebody lifts it";
    if (event->until_ms > event->at_ms)
        printable_text(end, sizeof end, "for %s",
                       duration_wait(event->until_ms - event->at_ms, words));
    const char *text = event->text, *before = *text ? ": " : ".";
    if (*event->room)
        printable_line(out, "* %s has muted you in %s %s%s%s", event->nick, event->room, end,
                       before, text);
    else
        printable_line(out, "* An operator has muted you %s%s%s", end, before, text);
}

static void put_unmuted(FILE *out, const hubbub_event_t *event)
{
    if (*event->room)
        printable_line(out, "* %s lets you speak in %s again.", event->nick, event->room);
    else
        printable_line(out, "* An operator lets you speak again.");
}

static void put_role(FILE *out, const hubbub_event_t *event)
{
    const char *role = event->role;
    if (strcmp(role, "member") == 0)
        printable_line(out, "* %s has taken your role in %s from you.", event->nick, event->room);
    else
        printable_line(out, "* %s has made you %s of %s.", event->nick,
                       strcmp(role, "owner") == 0       ? "the owner"
                       : strcmp(role, "moderator") == 0 ? "a moderator"
                                                        : role,
                       event->room);
}

static void put_slow(FILE *out, const hubbub_event_t *event)
{
    char words[DURATION_WORDS_BYTES];
    if (event->slow_ms > 0)
        printable_line(out, "* %s is slow now: one message in %s.", event->room,
                       duration_wait(event->slow_ms, words));
    else
        printable_line(out, "* %s is not slow any more.", event->room);
}

/* What those who look after rooms, or the broker, have done. False: nothing of the kind. */
static bool put_news(FILE *out, const hubbub_event_t *event)
{
    if (event->type == HUBBUB_MUTED)
        put_muted(out, event);
    else if (event->type == HUBBUB_UNMUTED)
        put_unmuted(out, event);
    else if (event->type == HUBBUB_ROLE)
        put_role(out, event);
    else if (event->type == HUBBUB_SLOW)
        put_slow(out, event);
    else
        return false;
    return true;
}

void show_event(FILE *out, const viewer_t *viewer, const hubbub_event_t *event)
{
    assert(out && viewer && event);
    char time[TIME_BYTES];
    if (put_news(out, event))
        return;
    if (event->type == HUBBUB_MESSAGE || event->type == HUBBUB_PRIVATE)
        put_said(out, viewer, event, time_of(viewer, event->at_ms, "%H:%M ", time));
    else if (event->type == HUBBUB_LOST || event->type == HUBBUB_UNDONE)
        put_lost(out, event);
    else if (event->type == HUBBUB_WARNING)
        printable_line(out, "* Say something within %" PRIu64 " s, or the broker ends the session.",
                       (event->idle_in_ms + 999) / 1000);
    else if (event->type == HUBBUB_KICKED)
        put_kicked(out, event);
    else if (event->type == HUBBUB_SHUTDOWN)
        printable_line(out, "* The broker is about to stop.");
    else if (event->type == HUBBUB_PRESENCE)
        for (size_t i = 0; i < event->member_count; i++)
            put_presence(out, viewer, event, &event->members[i]);
}

void show_help(FILE *out)
{
    assert(out);
    size_t count;
    const command_t *commands = grammar_commands(&count);
    printable_line(out, "* What you type is said in the room that the prompt names. Besides:");
    for (size_t i = 0; i < count; i++)
        printable_line(out, "*   %-26s %s", commands[i].usage, commands[i].about);
    printable_line(out, "*   %-26s %s", "//TEXT", "say a line that begins with /");
    printable_line(out, "* TAB completes commands, rooms and names.");
}
