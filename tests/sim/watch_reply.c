/* Answers: each to a request that was made, and telling the truth. */
#include "tests/sim/watch.h"

#include "tests/sim/report.h"

#include <assert.h>
#include <stdlib.h>

enum { HEAD_NUMBERS = 3 };

static uint64_t bit(int room)
{
    assert(room >= 0);
    return UINT64_C(1) << room;
}

static asked_t take_asked(watch_t *self, uint32_t number, const message_t *reply)
{
    uint64_t id = message_uint(reply, KEY_re);
    watched_link_t *link = number < self->link_count ? &self->links[number] : NULL;
    for (uint32_t i = 0; link && i < link->asked_count; i++) {
        if (link->asked[i].id != id)
            continue;
        asked_t asked = link->asked[i];
        memmove(link->asked + i, link->asked + i + 1,
                (--link->asked_count - i) * sizeof *link->asked);
        return asked;
    }
    violated("link %u gets an answer to %ju, which it did not ask or got before", number,
             (uintmax_t)id);
}

/* --- rooms' heads --------------------------------------------------------------------------------- */

/* The room begins anew, perhaps behind what the store has of it. */
static void begin_room(watch_t *self, int number, const uint64_t *head)
{
    watched_room_t *room = &self->rooms[number];
    uint64_t kept = ledger_head(room->log);
    if (head[1] != 0 && head[1] != kept)
        violated("room %d begins with head %ju, and %ju were stored", number, (uintmax_t)head[1],
                 (uintmax_t)kept);
    if (head[0] < ledger_epoch(room->log))
        violated("room %d begins with epoch %ju, below an earlier one", number, (uintmax_t)head[0]);
    if (head[1] == 0 && kept > 0 && head[0] == ledger_epoch(room->log))
        violated("room %d begins anew with epoch %ju, which it had before", number,
                 (uintmax_t)head[0]);
    if (head[0] > self->ledger->highest_epoch)
        self->ledger->highest_epoch = head[0];
    room->is_known = true;
    room->is_private = room->is_hazy = false;
    room->epoch = head[0];
    room->head = head[1];
    room->pseq = head[2];
    room->present_count = 0;
    room->moved_ms = 0;
    room->needs_head = false;
    for (uint32_t i = 0; i < self->session_count; i++) {
        self->sessions[i].rooms &= ~bit(number);
        self->sessions[i].entered[number] = 0;
        self->sessions[i].invited &= ~bit(number);
        self->sessions[i].owned &= ~bit(number);
    }
}

void watch_room_head(watch_t *self, int number, const uint64_t *head)
{
    watched_room_t *room = &self->rooms[number];
    if (!room->is_known || head[0] > room->epoch) {
        begin_room(self, number, head);
        return;
    }
    watch_catch_up(self, number, head[0], head[1]);
    if (head[0] != room->epoch || head[1] != room->head)
        violated("room %d stands at (%ju, %ju), and somebody is told (%ju, %ju)", number,
                 (uintmax_t)room->epoch, (uintmax_t)room->head, (uintmax_t)head[0],
                 (uintmax_t)head[1]);
    if (head[2] < room->pseq)
        violated("room %d told pseq %ju before, and now %ju", number, (uintmax_t)room->pseq,
                 (uintmax_t)head[2]);
}

static void check_inbox_head(const watched_session_t *session, const uint64_t *head)
{
    uint64_t kept = ledger_head(session->inbox);
    if (head[1] != kept)
        violated("%s's inbox ends with %ju, and they are told %ju", session->nick, (uintmax_t)kept,
                 (uintmax_t)head[1]);
}

/* Checks all heads of a reply; returns which rooms they name. *out_has_inbox: `@` among them. */
static uint64_t check_heads(watch_t *self, const watched_session_t *session, const message_t *reply,
                            bool *out_has_inbox)
{
    size_t count;
    uint64_t head[HEAD_NUMBERS], rooms = 0;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    *out_has_inbox = false;
    for (size_t i = 0; i < count; i++) {
        span_t name = {NULL, 0};
        if (!object_span(&pairs[i].key, &name) ||
            !object_numbers(&pairs[i].val, head, HEAD_NUMBERS))
            violated("a head that is none");
        if (span_is(name, "@")) {
            *out_has_inbox = true;
            if (session)
                check_inbox_head(session, head);
            continue;
        }
        int room = room_number(name);
        if (room < 0)
            violated("a head of %.*s, which is no room of ours", SPAN_ARGS(name));
        watch_room_head(self, room, head);
        rooms |= bit(room);
    }
    return rooms;
}

