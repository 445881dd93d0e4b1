#include "tests/sim/network.h"

#include <assert.h>
#include <stdlib.h>

enum {
    CONNECT_MS = 5,
    RECONNECT_MS = 150,
    NOTICE_MS = 60,
    TOLD_MS = 400,    /* often later than the DEALER has connected again */
    PIPE_FRAMES = 40, /* that a pipe takes from ROUTER before it is full */
    TOPIC_ON = 64,    /* in DUE_TOPIC's number, above the room's bits */
};

static uint64_t delay(world_t *world)
{
    uint32_t most = world->is_calm ? 3 : world->plan.delay_ms;
    return world->now_ms + (most > 0 ? draw(world, most + 1) : 0);
}

/* --- DEALER to ROUTER ----------------------------------------------------------------------------- */

void network_push(world_t *world, uint32_t number, parcel_t *parcel)
{
    connection_t *connection = &world->connections[number];
    uint64_t at_ms = delay(world);
    if (at_ms < connection->sent_ms)
        at_ms = connection->sent_ms;
    connection->sent_ms = at_ms;
    agenda_add(&world->agenda, (due_entry_t){.at_ms = at_ms,
                                             .kind = DUE_AT_BROKER,
                                             .who = number,
                                             .number = connection->sent++,
                                             .parcel = parcel});
}

static void hold(device_t *device, parcel_t *parcel)
{
    if (device->queue_count == device->queue_capacity) {
        device->queue_capacity = device->queue_capacity ? 2 * device->queue_capacity : 16;
        device->queue = realloc(device->queue, device->queue_capacity * sizeof(parcel_t *));
        assert(device->queue);
    }
    device->queue[device->queue_count++] = parcel;
}

static void drop_queue(device_t *device)
{
    for (uint32_t i = 0; i < device->queue_count; i++)
        parcel_drop(device->queue[i]);
    device->queue_count = 0;
}

void network_to_broker(world_t *world, device_t *device, span_t frame)
{
    parcel_t *parcel = parcel_new(frame);
    if (device->connection == NOBODY)
        hold(device, parcel);
    else
        network_push(world, device->connection, parcel);
}

uint32_t network_connect(world_t *world, uint32_t device)
{
    if (world->connection_count == world->connection_capacity) {
        world->connection_capacity =
            world->connection_capacity ? 2 * world->connection_capacity : 64;
        world->connections =
            realloc(world->connections, world->connection_capacity * sizeof(connection_t));
        assert(world->connections);
    }
    world->connections[world->connection_count] = (connection_t){.device = device,
                                                                 .life = world->broker.life,
                                                                 .sent_limit = UINT32_MAX,
                                                                 .back_limit = UINT32_MAX,
                                                                 .is_known = true};
    return world->connection_count++;
}

bool network_arrives_at_broker(world_t *world, uint32_t number, uint64_t frame)
{
    const connection_t *connection = &world->connections[number];
    return world->broker.is_up && connection->life == world->broker.life &&
           frame < connection->sent_limit;
}

/* --- ROUTER to DEALER ----------------------------------------------------------------------------- */

static void push_back(world_t *world, uint32_t number, parcel_t *parcel)
{
    connection_t *connection = &world->connections[number];
    uint64_t at_ms = delay(world);
    if (at_ms < connection->back_ms)
        at_ms = connection->back_ms;
    connection->back_ms = at_ms;
    agenda_add(&world->agenda, (due_entry_t){.at_ms = at_ms,
                                             .kind = DUE_AT_DEALER,
                                             .who = number,
                                             .number = connection->back++,
                                             .parcel = parcel});
}

static bool is_full(const world_t *world, const connection_t *connection)
{
    if (connection->unsent_count > 0)
        return true;
    if (connection->device == THIEF_DEVICE)
        return false;
    return world->devices[connection->device].frozen_until_ms > world->now_ms &&
           connection->back - connection->back_arrived >= PIPE_FRAMES;
}

static uint64_t wait_unsent(connection_t *connection, span_t frame)
{
    if (connection->unsent_count == connection->unsent_capacity) {
        connection->unsent_capacity =
            connection->unsent_capacity ? 2 * connection->unsent_capacity : 16;
        connection->unsent =
            realloc(connection->unsent, connection->unsent_capacity * sizeof(parcel_t *));
        assert(connection->unsent);
    }
    connection->unsent[connection->unsent_count++] = parcel_new(frame);
    return connection->unsent_bytes += frame.size;
}

