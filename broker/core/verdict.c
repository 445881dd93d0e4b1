#include "broker/core/verdict.h"

#include <assert.h>
#include <string.h>

static const char VERDICTS[] = {[VERDICT_BAN] = 'b', [VERDICT_MUTE] = 'm'};
static const char TARGETS[] = {
    [TARGET_NICK] = 'n', [TARGET_ACCOUNT] = 'a', [TARGET_KEY] = 'k', [TARGET_NETWORK] = 'w'};

static target_t make(verdict_kind_t verdict, target_kind_t kind, const void *value, size_t size)
{
    assert(size <= TARGET_BYTES - 2);
    target_t target = {.size = (uint8_t)(2 + size)};
    target.bytes[0] = VERDICTS[verdict];
    target.bytes[1] = TARGETS[kind];
    memcpy(target.bytes + 2, value, size);
    return target;
}

target_t target_nick(verdict_kind_t kind, span_t identity)
{
    return make(kind, TARGET_NICK, identity.data, identity.size);
}

target_t target_account(verdict_kind_t kind, const char *uid)
{
    assert(uid);
    return make(kind, TARGET_ACCOUNT, uid, MINT_NAME_CHARS);
}

target_t target_key(verdict_kind_t kind, span_t key)
{
    assert(key.size == PEER_KEY_BYTES);
    return make(kind, TARGET_KEY, key.data, key.size);
}

target_t target_network(verdict_kind_t kind, const network_t *network)
{
    assert(network);
    uint8_t value[1 + sizeof network->first.bytes] = {network->bits};
    memcpy(value + 1, network->first.bytes, sizeof network->first.bytes);
    return make(kind, TARGET_NETWORK, value, sizeof value);
}

static bool is_sound(const target_t *target)
{
    span_t value = target_value(target);
    switch (target_kind(target)) {
    case TARGET_NICK: {
        name_t identity;
        return name_fold(value, &identity) && span_equal(name_span(&identity), value);
    }
    case TARGET_ACCOUNT:
        return value.size == MINT_NAME_CHARS;
    case TARGET_KEY:
        return value.size == PEER_KEY_BYTES;
    case TARGET_NETWORK:
        return value.size == 1 + sizeof(address_t) && (uint8_t)value.data[0] <= 128;
    }
    return false;
}

bool target_read(span_t bytes, target_t *out)
{
    assert(out);
    if (bytes.size < 3 || bytes.size > TARGET_BYTES)
        return false;
    bool is_known = memchr(VERDICTS, bytes.data[0], sizeof VERDICTS) != NULL &&
                    memchr(TARGETS, bytes.data[1], sizeof TARGETS) != NULL;
    target_t target = {.size = (uint8_t)bytes.size};
    memcpy(target.bytes, bytes.data, bytes.size);
    if (!is_known || !is_sound(&target))
        return false;
    *out = target;
    return true;
}

target_kind_t target_kind(const target_t *self)
{
    assert(self && self->size > 2);
    const char *place = memchr(TARGETS, self->bytes[1], sizeof TARGETS);
    assert(place);
    return (target_kind_t)(place - TARGETS);
}

network_t target_as_network(const target_t *self)
{
    assert(target_kind(self) == TARGET_NETWORK);
    network_t network = {.bits = (uint8_t)self->bytes[2]};
    memcpy(network.first.bytes, self->bytes + 3, sizeof network.first.bytes);
    return network;
}

/* Cut where a character ends. */
static uint8_t copy(char *out, size_t room, span_t text)
{
    size_t size = text.size < room ? text.size : room;
    while (size < text.size && size > 0 && ((uint8_t)text.data[size] & 0xc0) == 0x80)
        size--;
    if (size > 0)
        memcpy(out, text.data, size);
    return (uint8_t)size;
}

void verdict_set(verdict_t *self, const verdict_words_t *words)
{
    assert(self && words && (words->uid.size == 0 || words->uid.size == MINT_NAME_CHARS));
    self->name_size = copy(self->name, sizeof self->name, words->name);
    self->by_size = copy(self->by, sizeof self->by, words->by);
    self->reason_size = copy(self->reason, VERDICT_REASON_BYTES, words->reason);
    self->reason[self->reason_size] = 0;
    self->has_uid = copy(self->uid, sizeof self->uid, words->uid) > 0;
    self->at_ms = words->at_ms;
    self->until_ms = words->until_ms;
}
