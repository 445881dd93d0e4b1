#include "tests/sim/world.h"

#include "tests/sim/audit.h"
#include "tests/sim/broker.h"
#include "tests/sim/chaos.h"
#include "tests/sim/device.h"
#include "tests/sim/network.h"
#include "tests/sim/thief.h"
#include "tests/sim/user.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ROUND_MS = 500,     /* how often it is asked whether all is settled */
    PATIENCE_MS = 60000 /* how long it may take, once all is calm */
};

/* --- one thing after another ---------------------------------------------------------------------- */

static device_t *device_for(world_t *world, const due_entry_t *entry)
{
    switch ((unsigned)entry->kind) {
    case DUE_AT_DEALER:
        return world->connections[entry->who].device == THIEF_DEVICE
                   ? NULL
                   : &world->devices[world->connections[entry->who].device];
    case DUE_AT_SUB:
    case DUE_DEVICE_WAKE:
    case DUE_TOLD:
        return &world->devices[entry->who];
    case DUE_ACT:
        return &world->devices[world->users[entry->who].device];
    }
    return NULL;
}

/* A device that stands still does all of it later. */
static bool is_postponed(world_t *world, const due_entry_t *entry)
{
    const device_t *device = device_for(world, entry);
    if (device == NULL || device->frozen_until_ms <= world->now_ms)
        return false;
    due_entry_t later_entry = *entry;
    later_entry.at_ms = device->frozen_until_ms;
    agenda_add(&world->agenda, later_entry);
    return true;
}

static void arrive_at_device(world_t *world, const due_entry_t *entry)
{
    if (!network_arrives_at_device(world, entry->who, entry->number))
        return;
    uint32_t device = world->connections[entry->who].device;
    if (device == THIEF_DEVICE)
        thief_frame(world, entry->parcel);
    else
        device_frame(world, &world->devices[device], entry->parcel);
}

static void happen_to_broker(world_t *world, const due_entry_t *entry)
{
    bool is_of_this_life = entry->number == world->broker.life;
    switch ((unsigned)entry->kind) {
    case DUE_AT_BROKER:
        if (network_arrives_at_broker(world, entry->who, entry->number))
            broker_receive(world, entry->who, (span_t){entry->parcel->data, entry->parcel->size});
        return;
    case DUE_TURN:
        if (is_of_this_life)
            broker_turn(world);
        return;
    case DUE_BROKER_WAKE:
        if (is_of_this_life)
            broker_wake(world, entry->at_ms);
        return;
    case DUE_STORE:
        if (is_of_this_life)
            broker_disk(world);
        return;
    case DUE_START:
        if (is_of_this_life)
            broker_start(world);
        return;
    case DUE_DISK_WELL:
        world->disk.is_full = false;
        return;
    }
    assert(false);
}

static void happen(world_t *world, const due_entry_t *entry)
{
    device_t *device = &world->devices[entry->who < world->plan.devices ? entry->who : 0];
    switch (entry->kind) {
    case DUE_AT_BROKER:
    case DUE_TURN:
    case DUE_BROKER_WAKE:
    case DUE_STORE:
    case DUE_START:
    case DUE_DISK_WELL:
        happen_to_broker(world, entry);
        return;
    case DUE_AT_DEALER:
        arrive_at_device(world, entry);
        return;
    case DUE_AT_SUB:
        if (entry->number == device->sub)
            device_published(world, device, entry->parcel);
        return;
    case DUE_TOPIC:
        network_topic_heard(world, device, entry->number);
        return;
    case DUE_CONNECT:
        network_connected(world, device, entry->number);
        return;
    case DUE_NOTICE:
        network_noticed(world, entry->who);
        return;
    case DUE_TOLD:
        if (entry->number == device->dealer)
            device_told(world, device);
        return;
    case DUE_LISTEN:
        network_sub_connected(world, device, entry->number);
        return;
    case DUE_THAW:
        broker_device_reads(world, device);
        return;
    case DUE_DEVICE_WAKE:
        if (entry->number == device->wake_ms)
            device_tick(world, device);
        return;
    case DUE_ACT:
        user_act(world, &world->users[entry->who]);
        return;
    case DUE_THIEF:
        if (entry->number == world->thief.connection)
            thief_act(world);
        return;
    case DUE_CHAOS:
        chaos_strike(world);
        return;
    }
}

