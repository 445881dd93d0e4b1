/* Answers and events against the model: to those who may have them, and as they have to be. */
#include "tests/sim/rights.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

void rights_uid(rights_t *world, uint32_t uid, span_t text)
{
    assert(uid < UIDS);
    if (text.size == 0 || text.size > 32)
        violated("a uid is missing");
    if (world->uids[uid].is_known && !span_is(text, world->uids[uid].text))
        violated("who was %s is %.*s", world->uids[uid].text, SPAN_ARGS(text));
    for (uint32_t i = 0; i < UIDS; i++)
        if (i != uid && world->uids[i].is_known && span_is(text, world->uids[i].text))
            violated("two people have the uid %.*s", SPAN_ARGS(text));
    world->uids[uid].is_known = true;
    (void)snprintf(world->uids[uid].text, sizeof world->uids[uid].text, "%.*s", SPAN_ARGS(text));
}

static void decode(rights_t *world, span_t frame, message_t *out)
{
    if (decoder_frame(&world->decoder, frame.data, frame.size, out) != HUB_OK ||
        out->wrong.word[0] || out->wrong.word[1])
        violated("the broker sends a frame that is none");
}

/* --- answers -------------------------------------------------------------------------------------- */

static uint32_t halls_of_map(const message_t *reply, bool *out_inbox)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    uint32_t halls = 0;
    *out_inbox = false;
    for (size_t i = 0; i < count; i++) {
        span_t name = {"", 0};
        if (!object_span(&pairs[i].key, &name))
            violated("the head of what has no name");
        int hall = hall_number(name);
        *out_inbox |= span_is(name, "@");
        if (hall == NONE && !span_is(name, "@"))
            violated("the head of %.*s is told", SPAN_ARGS(name));
        halls |= hall == NONE ? 0 : 1U << hall;
    }
    return halls;
}

static uint32_t halls_of_list(const message_t *reply)
{
    size_t count;
    const msgpack_object *list = message_list(reply, KEY_rooms, &count);
    uint32_t halls = 0;
    for (size_t i = 0; i < count; i++) {
        span_t name = {"", 0};
        if (object_span(&list[i], &name) && hall_number(name) != NONE)
            halls |= 1U << hall_number(name);
    }
    return halls;
}

static void check_nick(const open_t *open, const message_t *reply)
{
    span_t nick = message_span(reply, KEY_nick), expected = nick_text(open->nick);
    if (!span_equal(nick, expected))
        violated("%.*s is told to be %.*s", SPAN_ARGS(expected), SPAN_ARGS(nick));
}

static void check_person(rights_t *world, const open_t *open, const message_t *reply)
{
    bool has_inbox;
    check_nick(open, reply);
    rights_uid(world, open->uid, message_span(reply, KEY_uid));
    if (open->ask.op == OP_register)
        return;
    uint32_t halls = halls_of_map(reply, &has_inbox);
    if (halls != open->halls || !has_inbox)
        violated("%.*s is in rooms %x, and is told of %x", SPAN_ARGS(nick_text(open->nick)),
                 open->halls, halls);
    if (halls_of_list(reply) != open->privates)
        violated("%.*s is in private rooms %x, and is told of %x", SPAN_ARGS(nick_text(open->nick)),
                 open->privates, halls_of_list(reply));
}

static void keep_token(rights_t *world, const open_t *open, const message_t *reply)
{
    guest_t *guest = guest_of(&world->model, open->ask.guest);
    span_t token = message_span(reply, KEY_token);
    if (guest == NULL || token.size > sizeof guest->token)
        return;
    memcpy(guest->token, token.data, token.size);
    guest->token_size = (uint8_t)token.size;
    guest->fresh = 0;
    for (uint32_t i = 0; i < world->open_count; i++) {
        const open_t *other = &world->opens[i];
        if (other->is_welcome && other->ask.guest == guest->id && other->ask.id > open->ask.id)
            guest->fresh++;
    }
}

