#include "broker/core/request.h"

#include "broker/core/links.h"

#include <assert.h>

hub_err_t request_may_wait(const core_t *core, request_t *request)
{
    assert(core && request);
    if (pipeline_has_room(&core->pipeline, core->settings.pending_max))
        return HUB_OK;
    request->hint = NULL;
    request->retry_ms = BUSY_RETRY_MS;
    return HUB_BUSY;
}

static writer_t *begin(core_t *core, peer_t to)
{
    core->replying_to = 0;
    outbox_begin_send(core->out, to);
    write_begin(&core->writer, &core->out->bytes);
    core->counters.sent++;
    return &core->writer;
}

static writer_t *begin_reply(core_t *core, peer_t to, uint64_t id, bool has_sid, uint32_t sid)
{
    writer_t *writer = begin(core, to);
    write_uint(writer, KEY_re, id);
    if (has_sid)
        write_uint(writer, KEY_sid, sid);
    return writer;
}

/* The answer to what changed something stored waits until that is. */
static void hold_reply(core_t *core)
{
    held_t held = {
        .kind = HELD_REPLY, .offset = pipeline_mark(&core->pipeline), .owner = core->replying_to};
    const effect_t *last = &core->out->effects[core->out->count - 1];
    bool has_room =
        buffer_append(&core->pipeline.bytes, core->out->bytes.data + last->offset, last->size);
    assert(has_room);
    (void)has_room;
    outbox_cancel(core->out);
    link_is_owed(core, core_link(core, core->replying_to));
    pipeline_hold(&core->pipeline, held);
}

void reply_end(core_t *core)
{
    assert(core && core->out->count > 0);
    write_end(&core->writer);
    outbox_end(core->out);
    assert(core->out->effects[core->out->count - 1].size <= LIMIT_FRAME_BYTES);
    if (core->replying_to > 0 && core->has_changed)
        hold_reply(core);
}

writer_t *reply_begin(core_t *core, const request_t *request)
{
    assert(core && request);
    writer_t *writer =
        begin_reply(core, request->peer, request->id, request->has_sid, request->sid);
    core->replying_to = request->link ? request->link->id : 0;
    write_bool(writer, KEY_ok, true);
    return writer;
}

void reply_ok(core_t *core, const request_t *request)
{
    reply_begin(core, request);
    reply_end(core);
}

void reply_count(core_t *core, const request_t *request, uint64_t count)
{
    write_uint(reply_begin(core, request), KEY_count, count);
    reply_end(core);
}

static void write_error(core_t *core, hub_err_t err, const char *hint, uint64_t retry_ms)
{
    assert(err != HUB_OK && err < HUB_MALFORMED);
    core->counters.errors[err]++;
    write_str(&core->writer, KEY_error, span_of(err_name(err)));
    write_str(&core->writer, KEY_hint, span_of(hint ? hint : err_hint(err)));
    if (retry_ms > 0)
        write_uint(&core->writer, KEY_retry_ms, retry_ms);
}

void reply_error(core_t *core, const request_t *request, hub_err_t err)
{
    assert(core && request);
    begin_reply(core, request->peer, request->id, request->has_sid, request->sid);
    write_error(core, err, request->hint, request->retry_ms);
    reply_end(core);
}

/* Writes a dash and a number, returns behind it. */
static char *add_number(char *place, uint64_t number)
{
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    *place++ = '-';
    while (count > 0)
        *place++ = digits[--count];
    return place;
}

span_t make_mid(const char *sender_uid, uint64_t epoch, uint64_t seq, char *out_mid)
{
    assert(sender_uid && out_mid);
    memcpy(out_mid, sender_uid, MINT_NAME_CHARS);
    char *end = add_number(add_number(out_mid + MINT_NAME_CHARS, epoch), seq);
    assert(end - out_mid <= MID_BYTES);
    return (span_t){out_mid, (size_t)(end - out_mid)};
}

