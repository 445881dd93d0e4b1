/* Events: to those who may have them, in order, once; and pages of them. */
#include "tests/sim/watch.h"

#include "tests/sim/report.h"

#include <assert.h>
#include <stdlib.h>

static bool carries_member(watch_t *self, uint32_t number, int room)
{
    const watched_link_t *link = &self->links[number];
    for (uint32_t i = 0; i < link->bound_count; i++) {
        const watched_session_t *session = watch_bound(self, number, link->bound[i].sid);
        if (session && (session->rooms >> room & 1))
            return true;
    }
    return false;
}

/* Links that have been silent for nearly too long may or may not be among them. */
void watch_check_audience(watch_t *self)
{
    uint32_t expected = 0;
    for (uint32_t i = 0; self->has_shown && self->shown_room >= 0 && i < self->link_count; i++)
        expected +=
            !self->links[i].is_doubtful &&
            self->now_ms < self->links[i].heard_ms + 3 * self->plan->settings.heartbeat_ms &&
            carries_member(self, i, self->shown_room);
    if (self->shown_links < expected)
        violated("an event of the private room %d goes to %u links, and %u have members",
                 self->shown_room, self->shown_links, expected);
    self->has_shown = false;
    self->shown_room = NO_ROOM;
    self->shown_links = 0;
}

/* What is said in a private room with nobody there to hear it is not seen to pass. */
void watch_catch_up(watch_t *self, int number, uint64_t epoch, uint64_t head)
{
    watched_room_t *room = &self->rooms[number];
    if (room->is_private && epoch == room->epoch && head > room->head &&
        head <= ledger_head(room->log))
        room->head = head;
}

static void check_audience(watch_t *self, uint32_t link, int room)
{
    bool is_private = self->rooms[room].is_private;
    if (link == NOBODY && is_private)
        violated("an event of the private room %d goes to all", room);
    if (link != NOBODY && !is_private)
        violated("an event of the public room %d goes to one link", room);
    if (link != NOBODY && (link >= self->link_count || !carries_member(self, link, room)))
        violated("an event of the private room %d goes to link %u, where nobody is in it", room,
                 link);
}

static void check_message(watch_t *self, int number, const message_t *event)
{
    watched_room_t *room = &self->rooms[number];
    uint64_t epoch = message_uint(event, KEY_epoch), seq = message_uint(event, KEY_seq);
    uint64_t text = ledger_number(message_span(event, KEY_text));
    if (seq > 0)
        watch_catch_up(self, number, epoch, seq - 1);
    if (epoch != room->epoch || seq != room->head + 1)
        violated("room %d stands at (%ju, %ju), and (%ju, %ju) is told", number,
                 (uintmax_t)room->epoch, (uintmax_t)room->head, (uintmax_t)epoch, (uintmax_t)seq);
    if (ledger_find(room->log, epoch, seq) != text)
        violated("(%ju, %ju) of room %d is told as text %ju, which is not what the store has",
                 (uintmax_t)epoch, (uintmax_t)seq, number, (uintmax_t)text);
    const ledger_text_t *said = ledger_text(self->ledger, text);
    if (said->session == NOBODY ||
        !span_is(message_span(event, KEY_uid), self->sessions[said->session].uid))
        violated("text %ju is told under another name", (uintmax_t)text);
    room->head = seq;
    room->moved_ms = self->now_ms;
    room->needs_head = true;
}

/* --- presence ------------------------------------------------------------------------------------- */

static uint32_t place_of(const watched_room_t *room, uint64_t uid)
{
    uint32_t place = 0;
    while (place < room->present_count && room->present[place] != uid)
        place++;
    return place;
}

static void add_present(watched_room_t *room, uint64_t uid)
{
    if (room->present_count == room->present_capacity) {
        room->present_capacity = room->present_capacity ? 2 * room->present_capacity : 16;
        room->present = realloc(room->present, room->present_capacity * sizeof *room->present);
        assert(room->present);
    }
    room->present[room->present_count++] = uid;
}

/* Somebody goes once for each time they came. */
static void check_gone(watch_t *self, int number, uint64_t uid)
{
    for (uint32_t i = self->session_count; i-- > 0;) {
        watched_session_t *session = &self->sessions[i];
        if (session->uid_hash != uid)
            continue;
        if (session->entered[number] == 0)
            violated("%s has gone from room %d for the second time", session->nick, number);
        session->entered[number]--;
        return;
    }
    violated("somebody unknown has gone from room %d", number);
}