static void check_count(const open_t *open, const message_t *reply)
{
    if (message_uint(reply, KEY_count) != open->fate.count)
        violated("%.*s meets %u, and is told %ju", SPAN_ARGS(command_row(open->ask.op)->name),
                 open->fate.count, (uintmax_t)message_uint(reply, KEY_count));
}

static void check_done(rights_t *world, const open_t *open, const message_t *reply)
{
    if (open->fate.has_count)
        check_count(open, reply);
    switch ((unsigned)open->ask.op) {
    case OP_hello:
    case OP_resume:
        check_person(world, open, reply);
        keep_token(world, open, reply);
        return;
    case OP_login:
    case OP_register:
        check_person(world, open, reply);
        return;
    case OP_nick:
        check_nick(open, reply);
        return;
    case OP_join:
        if (hall_number(message_span(reply, KEY_room)) != open->ask.hall ||
            message_bool(reply, KEY_private) != (open->privates >> open->ask.hall & 1))
            violated("another room was joined, or one of another kind");
        return;
    }
    rights_list(world, open, reply);
}

/* What says that something is so comes when it is stored; where the disk has failed it is done all the same. */
static void check_stored(const rights_t *world, const open_t *open)
{
    if (!open->fate.changes || !world->settings.has_store || open->failures != world->failures)
        return;
    if (open->batch == 0 || open->batch > world->settled)
        violated("request %" PRIu64 " (%.*s) is answered before that is stored", open->ask.id,
                 SPAN_ARGS(command_row(open->ask.op)->name));
}

static void check_reply(rights_t *world, const open_t *open, const message_t *reply)
{
    span_t name = message_span(reply, KEY_error);
    hub_err_t err = name.size > 0 ? err_find(name) : HUB_OK;
    const ask_t *ask = &open->ask;
    bool is_said = ask->op == OP_say || ask->op == OP_tell;
    trace("  link %u is answered %ju: %s", ask->link, (uintmax_t)ask->id, err_name(err));
    if (!open->is_decided)
        violated("request %ju is answered while its password is looked at", (uintmax_t)ask->id);
    if (is_said && open->fate.err == HUB_OK && err == HUB_UNAVAILABLE &&
        open->failures != world->failures)
        return;
    if (ask->op == OP_history && err == HUB_NO_SUCH_ROOM && !rights_is_now(world, open))
        return; /* the log has ended while it was read */
    bool is_too_many = err == HUB_BUSY && open->fate.err == HUB_FLOOD &&
                       world->job_count >= LIMIT_HASHES_PER_PLACE;
    if (err != open->fate.err && !is_too_many)
        violated("request %ju (%.*s) has to be %s, and is %s", (uintmax_t)ask->id,
                 SPAN_ARGS(command_row(ask->op)->name), err_name(open->fate.err), err_name(err));
    if ((err == HUB_FLOOD || err == HUB_BUSY) && !message_has(reply, KEY_retry_ms))
        violated("%s, and nobody is told for how long", err_name(err));
    if (err != HUB_OK)
        return;
    check_stored(world, open);
    check_done(world, open, reply);
}

static void take_reply(rights_t *world, uint32_t link, const message_t *reply)
{
    uint64_t id = message_uint(reply, KEY_re);
    for (uint32_t i = 0; i < world->open_count; i++) {
        if (world->opens[i].ask.id != id || world->opens[i].ask.link != link)
            continue;
        open_t open = world->opens[i];
        check_reply(world, &open, reply);
        for (uint32_t j = 0; j < world->open_count; j++)
            if (world->opens[j].ask.id == id)
                world->opens[j] = world->opens[--world->open_count];
        return;
    }
    violated("link %u is answered %ju, which nobody asked or was answered before", link,
             (uintmax_t)id);
}

/* --- events --------------------------------------------------------------------------------------- */

static bool carries(model_t *model, uint32_t link, int hall)
{
    for (int i = 0; i < GUESTS; i++)
        if (model->guests[i].id && model->guests[i].link == link && is_in(&model->guests[i], hall))
            return true;
    return false;
}

