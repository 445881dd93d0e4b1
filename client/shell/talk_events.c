#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/printable.h"
#include "client/shell/grammar.h"
#include "client/shell/json_event.h"
#include "client/shell/talk_state.h"
#include "proto/duration.h"

enum { EXCERPT_BYTES = 60, WAIT_BYTES = DURATION_WORDS_BYTES + 16 };

static bool is_json(const talk_t *self)
{
    return self->options.mode == TALK_JSON;
}

/* ---- answers ---- */

/* "not said: hello", "/join tea": what was not done, and why. */
static void complain_about(talk_t *self, const pending_t *pending, const hubbub_event_t *done)
{
    bool is_say = pending->verb == VERB_say;
    const char *before = *pending->subject == '\0' ? "" : is_say ? ": " : " ";
    const char *cut = strlen(pending->subject) > EXCERPT_BYTES ? "..." : "";
    char wait[WAIT_BYTES] = "", words[DURATION_WORDS_BYTES];
    if (done->retry_ms > 0)
        printable_text(wait, sizeof wait, " (for %s more)", duration_wait(done->retry_ms, words));
    talk_complain(self, pending->line, "%s%s%s%.*s%s: %s: %s%s", is_say ? "" : "/",
                  is_say ? "not said" : grammar_word(pending->verb), before, EXCERPT_BYTES,
                  pending->subject, cut, done->error, done->hint, wait);
}

/* Who was put out or silenced, where, and until when. False: nobody was. */
static bool confirm_verdict(FILE *out, const pending_t *pending)
{
    char words[DURATION_WORDS_BYTES];
    const char *end = duration_words(pending->for_ms, "until somebody lifts it", words);
    if (pending->verb == VERB_kick)
        printable_line(out, "* %s is put out of %s.", pending->subject, pending->room);
    else if (pending->verb == VERB_ban)
        printable_line(out, "* %s is banned from %s %s.", pending->subject, pending->room, end);
    else if (pending->verb == VERB_mute)
        printable_line(out, "* %s is muted in %s %s.", pending->subject, pending->room, end);
    else
        return false;
    return true;
}

/* What else was done to somebody or to a room. False: nothing was. */
static bool confirm_deed(FILE *out, const pending_t *pending)
{
    static const struct {
        const char *before, *after;
    } DEEDS[] = {
        [VERB_invite] = {"", " may come in now."},
        [VERB_unban] = {"", " may come in again."},
        [VERB_unmute] = {"", " may speak again."},
        [VERB_role] = {"The role of ", " is set."},
        [VERB_slow] = {"How long members wait in ", " is set."},
    };
    if (pending->verb >= sizeof DEEDS / sizeof DEEDS[0] || DEEDS[pending->verb].after == NULL)
        return false;
    printable_line(out, "* %s%s%s", DEEDS[pending->verb].before, pending->subject,
                   DEEDS[pending->verb].after);
    return true;
}

/* Whether what was typed is that room, which is folded. */
static bool names_room(const char *typed, const char *room)
{
    name_t folded;
    return room_fold(span_of(typed), &folded) == HUB_OK && strcmp(folded.text, room) == 0;
}

static bool is_in(const talk_t *self, const char *room)
{
    return places_find(&self->places, room) != NULL;
}

/* We talk in none; in which we could. */
static void tell_no_room(talk_t *self)
{
    const place_t *other = self->places.first;
    if (other == NULL)
        printable_line(self->options.out, "* You are in no room; /join ROOM enters one.");
    else
        printable_line(self->options.out, "* You talk in no room now; /join %s goes on in %s.",
                       other->room, other->room);
}