bool network_to_device(world_t *world, uint32_t number, span_t frame, uint64_t *out_waiting)
{
    connection_t *connection = &world->connections[number];
    *out_waiting = 0;
    if (!connection->is_known)
        return false;
    if (is_full(world, connection))
        *out_waiting = wait_unsent(connection, frame);
    else
        push_back(world, number, parcel_new(frame));
    return true;
}

void network_forget(world_t *world, uint32_t number)
{
    connection_t *connection = &world->connections[number];
    for (uint32_t i = 0; i < connection->unsent_count; i++)
        parcel_drop(connection->unsent[i]);
    connection->unsent_count = 0;
    connection->unsent_bytes = 0;
}

uint32_t network_thawed(world_t *world, const device_t *device)
{
    if (device->connection == NOBODY)
        return NOBODY;
    connection_t *connection = &world->connections[device->connection];
    if (connection->unsent_count == 0)
        return NOBODY;
    for (uint32_t i = 0; i < connection->unsent_count; i++)
        push_back(world, device->connection, connection->unsent[i]);
    connection->unsent_count = 0;
    connection->unsent_bytes = 0;
    return device->connection;
}

bool network_arrives_at_device(world_t *world, uint32_t number, uint64_t frame)
{
    connection_t *connection = &world->connections[number];
    connection->back_arrived++;
    if (frame >= connection->back_limit)
        return false;
    return connection->device == THIEF_DEVICE
               ? world->thief.connection == number
               : world->devices[connection->device].connection == number;
}

/* --- how connections end -------------------------------------------------------------------------- */

/* Part of what is under way arrives, in each direction. */
static void end(world_t *world, connection_t *connection)
{
    uint32_t under_way = connection->sent > 8 ? 8 : connection->sent;
    uint32_t lost = draw(world, under_way + 1);
    if (connection->sent_limit == UINT32_MAX)
        connection->sent_limit = connection->sent - lost;
    if (connection->back_limit == UINT32_MAX)
        connection->back_limit =
            connection->back_arrived + draw(world, connection->back - connection->back_arrived + 1);
}

void network_cut(world_t *world, uint32_t number, bool is_silent)
{
    connection_t *connection = &world->connections[number];
    end(world, connection);
    if (is_silent) /* the DEALER goes on sending into it */
        return;
    later(world, world->now_ms + draw(world, NOTICE_MS), DUE_NOTICE, number, 0);
    if (connection->device == THIEF_DEVICE)
        return;
    device_t *device = &world->devices[connection->device];
    device->connection = NOBODY;
    later(world, world->now_ms + 1 + draw(world, RECONNECT_MS), DUE_CONNECT, device->number,
          device->dealer);
    later(world, world->now_ms + draw(world, TOLD_MS), DUE_TOLD, device->number, device->dealer);
}

static void leave(world_t *world, device_t *device)
{
    if (device->connection == NOBODY)
        return;
    connection_t *connection = &world->connections[device->connection];
    end(world, connection);
    later(world, world->now_ms + draw(world, NOTICE_MS), DUE_NOTICE, device->connection, 0);
    device->connection = NOBODY;
}

void network_open(world_t *world, device_t *device)
{
    leave(world, device);
    drop_queue(device);
    device->dealer++;
    if (world->broker.is_up)
        later(world, world->now_ms + draw(world, CONNECT_MS), DUE_CONNECT, device->number,
              device->dealer);
}

void network_close(world_t *world, device_t *device)
{
    leave(world, device);
    drop_queue(device);
    device->dealer++;
    device->sub++;
    device->is_sub_up = device->is_listening = false;
    device->topics = device->wanted = 0;
}

void network_connected(world_t *world, device_t *device, uint64_t dealer)
{
    if (device->dealer != dealer || !world->broker.is_up || device->connection != NOBODY)
        return;
    device->connection = network_connect(world, device->number);
    trace("device %u connects as link %u", device->number, device->connection);
    for (uint32_t i = 0; i < device->queue_count; i++)
        network_push(world, device->connection, device->queue[i]);
    device->queue_count = 0;
}

void network_noticed(world_t *world, uint32_t number)
{
    world->connections[number].is_known = false;
    network_forget(world, number);
}

/* --- PUB and SUB ---------------------------------------------------------------------------------- */

static void push_published(world_t *world, device_t *device, parcel_t *parcel)
{
    uint64_t at_ms = delay(world);
    if (at_ms < device->sub_ms)
        at_ms = device->sub_ms;
    device->sub_ms = at_ms;
    agenda_add(&world->agenda, (due_entry_t){.at_ms = at_ms,
                                             .kind = DUE_AT_SUB,
                                             .who = device->number,
                                             .number = device->sub,
                                             .parcel = parcel_share(parcel)});
}