static bool is_public(const rights_t *world, int hall)
{
    const hall_t *now = &world->model.halls[hall], *then = &world->before.halls[hall];
    return (now->is_there && !now->is_private) || (then->is_there && !then->is_private);
}

/* What was said in a life of a room stays there. */
static void check_text(rights_t *world, int hall, uint32_t life, span_t text)
{
    uint64_t number = ledger_number(text);
    if (number == 0 || number >= TEXTS || world->texts[number].hall != hall ||
        world->texts[number].life != life)
        violated("text %ju was said elsewhere, and is shown in %.*s", (uintmax_t)number,
                 SPAN_ARGS(hall_text(hall)));
}

static void check_message(rights_t *world, int hall, const message_t *event)
{
    uint32_t life = world->model.halls[hall].life;
    if (!world->model.halls[hall].is_there)
        life = world->before.halls[hall].life;
    if (span_is(message_span(event, KEY_ev), "message"))
        check_text(world, hall, life, message_span(event, KEY_text));
}

static void check_kicked(rights_t *world, uint32_t link, int hall, const message_t *event)
{
    int sid = (int)message_uint(event, KEY_sid);
    const guest_t *then = guest_at(&world->before, link, sid);
    const guest_t *now = guest_at(&world->model, link, sid);
    if (then == NULL)
        violated("link %u is told of a kick at sid %d, where nobody was", link, sid);
    bool is_out =
        hall == NONE ? now == NULL || now->id != then->id : now == NULL || !is_in(now, hall);
    if (!is_out || (hall != NONE && !is_in(then, hall)))
        violated("%.*s is told to be out, and is not", SPAN_ARGS(nick_text(then->nick)));
}

/* What somebody was told of themselves is so, and names a room that they are in. What the model says was before is so too: who
 * asked may have asked for several things within a turn. */
static void check_treated(rights_t *world, uint32_t link, int hall, const message_t *event)
{
    int sid = (int)message_uint(event, KEY_sid);
    bool was_there = false;
    model_t *const models[] = {&world->model, &world->before};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        const guest_t *guest = guest_at(models[i], link, sid);
        was_there |= guest && (hall == NONE || is_in(guest, hall));
    }
    if (!was_there || message_has(event, KEY_room) != (hall != NONE))
        violated("link %u is told at sid %d what was done in a room it is not in", link, sid);
}

/* A private message concerns somebody there. */
static void check_private(rights_t *world, uint32_t link, const message_t *event)
{
    int sid = (int)message_uint(event, KEY_sid);
    span_t from = message_span(event, KEY_uid), to = message_span(event, KEY_to);
    const guest_t *guest = guest_at(&world->model, link, sid);
    if (guest == NULL)
        guest = guest_at(&world->before, link, sid);
    bool is_own =
        guest && world->uids[guest->uid].is_known && span_is(from, world->uids[guest->uid].text);
    if (guest == NULL || to.size == 0)
        violated("link %u is told what was for nobody there", link);
    uint64_t number = ledger_number(message_span(event, KEY_text));
    if (!is_own && (number >= TEXTS || world->texts[number].life != guest->uid))
        violated("%.*s is told what was for somebody else", SPAN_ARGS(nick_text(guest->nick)));
}

void rights_sent(rights_t *world, uint32_t link, span_t frame)
{
    message_t message;
    world->frames++;
    decode(world, frame, &message);
    if (message_has(&message, KEY_re)) {
        take_reply(world, link, &message);
        return;
    }
    span_t ev = message_span(&message, KEY_ev), room = message_span(&message, KEY_room);
    int hall = hall_number(room);
    trace("  link %u is sent %.*s of %.*s", link, SPAN_ARGS(ev), SPAN_ARGS(room));
    if (span_is(ev, "kicked")) {
        check_kicked(world, link, hall, &message);
        return;
    }
    if (span_is(ev, "muted") || span_is(ev, "unmuted") || span_is(ev, "role")) {
        check_treated(world, link, hall, &message);
        return;
    }
    if (span_is(ev, "private")) {
        check_private(world, link, &message);
        return;
    }
    if (span_is(room, "@") || room.size == 0)
        return;
    if (hall == NONE ||
        (is_public(world, hall) && world->model.halls[hall].life == world->before.halls[hall].life))
        violated("an event of %.*s is sent to a link", SPAN_ARGS(room));
    if (!carries(&world->model, link, hall) && !carries(&world->before, link, hall))
        violated("link %u is sent an event of %.*s, where nobody of it is", link, SPAN_ARGS(room));
    check_message(world, hall, &message);
}

