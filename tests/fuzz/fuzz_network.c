/* Networks and addresses of peers: what was read can be written, reads the same again, and has what it is. */
#include "proto/network.h"

#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void try_network(span_t text)
{
    network_t read, again;
    if (!network_read(text, &read))
        return;
    char written[NETWORK_CHARS + 1];
    network_write(&read, written);
    bool is_same = network_read(span_of(written), &again) && network_equal(&read, &again);
    assert(is_same && network_has(&read, read.first));
    (void)is_same;
    for (unsigned bit = 0; bit < 128; bit++) { /* the first bits count, the others do not */
        address_t other = read.first;
        other.bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        bool is_same_kind = network_is_four(other) == network_is_four(read.first);
        assert(network_has(&read, other) == (bit >= read.bits && is_same_kind));
        (void)is_same_kind;
    }
}

static void try_peer(span_t text)
{
    network_t only = {.bits = 128};
    char written[NETWORK_CHARS + 1];
    address_t again;
    if (!network_read_peer(text, &only.first))
        return;
    network_write(&only, written);
    bool is_same = network_read_peer(span_of(written), &again) && network_has(&only, again);
    assert(is_same);
    (void)is_same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* of exactly its size, so that asan sees one byte too far */
    char *text = malloc(size > 0 ? size : 1);
    assert(text);
    if (size > 0)
        memcpy(text, data, size);
    try_network((span_t){text, size});
    try_peer((span_t){text, size});
    free(text);
    return 0;
}
