#include "bridge/core/proxy.h"

#include <assert.h>

static const uint8_t SIGNATURE[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum {
    AT_COMMAND = sizeof SIGNATURE,
    AT_FAMILY,
    AT_LENGTH,
    LOCAL = 0x20, /* version 2 in the upper half */
    PROXY = 0x21,
    TCP_FOUR = 0x11,
    TCP_SIX = 0x21,
    FAMILIES = 4, /* unspecified, IPv4, IPv6, UNIX: the upper half */
    PROTOCOLS = 3 /* unspecified, stream, datagram: the lower half */
};

/* What stands behind the length: addresses from and to, ports from and to. */
static const struct {
    uint8_t address_bytes, bytes;
} LAYOUTS[FAMILIES] = {{0, 0}, {4, 12}, {16, 36}, {108, 216}};

_Static_assert(AT_LENGTH + 2 == PROXY_FIXED_BYTES, "the length comes last");

static uint16_t number_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t whole(const proxy_t *self)
{
    return PROXY_FIXED_BYTES + (uint32_t)number_at(self->bytes + AT_LENGTH);
}

size_t proxy_wants(const proxy_t *self)
{
    assert(self);
    if (self->size < PROXY_FIXED_BYTES)
        return PROXY_FIXED_BYTES - self->size;
    size_t left = whole(self) - self->size;
    return left < PROXY_TAKE_BYTES ? left : PROXY_TAKE_BYTES;
}

/* False: what has come so far does not begin as a header does. */
static bool begins_well(const proxy_t *self)
{
    size_t known = self->size < sizeof SIGNATURE ? self->size : sizeof SIGNATURE;
    return memcmp(self->bytes, SIGNATURE, known) == 0;
}

/* False: a version, command, family or protocol there is not, or less than the family takes. */
static bool is_sound(const proxy_t *self)
{
    uint8_t command = self->bytes[AT_COMMAND], family = self->bytes[AT_FAMILY];
    if (command == LOCAL)
        return true; /* whatever follows is skipped */
    return command == PROXY && family >> 4 < FAMILIES && (family & 0x0f) < PROTOCOLS &&
           number_at(self->bytes + AT_LENGTH) >= LAYOUTS[family >> 4].bytes;
}

proxy_found_t proxy_take(proxy_t *self, span_t bytes)
{
    assert(self && bytes.size <= proxy_wants(self));
    size_t room = self->size < sizeof self->bytes ? sizeof self->bytes - self->size : 0;
    size_t kept = bytes.size < room ? bytes.size : room;
    if (kept > 0)
        memcpy(self->bytes + self->size, bytes.data, kept);
    self->size += (uint32_t)bytes.size;
    if (!begins_well(self))
        return PROXY_WRONG;
    if (self->size < PROXY_FIXED_BYTES)
        return PROXY_MORE;
    if (!is_sound(self))
        return PROXY_WRONG;
    return self->size == whole(self) ? PROXY_DONE : PROXY_MORE;
}

bool proxy_source(const proxy_t *self, address_t *out_address, uint16_t *out_port)
{
    assert(self && out_address && out_port);
    uint8_t family = self->bytes[AT_FAMILY];
    bool is_four = family == TCP_FOUR;
    if (self->bytes[AT_COMMAND] != PROXY || (!is_four && family != TCP_SIX))
        return false;
    const uint8_t *from = self->bytes + PROXY_FIXED_BYTES;
    size_t size = LAYOUTS[family >> 4].address_bytes;
    *out_address = is_four ? network_of_four(from) : (address_t){{0}};
    if (!is_four)
        memcpy(out_address->bytes, from, size);
    *out_port = number_at(from + 2 * size);
    return true;
}
