#include "broker/core/dispatch.h"

#include "broker/core/allowance.h"
#include "broker/core/links.h"
#include "broker/core/notes.h"
#include "broker/core/rights.h"
#include "broker/core/sessions.h"

#include <assert.h>

static handler_t *const HANDLERS[OP_COUNT] = {
#define COMMAND(op, who, needs, may, cost, text) [OP_##op] = on_##op,
#include "proto/commands.def"
#undef COMMAND
};

/* What to say where a key is missing. */
static const char *const MISSING[KEY_COUNT] = {
#define KEY(name, type, min, max, text) [KEY_##name] = "the key " #name " is missing",
#include "proto/keys.def"
#undef KEY
};

static bool needs_session(const request_t *request)
{
    switch (command_row(request->op)->who) {
    case WHO_ANYBODY:
        return request->op == OP_ping && request->has_sid;
    case WHO_LOCAL:
        return !request->is_local && !request->is_operator;
    case WHO_SESSION:
    case WHO_ACCOUNTS:
        return true;
    case WHO_OPERATOR:
    case WHO_MODERATOR:
        return !request->is_operator;
    }
    return true;
}

static hub_err_t check_rights(const core_t *core, request_t *request)
{
    switch (command_row(request->op)->who) {
    case WHO_ANYBODY:
    case WHO_SESSION:
        return HUB_OK;
    case WHO_LOCAL:
        request->hint = "that is answered over ipc and inproc, and to operators' keys";
        return request->is_local || request->is_operator ? HUB_OK : HUB_DENIED;
    case WHO_ACCOUNTS:
        request->hint = "this broker has no accounts";
        return core->settings.accounts_max > 0 ? HUB_OK : HUB_UNSUPPORTED;
    case WHO_MODERATOR:
        if (message_has(request->message, KEY_room))
            return HUB_OK;
        return is_operators(core, request) ? HUB_OK : HUB_DENIED;
    case WHO_OPERATOR:
        return is_operators(core, request) ? HUB_OK : HUB_DENIED;
    }
    return HUB_DENIED;
}

/* Keys named in `must` have to be ones that the command takes. */
static hub_err_t check_must(const request_t *request)
{
    const command_row_t *row = command_row(request->op);
    keys_t known = row->needs | row->may | K(op) | K(id) | K(sid) | K(must);
    size_t count;
    const msgpack_object *names = message_list(request->message, KEY_must, &count);
    if (keyset_has(request->message->wrong, KEY_must))
        return HUB_BAD_REQUEST;
    for (size_t i = 0; i < count; i++) {
        span_t name;
        if (!object_span(&names[i], &name))
            return HUB_BAD_REQUEST;
        key_id_t key = key_find(name);
        if (key >= 64 || !(known >> key & 1))
            return HUB_UNSUPPORTED;
    }
    return HUB_OK;
}

static hub_err_t check_keys(request_t *request)
{
    const message_t *message = request->message;
    if (message->wrong.word[0] || message->wrong.word[1]) {
        request->hint = "a key has the wrong type or range, or is there twice";
        return HUB_BAD_REQUEST;
    }
    keys_t missing = command_row(request->op)->needs & ~message->present.word[0];
    if (missing) {
        request->hint = MISSING[__builtin_ctzll(missing)];
        return HUB_BAD_REQUEST;
    }
    return HUB_OK;
}

/* Holds an answer until everything before it is stored. */
static void hold_answer(core_t *core, const request_t *request, outcome_t outcome, bool is_dup)
{
    assert(request->session);
    answer_t answer = request_answer(request, outcome);
    answer.is_duplicate = is_dup;
    request->session->waiting++;
    link_is_owed(core, request->link);
    pipeline_hold(
        &core->pipeline,
        (held_t){.kind = HELD_ANSWER, .offset = pipeline_mark(&core->pipeline), .answer = answer});
}

static hub_err_t answer_again(core_t *core, request_t *request, const outcome_t *outcome)
{
    hub_err_t err = outcome->is_waiting ? request_may_wait(core, request) : HUB_OK;
    if (err != HUB_OK)
        return err;
    core->counters.duplicates++;
    if (outcome->is_waiting) {
        hold_answer(core, request, *outcome, true);
        return HUB_OK;
    }
    answer_t answer = request_answer(request, *outcome);
    answer.is_duplicate = true;
    reply_answer(core, &answer);
    return HUB_OK;
}