/* --- sessions ------------------------------------------------------------------------------------- */

static void copy(char *out, size_t size, span_t text)
{
    if (text.size >= size)
        violated("a name of %zu bytes", text.size);
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
}

static void set_nick(watch_t *self, watched_session_t *session, const message_t *reply)
{
    span_t nick = message_span(reply, KEY_nick);
    if (!span_is(nick, session->nick))
        session->named = ++self->namings;
    copy(session->nick, sizeof session->nick, nick);
}

static watched_session_t *find_session(watch_t *self, span_t name)
{
    for (uint32_t i = self->session_count; i-- > 0;)
        if (span_is(name, self->sessions[i].name))
            return &self->sessions[i];
    return NULL;
}

static watched_session_t *add_session(watch_t *self, const message_t *reply)
{
    if (self->session_count == self->session_capacity) {
        self->session_capacity = self->session_capacity ? 2 * self->session_capacity : 64;
        self->sessions = realloc(self->sessions, self->session_capacity * sizeof *self->sessions);
        assert(self->sessions);
    }
    watched_session_t *session = &self->sessions[self->session_count++];
    *session = (watched_session_t){.link = NOBODY};
    copy(session->name, sizeof session->name, message_span(reply, KEY_session));
    copy(session->uid, sizeof session->uid, message_span(reply, KEY_uid));
    session->uid_hash = uid_hash(span_of(session->uid));
    char log[LOG_NAME_BYTES] = "@";
    memcpy(log + 1, session->uid, sizeof session->uid);
    session->inbox = ledger_log(self->ledger, span_of(log));
    if (session->inbox->line_count > 0)
        violated("a new person has an inbox with something in it");
    return session;
}

static void attach(watch_t *self, watched_session_t *session, uint32_t number, uint32_t sid)
{
    watched_link_t *link = &self->links[number];
    for (uint32_t i = 0; i < link->bound_count; i++)
        if (link->bound[i].sid == sid)
            watch_unbind(self, &self->sessions[link->bound[i].session]);
    if (link->bound_count == link->bound_capacity) {
        link->bound_capacity = link->bound_capacity ? 2 * link->bound_capacity : 4;
        link->bound = realloc(link->bound, link->bound_capacity * sizeof *link->bound);
        assert(link->bound);
    }
    link->bound[link->bound_count++] = (bound_t){sid, (uint32_t)(session - self->sessions)};
    session->link = number;
    session->sid = sid;
}

static void check_resumed(watch_t *self, watched_session_t *session, uint32_t number,
                          const asked_t *asked, const message_t *reply)
{
    if (session->is_over)
        violated("%s is over and was resumed", session->nick);
    bool is_here = session->link == number && session->sid == asked->sid;
    if (!is_here && session->link != NOBODY && !self->links[session->link].is_doubtful &&
        self->now_ms <
            self->links[session->link].heard_ms + 3 * self->plan->settings.heartbeat_ms &&
        watch_bound(self, session->link, session->sid))
        violated("%s was resumed, and the old link was not told", session->nick);
    if (!span_is(message_span(reply, KEY_uid), session->uid) ||
        !span_is(message_span(reply, KEY_nick), session->nick))
        violated("%s was resumed as somebody else", session->nick);
    uint64_t cid = message_uint(reply, KEY_cid);
    if (cid < session->cid_answered || cid > session->cid_sent)
        violated("%s has sent cid %ju, was answered %ju, and is told that %ju was taken",
                 session->nick, (uintmax_t)session->cid_sent, (uintmax_t)session->cid_answered,
                 (uintmax_t)cid);
    watch_unbind(self, session);
}

static void check_rooms(const watched_session_t *session, uint64_t rooms)
{
    if (session->rooms != rooms)
        violated("%s is in rooms %jx, and the welcome names %jx", session->nick,
                 (uintmax_t)session->rooms, (uintmax_t)rooms);
}