static void write_mid(core_t *core, const answer_t *answer)
{
    char mid[MID_BYTES];
    write_str(&core->writer, KEY_mid,
              make_mid(answer->uid, answer->outcome.epoch, answer->outcome.seq, mid));
}

void reply_answer(core_t *core, const answer_t *answer)
{
    assert(core && answer);
    const link_t *link = core_link(core, answer->link);
    if (link == NULL)
        return;
    const outcome_t *outcome = &answer->outcome;
    writer_t *writer = begin_reply(core, link_peer(link), answer->id, answer->has_sid, answer->sid);
    if (outcome->err == HUB_OK) {
        write_bool(writer, KEY_ok, true);
        write_uint(writer, KEY_epoch, outcome->epoch);
        write_uint(writer, KEY_seq, outcome->seq);
        write_uint(writer, KEY_at, outcome->at_ms);
        if (outcome->is_private)
            write_mid(core, answer);
    } else {
        /* An `unavailable` after a roll-back is the one answer here that a later try may change. */
        uint64_t retry_ms = outcome->err == HUB_UNAVAILABLE ? UNAVAILABLE_RETRY_MS : 0;
        write_error(core, outcome->err, outcome->hint, retry_ms);
    }
    if (answer->is_duplicate)
        write_bool(writer, KEY_dup, true);
    reply_end(core);
}

answer_t request_answer(const request_t *request, outcome_t outcome)
{
    assert(request && request->session && request->link);
    answer_t answer = {.link = request->link->id,
                       .session = request->session->id,
                       .id = request->id,
                       .cid = message_uint(request->message, KEY_cid),
                       .sid = request->sid,
                       .has_sid = request->has_sid,
                       .outcome = outcome};
    memcpy(answer.uid, request->session->uid, sizeof answer.uid);
    return answer;
}

writer_t *event_begin(core_t *core, const session_t *session, ev_t ev)
{
    assert(core && session);
    const link_t *link = core_link(core, session->address.link);
    if (link == NULL)
        return NULL;
    core->counters.events[ev]++;
    writer_t *writer = begin(core, link_peer(link));
    write_str(writer, KEY_ev, event_row(ev)->name);
    if (link->names_sid)
        write_uint(writer, KEY_sid, session->address.sid);
    return writer;
}

void event_send(core_t *core, const session_t *session, span_t event)
{
    assert(core && session && event.size > 0);
    const link_t *link = core_link(core, session->address.link);
    if (link == NULL)
        return;
    core->counters.sent++;
    outbox_begin_send(core->out, link_peer(link));
    if (link->names_sid) {
        write_resume(&core->writer, &core->out->bytes, event);
        write_uint(&core->writer, KEY_sid, session->address.sid);
        write_end(&core->writer);
    } else {
        bool has_room = buffer_append(&core->out->bytes, event.data, event.size);
        assert(has_room);
        (void)has_room;
    }
    outbox_end(core->out);
}

void write_room_head(writer_t *writer, const room_t *room)
{
    assert(writer && room);
    pack_span(writer, name_span(&room->name));
    pack_numbers(writer, (uint64_t[]){room->journal.epoch, room->journal.head, room->pseq}, 3);
}

void write_inbox_head(writer_t *writer, const session_t *session)
{
    assert(writer && session);
    uint64_t head = session->inbox ? session->inbox->journal.head : 0;
    pack_span(writer, span_of("@"));
    pack_numbers(writer, (uint64_t[]){session->inbox_epoch, head, 0}, 3);
}

void write_pub(writer_t *writer, const core_settings_t *settings, const request_t *request)
{
    assert(writer && settings && request);
    bool has_key = request->peer_key.is_some;
    const char *const *pub = has_key ? settings->keyed_pub : settings->pub;
    size_t count = has_key ? settings->keyed_pub_count : settings->pub_count;
    write_key(writer, KEY_pub);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        pack_span(writer, span_of(pub[i]));
}