/* Who came and went within the time of one event is told as gone alone. */
static void apply_change(watch_t *self, int number, const message_t *change)
{
    watched_room_t *room = &self->rooms[number];
    span_t uid = message_span(change, KEY_uid), nick = message_span(change, KEY_nick);
    uint64_t hash = uid_hash(uid);
    uint32_t place = place_of(room, hash);
    if (uid.size == 0 || nick.size == 0)
        violated("a change of nobody in room %d", number);
    if (!span_is(message_span(change, KEY_state), "gone")) {
        if (place == room->present_count)
            add_present(room, hash);
        return;
    }
    check_gone(self, number, hash);
    if (place < room->present_count)
        room->present[place] = room->present[--room->present_count];
}

static void check_presence(watch_t *self, int number, const message_t *event)
{
    watched_room_t *room = &self->rooms[number];
    uint64_t pseq = message_uint(event, KEY_pseq);
    if (pseq <= room->pseq || (pseq > room->pseq + 1 && !room->is_private))
        violated("pseq of room %d goes from %ju to %ju", number, (uintmax_t)room->pseq,
                 (uintmax_t)pseq);
    room->is_hazy |= pseq > room->pseq + 1; /* nobody was there to hear of it */
    size_t count;
    const msgpack_object *changes = message_list(event, KEY_changes, &count);
    for (size_t i = 0; i < count; i++) {
        message_t change;
        if (!message_from_object(&change, &changes[i]))
            violated("a change that is no map");
        apply_change(self, number, &change);
    }
    if (count > 0 && !room->is_hazy && message_uint(event, KEY_count) != room->present_count)
        violated("room %d has %ju members by its presence, and %u by who came and went", number,
                 (uintmax_t)message_uint(event, KEY_count), room->present_count);
    room->pseq = pseq;
    room->moved_ms = self->now_ms;
    room->needs_head = true;
}

/* The numbers of a room's own, not of the inbox. */
static void check_head(watch_t *self, int number, const message_t *event)
{
    self->rooms[number].needs_head = false;
    watch_room_head(self, number,
                    (uint64_t[]){message_uint(event, KEY_epoch), message_uint(event, KEY_seq),
                                 message_uint(event, KEY_pseq)});
}

void watch_room_event(watch_t *self, uint32_t link, int room, const message_t *event, bool is_copy)
{
    if (!self->rooms[room].is_known)
        violated("an event of room %d, which nobody has entered", room);
    check_audience(self, link, room);
    if (is_copy)
        return;
    switch ((unsigned)ev_find(message_span(event, KEY_ev))) {
    case EV_message:
        check_message(self, room, event);
        return;
    case EV_presence:
        check_presence(self, room, event);
        return;
    case EV_head:
        check_head(self, room, event);
        return;
    }
    violated("an event of room %d of another kind", room);
}

void watch_check_quiet(const watch_t *self)
{
    for (int room = 0; room < ROOMS_MAX; room++)
        if (self->rooms[room].is_known && !self->rooms[room].is_private &&
            self->rooms[room].present_count > 0 && self->rooms[room].needs_head)
            violated("room %d has fallen quiet, and its head was not told", room);
}

/* --- events for one ------------------------------------------------------------------------------- */

static void check_private(watch_t *self, const watched_session_t *session, const message_t *event)
{
    uint64_t text = ledger_number(message_span(event, KEY_text));
    uint64_t found =
        ledger_find(session->inbox, message_uint(event, KEY_epoch), message_uint(event, KEY_seq));
    const ledger_text_t *said = ledger_text(self->ledger, text);
    uint32_t number = (uint32_t)(session - self->sessions);
    if (found != text)
        violated("%s gets private text %ju, which their inbox does not have", session->nick,
                 (uintmax_t)text);
    if (!said->is_private || (said->session != number && said->target != number &&
                              said->former != number && said->former != SEVERAL))
        violated("%s gets private text %ju, which is not theirs", session->nick, (uintmax_t)text);
}

static void end_by_kick(watch_t *self, watched_session_t *session, const message_t *event)
{
    bool is_resumed = span_is(message_span(event, KEY_reason), "resumed");
    watch_unbind(self, session);
    session->is_over = session->is_kicked = !is_resumed;
}

void watch_session_event(watch_t *self, uint32_t link, const message_t *event)
{
    ev_t ev = ev_find(message_span(event, KEY_ev));
    if (ev == EV_shutdown)
        return;
    watched_session_t *session = watch_bound(self, link, (uint32_t)message_uint(event, KEY_sid));
    if (session == NULL)
        violated("%.*s goes to link %u, which has no such session",
                 SPAN_ARGS(message_span(event, KEY_ev)), link);
    if (ev == EV_private)
        check_private(self, session, event);
    else if (ev == EV_kicked)
        end_by_kick(self, session, event);
    else if (ev == EV_head && message_uint(event, KEY_seq) != ledger_head(session->inbox))
        violated("%s is told a wrong head of their inbox", session->nick);
}

