#include "tests/sim/device.h"

#include "tests/sim/network.h"
#include "tests/sim/user.h"
#include "tests/sim/view.h"

#include <assert.h>
#include <stdlib.h>

/* What the link gets as its context. */
typedef struct {
    world_t *world;
    device_t *device;
} context_t;

enum { SNDHWM_THOUSANDTHS = 1 };

static context_t *context_of(void *context)
{
    return context;
}

static view_t *view_of(const context_t *self, uint32_t index, int *out_room)
{
    assert(index < INDEX_MAX);
    *out_room = self->device->rooms_by_index[index];
    return &self->device->views[*out_room];
}

/* --- what the shell does -------------------------------------------------------------------------- */

static void on_open(void *context)
{
    context_t *self = context_of(context);
    network_open(self->world, self->device);
}

static bool on_send(void *context, span_t frame)
{
    context_t *self = context_of(context);
    if (happens(self->world, SNDHWM_THOUSANDTHS) && draw(self->world, 4) == 0)
        return false;
    network_to_broker(self->world, self->device, frame);
    return true;
}

static void on_listen(void *context, span_t endpoint)
{
    context_t *self = context_of(context);
    if (!span_is(endpoint, "tcp://broker:5681"))
        violated("a client is to listen to %.*s", SPAN_ARGS(endpoint));
    network_listen(self->world, self->device);
}

static void topic(context_t *self, span_t name, bool is_wanted)
{
    int room = room_number((span_t){name.data, name.size - 1});
    if (room < 0)
        violated("a client subscribes to no room of ours");
    network_topic(self->world, self->device, room, is_wanted);
}

static void on_subscribe(void *context, span_t name)
{
    topic(context_of(context), name, true);
}

static void on_unsubscribe(void *context, span_t name)
{
    topic(context_of(context), name, false);
}

/* --- what the application is told ----------------------------------------------------------------- */

static void on_ready(void *context, uint32_t sid, void *user, client_ready_t how,
                     const message_t *welcome)
{
    (void)sid;
    user_ready(context_of(context)->world, user, how, welcome);
}

static void on_refused(void *context, uint32_t sid, void *user, hub_err_t err,
                       const message_t *reply)
{
    (void)sid, (void)reply;
    user_refused(context_of(context)->world, user, err);
}

static void on_joined(void *context, uint32_t sid, void *user, uint32_t index, span_t name)
{
    context_t *self = context_of(context);
    (void)sid;
    int room = room_number(name);
    if (room < 0 || index >= INDEX_MAX)
        violated("somebody is in %.*s, which is no room of ours", SPAN_ARGS(name));
    self->device->rooms_by_index[index] = (uint8_t)room;
    view_begin(&self->device->views[room], self->device->number, index);
    user_joined(self->world, user, room);
}

static void on_parted(void *context, uint32_t sid, void *user, uint32_t index, span_t name,
                      const message_t *why)
{
    context_t *self = context_of(context);
    (void)sid, (void)name, (void)why;
    int room;
    (void)view_of(self, index, &room);
    user_parted(self->world, user, room);
}

static void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    (void)sid;
    user_replied(context_of(context)->world, user, op, tag, err, reply);
}

static void on_message(void *context, uint32_t index, const message_t *event)
{
    context_t *self = context_of(context);
    int room;
    view_t *view = view_of(self, index, &room);
    view_message(self->world, view, room, event);
}

static void on_private(void *context, uint32_t sid, void *user, const message_t *event)
{
    (void)sid;
    user_told(context_of(context)->world, user, event);
}

static void on_presence(void *context, uint32_t index, const message_t *event)
{
    context_t *self = context_of(context);
    int room;
    view_t *view = view_of(self, index, &room);
    view_presence(view, event);
}

static void on_presence_gap(void *context, uint32_t index)
{
    context_t *self = context_of(context);
    int room;
    (void)view_of(self, index, &room);
    user_ask_who(self->world, self->device, room);
}

static void on_lost(void *context, uint32_t index, uint32_t sid, void *user, uint64_t first,
                    uint64_t last)
{
    context_t *self = context_of(context);
    (void)sid;
    if (index == CLIENT_NO_ROOM) {
        user_lost(self->world, user, first, last);
        return;
    }
    int room;
    view_t *view = view_of(self, index, &room);
    view_lost(self->world, view, room, first, last);
}

static void on_undone(void *context, uint32_t index, uint32_t sid, void *user, uint64_t first,
                      uint64_t last)
{
    context_t *self = context_of(context);
    (void)sid;
    if (index == CLIENT_NO_ROOM) {
        user_undone(self->world, user, first, last);
        return;
    }
    int room;
    view_t *view = view_of(self, index, &room);
    view_undone(view, room, first, last);
}

