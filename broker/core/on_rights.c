/* kick, ban, unban, mute, unmute, bans, audit, shutdown: what operators may. */
#include "broker/core/aim.h"
#include "broker/core/audit.h"
#include "broker/core/bans.h"
#include "broker/core/dispatch.h"
#include "broker/core/news.h"
#include "broker/core/page_token.h"
#include "broker/core/records.h"
#include "broker/core/room_rights.h"
#include "broker/core/sessions.h"
#include "broker/core/verdicts.h"

#include <assert.h>

/* Ends the sessions that are meant, but for the asker's own, whose answer has to come. Returns how many. */
static uint64_t kick_all(core_t *core, const request_t *request, const target_t *target,
                         const char *reason)
{
    uint64_t count = 0;
    session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        person_t person = person_of(session);
        if (session == request->session || !target_hits(target, &person))
            continue;
        session_kick_saying(core, session, reason, message_span(request->message, KEY_reason));
        core->counters.sessions_removed++;
        count++;
    }
    return count;
}

static deed_t deed_of(const aim_t *aim, uint64_t count)
{
    return (deed_t){.target = aim->key, .name = aim->name, .count = count};
}

hub_err_t on_kick(core_t *core, request_t *request)
{
    if (message_has(request->message, KEY_room))
        return room_verdict(core, request);
    aim_t aim;
    hub_err_t err = aim_read(core, request, VERDICT_BAN, &aim);
    if (err != HUB_OK)
        return err;
    uint64_t count = kick_all(core, request, &aim.target, "kicked");
    request->hint = "nobody who is here is meant by that";
    if (count == 0)
        return HUB_NO_SUCH_NICK;
    deed_t deed = deed_of(&aim, count);
    audit_add(core, request, &deed);
    reply_count(core, request, count);
    return HUB_OK;
}

/* Remembers the verdict. */
static hub_err_t pass(core_t *core, request_t *request, const aim_t *aim, span_t uid)
{
    verdict_words_t words;
    hub_err_t err = aim_words(core, request, aim, &words);
    if (err != HUB_OK)
        return err;
    words.uid = uid;
    request->hint = "there are as many bans and mutes as may be: take some back";
    verdict_t *verdict = verdicts_add(core, &aim->target, &words);
    core->counters.full_verdicts += verdict == NULL;
    if (verdict == NULL)
        return HUB_FULL;
    request->hint = NULL;
    records_verdict(core, verdict);
    return HUB_OK;
}

hub_err_t on_ban(core_t *core, request_t *request)
{
    if (message_has(request->message, KEY_room))
        return room_verdict(core, request);
    aim_t aim;
    hub_err_t err = aim_read(core, request, VERDICT_BAN, &aim);
    if (err == HUB_OK)
        err = pass(core, request, &aim, (span_t){"", 0});
    if (err != HUB_OK)
        return err;
    uint64_t count = kick_all(core, request, &aim.target, "banned");
    deed_t deed = deed_of(&aim, count);
    audit_add(core, request, &deed);
    reply_count(core, request, count);
    return HUB_OK;
}

/* How many of those who are here are meant. */
static uint64_t count_all(const core_t *core, const aim_t *aim)
{
    uint64_t count = 0;
    const session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        person_t person = person_of(session);
        count += target_hits(&aim->target, &person);
    }
    return count;
}

static void tell_muted(core_t *core, const verdict_t *verdict)
{
    const session_t *session;
    assert(verdict);
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        person_t person = person_of(session);
        if (verdict_hits(verdict, &person))
            news_muted(core, session, NULL, verdict);
    }
}

/* Of a mute that was taken back: those for whom there is no other. */
static void tell_unmuted(core_t *core, const verdict_t *was)
{
    const session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        person_t person = person_of(session);
        if (!session->is_muted && verdict_hits(was, &person))
            news_unmuted(core, session, NULL, (span_t){"", 0});
    }
}

hub_err_t on_mute(core_t *core, request_t *request)
{
    if (message_has(request->message, KEY_room))
        return room_verdict(core, request);
    aim_t aim;
    hub_err_t err = aim_read(core, request, VERDICT_MUTE, &aim);
    if (err == HUB_OK)
        err = pass(core, request, &aim, aim.uid);
    if (err != HUB_OK)
        return err;
    verdicts_judge_all(core);
    tell_muted(core, verdicts_find(core, &aim.target));
    uint64_t count = count_all(core, &aim);
    deed_t deed = deed_of(&aim, count);
    audit_add(core, request, &deed);
    reply_count(core, request, count);
    return HUB_OK;
}

static hub_err_t take_back(core_t *core, request_t *request, verdict_kind_t kind)
{
    if (message_has(request->message, KEY_room))
        return room_verdict(core, request);
    aim_t aim;
    hub_err_t err = aim_read(core, request, kind, &aim);
    if (err != HUB_OK)
        return err;
    verdict_t *verdict = verdicts_find(core, &aim.target);
    if (verdict == NULL && aim.key == KEY_account) {
        aim.target = aim_as_guest(&aim, kind);
        verdict = verdicts_find(core, &aim.target);
    }
    if (verdict == NULL || verdict_is_over(verdict, core->now->wall_ms))
        return HUB_NO_SUCH_BAN;
    verdict_t was = *verdict;
    verdicts_remove(core, verdict);
    if (kind == VERDICT_MUTE) {
        verdicts_judge_all(core);
        tell_unmuted(core, &was);
    }
    deed_t deed = deed_of(&aim, 0);
    audit_add(core, request, &deed);
    reply_ok(core, request);
    return HUB_OK;
}

hub_err_t on_unban(core_t *core, request_t *request)
{
    return take_back(core, request, VERDICT_BAN);
}

hub_err_t on_unmute(core_t *core, request_t *request)
{
    return take_back(core, request, VERDICT_MUTE);
}

/* --- lists --------------------------------------------------------------------------------------- */

static const verdict_t *next_live(const core_t *core, uint32_t *place)
{
    const verdict_t *verdict;
    while ((verdict = slab_next(core->verdicts, place)))
        if (!verdict_is_over(verdict, core->now->wall_ms))
            return verdict;
    return NULL;
}

hub_err_t on_bans(core_t *core, request_t *request)
{
    _Static_assert(BANS_PAGE * BANS_BYTES + PAGE_REPLY_BYTES <= LIMIT_FRAME_BYTES, "a page fits");
    if (message_has(request->message, KEY_room))
        return room_verdict(core, request);
    uint64_t number;
    hub_err_t err = page_read(request, &number);
    if (err != HUB_OK || number > UINT32_MAX)
        return HUB_BAD_REQUEST;
    const verdict_t *list[BANS_PAGE], *verdict;
    size_t count = 0, most = page_wanted(request->message, BANS_PAGE);
    uint32_t place = (uint32_t)number, behind = place;
    while (count < most && (verdict = next_live(core, &place))) {
        list[count++] = verdict;
        behind = place;
    }
    place = behind;
    bool has_more = next_live(core, &place) != NULL;
    writer_t *writer = reply_begin(core, request);
    write_key(writer, KEY_bans);
    msgpack_pack_array(&writer->packer, count);
    for (size_t i = 0; i < count; i++)
        bans_write(writer, list[i]);
    if (has_more)
        page_write_next(writer, behind);
    reply_end(core);
    return HUB_OK;
}

hub_err_t on_shutdown(core_t *core, request_t *request)
{
    deed_t deed = {.target = KEY_COUNT};
    audit_add(core, request, &deed);
    outbox_stop(core->out);
    reply_ok(core, request);
    return HUB_OK;
}