/* What changes what is stored is answered only when that is stored. */
static void check_kept_back(const watch_t *self, const asked_t *asked)
{
    if (self->plan->settings.has_store && !self->is_promise)
        violated("a %.*s is answered before it is stored", SPAN_ARGS(command_row(asked->op)->name));
}

static void on_welcome(watch_t *self, uint32_t number, const asked_t *asked, const message_t *reply)
{
    watched_session_t *session = find_session(self, message_span(reply, KEY_session));
    bool is_new = session == NULL, has_inbox;
    if (is_new != (asked->op == OP_hello) && asked->session == NOBODY)
        violated("%.*s: the session is %s", SPAN_ARGS(command_row(asked->op)->name),
                 is_new ? "new" : "not new");
    if (is_new)
        session = add_session(self, reply);
    else
        check_resumed(self, session, number, asked, reply);
    set_nick(self, session, reply);
    uint64_t rooms = check_heads(self, session, reply, &has_inbox);
    if (!has_inbox)
        violated("a welcome without the head of the inbox");
    if (!is_new)
        check_rooms(session, rooms);
    session->rooms = rooms;
    for (int room = 0; is_new && room < ROOMS_MAX; room++)
        session->entered[room] = (uint8_t)(rooms >> room & 1);
    for (int room = PRIVATE_FROM; is_new && room < ROOMS_MAX; room++)
        if ((rooms & bit(room)) && self->rooms[room].is_private)
            violated("%s came into the private room %d by hello", session->nick, room);
    attach(self, session, number, asked->sid);
    self->about = (uint32_t)(session - self->sessions);
    check_kept_back(self, asked);
}

/* --- what was said -------------------------------------------------------------------------------- */

static void on_said(watch_t *self, const asked_t *asked, const message_t *reply)
{
    watched_session_t *session = &self->sessions[asked->session];
    const ledger_log_t *log = asked->op == OP_tell ? session->inbox : self->rooms[asked->room].log;
    uint64_t epoch = message_uint(reply, KEY_epoch), seq = message_uint(reply, KEY_seq);
    uint64_t found = ledger_find(log, epoch, seq);
    if (found != asked->text)
        violated("text %ju is acknowledged as (%ju, %ju), where the store has %ju",
                 (uintmax_t)asked->text, (uintmax_t)epoch, (uintmax_t)seq, (uintmax_t)found);
    ledger_text(self->ledger, asked->text)->is_acknowledged = true;
}

static void take_cid(watch_t *self, const asked_t *asked)
{
    watched_session_t *session = &self->sessions[asked->session];
    if (asked->cid > session->cid_answered)
        session->cid_answered = asked->cid;
}

/* --- memberships ---------------------------------------------------------------------------------- */

static void on_joined(watch_t *self, const asked_t *asked, const message_t *reply)
{
    watched_session_t *session = &self->sessions[asked->session];
    int room = room_number(message_span(reply, KEY_room));
    bool is_private = message_bool(reply, KEY_private), has_inbox;
    if (room < 0 || room != asked->room)
        violated("a join is answered with another room");
    uint64_t epoch = self->rooms[room].is_known ? self->rooms[room].epoch : 0;
    if (check_heads(self, NULL, reply, &has_inbox) != bit(room))
        violated("a join is not answered with the head of its room");
    bool is_same = self->rooms[room].epoch == epoch;
    if (is_same && is_private != self->rooms[room].is_private)
        violated("room %d has become %s", room, is_private ? "private" : "public");
    if (is_same && is_private &&
        !((session->rooms | session->invited | session->owned) & bit(room)))
        violated("%s came into the private room %d without being invited", session->nick, room);
    self->rooms[room].is_private = is_private;
    if (!(session->rooms & bit(room)))
        check_kept_back(self, asked);
    if (!(session->rooms & bit(room)) && session->entered[room] < UINT8_MAX)
        session->entered[room]++;
    session->rooms |= bit(room);
    session->invited &= ~bit(room);
    if (!is_same) /* they have made it */
        session->owned |= bit(room);
}

static void on_left(watch_t *self, watched_session_t *session, int room)
{
    (void)self;
    session->rooms &= ~bit(room);
}

