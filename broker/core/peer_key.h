/* broker/core/peer_key.h - the CURVE key that a link came under, as the handshake proved it.
 *
 * A link has the same one for life; a session has that of the link it was made over, and lives on links of
 * that key only. Links over doors without CURVE have none, and so have their sessions. */
#ifndef BROKER_CORE_PEER_KEY_H
#define BROKER_CORE_PEER_KEY_H

#include "proto/span.h"

#include <assert.h>
#include <stdint.h>

enum { PEER_KEY_BYTES = 32 };

typedef struct {
    uint8_t bytes[PEER_KEY_BYTES]; /* public; zeros where there is none */
    bool is_some;
} peer_key_t;

/* A key of PEER_KEY_BYTES (asserted), or none where the span is empty. */
static inline peer_key_t peer_key_of(span_t bytes)
{
    peer_key_t key = {.is_some = bytes.size > 0};
    assert(bytes.size == 0 || bytes.size == PEER_KEY_BYTES);
    if (key.is_some)
        memcpy(key.bytes, bytes.data, PEER_KEY_BYTES);
    return key;
}

static inline bool peer_key_equal(const peer_key_t *a, const peer_key_t *b)
{
    return a->is_some == b->is_some && memcmp(a->bytes, b->bytes, PEER_KEY_BYTES) == 0;
}

static inline span_t peer_key_span(const peer_key_t *self)
{
    return (span_t){(const char *)self->bytes, self->is_some ? PEER_KEY_BYTES : 0};
}

#endif
