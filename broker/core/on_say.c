#include "broker/core/dispatch.h"

#include "broker/core/accounts.h"
#include "broker/core/deliver.h"
#include "broker/core/inboxes.h"
#include "broker/core/sessions.h"
#include "broker/core/presence.h"
#include "broker/core/rights.h"
#include "broker/core/room_rights.h"
#include "broker/core/rooms.h"
#include "proto/payload.h"

#include <assert.h>
#include <czmq.h>

static hub_err_t check_text(request_t *request)
{
    span_t text = message_span(request->message, KEY_text);
    request->hint =
        "a text is UTF-8 without control characters other than TAB and LF, and not empty";
    if (text.size == 0)
        return HUB_BAD_REQUEST;
    hub_err_t err = text_check(text, LIMIT_TEXT_BYTES, TEXT_PARAGRAPH);
    if (err == HUB_BAD_REQUEST)
        return err;
    request->hint = NULL;
    return err == HUB_OK ? payload_check(request->message) : err;
}

/* The keys that are carried as they came. */
static void write_payload(writer_t *writer, const message_t *message)
{
    static const key_id_t CARRIED[] = {KEY_cid, KEY_type,   KEY_data, KEY_ref,
                                       KEY_rel, KEY_thread, KEY_x};
    if ((message->present.word[0] & PAYLOAD_KEYS) == 0)
        return;
    for (size_t i = 0; i < sizeof CARRIED / sizeof CARRIED[0]; i++)
        if (message_has(message, CARRIED[i]))
            write_object(writer, CARRIED[i], message_object(message, CARRIED[i]));
}

static void write_said(writer_t *writer, const request_t *request)
{
    const session_t *from = request->session;
    write_str(writer, KEY_from, session_nick(from));
    write_str(writer, KEY_uid, session_uid(from));
    write_str(writer, KEY_text, message_span(request->message, KEY_text));
    write_payload(writer, request->message);
}

/* Gives the message its number and holds it for the store. */
static void append_message(core_t *core, request_t *request, room_t *room)
{
    held_t held;
    write_said(deliver_begin_stored(core, room, EV_message, &held), request);
    deliver_end_stored(core, room, held);
    request->outcome =
        (outcome_t){.epoch = room->journal.epoch, .seq = held.seq, .at_ms = held.at_ms};
    request->is_waiting = true;
}

/* One mostly speaks in a room that one is in, under its own name: a look at few, before the directory
 * of all in whatever spelling. */
static room_t *own_room(const core_t *core, const session_t *session, span_t name)
{
    const membership_t *memberships = session_memberships(session);
    for (unsigned i = 0; i < session->membership_count; i++) {
        room_t *room = core_room(core, memberships[i].room);
        if (span_equal(name_span(&room->name), name))
            return room;
    }
    return NULL;
}

static hub_err_t find_own_room(core_t *core, const request_t *request, room_t **out_room)
{
    span_t name = message_span(request->message, KEY_room);
    *out_room = own_room(core, request->session, name);
    if (*out_room)
        return HUB_OK;
    hub_err_t err = rooms_find(core, name, out_room);
    if (err == HUB_OK)
        err = room_may_read(*out_room, request->session);
    if (err == HUB_OK && !room_has(*out_room, request->session))
        err = HUB_NOT_MEMBER;
    return err;
}

hub_err_t on_say(core_t *core, request_t *request)
{
    room_t *room;
    hub_err_t err = find_own_room(core, request, &room);
    if (err == HUB_OK)
        err = may_speak(core, request);
    if (err == HUB_OK)
        err = room_may_speak(core, request, room);
    if (err == HUB_OK)
        err = check_text(request);
    if (err == HUB_OK)
        err = request_may_wait(core, request);
    if (err != HUB_OK)
        return err;
    membership_t *membership = session_membership(request->session, room->id);
    if (room->slow_ms > 0)
        membership->said_ms = core->now->mono_ms;
    if (presence_is_pending(room, membership))
        presence_flush(core, room);
    append_message(core, request, room);
    return HUB_OK;
}

/* Appends one copy to that inbox. `seq` and `at_ms` are the copy's, given out before. */
static void append_copy(core_t *core, const request_t *request, const inbox_t *owner, span_t to,
                        span_t mid, uint64_t seq, uint64_t at_ms)
{
    buffer_t *bytes = &core->pipeline.bytes;
    held_t held = {.kind = HELD_COPY,
                   .owner = owner->id,
                   .offset = pipeline_mark(&core->pipeline),
                   .seq = seq,
                   .at_ms = at_ms};
    writer_t *writer = &core->writer;
    size_t start = write_begin(writer, bytes);
    write_str(writer, KEY_ev, event_row(EV_private)->name);
    write_str(writer, KEY_room, span_of("@"));
    write_uint(writer, KEY_epoch, owner->journal.epoch);
    write_uint(writer, KEY_seq, seq);
    write_uint(writer, KEY_at, at_ms);
    write_said(writer, request);
    write_str(writer, KEY_to, to);
    write_str(writer, KEY_mid, mid);
    write_end(writer);
    char name[INBOX_NAME_BYTES];
    outbox_append(core->out, core->pipeline.batch, inbox_name(owner->uid, name),
                  owner->journal.epoch, seq, at_ms,
                  (span_t){bytes->data + start, bytes->size - start});
    core->counters.appended++;
    pipeline_hold(&core->pipeline, held);
}

/* Who is told: somebody who is in, or an account that nobody is in under. */
typedef struct {
    session_t *session;
    account_t *account;
} receiver_t;

static bool find_receiver(core_t *core, span_t nick, receiver_t *out)
{
    *out = (receiver_t){.session = session_of_nick(core, nick)};
    if (out->session == NULL)
        out->account = account_of_nick(core, nick);
    return out->session || out->account;
}

hub_err_t on_tell(core_t *core, request_t *request)
{
    session_t *from = request->session;
    receiver_t to;
    if (!find_receiver(core, message_span(request->message, KEY_to), &to))
        return HUB_NO_SUCH_NICK;
    hub_err_t err = may_speak(core, request);
    if (err == HUB_OK)
        err = check_text(request);
    if (err == HUB_OK)
        err = request_may_wait(core, request);
    if (err != HUB_OK)
        return err;
    span_t nick = to.session ? session_nick(to.session) : account_nick(to.account);
    inbox_t *own = inbox_of(core, from);
    inbox_t *theirs = to.session ? inbox_of(core, to.session) : to.account->inbox;
    uint64_t at_ms, seq = journal_assign(&own->journal, core->now->wall_ms, &at_ms);
    char text[MID_BYTES];
    span_t mid = make_mid(from->uid, own->journal.epoch, seq, text);
    append_copy(core, request, own, nick, mid, seq, at_ms);
    if (theirs != own) {
        uint64_t their_at_ms;
        uint64_t their_seq = journal_assign(&theirs->journal, core->now->wall_ms, &their_at_ms);
        append_copy(core, request, theirs, nick, mid, their_seq, their_at_ms);
    }
    request->outcome =
        (outcome_t){.is_private = true, .epoch = own->journal.epoch, .seq = seq, .at_ms = at_ms};
    request->is_waiting = true;
    return HUB_OK;
}