/* Everybody who is bound and in the room is there, and nobody who is not in it. */
static void check_members(watch_t *self, const asked_t *asked, const message_t *reply)
{
    size_t count, known = 0, expected = 0;
    const msgpack_object *members = message_list(reply, KEY_members, &count);
    for (size_t i = 0; i < count; i++) {
        message_t member;
        if (!message_from_object(&member, &members[i]))
            violated("a member who is no map");
        span_t uid = message_span(&member, KEY_uid);
        bool is_here = false;
        for (uint32_t j = self->session_count; j-- > 0 && !is_here;) {
            const watched_session_t *session = &self->sessions[j];
            is_here = !session->is_over && span_is(uid, session->uid) &&
                      (session->rooms & bit(asked->room)) &&
                      span_is(message_span(&member, KEY_nick), session->nick);
            known += is_here && watch_bound(self, session->link, session->sid) != NULL;
        }
        if (!is_here)
            violated("%.*s is listed in room %d, and is not in it",
                     SPAN_ARGS(message_span(&member, KEY_nick)), asked->room);
    }
    for (uint32_t j = 0; j < self->session_count; j++) {
        const watched_session_t *session = &self->sessions[j];
        expected += (session->rooms & bit(asked->room)) && session->link != NOBODY &&
                    watch_bound(self, session->link, session->sid) != NULL;
    }
    if (known < expected)
        violated("%zu are in room %d, and who lists %zu of them", expected, asked->room, known);
    if (message_uint(reply, KEY_count) != count)
        violated("who counts %ju members of room %d, and lists %zu",
                 (uintmax_t)message_uint(reply, KEY_count), asked->room, count);
}

static void on_who(watch_t *self, const asked_t *asked, const message_t *reply)
{
    const watched_session_t *session = &self->sessions[asked->session];
    if (asked->room < 0 || !self->rooms[asked->room].is_known)
        return;
    if (self->rooms[asked->room].is_private && !(session->rooms & bit(asked->room)))
        violated("%s is told who is in the private room %d", session->nick, asked->room);
    if (!asked->has_page && !message_has(reply, KEY_next))
        check_members(self, asked, reply);
}

static void on_rooms(watch_t *self, const asked_t *asked, const message_t *reply)
{
    size_t count;
    const msgpack_object *rooms = message_list(reply, KEY_rooms, &count);
    for (size_t i = 0; i < count; i++) {
        message_t entry;
        if (!message_from_object(&entry, &rooms[i]))
            violated("a room that is no map");
        int room = room_number(message_span(&entry, KEY_room));
        if (room >= 0 && self->rooms[room].is_private &&
            !(self->sessions[asked->session].rooms & bit(room)))
            violated("%s is told of the private room %d", self->sessions[asked->session].nick,
                     room);
    }
}

static void on_invited(watch_t *self, const asked_t *asked)
{
    const watched_session_t *host = &self->sessions[asked->session];
    if (!(host->rooms & bit(asked->room)))
        violated("%s invited somebody to room %d without being in it", host->nick, asked->room);
    self->about_guest = asked->target;
    if (asked->target != NOBODY)
        self->sessions[asked->target].invited |= bit(asked->room);
}

static void end_session(watch_t *self, watched_session_t *session)
{
    watch_unbind(self, session);
    session->is_over = true;
}

/* --- pings ---------------------------------------------------------------------------------------- */

/* Rooms that were seen to move of late have to be among the heads. */
static void check_moved(const watch_t *self, uint64_t rooms, uint64_t told)
{
    for (int room = 0; room < ROOMS_MAX; room++) {
        const watched_room_t *watched = &self->rooms[room];
        if (!(rooms & bit(room)) || (told & bit(room)) || watched->moved_ms == 0)
            continue;
        if (self->now_ms - watched->moved_ms <= 2 * self->plan->settings.heartbeat_ms)
            violated("room %d has moved, and a ping is not told", room);
    }
}

static void on_link_pong(watch_t *self, uint32_t number, const message_t *reply)
{
    const watched_link_t *link = &self->links[number];
    uint64_t rooms = 0;
    bool has_inbox;
    uint64_t told = check_heads(self, NULL, reply, &has_inbox);
    if (has_inbox)
        violated("a link is told the head of an inbox");
    for (uint32_t i = 0; i < link->bound_count; i++)
        rooms |= self->sessions[link->bound[i].session].rooms;
    if (told & ~rooms)
        violated("link %u is told of a room that nobody there is in", number);
    if (link->is_doubtful)
        return;
    if (message_uint(reply, KEY_sessions) != link->bound_count)
        violated("link %u carries %u sessions, and is told %ju", number, link->bound_count,
                 (uintmax_t)message_uint(reply, KEY_sessions));
    check_moved(self, rooms, told);
}

