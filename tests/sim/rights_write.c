/* Requests as bytes. */
#include "tests/sim/rights.h"

#include <inttypes.h>
#include <stdio.h>

static void write_target(writer_t *writer, const ask_t *ask)
{
    char key[PEER_KEY_BYTES];
    switch (ask->at) {
    case AT_NICK:
        write_str(writer, KEY_nick, nick_text(ask->nick));
        return;
    case AT_ACCOUNT:
        write_str(writer, KEY_account, nick_text(ask->nick));
        return;
    case AT_KEY:
        key_bytes(ask->key, key);
        write_bin(writer, KEY_key, (span_t){key, sizeof key});
        return;
    case AT_NETWORK:
        write_str(writer, KEY_network, network_text(ask->network));
        return;
    }
}

static void write_greeting(writer_t *writer, const ask_t *ask)
{
    write_uint(writer, KEY_resume_ms, ask->resume_ms);
    if (ask->address != NONE)
        write_str(writer, KEY_address, address_text(ask->address));
    if (!ask->has_join)
        return;
    write_key(writer, KEY_join);
    msgpack_pack_array(&writer->packer, (size_t)__builtin_popcount(ask->joins));
    for (int hall = 0; hall < HALLS; hall++)
        if (ask->joins >> hall & 1)
            pack_span(writer, hall_text(hall));
}

static void write_names(writer_t *writer, const ask_t *ask)
{
    bool is_of_account = ask->op == OP_account_remove || ask->op == OP_account_role ||
                         ask->op == OP_account_password;
    bool is_named = ask->op == OP_hello || ask->op == OP_login || ask->op == OP_nick ||
                    ask->op == OP_invite || ask->op == OP_account_add || ask->op == OP_role;
    if (ask->has_target)
        write_target(writer, ask);
    else if (ask->op == OP_tell)
        write_str(writer, KEY_to, nick_text(ask->nick));
    else if (is_of_account)
        write_str(writer, KEY_account, nick_text(ask->nick));
    else if (is_named)
        write_str(writer, KEY_nick, nick_text(ask->nick));
    if (ask->hall != NONE)
        write_str(writer, KEY_room, hall_text(ask->hall));
    else if (ask->op == OP_history)
        write_str(writer, KEY_room, span_of("@"));
}

static void write_words(writer_t *writer, const ask_t *ask)
{
    static const char *const STANDS[] = {"member", "moderator", "owner"};
    char text[32];
    if (ask->password != NONE)
        write_str(writer, KEY_password, password_text(ask->password));
    if (ask->new_password != NONE)
        write_str(writer, KEY_new_password, password_text(ask->new_password));
    if (ask->reason != NONE)
        write_str(writer, KEY_reason, reason_text(ask->reason));
    if (ask->until_ms > 0)
        write_uint(writer, KEY_until, ask->until_ms);
    if (ask->op == OP_role)
        write_str(writer, KEY_role, span_of(STANDS[ask->stand]));
    if (ask->op == OP_account_role || ask->op == OP_account_add)
        write_str(writer, KEY_role, span_of(ask->makes_operator ? "operator" : "member"));
    if (ask->op == OP_status)
        write_str(writer, KEY_status, span_of(ask->is_private ? "tea" : ""));
    (void)snprintf(text, sizeof text, "%" PRIu64 ":words", ask->text);
    if (ask->text > 0)
        write_str(writer, KEY_text, span_of(text));
}

void rights_write(rights_t *world, const ask_t *ask)
{
    writer_t writer;
    buffer_clear(&world->frame);
    write_begin(&writer, &world->frame);
    write_str(&writer, KEY_op, command_row(ask->op)->name);
    write_uint(&writer, KEY_id, ask->id);
    write_uint(&writer, KEY_sid, (uint64_t)ask->sid);
    write_names(&writer, ask);
    write_words(&writer, ask);
    if (ask->op == OP_hello)
        write_greeting(&writer, ask);
    if (ask->op == OP_resume)
        write_bin(&writer, KEY_token, (span_t){(const char *)ask->token, ask->token_size});
    if (ask->op == OP_join && ask->is_private)
        write_bool(&writer, KEY_private, true);
    if (ask->op == OP_slow)
        write_uint(&writer, KEY_slow_ms, ask->slow_ms);
    if (ask->op == OP_audit)
        write_uint(&writer, KEY_after, ask->after);
    write_end(&writer);
}