void rights_published(rights_t *world, span_t frame)
{
    message_t message;
    size_t size = strnlen(frame.data, frame.size);
    span_t topic = {frame.data, size};
    int hall = hall_number(topic);
    world->frames++;
    trace("  all are sent something of %.*s", SPAN_ARGS(topic));
    if (hall == NONE || !is_public(world, hall))
        violated("an event of %.*s is published", SPAN_ARGS(topic));
    decode(world, (span_t){frame.data + size + 1, frame.size - size - 1}, &message);
    if (!span_equal(message_span(&message, KEY_room), topic))
        violated("an event is published under another room's name");
    check_message(world, hall, &message);
}

/* --- what is stored ------------------------------------------------------------------------------- */

static void check_deed(rights_t *world, span_t event, const note_t *note, const ask_t *ask)
{
    message_t message;
    decode(world, event, &message);
    span_t by = message_span(&message, KEY_by), op = message_span(&message, KEY_op);
    char key[PEER_KEY_BYTES];
    key_bytes(ask->link_key, key);
    if (!span_equal(by, nick_text(note->by)) || !span_equal(op, command_row(ask->op)->name))
        violated("what %.*s did is written down as %.*s of %.*s", SPAN_ARGS(nick_text(note->by)),
                 SPAN_ARGS(op), SPAN_ARGS(by));
    if (message_has(&message, KEY_by_key) != (ask->link_key > 0) ||
        (ask->link_key > 0 &&
         !span_equal(message_span(&message, KEY_by_key), (span_t){key, sizeof key})))
        violated("it is written down under another key");
}

static void add_note(rights_t *world, uint64_t batch, uint64_t seq, span_t event)
{
    const open_t *asked = world->asked;
    if (asked == NULL || !asked->fate.is_noted || world->noted++ > 0)
        violated("something is written down that no operator did, or twice");
    assert(world->note_count < NOTES);
    note_t *note = &world->notes[world->note_count++];
    const guest_t *by = guest_of(&world->before, asked->ask.guest);
    *note = (note_t){.batch = batch,
                     .seq = seq,
                     .op = asked->ask.op,
                     .fate = asked->fate,
                     .by = by ? by->nick : (called_t){NONE, false},
                     .reason = asked->ask.reason,
                     .until_ms = asked->ask.until_ms};
    check_deed(world, event, note, &asked->ask);
}

void rights_appended(rights_t *world, span_t log, uint64_t batch, uint64_t seq, span_t event)
{
    if (span_is(log, "!audit")) {
        add_note(world, batch, seq, event);
        return;
    }
    const open_t *asked = world->asked;
    bool is_room = log.data[0] != '@';
    bool is_said =
        asked && asked->fate.err == HUB_OK && asked->ask.op == (is_room ? OP_say : OP_tell);
    if (!is_said || (is_room && hall_number(log) != asked->ask.hall))
        violated("something is said in %.*s that nobody said, or might", SPAN_ARGS(log));
    world->said += is_room;
    world->told += !is_room;
    if (!is_room)
        return;
    assert(world->pending_count < PENDING);
    world->pending[world->pending_count].batch = batch;
    world->pending[world->pending_count].hall = (uint32_t)asked->ask.hall;
    world->pending[world->pending_count++].life = world->model.halls[asked->ask.hall].life;
}
