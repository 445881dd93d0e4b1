#include "broker/core/record.h"

#include "broker/core/room_rights.h"
#include "proto/walk.h"

#include <assert.h>

/* --- writing ------------------------------------------------------------------------------------ */

static int append(void *buffer, const char *bytes, size_t size)
{
    bool has_room = buffer_append(buffer, bytes, size);
    assert(has_room);
    (void)has_room;
    return 0;
}

static msgpack_packer begin(buffer_t *out, size_t pairs)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, append);
    msgpack_pack_map(&packer, pairs);
    return packer;
}

static void put_str(msgpack_packer *packer, span_t text)
{
    msgpack_pack_str(packer, text.size);
    if (text.size > 0)
        msgpack_pack_str_body(packer, text.data, text.size);
}

static void put_name(msgpack_packer *packer, const char *name)
{
    put_str(packer, span_of(name));
}

static void put_uint(msgpack_packer *packer, const char *name, uint64_t value)
{
    put_name(packer, name);
    msgpack_pack_uint64(packer, value);
}

static void put_text(msgpack_packer *packer, const char *name, span_t text)
{
    put_name(packer, name);
    put_str(packer, text);
}

static void put_bytes(msgpack_packer *packer, const char *name, span_t bytes)
{
    put_name(packer, name);
    msgpack_pack_bin(packer, bytes.size);
    msgpack_pack_bin_body(packer, bytes.data, bytes.size);
}

static void put_bool(msgpack_packer *packer, const char *name, bool value)
{
    put_name(packer, name);
    if (value)
        msgpack_pack_true(packer);
    else
        msgpack_pack_false(packer);
}

/* epoch, first, epoch, first, ... in ascending order; the last is the current one. */
static void put_epochs(msgpack_packer *packer, const journal_t *journal)
{
    const epochs_t *epochs = &journal->epochs;
    put_name(packer, "epochs");
    msgpack_pack_array(packer, epochs->count ? 2 * epochs->count : 2);
    for (uint32_t i = 0; i < epochs->count; i++) {
        msgpack_pack_uint64(packer, epochs->list[i].epoch);
        msgpack_pack_uint64(packer, epochs->list[i].first);
    }
    if (epochs->count > 0)
        return;
    msgpack_pack_uint64(packer, journal->epoch);
    msgpack_pack_uint64(packer, journal->epoch_first);
}

span_t record_session_key(const session_t *session, char *out_key)
{
    assert(session && session->serial > 0 && out_key);
    out_key[0] = RECORD_SESSION;
    for (int i = 0; i < 8; i++)
        out_key[1 + i] = (char)(session->serial >> (56 - 8 * i));
    return (span_t){out_key, 9};
}

span_t record_room_key(const room_t *room, char *out_key)
{
    assert(room && out_key && room->name.size < RECORD_KEY_BYTES);
    out_key[0] = RECORD_ROOM;
    memcpy(out_key + 1, room->name.text, room->name.size);
    return (span_t){out_key, room->name.size + 1u};
}

span_t record_account_key(const account_t *account, char *out_key)
{
    assert(account && out_key);
    out_key[0] = RECORD_ACCOUNT;
    memcpy(out_key + 1, account->uid, MINT_NAME_CHARS);
    return (span_t){out_key, 1 + MINT_NAME_CHARS};
}

span_t record_verdict_key(const verdict_t *verdict, char *out_key)
{
    assert(verdict && out_key);
    span_t target = target_span(&verdict->target);
    out_key[0] = RECORD_VERDICT;
    memcpy(out_key + 1, target.data, target.size);
    return (span_t){out_key, 1 + target.size};
}

/* uid, the guest's session or 0, name of the role; and so on. */
static void put_roles(msgpack_packer *packer, const room_t *room)
{
    put_name(packer, "roles");
    msgpack_pack_array(packer, room->holder_count * (size_t)RECORD_ROLE_VALUES);
    for (unsigned i = 0; i < room->holder_count; i++) {
        const holder_t *holder = &room->holders[i];
        put_str(packer, (span_t){holder->uid, MINT_NAME_CHARS});
        msgpack_pack_uint64(packer, holder->session);
        put_str(packer, standing_name(holder->standing));
    }
}