/* At a terminal it is the current one since it was asked for, unless another has been since. */
static void confirm_join(talk_t *self, const char *room, uint64_t slow_ms)
{
    name_t folded;
    if (room_fold(span_of(room), &folded) != HUB_OK)
        return; /* the broker thinks otherwise */
    if (self->options.mode != TALK_TERMINAL)
        talk_set_room(self, room);
    memcpy(self->entered, folded.text, sizeof self->entered);
    printable_line(self->options.out, "* You are in %s.", folded.text);
    show_pace(self->options.out, slow_ms);
}

/* What was done and no other event tells. */
static void confirm(talk_t *self, const pending_t *pending, const hubbub_event_t *done)
{
    FILE *out = self->options.out;
    if (confirm_verdict(out, pending) || confirm_deed(out, pending))
        return;
    if (pending->verb == VERB_nick) {
        printable_line(out, "* You are now %s.", hubbub_my_nick(self->chat));
    } else if (pending->verb == VERB_status) {
        printable_line(out, "* Your status is %s.", *pending->subject ? "set" : "cleared");
    } else if (pending->verb == VERB_register) {
        printable_line(out, "* The name %s is yours now; next time start with --nick %s --login.",
                       hubbub_my_nick(self->chat), hubbub_my_nick(self->chat));
    } else if (pending->verb == VERB_login) {
        printable_line(out, "* You are %s, logged in.", hubbub_my_nick(self->chat));
    } else if (pending->verb == VERB_password) {
        printable_line(out, "* Your password is changed.");
    } else if (talk_is_join(pending->verb)) {
        confirm_join(self, pending->subject, done->slow_ms);
    }
}

/* Who types has seen no answer to a line they typed before: what a script says behind it, and what was typed at a terminal
 * until it came, was for that room. The latter was sent there, and has been refused with it. */
static void stay_out(talk_t *self, const pending_t *pending)
{
    if (self->options.mode == TALK_LINES)
        talk_set_room(self, "");
    bool is_last = pending->request > 0 && pending->request == self->going;
    if (self->options.mode != TALK_TERMINAL || !is_last || is_in(self, self->room))
        return;
    talk_set_room(self, is_in(self, self->entered) ? self->entered : "");
    if (self->room[0] == '\0')
        tell_no_room(self);
}

void talk_answer(talk_t *self, pending_t *pending, const hubbub_event_t *done)
{
    assert(self && pending && done && done->type == HUBBUB_DONE);
    bool is_message = pending->verb == VERB_say || pending->verb == VERB_tell;
    if (done->error && is_message)
        self->has_failed |= self->options.mode != TALK_TERMINAL;
    if (done->error == NULL && pending->verb == VERB_say)
        self->said++;
    if (pending->reply) {
        json_event_add_end(pending->reply, done);
        talk_emit(self, json_incref(pending->reply));
    } else if (done->error) {
        complain_about(self, pending, done);
        if (talk_is_join(pending->verb))
            stay_out(self, pending);
    } else {
        confirm(self, pending, done);
    }
    pending_destroy(&pending);
}

/* The room to begin in could not be entered. */
static void on_kept_out(talk_t *self, const hubbub_event_t *done)
{
    const char *room = self->options.room;
    self->has_failed |= self->options.mode != TALK_TERMINAL;
    if (is_json(self)) {
        hubbub_event_t parted = *done;
        parted.type = HUBBUB_PARTED;
        parted.room = room;
        talk_emit(self, json_event(&parted));
        return;
    }
    pending_t *join = pending_new(VERB_join, 0, room, NULL);
    complain_about(self, join, done);
    pending_destroy(&join);
    if (strcasecmp(self->room, room) != 0)
        return;
    talk_set_room(self, "");
    if (self->options.mode == TALK_TERMINAL)
        tell_no_room(self);
}

static void on_done(talk_t *self, const hubbub_event_t *event)
{
    pending_t *pending = pendings_take(&self->pendings, event->request);
    if (pending)
        talk_answer(self, pending, event);
    else if (event->error && strcmp(event->op, "join") == 0)
        on_kept_out(self, event);
}

