#include "proto/network.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

enum { FOUR_BITS = 32, SIX_BITS = 128, MAPPED_BITS = SIX_BITS - FOUR_BITS, PORT_MAX = 65535 };

static const uint8_t MAPPED[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

address_t network_of_four(const void *bytes)
{
    address_t out;
    assert(bytes);
    memcpy(out.bytes, MAPPED, sizeof MAPPED);
    memcpy(out.bytes + sizeof MAPPED, bytes, sizeof out.bytes - sizeof MAPPED);
    return out;
}

bool network_is_four(address_t address)
{
    return memcmp(address.bytes, MAPPED, sizeof MAPPED) == 0;
}

/* Copies to where a zero can stand behind it. False: too long for any address, or with a zero in it. */
static bool terminate(span_t text, char out[INET6_ADDRSTRLEN])
{
    if (text.size >= INET6_ADDRSTRLEN || memchr(text.data ? text.data : "", '\0', text.size))
        return false;
    if (text.size > 0)
        memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

static bool read_address(span_t text, address_t *out, bool *out_is_four)
{
    char terminated[INET6_ADDRSTRLEN];
    address_t six;
    uint8_t four[FOUR_BITS / 8];
    if (!terminate(text, terminated))
        return false;
    *out_is_four = inet_pton(AF_INET, terminated, four) == 1;
    if (!*out_is_four && inet_pton(AF_INET6, terminated, six.bytes) != 1)
        return false;
    *out = *out_is_four ? network_of_four(four) : six;
    return true;
}

/* A number without signs, blanks and leading zeros. */
static bool read_number(span_t text, uint32_t most, uint32_t *out)
{
    uint32_t number = 0;
    if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
        if (number > most)
            return false;
    }
    *out = number;
    return true;
}

/* What stands before and behind a character; behind is NULL where it is not there. */
static span_t split(span_t text, char at, span_t *out_behind)
{
    const char *found = text.size > 0 ? memchr(text.data, at, text.size) : NULL;
    *out_behind = (span_t){NULL, 0};
    if (found == NULL)
        return text;
    size_t size = (size_t)(found - text.data);
    *out_behind = (span_t){found + 1, text.size - size - 1};
    return (span_t){text.data, size};
}

/* The byte of a mask of so many bits. */
static uint8_t mask_byte(uint32_t bits, size_t byte)
{
    uint32_t before = (uint32_t)byte * 8;
    if (bits <= before)
        return 0;
    return (uint8_t)(bits >= before + 8 ? 0xffu : 0xff00u >> (bits - before));
}

static address_t mask(address_t address, uint32_t bits)
{
    for (size_t i = 0; i < sizeof address.bytes; i++)
        address.bytes[i] &= mask_byte(bits, i);
    return address;
}

bool network_read(span_t text, network_t *out)
{
    assert(out);
    span_t digits, host = split(text, '/', &digits);
    address_t address;
    bool is_four;
    if (!read_address(host, &address, &is_four))
        return false;
    uint32_t most = is_four ? FOUR_BITS : SIX_BITS, bits = most;
    if (digits.data && !read_number(digits, most, &bits))
        return false;
    bits += is_four ? MAPPED_BITS : 0;
    *out = (network_t){mask(address, bits), (uint8_t)bits};
    return true;
}

static bool is_port(span_t text)
{
    uint32_t port;
    return read_number(text, PORT_MAX, &port);
}

/* [HOST]:PORT */
static bool read_bracketed(span_t text, address_t *out)
{
    bool is_four;
    span_t behind, host = split((span_t){text.data + 1, text.size - 1}, ']', &behind);
    if (behind.size < 2 || behind.data[0] != ':' ||
        !is_port((span_t){behind.data + 1, behind.size - 1}))
        return false;
    address_t address;
    if (!read_address(host, &address, &is_four) || is_four)
        return false;
    *out = address;
    return true;
}

bool network_read_peer(span_t text, address_t *out)
{
    assert(out);
    bool is_four;
    if (text.size > 0 && text.data[0] == '[')
        return read_bracketed(text, out);
    if (read_address(text, out, &is_four))
        return true;
    span_t port, host = split(text, ':', &port);
    address_t address;
    if (!is_port(port) || !read_address(host, &address, &is_four) || !is_four)
        return false;
    *out = address;
    return true;
}

static bool is_four_network(const network_t *self)
{
    return self->bits >= MAPPED_BITS && network_is_four(self->first);
}

void network_write(const network_t *self, char out[NETWORK_CHARS + 1])
{
    assert(self && out);
    char host[INET6_ADDRSTRLEN] = "";
    bool is_four = is_four_network(self);
    const uint8_t *bytes = self->first.bytes + (is_four ? sizeof MAPPED : 0);
    const char *written = inet_ntop(is_four ? AF_INET : AF_INET6, bytes, host, sizeof host);
    assert(written); /* there is room */
    (void)written;
    if (self->bits == SIX_BITS)
        (void)snprintf(out, NETWORK_CHARS + 1, "%s", host);
    else
        (void)snprintf(out, NETWORK_CHARS + 1, "%s/%d", host,
                       self->bits - (is_four ? MAPPED_BITS : 0));
}

bool network_has(const network_t *self, address_t address)
{
    assert(self);
    if (network_is_four(address) != is_four_network(self))
        return false;
    address = mask(address, self->bits);
    return memcmp(address.bytes, self->first.bytes, sizeof address.bytes) == 0;
}

bool network_equal(const network_t *a, const network_t *b)
{
    assert(a && b);
    return a->bits == b->bits && memcmp(&a->first, &b->first, sizeof a->first) == 0;
}