/* The target, then what record_write_verdict() puts; and so on. */
static void put_verdicts(msgpack_packer *packer, const room_t *room)
{
    put_name(packer, "verdicts");
    msgpack_pack_array(packer, room->verdict_count * (size_t)RECORD_VERDICT_VALUES);
    for (unsigned i = 0; i < room->verdict_count; i++) {
        const verdict_t *verdict = &room->verdicts[i];
        span_t target = target_span(&verdict->target);
        msgpack_pack_bin(packer, target.size);
        msgpack_pack_bin_body(packer, target.data, target.size);
        put_str(packer, verdict_name(verdict));
        put_str(packer, verdict_by(verdict));
        put_str(packer, verdict_reason(verdict));
        put_str(packer, (span_t){verdict->uid, verdict->has_uid ? MINT_NAME_CHARS : 0});
        msgpack_pack_uint64(packer, verdict->at_ms);
        msgpack_pack_uint64(packer, verdict->until_ms);
    }
}

void record_write_room(buffer_t *out, const room_t *room)
{
    assert(out && room);
    bool has_roles = room->holder_count > 0, has_verdicts = room->verdict_count > 0;
    msgpack_packer packer = begin(out, 4u + has_roles + has_verdicts + (room->slow_ms > 0));
    put_bool(&packer, "private", room->is_private);
    put_epochs(&packer, &room->journal);
    put_name(&packer, "invited");
    msgpack_pack_array(&packer, room->invited_count);
    for (uint32_t i = 0; i < room->invited_count; i++)
        msgpack_pack_uint64(&packer, room->invited[i]);
    put_name(&packer, "invited_until");
    msgpack_pack_array(&packer, room->invited_count);
    for (uint32_t i = 0; i < room->invited_count; i++)
        msgpack_pack_uint64(&packer, room->invited_until[i]);
    if (room->slow_ms > 0)
        put_uint(&packer, "slow_ms", room->slow_ms);
    if (has_roles)
        put_roles(&packer, room);
    if (has_verdicts)
        put_verdicts(&packer, room);
}

static void put_tokens(msgpack_packer *packer, const session_t *session)
{
    put_name(packer, "tokens");
    msgpack_pack_array(packer, session->token_count);
    for (unsigned i = 0; i < session->token_count; i++) {
        msgpack_pack_bin(packer, TOKEN_HASH_BYTES);
        msgpack_pack_bin_body(packer, session_tokens(session)[i], TOKEN_HASH_BYTES);
    }
}

static void put_rooms(msgpack_packer *packer, const room_t *const *rooms, uint32_t count)
{
    put_name(packer, "rooms");
    msgpack_pack_array(packer, count);
    for (uint32_t i = 0; i < count; i++)
        put_str(packer, name_span(&rooms[i]->name));
}

static void put_inbox(msgpack_packer *packer, const session_t *session)
{
    if (session->inbox) {
        put_epochs(packer, &session->inbox->journal);
        return;
    }
    journal_t empty = {.epoch = session->inbox_epoch, .epoch_first = 1};
    put_epochs(packer, &empty);
}

void record_write_session(buffer_t *out, const session_t *session, const room_t *const *rooms,
                          span_t place)
{
    assert(out && session && (rooms || session->membership_count == 0));
    msgpack_packer packer = begin(out, 10u + (session->peer_key != NULL) + (place.size > 0));
    if (place.size > 0)
        put_bytes(&packer, "place", place);
    if (session->peer_key)
        put_bytes(&packer, "key", peer_key_span(shared_key_get(session->peer_key)));
    put_uint(&packer, "id", session->id);
    put_text(&packer, "session", session_name(session));
    put_text(&packer, "uid", session_uid(session));
    put_text(&packer, "nick", session_nick(session));
    put_text(&packer, "status", session_status(session));
    put_bool(&packer, "kick", session->is_kicked_when_idle);
    put_uint(&packer, "resume_ms", session->resume_ms);
    put_inbox(&packer, session);
    put_tokens(&packer, session);
    put_rooms(&packer, rooms, session->membership_count);
}

