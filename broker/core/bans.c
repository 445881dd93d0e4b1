#include "broker/core/bans.h"

#include <assert.h>

static void pack_target(writer_t *writer, const verdict_t *verdict)
{
    char text[NETWORK_CHARS + 1];
    network_t network;
    span_t value = target_value(&verdict->target);
    switch (target_kind(&verdict->target)) {
    case TARGET_NICK:
        pack_key(writer, KEY_nick);
        pack_span(writer, verdict_name(verdict));
        return;
    case TARGET_ACCOUNT:
        pack_key(writer, KEY_account);
        pack_span(writer, verdict_name(verdict));
        return;
    case TARGET_KEY:
        pack_key(writer, KEY_key);
        msgpack_pack_bin(&writer->packer, value.size);
        msgpack_pack_bin_body(&writer->packer, value.data, value.size);
        return;
    case TARGET_NETWORK:
        network = target_as_network(&verdict->target);
        network_write(&network, text);
        pack_key(writer, KEY_network);
        pack_span(writer, span_of(text));
        return;
    }
}

void bans_write(writer_t *writer, const verdict_t *verdict)
{
    assert(writer && verdict);
    bool is_ban = target_verdict(&verdict->target) == VERDICT_BAN;
    bool has_reason = verdict->reason_size > 0, ends = verdict->until_ms > 0;
    msgpack_pack_map(&writer->packer, 4u + has_reason + ends);
    pack_key(writer, KEY_verdict);
    pack_span(writer, span_of(is_ban ? "ban" : "mute"));
    pack_target(writer, verdict);
    pack_key(writer, KEY_by);
    pack_span(writer, verdict_by(verdict));
    pack_key(writer, KEY_at);
    msgpack_pack_uint64(&writer->packer, verdict->at_ms);
    if (has_reason) {
        pack_key(writer, KEY_reason);
        pack_span(writer, verdict_reason(verdict));
    }
    if (ends) {
        pack_key(writer, KEY_until);
        msgpack_pack_uint64(&writer->packer, verdict->until_ms);
    }
}
