#include "tests/sim/broker.h"

#include "tests/sim/audit.h"
#include "tests/sim/network.h"

#include <assert.h>

enum {
    FIRST_WALL_MS_HIGH = 1760000000, /* seconds */
    LATE_MS = 30,                    /* how late a turn may be */
    DOWN_MS = 1500,
    AUDIT_TURNS = 64,
};

static moment_t moment(world_t *world)
{
    moment_t now = {.mono_ms = world->now_ms, .wall_ms = world->now_ms + world->wall_ms};
    for (size_t i = 0; i < sizeof now.entropy; i += sizeof(uint64_t)) {
        uint64_t bits = random_next(&world->random);
        memcpy(now.entropy + i, &bits, sizeof bits);
    }
    return now;
}

/* The watch sees the effects of each step before the next one. */
static void step(world_t *world, const event_t *event)
{
    broker_t *broker = &world->broker;
    moment_t now = moment(world);
    core_step(broker->core, event, &now, &broker->out);
    watch_effects(&world->watch, &broker->out, broker->watched, world->now_ms);
    broker->watched = broker->out.count;
}

static void routing_id(uint32_t connection, char *out)
{
    out[0] = '\0';
    memcpy(out + 1, &connection, sizeof connection);
}

/* --- effects -------------------------------------------------------------------------------------- */

static void send_frame(world_t *world, const effect_t *effect)
{
    broker_t *broker = &world->broker;
    uint32_t connection;
    uint64_t waiting;
    memcpy(&connection, outbox_peer(&broker->out, effect).routing.data + 1, sizeof connection);
    span_t frame = outbox_span(&broker->out, effect->offset, effect->size);
    char routing[1 + sizeof connection];
    routing_id(connection, routing);
    peer_t peer = {0, {routing, sizeof routing}};
    if (!network_to_device(world, connection, frame, &waiting)) {
        watch_link_gone(&world->watch, connection);
        step(world, &(event_t){.kind = EVENT_LINK_GONE, .peer = peer});
    } else if (waiting > 0) {
        step(world, &(event_t){.kind = EVENT_LINK_WAITING, .peer = peer, .waiting_bytes = waiting});
    }
}

static void perform_one(world_t *world, const effect_t *effect)
{
    const outbox_t *out = &world->broker.out;
    uint32_t connection;
    uint64_t due_ms;
    switch (effect->kind) {
    case EFFECT_SEND:
        send_frame(world, effect);
        return;
    case EFFECT_PUBLISH:
        network_publish(world, outbox_span(out, effect->offset, effect->size));
        return;
    case EFFECT_FORGET:
        memcpy(&connection, outbox_peer(out, effect).routing.data + 1, sizeof connection);
        network_forget(world, connection);
        return;
    case EFFECT_APPEND:
    case EFFECT_COMMIT:
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
    case EFFECT_READ:
    case EFFECT_TRIM:
        due_ms = disk_perform(&world->disk, out, effect, world->now_ms);
        if (due_ms > 0)
            later(world, due_ms, DUE_STORE, 0, world->broker.life);
        return;
    }
}

static void perform(world_t *world)
{
    broker_t *broker = &world->broker;
    while (broker->done < broker->out.count) {
        effect_t effect = broker->out.effects[broker->done++];
        perform_one(world, &effect);
    }
    outbox_clear(&broker->out);
    broker->done = broker->watched = 0;
    uint64_t next_ms = core_next_ms(broker->core);
    if (next_ms == UINT64_MAX || (broker->wake_ms > world->now_ms && broker->wake_ms <= next_ms))
        return;
    if (next_ms < world->now_ms)
        next_ms = world->now_ms;
    broker->wake_ms = next_ms + (happens(world, 100) ? draw(world, LATE_MS) : 0);
    later(world, broker->wake_ms, DUE_BROKER_WAKE, 0, broker->life);
}

/* --- events --------------------------------------------------------------------------------------- */

