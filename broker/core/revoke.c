#include "broker/core/revoke.h"

#include "broker/core/hashing.h"
#include "broker/core/links.h"
#include "broker/core/sessions.h"

#include <assert.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, PEER_KEY_BYTES);
}

static bool is_among(span_t keys, const peer_key_t *key)
{
    return key->is_some && bsearch(key->bytes, keys.data, keys.size / PEER_KEY_BYTES,
                                   PEER_KEY_BYTES, compare) != NULL;
}

/* What waits for them is theirs no more; that they were kicked is the last they hear. */
static void forget_unsent(core_t *core, span_t keys)
{
    const link_t *link;
    for (uint32_t place = 0; (link = slab_next(core->links, &place));)
        if (is_among(keys, shared_key_get(link->peer_key)))
            outbox_forget(core->out, link_peer(link));
}

static void kick_sessions(core_t *core, span_t keys)
{
    session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));) {
        if (!is_among(keys, shared_key_get(session->peer_key)))
            continue;
        core->counters.sessions_revoked++;
        session_kick(core, session, "revoked");
    }
}

static void lose_links(core_t *core, span_t keys)
{
    link_t *link;
    for (uint32_t place = 0; (link = slab_next(core->links, &place));) {
        if (!is_among(keys, shared_key_get(link->peer_key)))
            continue;
        core->counters.links_revoked++;
        link_lose(core, link);
    }
}

/* What waits for a password to be looked at was asked by somebody who may nothing any more. */
static void void_requests(core_t *core, span_t keys)
{
    hashing_t *waiting;
    for (uint32_t place = 0; (waiting = slab_next(core->hashings, &place));)
        waiting->is_void |= is_among(keys, &waiting->peer_key);
}

void revoke_keys(core_t *core, span_t keys)
{
    assert(core && keys.size > 0 && keys.size % PEER_KEY_BYTES == 0);
    void_requests(core, keys);
    forget_unsent(core, keys);
    kick_sessions(core, keys);
    lose_links(core, keys);
}
