#include "client/core/request.h"

#include "proto/walk.h"

#include <assert.h>

enum { CID_PLACE = 18, NUMBER_BYTES = 8 };

bool request_has_cid(op_t op)
{
    return op == OP_say || op == OP_tell;
}

bool request_is_barrier(op_t op)
{
    return op == OP_join || op == OP_part || op == OP_nick || op == OP_status || op == OP_invite ||
           op == OP_register || op == OP_login || op == OP_password || op == OP_kick ||
           op == OP_ban || op == OP_unban || op == OP_mute || op == OP_unmute || op == OP_role ||
           op == OP_slow;
}

void request_begin(writer_t *writer, buffer_t *buffer, op_t op, uint64_t id, uint64_t cid,
                   uint32_t sid)
{
    assert(writer && buffer && id > 0);
    buffer_clear(buffer);
    write_begin(writer, buffer);
    write_key(writer, KEY_id);
    msgpack_pack_fix_uint64(&writer->packer, id);
    if (cid > 0) {
        write_key(writer, KEY_cid);
        assert(buffer->size == CID_PLACE - 1);
        msgpack_pack_fix_uint64(&writer->packer, cid);
    }
    write_str(writer, KEY_op, command_row(op)->name);
    if (sid != CLIENT_NO_SID)
        write_uint(writer, KEY_sid, sid);
}

void request_renumber(char *frame, size_t size, uint64_t cid)
{
    assert(frame && size >= CID_PLACE + NUMBER_BYTES);
    for (int i = 0; i < NUMBER_BYTES; i++)
        frame[CID_PLACE + i] = (char)(cid >> (8 * (NUMBER_BYTES - 1 - i)));
}

static span_t text_of(const client_request_t *request, key_id_t key)
{
    switch ((unsigned)key) {
    case KEY_room:
        return request->room;
    case KEY_to:
        return request->to;
    case KEY_text:
        return request->text;
    case KEY_nick:
        return request->nick;
    case KEY_status:
        return request->status;
    case KEY_page:
        return request->page;
    case KEY_type:
        return request->type;
    case KEY_data:
        return request->data;
    case KEY_rel:
        return request->rel;
    case KEY_reason:
        return request->reason;
    case KEY_password:
        return request->password;
    case KEY_new_password:
        return request->new_password;
    case KEY_role:
        return request->role;
    case KEY_x:
        return request->x;
    }
    return (span_t){NULL, 0};
}

static uint64_t number_of(const client_request_t *request, key_id_t key)
{
    switch ((unsigned)key) {
    case KEY_ref:
        return request->ref;
    case KEY_thread:
        return request->thread;
    case KEY_before:
        return request->before;
    case KEY_after:
        return request->after;
    case KEY_since:
        return request->since;
    case KEY_until:
        return request->until;
    case KEY_limit:
        return request->limit;
    case KEY_slow_ms:
        return request->slow_ms;
    }
    return 0;
}

static bool flag_of(const client_request_t *request, key_id_t key)
{
    return key == KEY_private ? request->is_private : key == KEY_active && request->is_active;
}

/* Writes the pair where the request has it. False: it has it not. */
static bool write_field(writer_t *writer, const client_request_t *request, key_id_t key)
{
    span_t text = text_of(request, key);
    uint64_t number = number_of(request, key);
    switch (key_row(key)->type) {
    case TYPE_UINT:
        if (number == 0 && !(request->zeros >> key & 1))
            return false;
        write_uint(writer, key, number);
        return true;
    case TYPE_STR:
    case TYPE_TEXT:
        if (text.data)
            write_str(writer, key, text);
        return text.data != NULL;
    case TYPE_BIN:
        if (text.data)
            write_bin(writer, key, text);
        return text.data != NULL;
    case TYPE_BOOL:
        if (flag_of(request, key))
            write_bool(writer, key, true);
        return true;
    case TYPE_MAP:
        if (text.data == NULL)
            return false;
        write_key(writer, key);
        return buffer_append(writer->buffer, text.data, text.size);
    case TYPE_LIST:
        return false;
    }
    return false;
}

static bool is_for_here(op_t op)
{
    return op < OP_COUNT && op != OP_hello && op != OP_resume && op != OP_bye && op != OP_replay;
}

static size_t size_of(const client_request_t *request)
{
    size_t size = 0;
    for (unsigned key = 0; key < 64; key++)
        size += text_of(request, (key_id_t)key).size;
    return size;
}

hub_err_t request_encode(buffer_t *buffer, const client_request_t *request, uint64_t id,
                         uint64_t cid, uint32_t sid)
{
    assert(buffer && request && (cid > 0) == request_has_cid(request->op));
    enum { OVERHEAD = 512 };
    _Static_assert((int)OVERHEAD < (int)LIMIT_FRAME_BYTES, "a request with empty texts fits");
    if (!is_for_here(request->op))
        return HUB_UNSUPPORTED;
    if (size_of(request) > LIMIT_FRAME_BYTES - OVERHEAD)
        return HUB_TOO_LONG;
    if (request->x.data && walk_frame(request->x.data, request->x.size) != HUB_OK)
        return HUB_BAD_REQUEST;

    const command_row_t *row = command_row(request->op);
    writer_t writer;
    request_begin(&writer, buffer, request->op, id, cid, sid);
    keys_t missing = row->needs;
    keys_t wanted = (row->needs | row->may) & ~K(cid);
    for (unsigned key = 0; key < 64; key++)
        if ((wanted >> key & 1) && write_field(&writer, request, (key_id_t)key))
            missing &= ~(UINT64_C(1) << key);
    write_end(&writer);
    return missing ? HUB_BAD_REQUEST : HUB_OK;
}
