#include "broker/shell/server_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker/shell/takeover.h"

#include <assert.h>
#include <czmq.h>
#include <errno.h>
#include <zmq.h>

enum {
    STORM_BYTES = 32768, /* that a turn has sent: it leaves holes in the heap */
    RETRY_MS = 2,        /* how soon what could not be sent is tried again */
    HELD_UP_MS = 1000,   /* a turn so late was held up by the machine ... */
    HEARS_MS = 1000,     /* ... and what came meanwhile is heard first */
};

static void take_moment(server_t *self)
{
    self->now.mono_ms = clock_mono_ms();
    self->now.wall_ms = clock_wall_ms();
    entropy_fill(&self->entropy, self->now.entropy);
}

server_t *server_new(doors_t *doors, gatekeeper_t *gatekeeper, const core_settings_t *settings,
                     store_t **store_p)
{
    assert(doors && settings && store_p && *store_p);
    server_t *self = zmalloc(sizeof *self);
    self->doors = doors;
    self->gatekeeper = gatekeeper;
    self->store = *store_p;
    *store_p = NULL;
    watch_init(&self->watch, doors);
    watch_set(&self->watch, WATCH_STORE, self->store->fd(self->store));
    if (gatekeeper) {
        watch_set(&self->watch, WATCH_ZAP, watch_descriptor(gatekeeper->zap));
        watch_set(&self->watch, WATCH_KEYS, keyring_fd(gatekeeper->keyring));
    }
    if (doors->lanes)
        watch_set(&self->watch, WATCH_LANES, lanes_fd(doors->lanes));
    self->unsent = unsent_new();
    entropy_init(&self->entropy);
    take_moment(self);
    self->core = core_new(settings, &self->now);
    self->hasher = settings->accounts_max > 0 ? hasher_new() : NULL;
    if (self->hasher)
        watch_set(&self->watch, WATCH_HASHER, hasher_fd(self->hasher));
    outbox_init(&self->outbox);
    return self;
}

void server_record(server_t *self, const core_settings_t *settings, recorder_t **recorder_p)
{
    assert(self && settings && recorder_p && *recorder_p && self->recorder == NULL);
    self->recorder = *recorder_p;
    *recorder_p = NULL;
    recorder_begin(self->recorder, settings, &self->now);
}

void server_destroy(server_t **self_p)
{
    assert(self_p);
    server_t *self = *self_p;
    if (self == NULL)
        return;
    outbox_fini(&self->outbox);
    inside_fini(&self->inside);
    core_destroy(&self->core);
    hasher_destroy(&self->hasher);
    unsent_destroy(&self->unsent);
    entropy_fini(&self->entropy);
    self->store->destroy(&self->store);
    recorder_close(&self->recorder);
    free(self);
    *self_p = NULL;
}

void server_step(server_t *self, const event_t *event)
{
    if (self->recorder)
        recorder_note(self->recorder, event, &self->now);
    core_step(self->core, event, &self->now, &self->outbox);
}

/* --- sending ------------------------------------------------------------------------------------ */

static int send_part(void *socket, span_t bytes, int flags)
{
    zmq_msg_t part;
    if (zmq_msg_init_size(&part, bytes.size) != 0)
        return -1;
    memcpy(zmq_msg_data(&part), bytes.data, bytes.size);
    int sent = zmq_msg_send(&part, socket, flags);
    if (sent < 0)
        zmq_msg_close(&part);
    return sent;
}

static sent_t try_inside(server_t *self, span_t routing, span_t frame)
{
    char link[INSIDE_ROUTING_BYTES];
    if (!span_equal(routing, inside_routing(&self->inside, link)))
        return NO_PEER;
    return inside_put_reply(&self->inside, frame) ? SENT : NOT_YET;
}