/* --- pages ---------------------------------------------------------------------------------------- */

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* How far back the broker has to remember. */
static uint64_t oldest_due(const watch_t *self, const ledger_log_t *log, uint64_t head)
{
    const core_settings_t *settings = &self->plan->settings;
    if (settings->has_store)
        return log->trimmed + 1;
    return head >= settings->ring_events ? head - settings->ring_events + 1 : 1;
}

/* Events in a row, each as the store has it. Returns the first; *out_last is the last. */
static uint64_t check_events(const ledger_log_t *log, const message_t *reply, uint64_t *out_last)
{
    size_t count;
    uint64_t first = 0, seq = 0;
    const msgpack_object *events = message_list(reply, KEY_events, &count);
    for (size_t i = 0; i < count; i++) {
        message_t event;
        if (!message_from_object(&event, &events[i]))
            violated("an event in a page is no map");
        if (i > 0 && message_uint(&event, KEY_seq) != seq + 1)
            violated("a page of %s has a hole behind %ju", log->name, (uintmax_t)seq);
        seq = message_uint(&event, KEY_seq);
        first = i == 0 ? seq : first;
        if (ledger_find(log, message_uint(&event, KEY_epoch), seq) !=
            ledger_number(message_span(&event, KEY_text)))
            violated("a page of %s has another text under %ju than the store", log->name,
                     (uintmax_t)seq);
    }
    *out_last = seq;
    return first;
}

static void check_replay(const watch_t *self, const asked_t *asked, const ledger_log_t *log,
                         const message_t *reply)
{
    uint64_t head = message_uint(reply, KEY_head), last, lost[2] = {1, 0};
    uint64_t first = check_events(log, reply, &last);
    if (message_has(reply, KEY_lost) && !object_numbers(message_object(reply, KEY_lost), lost, 2))
        violated("what was lost is no pair of numbers");
    trace("    %ju to %ju of epoch %ju asked, %ju to %ju given, %ju to %ju lost",
          (uintmax_t)asked->first, (uintmax_t)asked->last, (uintmax_t)asked->epoch,
          (uintmax_t)first, (uintmax_t)last, (uintmax_t)lost[0], (uintmax_t)lost[1]);
    uint64_t epoch = asked->room >= 0 ? self->rooms[asked->room].epoch : ledger_epoch(log);
    bool has_ended = asked->has_epoch && (asked->epoch < epoch || ledger_is_over(log));
    if (has_ended)
        return; /* what is lost then is what was undone */
    if (lost[0] <= lost[1] && lost[1] >= oldest_due(self, log, head))
        violated("%ju to %ju of %s are said to be lost, and are not", (uintmax_t)lost[0],
                 (uintmax_t)lost[1], log->name);
    uint64_t begin = lost[0] <= lost[1] ? lost[1] + 1 : higher(asked->first, 1);
    uint64_t end = lower(asked->last, head);
    if (begin > end)
        return;
    bool is_whole = first == begin && (last == end || message_bool(reply, KEY_more));
    if (!is_whole)
        violated("%ju to %ju of %s were to be replayed, and came as %ju to %ju", (uintmax_t)begin,
                 (uintmax_t)end, log->name, (uintmax_t)first, (uintmax_t)last);
}

void watch_page(watch_t *self, const asked_t *asked, const message_t *reply)
{
    const watched_session_t *session = &self->sessions[asked->session];
    if (asked->room == NO_ROOM)
        return;
    const ledger_log_t *log = asked->room == INBOX ? session->inbox : self->rooms[asked->room].log;
    if (!asked->may_read)
        violated("%s reads in the private room %d", session->nick, asked->room);
    if (asked->room >= 0)
        watch_catch_up(self, asked->room, self->rooms[asked->room].epoch,
                       message_uint(reply, KEY_head));
    uint64_t head = asked->room == INBOX ? ledger_head(log) : self->rooms[asked->room].head;
    if (message_uint(reply, KEY_head) != head)
        violated("%s ends with %ju, and a page says %ju", log->name, (uintmax_t)head,
                 (uintmax_t)message_uint(reply, KEY_head));
    uint64_t last;
    if (asked->op == OP_replay)
        check_replay(self, asked, log, reply);
    else
        (void)check_events(log, reply, &last);
}