static void on_pong(watch_t *self, const asked_t *asked, const message_t *reply)
{
    const watched_session_t *session = &self->sessions[asked->session];
    bool has_inbox;
    uint64_t told = check_heads(self, session, reply, &has_inbox);
    if (!has_inbox)
        violated("a ping of %s is not told of the inbox", session->nick);
    if (told & ~session->rooms)
        violated("a ping of %s is told of a room that they are not in", session->nick);
    check_moved(self, session->rooms, told);
}

/* --- all answers ---------------------------------------------------------------------------------- */

static void on_ok(watch_t *self, uint32_t number, const asked_t *asked, const message_t *reply)
{
    switch ((unsigned)asked->op) {
    case OP_hello:
    case OP_resume:
        on_welcome(self, number, asked, reply);
        return;
    case OP_ping:
        if (!asked->has_sid) {
            on_link_pong(self, number, reply);
            return;
        }
        break;
    }
    if (asked->session == NOBODY)
        violated("link %u has no session %u, and its %.*s was done", number, asked->sid,
                 SPAN_ARGS(command_row(asked->op)->name));
    watched_session_t *session = &self->sessions[asked->session];
    self->about = asked->session;
    switch ((unsigned)asked->op) {
    case OP_ping:
        on_pong(self, asked, reply);
        return;
    case OP_say:
    case OP_tell:
        take_cid(self, asked);
        on_said(self, asked, reply);
        return;
    case OP_join:
        on_joined(self, asked, reply);
        return;
    case OP_part:
        check_kept_back(self, asked);
        on_left(self, session, asked->room);
        return;
    case OP_invite:
        on_invited(self, asked);
        return;
    case OP_who:
        on_who(self, asked, reply);
        return;
    case OP_rooms:
        on_rooms(self, asked, reply);
        return;
    case OP_nick:
        set_nick(self, session, reply);
        return;
    case OP_history:
    case OP_replay:
        watch_page(self, asked, reply);
        return;
    case OP_bye:
        end_session(self, session);
        return;
    }
}

static void on_refused(watch_t *self, uint32_t number, const asked_t *asked, const message_t *reply)
{
    hub_err_t err = err_find(message_span(reply, KEY_error));
    bool is_said = asked->op == OP_say || asked->op == OP_tell;
    if (err == HUB_NO_SESSION && asked->session != NOBODY && !self->links[number].is_doubtful &&
        watch_bound(self, number, asked->sid) != NULL)
        violated("link %u has session %u, and is told that it has none", number, asked->sid);
    /* So the link was lost, at that very moment; who came in over it since is there. */
    watched_session_t *session = asked->session == NOBODY ? NULL : &self->sessions[asked->session];
    if (err == HUB_NO_SESSION && session && session->link == number && session->sid == asked->sid)
        watch_unbind(self, session);
    if (!is_said || asked->session == NOBODY || err == HUB_NO_SESSION || err == HUB_OUT_OF_ORDER ||
        message_has(reply, KEY_retry_ms))
        return;
    ledger_text_t *text = ledger_text(self->ledger, asked->text);
    if (text->copies > 0)
        violated("text %ju was refused as %s, and is stored", (uintmax_t)asked->text,
                 err_name(err));
    text->is_refused = true;
    take_cid(self, asked);
}

void watch_reply(watch_t *self, uint32_t number, const message_t *reply)
{
    asked_t asked = take_asked(self, number, reply);
    span_t error = message_span(reply, KEY_error);
    trace("link %u is answered %ju: %.*s%s seq %ju", number, (uintmax_t)asked.id,
          SPAN_ARGS(error.size ? error : span_of("ok")),
          message_bool(reply, KEY_dup) ? " again" : "", (uintmax_t)message_uint(reply, KEY_seq));
    if (message_bool(reply, KEY_ok) == (error.size > 0))
        violated("an answer with ok and error, or without both");
    if (error.size > 0)
        on_refused(self, number, &asked, reply);
    else
        on_ok(self, number, &asked, reply);
}
