#include "broker/core/hashing.h"

#include "broker/core/allowance.h"
#include "broker/core/dispatch.h"
#include "broker/core/rights.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

/* There is a password in it. */
static void free_frame(const hashing_t *waiting)
{
    sodium_memzero(waiting->frame, waiting->frame_size);
    free(waiting->frame);
}

static void drop(core_t *core, uint64_t id)
{
    const hashing_t *waiting = slab_find(core->hashings, id);
    assert(waiting);
    free_frame(waiting);
    slab_remove(core->hashings, id);
}

hub_err_t hashing_check(request_t *request, key_id_t key)
{
    assert(request);
    span_t password = message_span(request->message, key);
    request->hint = "a password has 8 to 128 bytes";
    if (password.size < LIMIT_PASSWORD_MIN_BYTES || password.size > LIMIT_PASSWORD_BYTES)
        return HUB_BAD_REQUEST;
    request->hint = NULL;
    return HUB_OK;
}

/* Operators are not strangers. */
static uint64_t place_of(const core_t *core, const request_t *request)
{
    return is_operators(core, request) ? 0 : allowance_place(core, request);
}

/* Else who has some accounts could have their passwords looked at without end, and nobody else could log in. What has got so far as
 * to be handled again is not counted anew. */
static bool is_too_many_from_there(const core_t *core, const request_t *request)
{
    uint64_t place = request->hashed ? 0 : place_of(core, request);
    const hashing_t *waiting;
    size_t count = 0;
    for (uint32_t at = 0; place && (waiting = slab_next(core->hashings, &at));)
        count += waiting->place == place;
    return count >= LIMIT_HASHES_PER_PLACE;
}

hub_err_t hashing_may_ask(const core_t *core, request_t *request)
{
    assert(core && request);
    if (slab_count(core->hashings) < LIMIT_HASHES_WAITING && !is_too_many_from_there(core, request))
        return HUB_OK;
    request->hint = "many passwords are being looked at";
    request->retry_ms = BUSY_RETRY_MS;
    return HUB_BUSY;
}

hub_err_t hashing_ask(core_t *core, request_t *request, const account_t *account, span_t password,
                      span_t hash)
{
    assert(core && request && password.size > 0 && request->frame.size > 0);
    hub_err_t err = hashing_may_ask(core, request);
    if (err != HUB_OK)
        return err;
    uint64_t id;
    hashing_t *waiting = slab_add(core->hashings, &id);
    assert(waiting); /* there was room */
    waiting->frame = malloc(request->frame.size);
    assert(waiting->frame);
    memcpy(waiting->frame, request->frame.data, request->frame.size);
    assert(hash.size < sizeof waiting->hash);
    waiting->is_made = hash.size == 0;
    span_t known = waiting->is_made && request->hashed ? request->hashed->verified : hash;
    if (known.size > 0)
        memcpy(waiting->hash, known.data, known.size);
    waiting->frame_size = request->frame.size;
    waiting->session = request->session ? request->session->id : 0;
    waiting->account = account ? account->id : 0;
    waiting->door = request->peer.door;
    waiting->routing_size = (uint8_t)request->peer.routing.size;
    memcpy(waiting->routing, request->peer.routing.data, request->peer.routing.size);
    waiting->place = place_of(core, request);
    waiting->is_local = request->is_local;
    waiting->is_operator = request->is_operator;
    waiting->peer_key = request->peer_key;
    request->is_put_aside = true;
    outbox_hash(core->out, id, password, hash);
    return HUB_OK;
}

hub_err_t hashing_result(request_t *request)
{
    assert(request && request->hashed);
    request->retry_ms = request->hashed->err == HUB_BUSY ? BUSY_RETRY_MS : 0;
    return request->hashed->err;
}

bool hashing_is_of(const request_t *request, const account_t *account)
{
    assert(request && request->hashed && account);
    span_t verified = request->hashed->verified;
    return request->hashed->account == account->id &&
           (verified.size == 0 || span_equal(verified, span_of(account->hash)));
}

void hashing_done(core_t *core, const event_t *event)
{
    assert(core && event && event->kind == EVENT_HASHED);
    const hashing_t *waiting = slab_find(core->hashings, event->number);
    if (waiting == NULL)
        return; /* a recording from elsewhere may say so */
    hashed_t hashed = {event->hashed, event->value, span_of(waiting->hash), waiting->is_made,
                       waiting->account};
    request_t request = {.message = &core->message,
                         .peer = {waiting->door, {waiting->routing, waiting->routing_size}},
                         .peer_key = waiting->peer_key,
                         .frame = {waiting->frame, waiting->frame_size},
                         .is_local = waiting->is_local,
                         .is_operator = waiting->is_operator,
                         .hashed = &hashed};
    if (!waiting->is_void)
        dispatch_again(core, &request, waiting->session);
    drop(core, event->number);
}

void hashing_fini(core_t *core)
{
    assert(core);
    const hashing_t *waiting;
    for (uint32_t place = 0; (waiting = slab_next(core->hashings, &place));)
        free_frame(waiting);
    slab_destroy(&core->hashings);
}