static bool has_cid(const request_t *request)
{
    return request->session && (command_row(request->op)->may & K(cid)) &&
           message_has(request->message, KEY_cid);
}

/* Looks the cid up. *out_is_answered: it was known, and its answer was given again. */
static hub_err_t check_cid(core_t *core, request_t *request, bool *out_is_answered)
{
    *out_is_answered = false;
    if (!has_cid(request))
        return HUB_OK;
    uint64_t cid = message_uint(request->message, KEY_cid);
    const outcome_t *outcome;
    request->hint = "cids count from 1, and one so old is forgotten";
    if (cid == 0)
        return HUB_BAD_REQUEST;
    switch (cids_look(&request->session->cids, cid, &outcome)) {
    case CID_NEXT:
        request->hint = NULL;
        return HUB_OK;
    case CID_KNOWN:
        *out_is_answered = true;
        return answer_again(core, request, outcome);
    case CID_OLD:
        return HUB_BAD_REQUEST;
    case CID_TOO_FAR:
        request->hint = NULL;
        return HUB_OUT_OF_ORDER;
    }
    return HUB_BAD_REQUEST;
}

static void take_cid(core_t *core, const request_t *request, outcome_t outcome)
{
    uint64_t cid = message_uint(request->message, KEY_cid);
    cids_take(&request->session->cids, cid, outcome);
    notes_add(core, request->session, cid, &outcome);
}

/* The cid is taken by what was done and by what will never be; its answer may not overtake those that
 * wait, or an undone batch would leave it taken above a gap, nor the store, or a broker started anew
 * would not know it. */
static void finish(core_t *core, request_t *request, hub_err_t err)
{
    if (err == HUB_OK && !request->is_waiting)
        return; /* the handler has answered, or will */
    bool takes_cid = has_cid(request) && request->retry_ms == 0;
    bool has_to_wait = takes_cid && (core->settings.has_store || request->session->waiting > 0);
    if (err != HUB_OK && has_to_wait && request_may_wait(core, request) != HUB_OK) {
        err = HUB_BUSY;
        takes_cid = has_to_wait = false;
    }
    outcome_t outcome = request->outcome;
    if (err != HUB_OK)
        outcome = (outcome_t){.err = err, .hint = request->hint};
    bool waits = request->is_waiting || has_to_wait;
    outcome.is_waiting = waits;
    if (takes_cid)
        take_cid(core, request, outcome);
    if (waits)
        hold_answer(core, request, outcome, false);
    else
        reply_error(core, request, err);
}

static hub_err_t admit(core_t *core, request_t *request)
{
    if (needs_session(request) && request->session == NULL)
        return HUB_NO_SESSION;
    if (request->session &&
        !(request->op == OP_ping && !message_bool(request->message, KEY_active)))
        session_act(core, request->session);
    return allowance_take(core, request);
}

/* May it be done at all, whatever its arguments? */
static hub_err_t permit(const core_t *core, request_t *request)
{
    hub_err_t err = check_must(request);
    return err == HUB_OK ? check_rights(core, request) : err;
}

static bool is_for_operators(const request_t *request)
{
    who_t who = command_row(request->op)->who;
    return who == WHO_OPERATOR || who == WHO_MODERATOR;
}

/* An answer that waits for the store needs a link that it goes to. */
static hub_err_t give_link(core_t *core, request_t *request)
{
    request->link = link_make(core, request->peer, &request->peer_key);
    return request->link ? HUB_OK : HUB_FULL;
}

static bool is_next_cid(const request_t *request)
{
    const outcome_t *outcome;
    uint64_t cid = message_uint(request->message, KEY_cid);
    return has_cid(request) && cid > 0 &&
           cids_look(&request->session->cids, cid, &outcome) == CID_NEXT;
}

/* A refusal for good takes its cid, whatever it is for: else all later ones would be out of order. */
static void refuse(core_t *core, request_t *request, hub_err_t err)
{
    if (is_next_cid(request))
        finish(core, request, err);
    else
        reply_error(core, request, err);
}

/* Commands that change a record, so that their answers wait for the store. Who leaves need not wait for
 * room: bye and part always work. */
static bool is_recorded(op_t op)
{
    return op == OP_hello || op == OP_resume || op == OP_join || op == OP_nick || op == OP_status ||
           op == OP_invite || op == OP_register || op == OP_login || op == OP_password ||
           op == OP_kick || op == OP_ban || op == OP_mute || op == OP_account_add ||
           op == OP_account_role || op == OP_account_password || op == OP_role || op == OP_slow ||
           op == OP_room_remove;
}