static void on_page(talk_t *self, const hubbub_event_t *event)
{
    viewer_t viewer = talk_viewer(self);
    pending_t *pending = pendings_find(&self->pendings, event->request);
    bool is_first = pending && pending->pages++ == 0;
    if (is_json(self) && pending)
        json_event_add_page(pending->reply, event);
    else if (is_json(self))
        talk_emit(self, json_event(event));
    else if (pending && event->type == HUBBUB_MEMBERS)
        show_members(self->options.out, event, is_first);
    else if (pending && event->type == HUBBUB_ROOMS)
        show_rooms(self->options.out, event, is_first);
    else if (pending && event->type == HUBBUB_BANS)
        show_bans(self->options.out, event, is_first);
    else if (pending)
        show_history(self->options.out, &viewer, event);
    else if (event->type == HUBBUB_MEMBERS)
        show_repaired(self->options.out, &viewer, event);
    places_learn(&self->places, event);
}

/* ---- coming and going ---- */

static void keep_uid(talk_t *self, const char *uid)
{
    free(self->uid);
    self->uid = strdup(uid);
    assert(self->uid);
}

static void show_ready(const talk_t *self, const hubbub_event_t *event)
{
    FILE *out = self->options.out;
    if (!self->was_ready)
        printable_line(out, "* You are %s.%s", event->nick,
                       self->options.mode == TALK_TERMINAL
                           ? " Type and press Enter to talk; /help tells the rest."
                           : "");
    else if (self->is_down && event->is_new)
        printable_line(out, "* Connected again, as a new session. You are %s.", event->nick);
    else if (self->is_down)
        printable_line(out, "* Connected again.");
}

static void keep_trouble(talk_t *self, const char *hint)
{
    free(self->trouble);
    self->trouble = *hint ? strdup(hint) : NULL;
}

static void on_ready(talk_t *self, const hubbub_event_t *event)
{
    keep_uid(self, event->uid);
    if (is_json(self))
        talk_emit(self, json_event(event));
    else
        show_ready(self, event);
    if (self->options.mode == TALK_TERMINAL)
        (void)hubbub_rooms(self->chat); /* for completion; without an answer it knows less */
    self->was_ready = true;
    self->is_down = self->is_down_told = self->is_refused = false;
    keep_trouble(self, "");
}

/* Told once; at the start only to a person, who can do something about it. Whose key is refused at the
 * start need not wait. */
static void on_down(talk_t *self, const hubbub_event_t *event)
{
    keep_trouble(self, event->hint);
    if (!self->was_ready && event->error && strcmp(event->error, "key_refused") == 0) {
        if (is_json(self))
            talk_emit(self, json_event(event));
        talk_fail(self, "%s", event->hint);
        return;
    }
    bool is_start = !self->was_ready && self->options.mode == TALK_LINES;
    bool is_told = self->is_down_told;
    self->is_down = self->is_down_told = true;
    if (is_told || is_start)
        return;
    if (is_json(self))
        talk_emit(self, json_event(event));
    else if (self->trouble)
        printable_line(self->options.out, "* %s; what you type waits.", self->trouble);
    else
        printable_line(self->options.out,
                       "* The broker does not answer; what you type waits until it does.");
}

static bool is_about_nick(const char *error)
{
    return strncmp(error, "nick_", 5) == 0;
}

/* There are no guests. */
static bool needs_account(const talk_t *self, const char *error)
{
    return strcmp(error, "denied") == 0 && !self->options.has_password;
}

static void on_refused(talk_t *self, const hubbub_event_t *event)
{
    self->is_refused = true;
    self->is_down = false; /* it does answer */
    if (is_json(self))
        talk_emit(self, json_event(event));
    if (!is_about_nick(event->error) || self->options.mode == TALK_LINES)
        talk_fail(self, "the broker refuses us: %s: %s%s", event->error, event->hint,
                  needs_account(self, event->error) ? "; start with --nick NAME --login" : "");
    else if (!is_json(self))
        printable_line(self->options.out, "* %s: %s; /nick NAME takes another.", event->error,
                       event->hint);
}