void network_publish(world_t *world, span_t frame)
{
    int room = room_number((span_t){frame.data, strnlen(frame.data, frame.size)});
    assert(room >= 0);
    parcel_t *parcel = parcel_new(frame);
    for (uint32_t i = 0; i < world->plan.devices; i++) {
        device_t *device = &world->devices[i];
        bool hears = device->is_sub_up && (device->topics >> room & 1);
        if (!hears || device->deaf_until_ms > world->now_ms ||
            happens(world, world->plan.publish_loss))
            continue;
        push_published(world, device, parcel);
    }
    parcel_drop(parcel);
}

/* Subscriptions travel in order, too. */
static void push_topic(world_t *world, device_t *device, int room, bool is_wanted)
{
    uint64_t at_ms = delay(world);
    if (at_ms < device->topic_ms)
        at_ms = device->topic_ms;
    device->topic_ms = at_ms;
    later(world, at_ms, DUE_TOPIC, device->number,
          device->sub << 8 | (is_wanted ? TOPIC_ON : 0) | (uint64_t)room);
}

void network_topic(world_t *world, device_t *device, int room, bool is_wanted)
{
    uint64_t bit = UINT64_C(1) << room;
    device->wanted = is_wanted ? device->wanted | bit : device->wanted & ~bit;
    if (device->is_sub_up)
        push_topic(world, device, room, is_wanted);
}

void network_topic_heard(world_t *world, device_t *device, uint64_t number)
{
    uint64_t bit = UINT64_C(1) << (number & (TOPIC_ON - 1));
    if (number >> 8 != device->sub || !world->broker.is_up)
        return;
    device->topics = number & TOPIC_ON ? device->topics | bit : device->topics & ~bit;
}

void network_listen(world_t *world, device_t *device)
{
    device->is_listening = true;
    device->sub++;
    device->is_sub_up = false;
    device->topics = 0;
    later(world, world->now_ms + 1 + draw(world, CONNECT_MS), DUE_LISTEN, device->number,
          device->sub);
}

void network_sub_connected(world_t *world, device_t *device, uint64_t generation)
{
    if (generation != device->sub || !device->is_listening || !world->broker.is_up)
        return;
    device->is_sub_up = true;
    for (int room = 0; room < ROOMS_MAX; room++)
        if (device->wanted >> room & 1)
            push_topic(world, device, room, true);
}

void network_unplug(world_t *world, device_t *device)
{
    device->sub++;
    device->is_sub_up = false;
    device->topics = 0;
    if (device->is_listening)
        later(world, world->now_ms + 1 + draw(world, RECONNECT_MS), DUE_LISTEN, device->number,
              device->sub);
}

/* --- the broker goes and comes -------------------------------------------------------------------- */

void network_broker_died(world_t *world)
{
    for (uint32_t i = 0; i < world->connection_count; i++) {
        connection_t *connection = &world->connections[i];
        if (connection->life != world->broker.life || !connection->is_known)
            continue;
        end(world, connection);
        network_noticed(world, i);
        if (connection->device == THIEF_DEVICE)
            continue;
        device_t *device = &world->devices[connection->device];
        if (device->connection != i)
            continue;
        device->connection = NOBODY;
        later(world, world->now_ms + draw(world, TOLD_MS), DUE_TOLD, device->number,
              device->dealer);
    }
    for (uint32_t i = 0; i < world->plan.devices; i++) {
        device_t *device = &world->devices[i];
        device->is_sub_up = false;
        device->topics = 0;
        if (draw(world, 2) == 0)
            device->sub++; /* what was under way to it is lost */
    }
}

void network_broker_started(world_t *world)
{
    for (uint32_t i = 0; i < world->plan.devices; i++) {
        device_t *device = &world->devices[i];
        if (device->dealer > 0 && device->connection == NOBODY)
            later(world, world->now_ms + draw(world, RECONNECT_MS), DUE_CONNECT, i, device->dealer);
        if (device->is_listening)
            later(world, world->now_ms + draw(world, RECONNECT_MS), DUE_LISTEN, i, device->sub);
    }
}

void network_fini(world_t *world)
{
    for (uint32_t i = 0; i < world->connection_count; i++) {
        network_forget(world, i);
        free(world->connections[i].unsent);
    }
    free(world->connections);
    for (uint32_t i = 0; i < world->plan.devices; i++) {
        drop_queue(&world->devices[i]);
        free(world->devices[i].queue);
    }
}
