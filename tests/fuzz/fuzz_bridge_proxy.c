/* PROXY headers: in whatever pieces they come, the same is found, and never a byte behind the header is taken. */
#include "bridge/core/proxy.h"

#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

/* Takes in pieces of at most `most` bytes; *out_used: how much of the input. */
static proxy_found_t take(const uint8_t *data, size_t size, size_t most, proxy_t *out,
                          size_t *out_used)
{
    proxy_found_t found = PROXY_MORE;
    *out = (proxy_t){.size = 0};
    *out_used = 0;
    while (found == PROXY_MORE && *out_used < size) {
        size_t piece = proxy_wants(out);
        assert(piece > 0 && piece <= PROXY_TAKE_BYTES);
        piece = piece < most ? piece : most;
        piece = piece < size - *out_used ? piece : size - *out_used;
        char *bytes = malloc(piece); /* of exactly its size, so that asan sees one byte too far */
        assert(bytes);
        memcpy(bytes, data + *out_used, piece);
        found = proxy_take(out, (span_t){bytes, piece});
        free(bytes);
        *out_used += piece;
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    proxy_t whole, bytewise;
    size_t used, used_bytewise;
    proxy_found_t found = take(data, size, size, &whole, &used);
    proxy_found_t again = take(data, size, 1, &bytewise, &used_bytewise);
    assert(found == again);
    (void)again;
    if (found != PROXY_DONE)
        return 0;
    assert(used == used_bytewise && used >= PROXY_FIXED_BYTES &&
           used <= PROXY_FIXED_BYTES + 65535u);
    address_t address = {{0}}, other = {{0}};
    uint16_t port = 0, other_port = 0;
    bool has = proxy_source(&whole, &address, &port);
    bool has_too = proxy_source(&bytewise, &other, &other_port);
    assert(has == has_too && port == other_port && memcmp(&address, &other, sizeof address) == 0);
    (void)has, (void)has_too;
    return 0;
}
