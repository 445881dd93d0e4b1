#include "broker/core/restore_session.h"

#include "broker/core/inboxes.h"
#include "broker/core/sessions.h"
#include "broker/core/whence.h"

#include <assert.h>
#include <czmq.h>

static hub_err_t read_serial(span_t key, uint64_t *out)
{
    if (key.size != sizeof *out)
        return HUB_MALFORMED;
    uint64_t serial = 0;
    for (size_t i = 0; i < key.size; i++)
        serial = serial << 8 | (uint8_t)key.data[i];
    if (serial == 0 || serial > INT64_MAX)
        return HUB_MALFORMED;
    *out = serial;
    return HUB_OK;
}

static bool copy_name(const record_t *record, const char *field, char *out_name)
{
    span_t name;
    if (!record_span(record, field, &name) || name.size != MINT_NAME_CHARS)
        return false;
    memcpy(out_name, name.data, name.size);
    return true;
}

static bool take_names(core_t *core, const record_t *record, session_t *session)
{
    span_t nick, status;
    name_t identity;
    if (!copy_name(record, "session", session->name) || !copy_name(record, "uid", session->uid) ||
        !record_span(record, "nick", &nick) || !record_span(record, "status", &status) ||
        !name_fold(nick, &identity) || status.size > LIMIT_STATUS_BYTES ||
        lookup_find(core->identities, name_span(&identity)))
        return false;
    session_set_nick(session, nick, &identity);
    session_set_status(session, status);
    return true;
}

static bool take_tokens(const record_t *record, session_t *session)
{
    const msgpack_object_array *list;
    if (!record_list(record, "tokens", &list) || list->size > LIMIT_TOKENS_LIVE)
        return false;
    for (uint32_t i = 0; i < list->size; i++) {
        const msgpack_object *token = &list->ptr[i];
        if (token->type != MSGPACK_OBJECT_BIN || token->via.bin.size != TOKEN_HASH_BYTES)
            return false;
        session_restore_token(session, (const uint8_t *)token->via.bin.ptr);
    }
    return true;
}

static bool take_settings(const record_t *record, session_t *session)
{
    uint64_t resume_ms;
    bool is_kicked_when_idle;
    if (!record_bool(record, "kick", &is_kicked_when_idle) ||
        !record_uint(record, "resume_ms", &resume_ms) || resume_ms > UINT32_MAX)
        return false;
    session->is_kicked_when_idle = is_kicked_when_idle;
    session->resume_ms = (uint32_t)resume_ms;
    return true;
}

/* Sessions of links without a key have none, and nor has what was written before there were keys. Those of
 * one bridge mostly follow each other. */
static bool take_peer_key(core_t *core, const record_t *record, session_t *session)
{
    span_t key = {NULL, 0};
    if (record_bytes(record, "key", &key) && key.size != PEER_KEY_BYTES)
        return false;
    peer_key_t peer_key = peer_key_of(key);
    const session_t *before = core_session(core, core->restore->last_session);
    if (before && peer_key_equal(shared_key_get(before->peer_key), &peer_key))
        session->peer_key = shared_key_hold(before->peer_key);
    else
        session->peer_key = shared_key_new(&peer_key);
    core->restore->last_session = session->id;
    return true;
}

/* Where it comes from, if that was told. */
static bool take_place(core_t *core, const record_t *record, session_t *session)
{
    span_t place = {NULL, 0};
    return !record_bytes(record, "place", &place) || whence_restore(core, session, place);
}

static bool take_inbox(core_t *core, const record_t *record, session_t *session)
{
    char text[INBOX_NAME_BYTES];
    session->inbox_epoch = 1; /* until the record has said which */
    inbox_t *inbox = inbox_of(core, session);
    const journal_t *journal = &inbox->journal;
    if (!restore_journal(core, inbox_name(session->uid, text), record, &inbox->journal))
        return false;
    session->inbox_epoch = journal->epoch;
    if (journal->head > 0 || journal->epochs.count > 0)
        return true;
    inbox_close(core, inbox); /* made when it is needed */
    session->inbox = NULL;
    return true;
}

static bool take_rooms(core_t *core, const record_t *record, session_t *session)
{
    const msgpack_object_array *list;
    if (!record_list(record, "rooms", &list) || list->size > LIMIT_ROOMS_PER_SESSION)
        return false;
    for (uint32_t i = 0; i < list->size; i++) {
        span_t name;
        room_t *room =
            object_span(&list->ptr[i], &name) ? lookup_find(core->rooms_by_name, name) : NULL;
        if (room == NULL || room_has(room, session))
            return false;
        session_add_membership(session, room->id, members_add(&room->members, session->id));
    }
    return true;
}

/* Detached since now. */
static void begin_detached(core_t *core, session_t *session)
{
    session->state = STATE_DETACHED;
    session->heard_ms = core->now->mono_ms;
    session->since_ms = core->now->wall_ms;
    bucket_init(&session->allowance, core->settings.rate_burst, core->now->mono_ms);
    lookup_add(core->identities, &session->by_nick, session_identity(session), session);
    deadlines_set(core->deadlines, &session->due, DUE_SESSION,
                  session->heard_ms + session->resume_ms);
}

hub_err_t restore_session(core_t *core, span_t key, const record_t *record)
{
    assert(core && record && core->restore);
    uint64_t serial, id;
    if (read_serial(key, &serial) != HUB_OK || !record_uint(record, "id", &id))
        return HUB_MALFORMED;
    session_t *session;
    hub_err_t err = slab_restore(core->sessions, id, (void **)&session);
    if (err != HUB_OK)
        return err;
    session->id = id;
    session->serial = serial;
    core->serial = serial > core->serial ? serial : core->serial;
    if (!take_names(core, record, session) || !take_settings(record, session) ||
        !take_peer_key(core, record, session) || !take_place(core, record, session))
        return HUB_MALFORMED;
    begin_detached(core, session);
    numbers_add(&core->restore->sessions, id);
    bool is_whole = take_tokens(record, session) && take_inbox(core, record, session) &&
                    take_rooms(core, record, session);
    return is_whole ? HUB_OK : HUB_MALFORMED;
}