static bool was_asked_for(const talk_t *self, verb_t verb, const char *room)
{
    const pending_t *pending = self->pendings.first;
    while (pending && (pending->verb != verb || !names_room(pending->subject, room)))
        pending = pending->next;
    return pending != NULL;
}

static void on_joined(talk_t *self, const hubbub_event_t *event)
{
    bool is_known = places_find(&self->places, event->room) != NULL;
    places_learn(&self->places, event);
    if (is_json(self)) {
        talk_emit(self, json_event(event));
        return;
    }
    bool is_asked_for = was_asked_for(self, VERB_join, event->room) ||
                        was_asked_for(self, VERB_private, event->room);
    if (!is_known && !is_asked_for && strcasecmp(event->room, self->room) == 0)
        printable_line(self->options.out, "* You are in %s.", event->room);
    (void)hubbub_who(self->chat, event->room); /* for completion; without an answer it knows less */
}

/* Who has asked to leave goes on in another room, if there is one. Nobody else does: what they are typing was meant for the
 * room they were put out of. */
static void leave_current(talk_t *self, bool is_asked_for)
{
    const place_t *other = self->places.first;
    talk_set_room(self, other && is_asked_for ? other->room : "");
    if (is_json(self))
        return;
    if (other && is_asked_for)
        printable_line(self->options.out, "* You talk in %s now.", self->room);
    else
        tell_no_room(self);
}

static void on_parted(talk_t *self, const hubbub_event_t *event)
{
    bool was_current = strcasecmp(event->room, self->room) == 0;
    places_learn(&self->places, event);
    if (is_json(self))
        talk_emit(self, json_event(event));
    else
        show_parted(self->options.out, event);
    if (was_current)
        leave_current(self,
                      event->reason[0] == '\0' && was_asked_for(self, VERB_part, event->room));
}

/* Everything that needs no thought of ours. */
static void on_other(talk_t *self, const hubbub_event_t *event)
{
    viewer_t viewer = talk_viewer(self);
    if (event->type == HUBBUB_MESSAGE && strcmp(event->uid, viewer.uid) == 0)
        self->heard++;
    if (event->type == HUBBUB_KICKED)
        self->is_over = self->has_failed = true;
    if (is_json(self))
        talk_emit(self, json_event(event));
    else
        show_event(self->options.out, &viewer, event);
    places_learn(&self->places, event);
}

void talk_event(void *user, hubbub_t *chat, const hubbub_event_t *event)
{
    talk_t *self = user;
    assert(self && event && chat == self->chat);
    switch (event->type) {
    case HUBBUB_READY:
        on_ready(self, event);
        return;
    case HUBBUB_DOWN:
        on_down(self, event);
        return;
    case HUBBUB_REFUSED:
        on_refused(self, event);
        return;
    case HUBBUB_JOINED:
        on_joined(self, event);
        return;
    case HUBBUB_PARTED:
        on_parted(self, event);
        return;
    case HUBBUB_DONE:
        on_done(self, event);
        return;
    case HUBBUB_MEMBERS:
    case HUBBUB_ROOMS:
    case HUBBUB_HISTORY:
    case HUBBUB_BANS:
        on_page(self, event);
        return;
    case HUBBUB_MESSAGE:
    case HUBBUB_PRIVATE:
    case HUBBUB_PRESENCE:
    case HUBBUB_LOST:
    case HUBBUB_UNDONE:
    case HUBBUB_WARNING:
    case HUBBUB_KICKED:
    case HUBBUB_SHUTDOWN:
    case HUBBUB_MUTED:
    case HUBBUB_UNMUTED:
    case HUBBUB_ROLE:
    case HUBBUB_SLOW:
        on_other(self, event);
        return;
    }
}
