#include "tests/soak/person.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NICK_BYTES = 16, TEXT_BYTES = 128 };

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void is_strange(crowd_t *crowd, const char *what, const char *detail)
{
    if (crowd->strange++ == 0)
        (void)snprintf(crowd->first_strange, sizeof crowd->first_strange, "%s %s", what,
                       detail ? detail : "");
}

/* ---- talking ---- */

static bool keep(person_t *self, uint64_t request, uint64_t number, uint32_t to)
{
    if (request == 0) {
        is_strange(self->crowd, "refused", hubbub_error(self->chat));
        return false;
    }
    assert(self->pending_count < PERSON_WINDOW);
    self->pending[self->pending_count++] = (pending_t){request, number, to};
    return true;
}

/* As long as what people say. */
static void write_text(char *out, uint64_t number)
{
    (void)snprintf(out, TEXT_BYTES, "%llu so long is what people say to each other, more or less",
                   (unsigned long long)number);
}

bool person_say(person_t *self)
{
    assert(self && self->chat);
    char text[TEXT_BYTES];
    if (self->pending_count == PERSON_WINDOW)
        return false;
    uint64_t number = ledger_say(self->crowd->ledger, self->index);
    write_text(text, number);
    return keep(self, hubbub_say(self->chat, self->crowd->room, text), number, PERSON_ROOM);
}

bool person_tell(person_t *self, uint32_t to)
{
    assert(self && self->chat);
    char text[TEXT_BYTES], nick[NICK_BYTES];
    if (self->pending_count == PERSON_WINDOW)
        return false;
    uint64_t number = ledger_tell(self->crowd->ledger, self->index, to);
    write_text(text, number);
    (void)snprintf(nick, sizeof nick, "p%u", to);
    return keep(self, hubbub_tell(self->chat, nick, text), number, to);
}

void person_probe(person_t *self)
{
    assert(self);
    self->back_ms = 0;
    self->has_heard = false;
    if (person_tell(self, self->index))
        self->probe = self->pending[self->pending_count - 1].request;
    else
        self->probe = self->pending[PERSON_WINDOW - 1].request; /* it waits for an answer as well */
}

/* ---- listening ---- */

static void look_whether_back(person_t *self)
{
    if (self->back_ms == 0 && self->probe == 0 && self->has_heard)
        self->back_ms = wall_ms() - self->crowd->fault_ms + 1;
}

static bool take_pending(person_t *self, uint64_t request, pending_t *out)
{
    for (size_t i = 0; i < self->pending_count; i++) {
        if (self->pending[i].request != request)
            continue;
        *out = self->pending[i];
        self->pending_count--;
        memmove(&self->pending[i], &self->pending[i + 1],
                (self->pending_count - i) * sizeof self->pending[0]);
        return true;
    }
    return false;
}

static void on_done(person_t *self, const hubbub_event_t *event)
{
    ledger_t *ledger = self->crowd->ledger;
    pending_t done;
    if (!take_pending(self, event->request, &done)) {
        is_strange(self->crowd, "answered twice", event->op);
        return;
    }
    if (event->error) {
        self->crowd->failed++;
        is_strange(self->crowd, event->op, event->error);
    } else if (done.to == PERSON_ROOM) {
        ledger_said(ledger, self->index, done.number, event->epoch, event->seq);
    } else {
        ledger_told(ledger, self->index, done.to, done.number);
    }
    if (self->probe != done.request)
        return;
    self->probe = 0;
    look_whether_back(self);
}

/* People are called p0, p1 ... */
static uint32_t index_of(const char *nick)
{
    return nick[0] == 'p' ? (uint32_t)strtoul(nick + 1, NULL, 10) : UINT32_MAX;
}

static void on_message(person_t *self, const hubbub_event_t *event)
{
    self->crowd->heard++;
    ledger_heard(self->crowd->ledger, self->index, event->epoch, event->seq, index_of(event->nick),
                 strtoull(event->text, NULL, 10));
    if (self->has_heard || event->at_ms < self->crowd->fault_ms)
        return;
    self->has_heard = true;
    look_whether_back(self);
}

/* One's own copy of what one told somebody else is not what counts. */
static void on_private(person_t *self, const hubbub_event_t *event)
{
    if (index_of(event->to) == self->index)
        ledger_heard_privately(self->crowd->ledger, self->index, index_of(event->nick),
                               strtoull(event->text, NULL, 10));
}

static void on_event(void *user, hubbub_t *chat, const hubbub_event_t *event)
{
    person_t *self = user;
    (void)chat;
    switch (event->type) {
    case HUBBUB_MESSAGE:
        on_message(self, event);
        return;
    case HUBBUB_PRIVATE:
        on_private(self, event);
        return;
    case HUBBUB_DONE:
        on_done(self, event);
        return;
    case HUBBUB_JOINED:
        self->is_joined = true;
        return;
    case HUBBUB_LOST:
        is_strange(self->crowd, "lost", event->room);
        return;
    case HUBBUB_UNDONE:
        is_strange(self->crowd, "undone", event->room);
        return;
    case HUBBUB_PARTED:
        is_strange(self->crowd, "parted", event->room);
        return;
    case HUBBUB_REFUSED:
        is_strange(self->crowd, "refused", event->error);
        return;
    case HUBBUB_KICKED:
        is_strange(self->crowd, "kicked", event->reason);
        return;
    case HUBBUB_READY:
        if (self->is_joined && event->is_new)
            is_strange(self->crowd, "the session", "was forgotten");
        return;
    case HUBBUB_DOWN:
    case HUBBUB_MUTED:
    case HUBBUB_UNMUTED:
    case HUBBUB_ROLE:
    case HUBBUB_SLOW:
    case HUBBUB_PRESENCE:
    case HUBBUB_MEMBERS:
    case HUBBUB_ROOMS:
    case HUBBUB_HISTORY:
    case HUBBUB_BANS:
    case HUBBUB_WARNING:
    case HUBBUB_SHUTDOWN:
        return;
    }
}

bool person_init(person_t *self, crowd_t *crowd, uint32_t index)
{
    assert(self && crowd);
    char nick[NICK_BYTES];
    (void)snprintf(nick, sizeof nick, "p%u", index);
    *self = (person_t){.crowd = crowd, .index = index};
    self->chat = hubbub_new(&(hubbub_options_t){.router = crowd->router,
                                                .nick = nick,
                                                .rooms = &crowd->room,
                                                .room_count = 1,
                                                .on_event = on_event,
                                                .user = self});
    return self->chat != NULL;
}

void person_fini(person_t *self)
{
    assert(self);
    hubbub_destroy(&self->chat);
}
