#include "tests/sim/broker.h"

#include "broker/core/state.h"
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

/* Answers that are kept back say what is so already: the watch has to know. */
static void see_promises(world_t *world, size_t first)
{
    const core_t *core = world->broker.core;
    for (size_t i = first; i < core->pipeline.count; i++) {
        const held_t *held = &core->pipeline.queue[core->pipeline.first + i];
        const link_t *link = held->kind == HELD_REPLY ? core_link(core, held->owner) : NULL;
        if (link == NULL)
            continue;
        uint32_t connection;
        memcpy(&connection, link_peer(link).routing.data + 1, sizeof connection);
        watch_promise(&world->watch, connection, pipeline_span(&core->pipeline, held), held->batch,
                      world->now_ms);
    }
}

/* The watch sees the effects of each step before the next one. */
static void step(world_t *world, const event_t *event)
{
    broker_t *broker = &world->broker;
    moment_t now = moment(world);
    size_t held = broker->core->pipeline.count;
    core_step(broker->core, event, &now, &broker->out);
    watch_effects(&world->watch, &broker->out, broker->watched, world->now_ms);
    broker->watched = broker->out.count;
    if (event->kind == EVENT_FRAME)
        see_promises(world, held);
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
    case EFFECT_HASH: /* nobody in here has an account, or is an operator */
    case EFFECT_STOP:
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
    if (++broker->turns % AUDIT_TURNS != 0)
        return;
    audit_core(broker->core, &broker->settings);
    audit_times(broker->core, &broker->settings, world->now_ms);
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
    /* As the shell does: a turn that has begun ends, and the store has all before it is asked. */
    if (world->broker.has_turn)
        broker_turn(world);
    perform(world);
    while (disk_answer(&world->disk, world->now_ms, &event)) {
        if (event.kind == EVENT_COMMITTED || event.kind == EVENT_APPEND_FAILED)
            watch_settled(&world->watch, event.batch, event.kind == EVENT_COMMITTED);
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
    disk_content_fini(&world->copy);
}

void broker_die(world_t *world)
{
    broker_t *broker = &world->broker;
    if (!broker->is_up)
        return;
    trace("the broker dies");
    audit_core(broker->core, &broker->settings);
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

/* A broker that remembers nothing, or too little, relies on the clock to make epochs that never were: see docs/protocol.md,
 * "Known weaknesses". */
static void pass_epochs(world_t *world)
{
    uint64_t epochs_ms = (world->ledger.highest_epoch + 1) * 1000;
    if (world->now_ms + world->wall_ms < epochs_ms)
        world->wall_ms = epochs_ms - world->now_ms;
}

static void restore_step(void *context, const event_t *event)
{
    step(context, event);
}

/* Now and then the machine has gone, too, or an older copy of the disk is put back. A room that was forgotten
 * and made again while the disk was full has shown an epoch that is not stored, and its former life is there
 * again: that is known to be weak, so the disk then counts as a copy. */
static origin_t choose_origin(world_t *world, bool *out_is_older)
{
    origin_t origin = {0}; /* of what has happened to the disk just now */
    bool is_copy = world->has_copy && draw(world, 6) == 0;
    origin.is_other_boot = draw(world, 4) == 0;
    origin.is_restored = is_copy && !origin.is_other_boot;
    bool has_lost = is_copy && origin.is_other_boot && !world->broker.settings.survives_power;
    *out_is_older = origin.is_restored || has_lost;
    world->disk.origin.is_other_boot |= origin.is_other_boot;
    world->disk.origin.is_restored |= origin.is_restored || world->watch.has_failed;
    return world->disk.origin;
}

static void put_back(world_t *world)
{
    disk_put_back(&world->disk, &world->copy);
    for (uint32_t i = 0; i < world->ledger.log_count; i++) {
        ledger_log_t *log = world->ledger.logs[i];
        const disk_log_t *kept = disk_log(&world->disk, (span_t){log->name, log->name_size});
        ledger_undo(&world->ledger, log, kept ? kept->head : 0);
    }
    for (uint64_t i = 1; i <= world->ledger.text_count; i++)
        world->ledger.texts[i].is_refused = false; /* that may be undone, too */
}

static void restore(world_t *world)
{
    broker_t *broker = &world->broker;
    bool is_older;
    event_t restored = {.kind = EVENT_RESTORED, .origin = choose_origin(world, &is_older)};
    trace("reads back what is stored%s%s", restored.origin.is_other_boot ? ", another boot" : "",
          is_older ? ", an older copy" : "");
    if (is_older)
        put_back(world);
    if (restored.origin.is_restored || restored.origin.is_other_boot)
        pass_epochs(world);
    disk_restore(&world->disk, restore_step, world);
    step(world, &restored);
    hub_err_t err = core_restored(broker->core);
    if (err != HUB_OK)
        violated("what was stored cannot be read back: %s", err_name(err));
    watch_restored(&world->watch, broker->core, is_older);
    audit_core(broker->core, &broker->settings);
    broker->has_turn = true;
    later(world, world->now_ms, DUE_TURN, 0, broker->life);
}

void broker_start(world_t *world)
{
    broker_t *broker = &world->broker;
    if (!broker->settings.has_store)
        pass_epochs(world);
    moment_t now = moment(world);
    trace("the broker starts, in second %ju", (uintmax_t)now.wall_ms / 1000);
    broker->core = core_new(&broker->settings, &now);
    broker->is_up = true;
    if (broker->settings.has_store)
        restore(world);
    network_broker_started(world);
}
