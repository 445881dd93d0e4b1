#include "tests/sim/watch.h"

#include "tests/sim/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

void watch_init(watch_t *self, const plan_t *plan, ledger_t *ledger)
{
    *self = (watch_t){.plan = plan, .ledger = ledger, .shown_room = NO_ROOM};
    decoder_init(&self->decoder);
    for (int room = 0; room < ROOMS_MAX; room++)
        self->rooms[room].log = ledger_log(ledger, room_name(room));
}

void watch_fini(watch_t *self)
{
    for (uint32_t i = 0; i < self->link_count; i++) {
        free(self->links[i].asked);
        free(self->links[i].bound);
        free(self->links[i].promises);
    }
    for (int i = 0; i < ROOMS_MAX; i++)
        free(self->rooms[i].present);
    free(self->links);
    free(self->sessions);
    decoder_fini(&self->decoder);
}

/* Rooms are called r0 to r63, in any case. */
int room_number(span_t name)
{
    if (name.size < 2 || name.size > 3 || (name.data[0] != 'r' && name.data[0] != 'R'))
        return NO_ROOM;
    uint64_t number = ledger_number((span_t){name.data + 1, name.size - 1});
    return number < ROOMS_MAX ? (int)number : NO_ROOM;
}

span_t room_name(int room)
{
    static char names[ROOMS_MAX][4];
    assert(room >= 0 && room < ROOMS_MAX);
    char *name = names[room];
    size_t size = room < 10 ? 2 : 3;
    name[0] = 'r';
    name[1] = (char)('0' + (room < 10 ? room : room / 10));
    name[2] = (char)(room < 10 ? '\0' : '0' + room % 10);
    return (span_t){name, size};
}

uint64_t uid_hash(span_t uid)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < uid.size; i++)
        hash = (hash ^ (unsigned char)uid.data[i]) * UINT64_C(1099511628211);
    return hash;
}

enum { LATE_MS = 100 }; /* the core looks for silence when its tick comes, which may be late */

static bool is_silent(const watch_t *self, const watched_link_t *link, uint64_t grace_ms)
{
    return self->now_ms >= link->heard_ms + 3 * self->plan->settings.heartbeat_ms + grace_ms;
}

static watched_link_t *link_at(watch_t *self, uint32_t number)
{
    while (self->link_count <= number) {
        if (self->link_count == self->link_capacity) {
            self->link_capacity = self->link_capacity ? 2 * self->link_capacity : 64;
            self->links = realloc(self->links, self->link_capacity * sizeof *self->links);
            assert(self->links);
        }
        self->links[self->link_count++] = (watched_link_t){.heard_ms = self->now_ms};
    }
    return &self->links[number];
}

watched_session_t *watch_bound(watch_t *self, uint32_t number, uint32_t sid)
{
    if (number == NOBODY)
        return NULL;
    const watched_link_t *link = link_at(self, number);
    for (uint32_t i = 0; i < link->bound_count; i++)
        if (link->bound[i].sid == sid)
            return is_silent(self, link, LATE_MS) ? NULL : &self->sessions[link->bound[i].session];
    return NULL;
}

void watch_unbind(watch_t *self, watched_session_t *session)
{
    if (session->link == NOBODY)
        return;
    watched_link_t *link = link_at(self, session->link);
    for (uint32_t i = 0; i < link->bound_count; i++)
        if (link->bound[i].sid == session->sid)
            link->bound[i--] = link->bound[--link->bound_count];
    session->link = NOBODY;
}

static void unbind_all(watch_t *self, watched_link_t *link)
{
    for (uint32_t i = 0; i < link->bound_count; i++)
        self->sessions[link->bound[i].session].link = NOBODY;
    link->bound_count = 0;
    link->asked_count = link->promise_count = 0;
    link->is_doubtful = false;
}

void watch_link_gone(watch_t *self, uint32_t number)
{
    unbind_all(self, link_at(self, number));
}

static void forget_room(watched_room_t *room)
{
    room->is_known = false;
    room->present_count = 0;
}

static void doubt(watch_t *self, const promise_t *promise)
{
    if (promise->session != NOBODY)
        self->sessions[promise->session].is_unsure = true;
    if (promise->guest != NOBODY)
        self->sessions[promise->guest].is_unsure = true;
}

/* Who was surely there, and who waited for an answer. */
static void note_last_moments(watch_t *self)
{
    for (uint32_t i = 0; i < self->session_count; i++) {
        assert(self->sessions);
        watched_session_t *session = &self->sessions[i];
        const watched_link_t *link = session->link == NOBODY ? NULL : link_at(self, session->link);
        session->was_bound = link && !link->is_doubtful && !is_silent(self, link, 0);
        session->is_unsure = self->has_failed;
    }
    self->is_unsure = self->has_failed;
    for (uint32_t i = 0; i < self->link_count; i++)
        self->is_unsure |= self->links[i].promise_count > 0;
    for (uint32_t i = 0; i < self->link_count; i++)
        for (uint32_t j = 0; j < self->links[i].promise_count; j++)
            doubt(self, &self->links[i].promises[j]);
}

