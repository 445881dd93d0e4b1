#include "broker/core/restore_room.h"

#include "broker/core/room_rights.h"

#include <assert.h>
#include <stdlib.h>

/* --- roles --------------------------------------------------------------------------------------- */

static bool read_span(const msgpack_object *object, span_t *out)
{
    return object_span(object, out);
}

static bool read_bin(const msgpack_object *object, span_t *out)
{
    if (object->type != MSGPACK_OBJECT_BIN)
        return false;
    *out = (span_t){object->via.bin.ptr, object->via.bin.size};
    return true;
}

static bool read_uint(const msgpack_object *object, uint64_t *out)
{
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return false;
    *out = object->via.u64;
    return true;
}

static bool read_holder(const msgpack_object *values, const room_t *room, holder_t *out)
{
    span_t uid, name;
    *out = (holder_t){0};
    if (!read_span(&values[0], &uid) || uid.size != MINT_NAME_CHARS ||
        !read_uint(&values[1], &out->session) || !read_span(&values[2], &name) ||
        !standing_find(name, &out->standing) || out->standing == STANDING_MEMBER)
        return false;
    memcpy(out->uid, uid.data, MINT_NAME_CHARS);
    return room_standing(room, uid) == STANDING_MEMBER; /* once each */
}

static bool restore_roles(const record_t *record, room_t *room)
{
    const msgpack_object_array *list;
    if (!record_list(record, "roles", &list))
        return true;
    uint32_t count = list->size / RECORD_ROLE_VALUES, owners = 0;
    if (list->size % RECORD_ROLE_VALUES != 0 || count == 0 || count > LIMIT_ROLES_PER_ROOM)
        return false;
    room->holders = calloc(count, sizeof *room->holders);
    assert(room->holders);
    for (uint32_t i = 0; i < count; i++) {
        holder_t holder;
        if (!read_holder(&list->ptr[(size_t)i * RECORD_ROLE_VALUES], room, &holder))
            return false;
        owners += holder.standing == STANDING_OWNER;
        room->holders[room->holder_count++] = holder;
    }
    return owners <= 1;
}

/* --- bans and mutes ------------------------------------------------------------------------------ */

static bool read_verdict(const msgpack_object *values, target_t *out_target, verdict_words_t *out)
{
    span_t target;
    if (!read_bin(&values[0], &target) || !target_read(target, out_target))
        return false;
    target_kind_t kind = target_kind(out_target);
    return (kind == TARGET_NICK || kind == TARGET_ACCOUNT) && read_span(&values[1], &out->name) &&
           read_span(&values[2], &out->by) && read_span(&values[3], &out->reason) &&
           read_span(&values[4], &out->uid) && read_uint(&values[5], &out->at_ms) &&
           read_uint(&values[6], &out->until_ms) &&
           (out->uid.size == 0 || out->uid.size == MINT_NAME_CHARS);
}

static bool restore_verdicts(const record_t *record, room_t *room, uint64_t wall_ms)
{
    const msgpack_object_array *list;
    if (!record_list(record, "verdicts", &list))
        return true;
    uint32_t count = list->size / RECORD_VERDICT_VALUES;
    if (list->size % RECORD_VERDICT_VALUES != 0 || count > LIMIT_VERDICTS_PER_ROOM)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        target_t target;
        verdict_words_t words;
        if (!read_verdict(&list->ptr[(size_t)i * RECORD_VERDICT_VALUES], &target, &words) ||
            room_find_verdict(room, &target) ||
            room_add_verdict(room, &target, &words, wall_ms) == NULL)
            return false;
    }
    return true;
}

bool restore_room_rights(const record_t *record, room_t *room, uint64_t wall_ms)
{
    assert(record && room);
    uint64_t slow_ms = 0;
    if (record_uint(record, "slow_ms", &slow_ms) && slow_ms > LIMIT_SLOW_MS)
        return false;
    room_set_slow(room, (uint32_t)slow_ms);
    return restore_roles(record, room) && restore_verdicts(record, room, wall_ms);
}