static hub_err_t call(core_t *core, request_t *request)
{
    hub_err_t err = check_keys(request);
    if (err == HUB_OK && core->settings.has_store && is_recorded(request->op))
        err = request_may_wait(core, request);
    return err == HUB_OK ? HANDLERS[request->op](core, request) : err;
}

static void handle(core_t *core, request_t *request)
{
    hub_err_t err = admit(core, request);
    if (err != HUB_OK) {
        reply_error(core, request, err);
        allowance_punish(core, request);
        return;
    }
    err = permit(core, request);
    if (err == HUB_OK && request->link == NULL && is_for_operators(request))
        err = give_link(core, request);
    if (err != HUB_OK) {
        refuse(core, request, err);
        return;
    }
    bool is_answered;
    err = check_cid(core, request, &is_answered);
    if (err != HUB_OK)
        reply_error(core, request, err);
    if (err != HUB_OK || is_answered)
        return;
    core->counters.commands[request->op]++;
    request->hint = NULL;
    finish(core, request, call(core, request));
}

/* Finds out which command it is and whose. */
static hub_err_t identify(const core_t *core, request_t *request)
{
    const message_t *message = request->message;
    if (!message_has(message, KEY_op)) {
        request->hint = MISSING[KEY_op];
        return HUB_BAD_REQUEST;
    }
    request->op = op_find(message_span(message, KEY_op));
    if (request->op == OP_COUNT)
        return HUB_UNSUPPORTED;
    if (keyset_has(message->wrong, KEY_sid))
        return HUB_BAD_REQUEST;
    if (request->link)
        request->session = core_session_at(core, request->link, request->sid);
    return HUB_OK;
}

/* Which request it is, of a message that has an id. */
static hub_err_t name(const core_t *core, request_t *request)
{
    request->id = message_uint(&core->message, KEY_id);
    request->has_sid = message_has(&core->message, KEY_sid);
    request->sid = (uint32_t)message_uint(&core->message, KEY_sid);
    return identify(core, request);
}

void dispatch(core_t *core, const event_t *event)
{
    assert(core && event && event->kind == EVENT_FRAME);
    core->counters.frames++;
    core->has_changed = false;
    request_t request = {.message = &core->message,
                         .peer = event->peer,
                         .peer_key = peer_key_of(event->peer_key),
                         .frame = event->frame,
                         .is_local = event->is_local,
                         .is_operator = event->is_operator};
    request.link = link_under_key(core, event->peer, &request.peer_key);
    if (request.link)
        link_heard(core, request.link);
    hub_err_t err = HUB_MALFORMED;
    if (!event->is_multipart && event->frame.size <= LIMIT_FRAME_BYTES)
        err = decoder_frame(&core->decoder, event->frame.data, event->frame.size, &core->message);
    if (err != HUB_OK || !message_has(&core->message, KEY_id)) {
        core->counters.malformed++;
        return;
    }
    err = name(core, &request);
    if (request.session)
        request.session->is_on_operators_link = request.is_operator;
    if (err == HUB_OK)
        handle(core, &request);
    else
        reply_error(core, &request, err);
}

void dispatch_again(core_t *core, request_t *request, uint64_t session)
{
    assert(core && request && request->hashed && request->frame.size > 0);
    core->has_changed = false;
    hub_err_t err =
        decoder_frame(&core->decoder, request->frame.data, request->frame.size, &core->message);
    assert(err == HUB_OK); /* it was decoded before */
    link_t *link = link_find(core, request->peer);
    if (link && !peer_key_equal(shared_key_get(link->peer_key), &request->peer_key))
        return; /* that routing id is somebody else's by now */
    request->link = link;
    err = name(core, request);
    assert(err == HUB_OK);
    uint64_t now = request->session ? request->session->id : 0;
    bool is_theirs = now == session || (session == 0 && request->op == OP_hello);
    err = is_theirs ? check_rights(core, request) : HUB_NO_SESSION; /* who may then may not now */
    if (err == HUB_OK && request->link == NULL && is_for_operators(request))
        err = give_link(core, request); /* it was bare, and forgotten meanwhile */
    if (err == HUB_OK) {
        request->hint = NULL;
        err = call(core, request);
    }
    finish(core, request, err);
}