/* Only the routing id can fail: once a pipe took it, it takes the frame behind it. */
static sent_t try_send(void *context, peer_t to, span_t frame)
{
    server_t *self = context;
    if (to.door == DOOR_INSIDE)
        return try_inside(self, to.routing, frame);
    if (to.door == DOOR_LANE)
        return self->doors->lanes ? lanes_send(self->doors->lanes, to.routing, frame) : NO_PEER;
    void *router = self->doors->routers[to.door];
    self->watch.may_have_input[to.door] = true;
    while (send_part(router, to.routing, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if (errno == EINTR)
            continue;
        return errno == EAGAIN ? NOT_YET : NO_PEER;
    }
    while (send_part(router, frame, ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return NO_PEER;
    return SENT;
}

static void tell_waiting(void *context, peer_t peer, size_t bytes)
{
    server_step(context,
                &(event_t){.kind = EVENT_LINK_WAITING, .peer = peer, .waiting_bytes = bytes});
}

static void tell_gone(void *context, peer_t peer)
{
    log_debug("link.gone", log_u64("door", peer.door),
              log_hex("routing_id", peer.routing.data, peer.routing.size));
    server_step(context, &(event_t){.kind = EVENT_LINK_GONE, .peer = peer});
}

/* `to` and `frame` may lie in the outbox, which a step moves: they are copied for it. */
static void send_frame(server_t *self, peer_t to, span_t frame)
{
    bool waits = !unsent_is_empty(self->unsent) && unsent_has(self->unsent, to);
    sent_t sent = waits ? NOT_YET : try_send(self, to, frame);
    if (sent == SENT)
        return;
    char routing[UINT8_MAX];
    memcpy(routing, to.routing.data, to.routing.size);
    peer_t peer = {to.door, {routing, to.routing.size}};
    if (sent == NO_PEER)
        tell_gone(self, peer);
    else
        tell_waiting(self, peer, unsent_add(self->unsent, to, frame));
}

static void publish(server_t *self, span_t frame)
{
    inside_publish(&self->inside, frame);
    if (self->doors->lanes)
        lanes_publish(self->doors->lanes, frame);
    for (int i = 0; i < PUB_COUNT; i++) {
        void *pub = self->doors->pubs[i];
        while (pub && send_part(pub, frame, ZMQ_DONTWAIT) < 0)
            if (errno != EINTR)
                break; /* PUB drops for who is too slow; clients find the hole */
    }
}

/* --- effects ------------------------------------------------------------------------------------ */

static span_t log_of(const server_t *self, const effect_t *effect)
{
    return outbox_span(&self->outbox, effect->log_offset, effect->log_size);
}

static span_t bytes_of(const server_t *self, const effect_t *effect)
{
    return outbox_span(&self->outbox, effect->offset, effect->size);
}

/* What concerns the store. */
static void store_one(server_t *self, const effect_t *effect)
{
    store_t *store = self->store;
    query_t query;
    retention_t retention;
    switch (effect->kind) {
    case EFFECT_APPEND:
        store->append(store, effect->batch,
                      &(store_event_t){.log = log_of(self, effect),
                                       .seq = effect->seq,
                                       .at_ms = effect->at_ms,
                                       .event = bytes_of(self, effect)});
        return;
    case EFFECT_PUT:
        store->put(store, effect->batch, log_of(self, effect), bytes_of(self, effect));
        return;
    case EFFECT_NOTE:
        store->note(store, effect->batch, effect->seq, bytes_of(self, effect));
        return;
    case EFFECT_DROP_NOTES:
        store->drop_notes(store, effect->batch, effect->seq);
        return;
    case EFFECT_ERASE:
        store->erase(store, effect->batch, log_of(self, effect));
        return;
    case EFFECT_COMMIT:
        store->commit(store, effect->batch);
        return;
    case EFFECT_READ:
        query = outbox_query(&self->outbox, effect);
        store->read(store, &query);
        return;
    case EFFECT_TRIM:
        retention = outbox_retention(&self->outbox, effect);
        store->trim(store, &retention);
        return;
    case EFFECT_SEND:
    case EFFECT_PUBLISH:
    case EFFECT_FORGET:
    case EFFECT_HASH:
    case EFFECT_STOP:
        assert(false);
    }
}

static void perform_one(server_t *self, effect_t effect)
{
    const outbox_t *outbox = &self->outbox;
    switch (effect.kind) {
    case EFFECT_SEND:
        send_frame(self, outbox_peer(outbox, &effect), bytes_of(self, &effect));
        return;
    case EFFECT_PUBLISH:
        publish(self, bytes_of(self, &effect));
        return;
    case EFFECT_FORGET:
        unsent_forget(self->unsent, outbox_peer(outbox, &effect));
        return;
    case EFFECT_HASH:
        assert(self->hasher); /* there are accounts */
        hasher_put(self->hasher, effect.seq, bytes_of(self, &effect), log_of(self, &effect));
        return;
    case EFFECT_STOP:
        log_info("broker.told_to_stop");
        self->must_stop = true;
        return;
    case EFFECT_APPEND:
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
    case EFFECT_COMMIT:
    case EFFECT_READ:
    case EFFECT_TRIM:
        store_one(self, &effect);
        return;
    }
}

static void take_answer(server_t *self, const store_answer_t *answer)
{
    switch (answer->kind) {
    case STORE_COMMITTED:
        server_step(self, &(event_t){.kind = EVENT_COMMITTED, .batch = answer->batch});
        return;
    case STORE_FAILED:
        server_step(self, &(event_t){.kind = EVENT_APPEND_FAILED, .batch = answer->batch});
        return;
    case STORE_PAGE:
        server_step(self, &(event_t){.kind = EVENT_PAGE, .page = answer->page});
        return;
    case STORE_TRIMMED:
        server_step(self, &(event_t){.kind = EVENT_TRIMMED, .log = answer->state});
        return;
    }
}

/* Performing and the store's answers may step the core, which adds effects at the end: they are performed
 * in the same go. */
static void perform(server_t *self)
{
    store_answer_t answer;
    size_t done = 0;
    do {
        for (; done < self->outbox.count; done++)
            perform_one(self, self->outbox.effects[done]);
        while (self->store->next(self->store, &answer))
            take_answer(self, &answer);
    } while (done < self->outbox.count);
    if (self->outbox.bytes.size >= STORM_BYTES)
        heap_storm(&self->heap, self->now.mono_ms);
    outbox_clear(&self->outbox);
    if (self->doors->lanes)
        lanes_flush(self->doors->lanes);
}

static void retry_unsent(server_t *self)
{
    if (unsent_is_empty(self->unsent))
        return;
    unsent_retry(self->unsent, &(unsent_calls_t){.context = self,
                                                 .send = try_send,
                                                 .waiting = tell_waiting,
                                                 .gone = tell_gone});
    perform(self);
}

/* --- restoring ---------------------------------------------------------------------------------- */

static hub_err_t restore_step(void *context, const event_t *event)
{
    server_t *self = context;
    server_step(self, event);
    return core_restored(self->core);
}

bool server_restore(server_t *self, char *out_error)
{
    assert(self && out_error);
    take_moment(self);
    if (!takeover(self->store, restore_step, self, out_error))
        return false;
    server_step(self, &(event_t){.kind = EVENT_TURN});
    perform(self);
    self->turned_ms = clock_mono_ms(); /* reading it all was no hold-up */
    return true;
}

/* --- keys --------------------------------------------------------------------------------------- */

static void renew_pub(server_t *self)
{
    if (self->renews_pub && doors_renew_pub(self->doors))
        self->renews_pub = false;
}

static void refresh_keys(server_t *self)
{
    span_t revoked = keyring_refresh(self->gatekeeper->keyring);
    if (revoked.size == 0)
        return;
    log_info("keys.revoked", log_u64("count", revoked.size / CURVE_KEY_BYTES));
    server_step(self, &(event_t){.kind = EVENT_KEYS_REVOKED, .revoked = revoked});
    self->renews_pub = true;
}

/* Who asks to come in, and who may not be in any more. */
static void keep_gate(server_t *self)
{
    if (self->gatekeeper == NULL)
        return;
    if (watch_is_ready(&self->watch, WATCH_KEYS))
        refresh_keys(self);
    renew_pub(self);
    gatekeeper_answer(self->gatekeeper, self->now.wall_ms / 1000);
}

/* --- the loop ----------------------------------------------------------------------------------- */

/* Before the turn ends, so that what comes of it is stored with the turn. */
static void take_hashed(server_t *self)
{
    hasher_answer_t answer;
    if (self->hasher == NULL || !watch_is_ready(&self->watch, WATCH_HASHER))
        return;
    while (hasher_next(self->hasher, &answer))
        server_step(self, &(event_t){.kind = EVENT_HASHED,
                                     .number = answer.number,
                                     .hashed = answer.err,
                                     .value = span_of(answer.hash)});
}

/* When the core is to be told that time has passed. */
static uint64_t next_tick_ms(const server_t *self)
{
    uint64_t next_ms = core_next_ms(self->core);
    return next_ms > self->hears_until_ms ? next_ms : self->hears_until_ms;
}

/* The process was stopped, or its machine. What was said to it in time may take more than one turn to read, and libzmq
 * some to bring it; until then nobody has been silent. */
static void notice_hold_up(server_t *self)
{
    uint64_t now_ms = self->now.mono_ms, due_ms = next_tick_ms(self);
    bool is_late = due_ms < now_ms && now_ms - due_ms > HELD_UP_MS;
    if (is_late && now_ms - self->turned_ms > HELD_UP_MS) {
        self->hears_until_ms = now_ms + HEARS_MS;
        log_warn("broker.held_up", log_u64("ms", now_ms - due_ms));
    }
    self->turned_ms = now_ms;
}

static void turn(server_t *self)
{
    take_moment(self);
    notice_hold_up(self);
    reserve_keep(&self->reserve, self->doors, self->now.mono_ms);
    keep_gate(self);
    server_receive(self);
    take_hashed(self);
    if (next_tick_ms(self) <= self->now.mono_ms)
        server_step(self, &(event_t){.kind = EVENT_TICK});
    server_step(self, &(event_t){.kind = EVENT_TURN});
    perform(self);
    retry_unsent(self);
    if (heap_due_ms(&self->heap) <= self->now.mono_ms)
        outbox_rest(&self->outbox);
    (void)heap_look(&self->heap, self->now.mono_ms);
}

static bool has_input(const server_t *self)
{
    return inside_has_request(&self->inside) || watch_has_input(&self->watch) ||
           (self->doors->lanes && lanes_has_input(self->doors->lanes)) ||
           (self->gatekeeper && watch_socket_has_input(self->gatekeeper->zap));
}

/* How long may be slept, until `until_ms` at the latest. */
static uint64_t sleep_us(const server_t *self, uint64_t until_ms)
{
    uint64_t next_ms = next_tick_ms(self), now_ms = clock_mono_ms();
    if (next_ms > until_ms)
        next_ms = until_ms;
    if (next_ms > heap_due_ms(&self->heap))
        next_ms = heap_due_ms(&self->heap);
    bool has_to_retry = !unsent_is_empty(self->unsent) || self->renews_pub;
    if (has_to_retry && next_ms > now_ms + RETRY_MS)
        next_ms = now_ms + RETRY_MS;
    if (next_ms > self->reserve.next_ms)
        next_ms = self->reserve.next_ms;
    uint64_t us = next_ms <= now_ms || has_input(self) ? 0 : (next_ms - now_ms) * 1000;
    uint64_t wanted_us =
        self->neighbour.turn ? self->neighbour.wait_us(self->neighbour.context) : us;
    return wanted_us < us ? wanted_us : us;
}

/* What the neighbour asks for is served at once, and it is given the answers without another sleep. */
static void both_turn(server_t *self)
{
    const neighbour_t *neighbour = &self->neighbour;
    if (neighbour->turn)
        neighbour->turn(neighbour->context, watch_is_ready(&self->watch, WATCH_NEIGHBOUR));
    turn(self);
    if (neighbour->turn && inside_has(&self->inside))
        neighbour->turn(neighbour->context, false);
}

/* Serves until the descriptor is readable, an operator says so, or the time has come. True: it was not the time. */
static bool serve(server_t *self, int stop_fd, uint64_t until_ms)
{
    watch_set(&self->watch, WATCH_STOP, stop_fd);
    do {
        if (!watch_sleep(&self->watch, sleep_us(self, until_ms))) {
            log_error("poll.failed", log_errno(errno));
            return true;
        }
        both_turn(self);
        if (watch_is_ready(&self->watch, WATCH_STOP) || (self->must_stop && stop_fd >= 0))
            return true;
    } while (clock_mono_ms() < until_ms);
    return false;
}

void server_set_neighbour(server_t *self, const neighbour_t *neighbour)
{
    assert(self && neighbour && neighbour->turn && neighbour->wait_us);
    self->neighbour = *neighbour;
    watch_set(&self->watch, WATCH_NEIGHBOUR, neighbour->fd);
}

inside_t *server_inside(server_t *self)
{
    assert(self);
    return &self->inside;
}

void server_run(server_t *self, int stop_fd)
{
    assert(self && stop_fd >= 0);
    while (!serve(self, stop_fd, UINT64_MAX))
        ;
}

void server_stop(server_t *self, uint64_t after_ms)
{
    assert(self);
    take_moment(self);
    server_step(self, &(event_t){.kind = EVENT_STOP, .after_ms = after_ms});
    perform(self);
    serve(self, -1, self->now.mono_ms + after_ms);
}
