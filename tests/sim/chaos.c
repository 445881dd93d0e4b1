#include "tests/sim/chaos.h"

#include "tests/sim/broker.h"
#include "tests/sim/device.h"
#include "tests/sim/network.h"
#include "tests/sim/thief.h"

enum { DEAF_MS = 800, FREEZE_MS = 4000, FULL_MS = 600, JUMP_MS = 20000, COPY_EVERY = 6 };

static device_t *some_device(world_t *world)
{
    return &world->devices[draw(world, world->plan.devices)];
}

static void cut(world_t *world)
{
    const device_t *device = some_device(world);
    trace("chaos: the connection of device %u ends", device->number);
    if (device->connection != NOBODY)
        network_cut(world, device->connection, false);
}

static void mute(world_t *world)
{
    const device_t *device = some_device(world);
    trace("chaos: the connection of device %u swallows everything", device->number);
    if (device->connection != NOBODY)
        network_cut(world, device->connection, true);
}

static void deafen(world_t *world)
{
    device_t *device = some_device(world);
    trace("chaos: device %u gets nothing from PUB", device->number);
    device->deaf_until_ms = world->now_ms + draw(world, DEAF_MS);
}

static void unplug(world_t *world)
{
    device_t *device = some_device(world);
    trace("chaos: the SUB of device %u is unplugged", device->number);
    network_unplug(world, device);
}

static void freeze(world_t *world)
{
    device_t *device = some_device(world);
    trace("chaos: device %u stands still", device->number);
    if (device->frozen_until_ms > world->now_ms)
        return;
    device->frozen_until_ms = world->now_ms + 1 + draw(world, FREEZE_MS);
    later(world, device->frozen_until_ms, DUE_THAW, device->number, 0);
}

static user_t *user_on(world_t *world, const device_t *device)
{
    for (uint32_t i = 0; i < world->plan.users; i++)
        if (world->users[i].device == device->number && world->users[i].state == USER_READY)
            return &world->users[i];
    return NULL;
}

/* Somebody may go on with a session where the process that had it has died. */
static void die(world_t *world)
{
    device_t *device = some_device(world);
    trace("chaos: device %u dies", device->number);
    const user_t *user = user_on(world, device);
    if (user && draw(world, 2) == 0)
        thief_begin(world, user, true);
    device_die(world, device);
    device_start(world, device->number);
}

static void steal(world_t *world)
{
    const user_t *user = user_on(world, some_device(world));
    if (user)
        thief_begin(world, user, false);
}

static void fill_disk(world_t *world)
{
    trace("chaos: the disk is full");
    world->disk.is_full = true;
    later(world, world->now_ms + 1 + draw(world, FULL_MS), DUE_DISK_WELL, 0, 0);
}

/* Not back: pseq begins at the clock when the broker starts (docs/protocol.md, "Known weaknesses"). */
static void move_clock(world_t *world)
{
    trace("chaos: the wall clock jumps");
    world->wall_ms += draw(world, JUMP_MS);
}

static void copy_disk(world_t *world)
{
    disk_content_fini(&world->copy);
    world->copy = disk_copy(&world->disk);
    world->has_copy = true;
}

typedef struct {
    uint32_t weight;
    void (*strike)(world_t *world);
} fault_t;

void chaos_strike(world_t *world)
{
    const weights_t *weights = &world->plan.weights;
    const fault_t FAULTS[] = {
        {weights->cut, cut},          {weights->mute, mute},          {weights->deafen, deafen},
        {weights->unplug, unplug},    {weights->freeze, freeze},      {weights->die, die},
        {weights->theft, steal},      {weights->restart, broker_die}, {weights->disk, fill_disk},
        {weights->clock, move_clock},
    };
    uint32_t all = 0, place = 0;
    if (world->is_calm)
        return;
    if (world->disk.keeps && draw(world, COPY_EVERY) == 0)
        copy_disk(world);
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++)
        all += FAULTS[i].weight;
    later(world, world->now_ms + 1 + draw(world, world->plan.chaos_ms), DUE_CHAOS, 0, 0);
    if (all == 0)
        return;
    uint32_t chance = draw(world, all);
    while (chance >= FAULTS[place].weight)
        chance -= FAULTS[place++].weight;
    FAULTS[place].strike(world);
}

void chaos_end(world_t *world)
{
    trace("all is calm");
    world->is_calm = true;
    world->disk.is_full = false;
    world->disk.slowness_ms = 0;
    for (uint32_t i = 0; i < world->plan.devices; i++)
        world->devices[i].deaf_until_ms = 0;
    thief_vanish(world);
}