void broker_turn(world_t *world)
{
    broker_t *broker = &world->broker;
    broker->has_turn = false;
    if (core_next_ms(broker->core) <= world->now_ms)
        step(world, &(event_t){.kind = EVENT_TICK});
    step(world, &(event_t){.kind = EVENT_TURN});
    perform(world);
    if (++broker->turns % AUDIT_TURNS == 0)
        audit_core(broker->core, &broker->settings);
}

void broker_receive(world_t *world, uint32_t connection, span_t frame)
{
    broker_t *broker = &world->broker;
    char routing[1 + sizeof connection];
    routing_id(connection, routing);
    watch_request(&world->watch, connection, frame, world->now_ms);
    step(world,
         &(event_t){.kind = EVENT_FRAME, .peer = {0, {routing, sizeof routing}}, .frame = frame});
    if (broker->has_turn)
        return;
    broker->has_turn = true;
    later(world, world->now_ms + (happens(world, 200) ? draw(world, LATE_MS) : 0), DUE_TURN, 0,
          broker->life);
}

void broker_wake(world_t *world, uint64_t at_ms)
{
    if (at_ms == world->broker.wake_ms)
        broker_turn(world);
}

void broker_disk(world_t *world)
{
    event_t event;
    perform(world); /* as the shell does: the store has all before it is asked */
    while (disk_answer(&world->disk, world->now_ms, &event)) {
        step(world, &event);
        perform(world);
    }
}

void broker_device_reads(world_t *world, const device_t *device)
{
    uint32_t connection = network_thawed(world, device);
    if (connection == NOBODY || !world->broker.is_up)
        return;
    char routing[1 + sizeof connection];
    routing_id(connection, routing);
    step(world, &(event_t){.kind = EVENT_LINK_WAITING, .peer = {0, {routing, sizeof routing}}});
    perform(world);
}

/* --- life and death ------------------------------------------------------------------------------- */

void broker_init(world_t *world)
{
    broker_t *broker = &world->broker;
    broker->settings = world->plan.settings;
    outbox_init(&broker->out);
    disk_init(&world->disk, &world->ledger, &world->random, broker->settings.has_store,
              world->plan.commit_ms);
    world->wall_ms = FIRST_WALL_MS_HIGH * UINT64_C(1000);
    moment_t now = moment(world);
    broker->core = core_new(&broker->settings, &now);
    broker->is_up = true;
    broker->life = 1;
}

void broker_fini(world_t *world)
{
    core_destroy(&world->broker.core);
    outbox_fini(&world->broker.out);
    disk_fini(&world->disk);
}

void broker_die(world_t *world)
{
    broker_t *broker = &world->broker;
    if (!broker->is_up)
        return;
    trace("the broker dies");
    network_broker_died(world);
    broker->is_up = broker->has_turn = false;
    broker->life++;
    broker->wake_ms = 0;
    core_destroy(&broker->core);
    outbox_clear(&broker->out);
    broker->done = broker->watched = 0;
    disk_crash(&world->disk);
    watch_broker_died(&world->watch, !broker->settings.has_store);
    later(world, world->now_ms + 1 + draw(world, DOWN_MS), DUE_START, 0, broker->life);
}

/* A broker that remembers nothing relies on the clock to make epochs that never were: see docs/protocol.md,
 * "Known weaknesses". */
static void pass_epochs(world_t *world)
{
    uint64_t epochs_ms = (world->ledger.highest_epoch + 1) * 1000;
    if (!world->broker.settings.has_store && world->now_ms + world->wall_ms < epochs_ms)
        world->wall_ms = epochs_ms - world->now_ms;
}

void broker_start(world_t *world)
{
    broker_t *broker = &world->broker;
    pass_epochs(world);
    moment_t now = moment(world);
    trace("the broker starts, in second %ju", (uintmax_t)now.wall_ms / 1000);
    broker->core = core_new(&broker->settings, &now);
    broker->is_up = true;
    network_broker_started(world);
}