void record_write_account(buffer_t *out, const account_t *account, const room_t *const *rooms)
{
    assert(out && account && account->inbox && (rooms || account->room_count == 0));
    msgpack_packer packer = begin(out, 5);
    put_text(&packer, "nick", account_nick(account));
    put_text(&packer, "role", role_name(account->role));
    put_text(&packer, "hash", span_of(account->hash));
    put_epochs(&packer, &account->inbox->journal);
    put_rooms(&packer, rooms, account->room_count);
}

void record_write_verdict(buffer_t *out, const verdict_t *verdict)
{
    assert(out && verdict);
    msgpack_packer packer = begin(out, 6);
    put_text(&packer, "name", verdict_name(verdict));
    put_text(&packer, "by", verdict_by(verdict));
    put_text(&packer, "reason", verdict_reason(verdict));
    put_text(&packer, "uid", (span_t){verdict->uid, verdict->has_uid ? MINT_NAME_CHARS : 0});
    put_uint(&packer, "at", verdict->at_ms);
    put_uint(&packer, "until", verdict->until_ms);
}

void record_write_broker(buffer_t *out, const broker_record_t *record)
{
    assert(out && record);
    msgpack_packer packer = begin(out, 2);
    put_uint(&packer, "epoch_floor", record->epoch_floor);
    put_uint(&packer, "pseq_floor", record->pseq_floor);
}

/* --- reading ------------------------------------------------------------------------------------ */

hub_err_t record_open(record_t *self, span_t bytes)
{
    assert(self);
    if (bytes.size > RECORD_BYTES || walk_frame(bytes.data, bytes.size) != HUB_OK)
        return HUB_MALFORMED;
    msgpack_unpacked_init(&self->memory);
    if (msgpack_unpack_next(&self->memory, bytes.data, bytes.size, NULL) !=
        MSGPACK_UNPACK_SUCCESS) {
        msgpack_unpacked_destroy(&self->memory);
        return HUB_MALFORMED;
    }
    assert(self->memory.data.type == MSGPACK_OBJECT_MAP); /* walked */
    self->map = &self->memory.data.via.map;
    return HUB_OK;
}

void record_close(record_t *self)
{
    assert(self);
    msgpack_unpacked_destroy(&self->memory);
    self->map = NULL;
}

static const msgpack_object *find(const record_t *self, const char *name, msgpack_object_type type)
{
    assert(self && self->map && name);
    for (uint32_t i = 0; i < self->map->size; i++) {
        const msgpack_object_kv *pair = &self->map->ptr[i];
        span_t key = {pair->key.via.str.ptr, pair->key.via.str.size};
        if (span_is(key, name))
            return pair->val.type == type ? &pair->val : NULL;
    }
    return NULL;
}

bool record_uint(const record_t *self, const char *name, uint64_t *out)
{
    assert(out);
    const msgpack_object *object = find(self, name, MSGPACK_OBJECT_POSITIVE_INTEGER);
    if (object)
        *out = object->via.u64;
    return object != NULL;
}

bool record_bool(const record_t *self, const char *name, bool *out)
{
    assert(out);
    const msgpack_object *object = find(self, name, MSGPACK_OBJECT_BOOLEAN);
    if (object)
        *out = object->via.boolean;
    return object != NULL;
}

bool record_span(const record_t *self, const char *name, span_t *out)
{
    assert(out);
    const msgpack_object *object = find(self, name, MSGPACK_OBJECT_STR);
    if (object)
        *out = (span_t){object->via.str.ptr, object->via.str.size};
    return object != NULL;
}

bool record_bytes(const record_t *self, const char *name, span_t *out)
{
    assert(out);
    const msgpack_object *object = find(self, name, MSGPACK_OBJECT_BIN);
    if (object)
        *out = (span_t){object->via.bin.ptr, object->via.bin.size};
    return object != NULL;
}

bool record_list(const record_t *self, const char *name, const msgpack_object_array **out)
{
    assert(out);
    const msgpack_object *object = find(self, name, MSGPACK_OBJECT_ARRAY);
    if (object)
        *out = &object->via.array;
    return object != NULL;
}