static void on_kicked(void *context, uint32_t sid, void *user, span_t reason, span_t text)
{
    (void)sid, (void)text;
    user_kicked(context_of(context)->world, user, reason);
}

static const client_calls_t CALLS = {
    .open = on_open,
    .send = on_send,
    .listen = on_listen,
    .subscribe = on_subscribe,
    .unsubscribe = on_unsubscribe,
    .ready = on_ready,
    .refused = on_refused,
    .joined = on_joined,
    .parted = on_parted,
    .reply = on_reply,
    .message = on_message,
    .private_message = on_private,
    .presence = on_presence,
    .presence_gap = on_presence_gap,
    .lost = on_lost,
    .undone = on_undone,
    .kicked = on_kicked,
};

/* --- life ----------------------------------------------------------------------------------------- */

void device_plan_wake(world_t *world, device_t *device)
{
    if (device->link == NULL)
        return;
    uint64_t next_ms = client_link_next_ms(device->link);
    if (next_ms < world->now_ms)
        next_ms = world->now_ms;
    if (next_ms == UINT64_MAX || (device->wake_ms >= world->now_ms && device->wake_ms <= next_ms))
        return;
    device->wake_ms = next_ms;
    later(world, next_ms, DUE_DEVICE_WAKE, device->number, next_ms);
}

void device_start(world_t *world, uint32_t number)
{
    device_t *device = &world->devices[number];
    device->number = number;
    device->connection = NOBODY;
    for (int room = 0; room < ROOMS_MAX; room++) {
        view_end(&device->views[room]);
        device->views[room].device = number;
    }
    client_options_t options = {.router = "tcp://broker:5680",
                                .connect_ms = 800,
                                .pause_min_ms = 20,
                                .pause_max_ms = 1500,
                                .heartbeat_ms = world->plan.settings.heartbeat_ms};
    for (size_t i = 0; i < sizeof options.entropy; i++)
        options.entropy[i] = (uint8_t)draw(world, 256);
    context_t *context = malloc(sizeof *context);
    assert(context);
    *context = (context_t){world, device};
    device->context = context;
    device->link = client_link_new(&options, &CALLS, context);
    client_link_start(device->link, world->now_ms);
    device_plan_wake(world, device);
}

void device_fini(device_t *device)
{
    client_link_destroy(&device->link);
    free(device->context);
    device->context = NULL;
    for (int room = 0; room < ROOMS_MAX; room++)
        view_fini(&device->views[room]);
}

void device_die(world_t *world, device_t *device)
{
    network_close(world, device);
    device_fini(device);
    device->frozen_until_ms = device->deaf_until_ms = device->wake_ms = 0;
    for (uint32_t i = 0; i < world->plan.users; i++)
        if (world->users[i].device == device->number)
            user_vanish(&world->users[i]);
}

void device_frame(world_t *world, device_t *device, const parcel_t *parcel)
{
    client_link_frame(device->link, parcel->data, parcel->size, world->now_ms);
    device_plan_wake(world, device);
}

void device_published(world_t *world, device_t *device, const parcel_t *parcel)
{
    client_link_published(device->link, parcel->data, parcel->size, world->now_ms);
    device_plan_wake(world, device);
}

void device_told(world_t *world, device_t *device)
{
    client_link_disconnected(device->link, world->now_ms);
    device_plan_wake(world, device);
}

void device_tick(world_t *world, device_t *device)
{
    device->wake_ms = 0;
    client_link_tick(device->link, world->now_ms);
    device_plan_wake(world, device);
}

/* --- at the end ----------------------------------------------------------------------------------- */

bool device_is_settled(world_t *world, const device_t *device)
{
    if (!client_link_is_up(device->link))
        return false;
    for (uint32_t i = 0; i < world->plan.users; i++) {
        const user_t *user = &world->users[i];
        if (user->device != device->number || user->state == USER_ABSENT ||
            user->state == USER_REFUSED)
            continue;
        if (user->state == USER_READY && client_link_is_ready(device->link, user->sid) &&
            client_link_waiting(device->link, user->sid) == 0)
            continue;
        trace("%s on device %u waits for %zu answers", user->nick, device->number,
              client_link_waiting(device->link, user->sid));
        return false;
    }
    return true;
}

void device_check_level(world_t *world, const device_t *device)
{
    uint64_t rooms = 0;
    for (uint32_t i = 0; i < world->plan.users; i++)
        if (world->users[i].device == device->number && world->users[i].state == USER_READY)
            rooms |= world->users[i].rooms;
    for (int room = 0; room < ROOMS_MAX; room++)
        if (rooms >> room & 1)
            view_check_level(world, &device->views[room], room);
    watch_check_answered(&world->watch, device->connection);
}