void watch_broker_died(watch_t *self, bool forgets)
{
    note_last_moments(self);
    for (uint32_t i = 0; i < self->link_count; i++)
        unbind_all(self, &self->links[i]);
    self->settled = 0;
    if (!forgets)
        return;
    for (uint32_t i = 0; i < self->session_count; i++)
        self->sessions[i].is_over = true;
    for (int i = 0; i < ROOMS_MAX; i++)
        forget_room(&self->rooms[i]);
}

static uint32_t session_number(const watch_t *self, const watched_session_t *session)
{
    return session ? (uint32_t)(session - self->sessions) : NOBODY;
}

/* Who has the nick: whoever got it last; those before may have gone unseen. */
static uint32_t holder_of(const watch_t *self, span_t nick)
{
    uint32_t holder = NOBODY;
    for (uint32_t i = 0; i < self->session_count; i++)
        if (!self->sessions[i].is_over && span_is(nick, self->sessions[i].nick) &&
            (holder == NOBODY || self->sessions[i].named > self->sessions[holder].named))
            holder = i;
    return holder;
}

static int room_of(const message_t *request)
{
    span_t name = message_span(request, KEY_room);
    return span_is(name, "@") ? INBOX : room_number(name);
}

static void note_said(watch_t *self, const asked_t *asked)
{
    if (asked->session == NOBODY)
        return;
    watched_session_t *session = &self->sessions[asked->session];
    if (asked->cid > session->cid_sent)
        session->cid_sent = asked->cid;
    ledger_text_t *text = ledger_text(self->ledger, asked->text);
    text->session = asked->session;
    if (text->target != asked->target)
        text->former = text->former == NOBODY ? text->target : SEVERAL;
    text->target = asked->target;
}

static void add_asked(watched_link_t *link, asked_t asked)
{
    if (link->asked_count == link->asked_capacity) {
        link->asked_capacity = link->asked_capacity ? 2 * link->asked_capacity : 8;
        link->asked = realloc(link->asked, link->asked_capacity * sizeof *link->asked);
        assert(link->asked);
    }
    link->asked[link->asked_count++] = asked;
}

void watch_request(watch_t *self, uint32_t number, span_t frame, uint64_t now_ms)
{
    message_t request;
    self->now_ms = now_ms;
    watched_link_t *link = link_at(self, number);
    link->is_doubtful |= is_silent(self, link, 0);
    if (is_silent(self, link, LATE_MS))
        unbind_all(self, link);
    hub_err_t err = decoder_frame(&self->decoder, frame.data, frame.size, &request);
    if (err != HUB_OK)
        violated("a client sent what is no frame");
    uint32_t sid = (uint32_t)message_uint(&request, KEY_sid);
    asked_t asked = {
        .id = message_uint(&request, KEY_id),
        .op = op_find(message_span(&request, KEY_op)),
        .sid = sid,
        .has_sid = message_has(&request, KEY_sid),
        .session = session_number(self, watch_bound(self, number, sid)),
        .room = room_of(&request),
        .text = ledger_number(message_span(&request, KEY_text)),
        .cid = message_uint(&request, KEY_cid),
        .first = message_uint(&request, KEY_first),
        .last = message_uint(&request, KEY_last),
        .epoch = message_uint(&request, KEY_epoch),
        .has_epoch = message_has(&request, KEY_epoch),
        .has_page = message_has(&request, KEY_page),
        .target = NOBODY,
    };
    trace("link %u asks %.*s id %ju sid %u room %d text %ju cid %ju", number,
          SPAN_ARGS(message_span(&request, KEY_op)), (uintmax_t)asked.id, sid, asked.room,
          (uintmax_t)asked.text, (uintmax_t)asked.cid);
    asked.may_read =
        asked.room < 0 || !self->rooms[asked.room].is_private ||
        (asked.session != NOBODY && (self->sessions[asked.session].rooms >> asked.room & 1));
    if (asked.op == OP_tell)
        asked.target = holder_of(self, message_span(&request, KEY_to));
    if (asked.op == OP_invite)
        asked.target = holder_of(self, message_span(&request, KEY_nick));
    if (asked.op == OP_say || asked.op == OP_tell)
        note_said(self, &asked);
    link->heard_ms = now_ms;
    add_asked(link, asked);
}

static uint32_t link_number(const outbox_t *outbox, const effect_t *effect)
{
    peer_t peer = outbox_peer(outbox, effect);
    uint32_t number;
    assert(peer.routing.size == 1 + sizeof number);
    memcpy(&number, peer.routing.data + 1, sizeof number);
    return number;
}