/* All that is due until then. */
static void run_until(world_t *world, uint64_t until_ms)
{
    due_entry_t entry;
    while (world->agenda.count > 0 && world->agenda.heap[0].at_ms <= until_ms &&
           agenda_take(&world->agenda, &entry)) {
        if (entry.at_ms > world->now_ms)
            world->now_ms = entry.at_ms;
        report_at(++world->steps, world->now_ms);
        if (is_postponed(world, &entry))
            continue;
        happen(world, &entry);
        parcel_drop(entry.parcel);
    }
    world->now_ms = until_ms;
}

/* --- from the beginning to the end ---------------------------------------------------------------- */

static void begin(world_t *world, uint64_t seed)
{
    world->seed = seed;
    world->random = (random_t){seed, seed};
    world->now_ms = 1000;
    world->plan = plan_make(seed, &world->random);
    world->thief.connection = NOBODY;
    decoder_init(&world->decoder);
    buffer_init(&world->frame, LIMIT_FRAME_BYTES);
    watch_init(&world->watch, &world->plan, &world->ledger);
    world->devices = calloc(world->plan.devices, sizeof *world->devices);
    world->users = calloc(world->plan.users, sizeof *world->users);
    assert(world->devices && world->users);
    broker_init(world);
    for (uint32_t i = 0; i < world->plan.devices; i++)
        device_start(world, i);
    for (uint32_t i = 0; i < world->plan.users; i++)
        user_init(world, i);
    later(world, world->now_ms + draw(world, world->plan.chaos_ms), DUE_CHAOS, 0, 0);
}

static void end(world_t *world)
{
    for (uint32_t i = 0; i < world->plan.devices; i++)
        device_fini(&world->devices[i]);
    network_fini(world);
    broker_fini(world);
    watch_fini(&world->watch);
    ledger_fini(&world->ledger);
    agenda_fini(&world->agenda);
    decoder_fini(&world->decoder);
    buffer_fini(&world->frame);
    free(world->devices);
    free(world->users);
}

static bool has_steps(const world_t *world)
{
    for (uint32_t i = 0; i < world->plan.users; i++)
        if (world->users[i].steps_left > 0)
            return true;
    return false;
}

static bool is_settled(world_t *world)
{
    if (!world->broker.is_up)
        return false;
    for (uint32_t i = 0; i < world->plan.devices; i++)
        if (!device_is_settled(world, &world->devices[i]))
            return false;
    return true;
}

static void wait_until(world_t *world, bool (*is_so)(world_t *))
{
    uint64_t since_ms = world->now_ms;
    while (!is_so(world)) {
        if (world->now_ms - since_ms > PATIENCE_MS)
            violated("somebody still waits, though all has been calm for %d ms", PATIENCE_MS);
        run_until(world, world->now_ms + ROUND_MS);
    }
}

static bool is_quiet(world_t *world)
{
    return is_settled(world) && audit_is_quiet(world->broker.core, world->now_ms);
}

/* Long enough for a lost last event to be found, and for who was lost to be gone. */
static void settle(world_t *world)
{
    const core_settings_t *settings = &world->plan.settings;
    wait_until(world, is_settled);
    run_until(world, world->now_ms + 6 * settings->heartbeat_ms + settings->resume_ms + ROUND_MS);
    wait_until(world, is_quiet);
}

static void check_all(world_t *world)
{
    audit_core(world->broker.core, &world->broker.settings);
    audit_times(world->broker.core, &world->broker.settings, world->now_ms);
    watch_check_quiet(&world->watch);
    for (uint32_t i = 0; i < world->plan.devices; i++)
        device_check_level(world, &world->devices[i]);
    for (uint32_t i = 0; i < world->plan.users; i++)
        user_check_level(world, &world->users[i]);
}

void world_run(uint64_t seed, bool is_traced, totals_t *totals)
{
    world_t *world = calloc(1, sizeof *world);
    assert(world && totals);
    report_begin(seed, is_traced);
    begin(world, seed);
    while (has_steps(world))
        run_until(world, world->now_ms + ROUND_MS);
    chaos_end(world);
    settle(world);
    check_all(world);
    totals->steps += world->steps;
    totals->texts += world->ledger.text_count;
    totals->frames += world->watch.frames;
    end(world);
    free(world);
}
