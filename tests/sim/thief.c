#include "tests/sim/thief.h"

#include "proto/encode.h"
#include "tests/sim/network.h"

#include <inttypes.h>
#include <stdio.h>

enum { STEPS = 12, SID = 3, PAUSE_MS = 60 };

static void begin(world_t *world, writer_t *writer, op_t op, uint32_t sid)
{
    buffer_clear(&world->frame);
    write_begin(writer, &world->frame);
    write_str(writer, KEY_op, command_row(op)->name);
    write_uint(writer, KEY_id, ++world->thief.id);
    write_uint(writer, KEY_sid, sid);
}

static void post(world_t *world, writer_t *writer)
{
    write_end(writer);
    network_push(world, world->thief.connection, parcel_new(buffer_span(&world->frame)));
}

void thief_begin(world_t *world, const user_t *victim, bool numbers)
{
    thief_t *self = &world->thief;
    writer_t writer;
    if (self->connection != NOBODY || victim->token_size == 0 || !world->broker.is_up)
        return;
    trace("somebody takes %s's session", victim->nick);
    *self = (thief_t){.connection = network_connect(world, THIEF_DEVICE),
                      .numbers = numbers,
                      .token_size = victim->token_size,
                      .steps_left = STEPS,
                      .last_room = NO_ROOM,
                      .user = victim->number};
    memcpy(self->token, victim->token, victim->token_size);
    begin(world, &writer, OP_resume, SID);
    write_bin(&writer, KEY_token, (span_t){(char *)self->token, self->token_size});
    post(world, &writer);
    later(world, world->now_ms + 1 + draw(world, PAUSE_MS), DUE_THIEF, 0, self->connection);
}

void thief_vanish(world_t *world)
{
    thief_t *self = &world->thief;
    if (self->connection == NOBODY)
        return;
    network_cut(world, self->connection, false);
    self->connection = NOBODY;
}

/* The same once more is answered as before: the watch compares. */
static void send_text(world_t *world, uint64_t number, uint64_t cid, int room, uint32_t sid)
{
    char text[32];
    writer_t writer;
    begin(world, &writer, OP_say, sid);
    (void)snprintf(text, sizeof text, "%" PRIu64 ":thief", number);
    write_str(&writer, KEY_room, room_name(room));
    write_str(&writer, KEY_text, span_of(text));
    if (cid > 0)
        write_uint(&writer, KEY_cid, cid);
    post(world, &writer);
}

static void say(world_t *world)
{
    thief_t *self = &world->thief;
    if (self->rooms == 0)
        return;
    int room = __builtin_ctzll(self->rooms);
    uint64_t number = ledger_new_text(&world->ledger, self->user, false);
    uint64_t cid = self->numbers ? ++self->cid : 0;
    send_text(world, number, cid, room, SID);
    if (cid > 0) {
        self->last_text = number;
        self->last_cid = cid;
        self->last_room = room;
    }
}

static void repeat(world_t *world)
{
    const thief_t *self = &world->thief;
    if (self->last_cid > 0)
        send_text(world, self->last_text, self->last_cid, self->last_room, SID);
}

/* Nobody is there. */
static void ask_nobody(world_t *world)
{
    writer_t writer;
    if (draw(world, 2) == 0) {
        send_text(world, ledger_new_text(&world->ledger, world->thief.user, false), 0, 0, SID + 1);
        return;
    }
    begin(world, &writer, OP_rooms, SID + 1);
    post(world, &writer);
}

static void simple(world_t *world, op_t op)
{
    writer_t writer;
    begin(world, &writer, op, SID);
    post(world, &writer);
}

static void step(world_t *world)
{
    switch (draw(world, 8)) {
    case 0:
        ask_nobody(world);
        return;
    case 1:
        simple(world, OP_ping);
        return;
    case 2:
        repeat(world);
        return;
    case 3:
        if (draw(world, 4) == 0)
            simple(world, OP_bye);
        return;
    default:
        say(world);
    }
}

void thief_act(world_t *world)
{
    thief_t *self = &world->thief;
    if (self->connection == NOBODY)
        return;
    if (self->steps_left-- == 0 || world->is_calm) {
        thief_vanish(world);
        return;
    }
    if (self->is_in)
        step(world);
    later(world, world->now_ms + 1 + draw(world, PAUSE_MS), DUE_THIEF, 0, self->connection);
}

static void resumed(world_t *world, const message_t *reply)
{
    thief_t *self = &world->thief;
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    span_t name;
    self->is_in = true;
    self->cid = message_uint(reply, KEY_cid);
    for (size_t i = 0; i < count; i++) {
        int room = object_span(&pairs[i].key, &name) ? room_number(name) : NO_ROOM;
        if (room >= 0)
            self->rooms |= UINT64_C(1) << room;
    }
}

void thief_frame(world_t *world, const parcel_t *parcel)
{
    thief_t *self = &world->thief;
    message_t message;
    hub_err_t err = decoder_frame(&world->decoder, parcel->data, parcel->size, &message);
    if (err == HUB_OK && !self->is_in && message_uint(&message, KEY_re) == 1 &&
        message_bool(&message, KEY_ok))
        resumed(world, &message);
    if (err == HUB_OK && self->is_in && message_has(&message, KEY_error))
        self->numbers = false; /* the numbers no longer follow */
}