static void decode(watch_t *self, span_t frame, message_t *out)
{
    hub_err_t err = HUB_TOO_LONG;
    if (frame.size <= LIMIT_FRAME_BYTES)
        err = decoder_frame(&self->decoder, frame.data, frame.size, out);
    if (err != HUB_OK)
        violated("the broker sends a frame that is none");
    if (out->wrong.word[0] || out->wrong.word[1])
        violated("the broker sends a key with a wrong value");
}

/* True if the answer is one that was kept back: it is stored by now, or cannot be. */
static bool keep_promise(watch_t *self, uint32_t number, uint64_t id)
{
    watched_link_t *link = link_at(self, number);
    for (uint32_t i = 0; i < link->promise_count; i++) {
        if (link->promises[i].id != id)
            continue;
        if (link->promises[i].batch > self->settled)
            violated("link %u is answered %ju before that is stored", number, (uintmax_t)id);
        trace("link %u is answered %ju, as promised", number, (uintmax_t)id);
        link->promises[i] = link->promises[--link->promise_count];
        return true;
    }
    return false;
}

void watch_promise(watch_t *self, uint32_t number, span_t frame, uint64_t batch, uint64_t now_ms)
{
    message_t message;
    watched_link_t *link = link_at(self, number);
    self->now_ms = now_ms;
    decode(self, frame, &message);
    self->is_promise = true;
    self->about = self->about_guest = NOBODY;
    watch_reply(self, number, &message);
    self->is_promise = false;
    if (link->promise_count == link->promise_capacity) {
        link->promise_capacity = link->promise_capacity ? 2 * link->promise_capacity : 4;
        link->promises = realloc(link->promises, link->promise_capacity * sizeof *link->promises);
        assert(link->promises);
    }
    link->promises[link->promise_count++] =
        (promise_t){message_uint(&message, KEY_re), batch, self->about, self->about_guest};
}

void watch_settled(watch_t *self, uint64_t batch, bool is_stored)
{
    self->has_failed |= !is_stored;
    if (batch > self->settled)
        self->settled = is_stored ? batch : UINT64_MAX;
}

static void watch_sent(watch_t *self, const outbox_t *outbox, const effect_t *effect)
{
    message_t message;
    uint32_t number = link_number(outbox, effect);
    decode(self, outbox_span(outbox, effect->offset, effect->size), &message);
    if (message_has(&message, KEY_re)) {
        watch_check_audience(self);
        if (!keep_promise(self, number, message_uint(&message, KEY_re)))
            watch_reply(self, number, &message);
        return;
    }
    int room = room_number(message_span(&message, KEY_room));
    bool is_copy = self->has_shown && self->shown_offset == effect->offset;
    if (!is_copy)
        watch_check_audience(self);
    self->has_shown = true;
    self->shown_offset = effect->offset;
    self->shown_room = room;
    self->shown_links++;
    trace("link %u is sent %.*s of room %d seq %ju", number,
          SPAN_ARGS(message_span(&message, KEY_ev)), room,
          (uintmax_t)message_uint(&message, KEY_seq));
    if (room >= 0)
        watch_room_event(self, number, room, &message, is_copy);
    else
        watch_session_event(self, number, &message);
}

static void watch_published(watch_t *self, span_t frame)
{
    message_t message;
    size_t name = strnlen(frame.data, frame.size);
    int room = room_number((span_t){frame.data, name});
    decode(self, (span_t){frame.data + name + 1, frame.size - name - 1}, &message);
    if (room < 0 || room_number(message_span(&message, KEY_room)) != room)
        violated("an event over PUB under the wrong topic");
    trace("all are sent %.*s of room %d seq %ju pseq %ju",
          SPAN_ARGS(message_span(&message, KEY_ev)), room,
          (uintmax_t)message_uint(&message, KEY_seq), (uintmax_t)message_uint(&message, KEY_pseq));
    watch_room_event(self, NOBODY, room, &message, false);
}

void watch_effects(watch_t *self, const outbox_t *outbox, size_t first, uint64_t now_ms)
{
    self->now_ms = now_ms;
    for (size_t i = first; i < outbox->count; i++) {
        const effect_t *effect = &outbox->effects[i];
        self->frames++;
        if (effect->kind != EFFECT_SEND)
            watch_check_audience(self);
        if (effect->kind == EFFECT_SEND)
            watch_sent(self, outbox, effect);
        else if (effect->kind == EFFECT_PUBLISH)
            watch_published(self, outbox_span(outbox, effect->offset, effect->size));
        else if (effect->kind == EFFECT_FORGET)
            watch_link_gone(self, link_number(outbox, effect));
    }
    watch_check_audience(self);
}

void watch_check_answered(const watch_t *self, uint32_t number)
{
    if (number >= self->link_count || self->links[number].asked_count == 0 ||
        self->links[number].is_doubtful)
        return;
    const asked_t *asked = &self->links[number].asked[0];
    violated("request %ju (%.*s) on link %u was never answered", (uintmax_t)asked->id,
             SPAN_ARGS(command_row(asked->op)->name), number);
}
