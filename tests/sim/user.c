#include "tests/sim/user.h"

#include "tests/sim/device.h"
#include "tests/sim/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { WHO_TAG = 1 << 30 }; /* a `who` of the device's application; others are a step's own */

static uint64_t bit(int room)
{
    assert(room >= 0);
    return UINT64_C(1) << room;
}

static device_t *device_of(world_t *world, const user_t *self)
{
    return &world->devices[self->device];
}

void user_init(world_t *world, uint32_t number)
{
    user_t *self = &world->users[number];
    *self = (user_t){.number = number,
                     .steps_left = world->plan.steps,
                     .device =
                         number < world->plan.devices ? number : draw(world, world->plan.devices)};
    later(world, world->now_ms + draw(world, world->plan.pause_ms + 1), DUE_ACT, number, 0);
}

/* --- who follows what ----------------------------------------------------------------------------- */

static bool is_followed(const world_t *world, uint32_t device, int room)
{
    for (uint32_t i = 0; i < world->plan.users; i++)
        if (world->users[i].device == device && (world->users[i].rooms & bit(room)))
            return true;
    return false;
}

static void leave_room(world_t *world, user_t *self, int room)
{
    self->rooms &= ~bit(room);
    if (!is_followed(world, self->device, room))
        view_end(&device_of(world, self)->views[room]);
}

static void leave_all(world_t *world, user_t *self)
{
    for (int room = 0; room < ROOMS_MAX; room++)
        if (self->rooms & bit(room))
            leave_room(world, self, room);
}

void user_vanish(user_t *self)
{
    self->rooms = 0;
    self->state = USER_ABSENT;
    self->generation++;
}

static void go(world_t *world, user_t *self)
{
    leave_all(world, self);
    user_vanish(self);
}

/* --- requests ------------------------------------------------------------------------------------- */

static bool request(world_t *world, user_t *self, const client_request_t *wanted)
{
    hub_err_t err =
        client_link_request(device_of(world, self)->link, self->sid, wanted, world->now_ms);
    if (err != HUB_OK && err != HUB_BUSY && err != HUB_NO_SESSION)
        violated("%s cannot ask: %s", self->nick, err_name(err));
    return err == HUB_OK;
}

static client_request_t ask(world_t *world, op_t op)
{
    return (client_request_t){.op = op, .tag = ++world->tags};
}

/* The number comes first; some texts are longer than others. */
static span_t write_text(world_t *world, uint64_t number, char *out, size_t size)
{
    int length = snprintf(out, size, "%" PRIu64 ":%.*s", number,
                          (int)(draw(world, 8) == 0 ? draw(world, 150) : draw(world, 12)),
                          "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz "
                          "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz "
                          "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz ");
    return (span_t){out, (size_t)length};
}

static void say(world_t *world, user_t *self, int room)
{
    char text[256];
    uint64_t number = ledger_new_text(&world->ledger, self->number, false);
    (void)request(world, self,
                  &(client_request_t){.op = OP_say,
                                      .tag = number,
                                      .room = room_name(room),
                                      .text = write_text(world, number, text, sizeof text)});
}

static void tell(world_t *world, user_t *self)
{
    char text[256];
    const user_t *to = &world->users[draw(world, world->plan.users)];
    uint64_t number = ledger_new_text(&world->ledger, self->number, true);
    if (to->nick[0] == '\0')
        return;
    (void)request(world, self,
                  &(client_request_t){.op = OP_tell,
                                      .tag = number,
                                      .to = span_of(to->nick),
                                      .text = write_text(world, number, text, sizeof text)});
}

/* A room that one is in, or any; NO_ROOM where one is in none. */
static int own_room(world_t *world, const user_t *self)
{
    if (self->rooms == 0)
        return NO_ROOM;
    uint32_t skip = draw(world, (uint32_t)__builtin_popcountll(self->rooms));
    uint64_t rooms = self->rooms;
    while (skip-- > 0)
        rooms &= rooms - 1;
    return __builtin_ctzll(rooms);
}

static int any_room(world_t *world)
{
    uint32_t all = world->plan.rooms + world->plan.privates;
    uint32_t room = draw(world, all);
    return (int)(room < world->plan.rooms ? room : PRIVATE_FROM + room - world->plan.rooms);
}

static void join(world_t *world, user_t *self)
{
    int room = any_room(world);
    if (self->acquainted && draw(world, 3) > 0) {
        room = __builtin_ctzll(self->acquainted);
        self->acquainted &= self->acquainted - 1;
    }
    client_request_t wanted = ask(world, OP_join);
    char name[4];
    (void)snprintf(name, sizeof name, "%c%d", draw(world, 4) == 0 ? 'R' : 'r', room);
    wanted.room = span_of(name);
    wanted.is_private = room >= PRIVATE_FROM;
    (void)request(world, self, &wanted);
}

static void invite(world_t *world, user_t *self)
{
    uint64_t privates = self->rooms & ~(bit(PRIVATE_FROM) - 1);
    user_t *guest = &world->users[draw(world, world->plan.users)];
    if (privates == 0 || guest->nick[0] == '\0')
        return;
    int room = __builtin_ctzll(privates);
    client_request_t wanted = ask(world, OP_invite);
    wanted.room = room_name(room);
    wanted.nick = span_of(guest->nick);
    if (request(world, self, &wanted))
        guest->acquainted |= bit(room);
}

static void about_room(world_t *world, user_t *self, op_t op, int room)
{
    client_request_t wanted = ask(world, op);
    if (room == NO_ROOM)
        return;
    wanted.room = room_name(room);
    if (op == OP_history && draw(world, 2) == 0)
        wanted.limit = 1 + draw(world, 20);
    if (op == OP_history && draw(world, 4) == 0)
        wanted.room = span_of("@");
    (void)request(world, self, &wanted);
}

static void rename_self(world_t *world, user_t *self)
{
    char nick[LIMIT_NICK_BYTES];
    client_request_t wanted = ask(world, OP_nick);
    (void)snprintf(nick, sizeof nick, "n%u-%u", draw(world, world->plan.users), draw(world, 3));
    wanted.nick = span_of(nick);
    (void)request(world, self, &wanted);
}

static void set_status(world_t *world, user_t *self)
{
    client_request_t wanted = ask(world, OP_status);
    wanted.status = span_of(draw(world, 2) ? "tea" : "");
    (void)request(world, self, &wanted);
}

static void be_active(world_t *world, user_t *self)
{
    client_request_t wanted = ask(world, OP_ping);
    wanted.is_active = true;
    (void)request(world, self, &wanted);
}

static void list_rooms(world_t *world, user_t *self)
{
    client_request_t wanted = ask(world, OP_rooms);
    (void)request(world, self, &wanted);
}

/* --- steps ---------------------------------------------------------------------------------------- */

static void write_nick(world_t *world, user_t *self)
{
    (void)world;
    if (self->names == 0)
        (void)snprintf(self->nick, sizeof self->nick, "u%u", self->number);
    else
        (void)snprintf(self->nick, sizeof self->nick, "u%u-%u", self->number, self->names);
}

static void come(world_t *world, user_t *self)
{
    span_t rooms[2];
    size_t count = draw(world, 3);
    for (size_t i = 0; i < count; i++)
        rooms[i] = room_name((int)draw(world, world->plan.rooms));
    write_nick(world, self);
    client_hello_t hello = {.nick = span_of(self->nick),
                            .rooms = rooms,
                            .room_count = count,
                            .resume_ms = draw(world, 3) == 0 ? 300 : 0,
                            .is_kicked_idle = draw(world, 4) == 0,
                            .user = self};
    hub_err_t err =
        client_link_hello(device_of(world, self)->link, &hello, world->now_ms, &self->sid);
    if (err != HUB_OK)
        violated("%s cannot say hello: %s", self->nick, err_name(err));
    self->state = USER_GREETING;
    self->generation++;
    self->has_position = false;
}

static void say_many(world_t *world, user_t *self)
{
    uint32_t count = 1 + (draw(world, 8) == 0 ? draw(world, 6) : 0);
    int room = own_room(world, self);
    if (room == NO_ROOM) {
        join(world, self);
        return;
    }
    while (count-- > 0)
        say(world, self, room);
}

/* Whoever goes gets no answers any more: others ask again. */
static void bye(world_t *world, user_t *self)
{
    uint32_t sid = self->sid;
    device_t *device = device_of(world, self);
    go(world, self);
    client_link_bye(device->link, sid, world->now_ms);
    for (int room = 0; room < ROOMS_MAX; room++)
        if (device->views[room].index != CLIENT_NO_ROOM && device->views[room].asked)
            user_ask_who(world, device, room);
}

static void choose(world_t *world, user_t *self)
{
    uint32_t chance = draw(world, 100);
    if (chance < 45)
        say_many(world, self);
    else if (chance < 56)
        tell(world, self);
    else if (chance < 66)
        join(world, self);
    else if (chance < 70)
        about_room(world, self, OP_part, own_room(world, self));
    else if (chance < 75)
        invite(world, self);
    else if (chance < 78)
        rename_self(world, self);
    else if (chance < 81)
        set_status(world, self);
    else if (chance < 84)
        about_room(world, self, OP_history, any_room(world));
    else if (chance < 87)
        about_room(world, self, OP_who, any_room(world));
    else if (chance < 88)
        list_rooms(world, self);
    else if (chance < 90)
        be_active(world, self);
    else if (chance < 92)
        bye(world, self);
}

void user_act(world_t *world, user_t *self)
{
    if (self->steps_left == 0)
        return;
    self->steps_left--;
    device_t *device = device_of(world, self);
    if (self->state == USER_ABSENT)
        come(world, self);
    else if (self->state != USER_REFUSED)
        choose(world, self);
    device_plan_wake(world, device);
    later(world, world->now_ms + draw(world, world->plan.pause_ms + 1), DUE_ACT, self->number, 0);
}

/* --- what they are told --------------------------------------------------------------------------- */

static void note_inbox(world_t *world, user_t *self, const message_t *welcome)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(welcome, KEY_heads, &count);
    char name[LOG_NAME_BYTES];
    span_t uid = message_span(welcome, KEY_uid), key;
    uint64_t head[3];
    (void)snprintf(name, sizeof name, "@%.*s", SPAN_ARGS(uid));
    self->inbox = ledger_log(&world->ledger, span_of(name));
    self->uid = uid_hash(uid);
    for (size_t i = 0; i < count; i++)
        if (object_span(&pairs[i].key, &key) && span_is(key, "@") &&
            object_numbers(&pairs[i].val, head, 3)) {
            self->has_position = true;
            self->epoch = head[0];
            self->seq = head[1];
        }
}

static void note_room_heads(world_t *world, user_t *self, const message_t *reply)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(reply, KEY_heads, &count);
    span_t key;
    uint64_t head[3];
    for (size_t i = 0; i < count; i++) {
        int room = object_span(&pairs[i].key, &key) ? room_number(key) : NO_ROOM;
        if (room < 0 || !object_numbers(&pairs[i].val, head, 3))
            continue;
        view_t *view = &device_of(world, self)->views[room];
        view_head(view, room, head[0], head[1]);
    }
}

void user_ready(world_t *world, user_t *self, client_ready_t how, const message_t *welcome)
{
    static const char *const HOW[] = {"new", "resumed", "renewed"};
    trace("    %s on device %u is ready: %s", self->nick, self->device, HOW[how]);
    span_t token = message_span(welcome, KEY_token), nick = message_span(welcome, KEY_nick);
    assert(token.size <= TOKEN_MAX);
    memcpy(self->token, token.data, token.size);
    self->token_size = (uint32_t)token.size;
    if (how == CLIENT_RESUMED && uid_hash(message_span(welcome, KEY_uid)) != self->uid)
        violated("%s was resumed as somebody else", self->nick);
    if (how != CLIENT_RESUMED) {
        self->generation++;
        note_inbox(world, self, welcome);
    }
    (void)snprintf(self->nick, sizeof self->nick, "%.*s", SPAN_ARGS(nick));
    self->state = USER_READY;
    note_room_heads(world, self, welcome);
}

void user_refused(world_t *world, user_t *self, hub_err_t err)
{
    trace("    %s is refused: %s", self->nick, err_name(err));
    if (err != HUB_NICK_TAKEN && err != HUB_FULL)
        violated("%s may not say hello: %s", self->nick, err_name(err));
    self->names++;
    write_nick(world, self);
    self->state = USER_GREETING;
    err = client_link_hello_as(device_of(world, self)->link, self->sid, span_of(self->nick),
                               world->now_ms);
    if (err != HUB_OK)
        violated("%s cannot say hello again: %s", self->nick, err_name(err));
}

void user_joined(world_t *world, user_t *self, int room)
{
    trace("    %s on device %u is in room %d", self->nick, self->device, room);
    self->rooms |= bit(room);
    user_ask_who(world, device_of(world, self), room);
}

void user_parted(world_t *world, user_t *self, int room)
{
    trace("    %s on device %u is out of room %d", self->nick, self->device, room);
    if (!(self->rooms & bit(room)))
        violated("%s is told to be out of room %d, and was not in it", self->nick, room);
    leave_room(world, self, room);
}

void user_ask_who(world_t *world, device_t *device, int room)
{
    for (uint32_t i = 0; i < world->plan.users; i++) {
        user_t *user = &world->users[i];
        if (user->device != device->number || !(user->rooms & bit(room)))
            continue;
        client_request_t wanted = ask(world, OP_who);
        wanted.room = room_name(room);
        wanted.tag = (uint64_t)room << 32 | WHO_TAG | (wanted.tag & (WHO_TAG - 1));
        if (!request(world, user, &wanted))
            continue;
        device->views[room].asked = wanted.tag;
        return;
    }
}

static void hear_who(world_t *world, user_t *self, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    int room = (int)(tag >> 32);
    device_t *device = device_of(world, self);
    view_t *view = &device->views[room];
    trace("    %s on device %u hears who is in room %d: %s%s", self->nick, self->device, room,
          err < HUB_ERR_COUNT ? err_name(err) : "?", view->asked == tag ? "" : ", too late");
    if (view->asked != tag || view->index == CLIENT_NO_ROOM)
        return;
    view->asked = 0;
    if (err != HUB_OK || !view_members(view, reply))
        user_ask_who(world, device, room);
}

static void hear_said(world_t *world, user_t *self, op_t op, uint64_t number, hub_err_t err,
                      const message_t *reply)
{
    ledger_text_t *text = ledger_text(&world->ledger, number);
    if (err == HUB_EXPIRED)
        return; /* it may or may not have been heard */
    if (err != HUB_OK) {
        if (text->copies > 0)
            violated("%s is told %s of text %ju, which is stored", self->nick, err_name(err),
                     (uintmax_t)number);
        return;
    }
    uint64_t epoch = message_uint(reply, KEY_epoch), seq = message_uint(reply, KEY_seq);
    trace("    %s hears that text %ju is (%ju, %ju)", self->nick, (uintmax_t)number,
          (uintmax_t)epoch, (uintmax_t)seq);
    if (!text->is_acknowledged)
        violated("%s hears that text %ju is stored, which the broker never said", self->nick,
                 (uintmax_t)number);
    if (op == OP_tell && ledger_find(self->inbox, epoch, seq) != number)
        violated("%s hears of another place of text %ju than their inbox has", self->nick,
                 (uintmax_t)number);
}

void user_replied(world_t *world, user_t *self, op_t op, uint64_t tag, hub_err_t err,
                  const message_t *reply)
{
    if (op == OP_say || op == OP_tell)
        hear_said(world, self, op, tag, err, reply);
    else if (op == OP_who && (tag & WHO_TAG))
        hear_who(world, self, tag, err, reply);
    else if (op == OP_join && err == HUB_OK)
        note_room_heads(world, self, reply);
    else if (op == OP_nick && err == HUB_OK)
        (void)snprintf(self->nick, sizeof self->nick, "%.*s",
                       SPAN_ARGS(message_span(reply, KEY_nick)));
}

void user_told(world_t *world, user_t *self, const message_t *event)
{
    uint64_t epoch = message_uint(event, KEY_epoch), seq = message_uint(event, KEY_seq);
    uint64_t number = ledger_number(message_span(event, KEY_text));
    (void)world;
    if (!self->has_position || epoch < self->epoch || seq != self->seq + 1)
        violated("%s hears (%ju, %ju) of their inbox after (%ju, %ju)", self->nick,
                 (uintmax_t)epoch, (uintmax_t)seq, (uintmax_t)self->epoch, (uintmax_t)self->seq);
    if (ledger_find(self->inbox, epoch, seq) != number)
        violated("%s hears private text %ju, which their inbox does not have there", self->nick,
                 (uintmax_t)number);
    self->epoch = epoch;
    self->seq = seq;
}

void user_lost(world_t *world, user_t *self, uint64_t first, uint64_t last)
{
    const core_settings_t *settings = &world->broker.settings;
    uint64_t head = ledger_head(self->inbox);
    if (!settings->has_store && last + settings->ring_events > head)
        violated("%ju to %ju of %s's inbox are said to be lost, and are kept", (uintmax_t)first,
                 (uintmax_t)last, self->nick);
    if (settings->has_store && last > self->inbox->trimmed && !ledger_is_over(self->inbox))
        violated("%ju to %ju of %s's inbox are said to be lost, and are stored", (uintmax_t)first,
                 (uintmax_t)last, self->nick);
    self->seq = last;
}

void user_undone(world_t *world, user_t *self, uint64_t first, uint64_t last)
{
    if (!world->broker.settings.has_store || !self->has_position || last != self->seq)
        violated("%ju to %ju of %s's inbox are undone, of which they have heard up to %ju",
                 (uintmax_t)first, (uintmax_t)last, self->nick, (uintmax_t)self->seq);
    self->seq = first - 1;
    if (first == 1)
        self->epoch = 0; /* whatever there is comes again */
}

void user_kicked(world_t *world, user_t *self, span_t reason)
{
    trace("    %s is kicked: %.*s", self->nick, SPAN_ARGS(reason));
    go(world, self);
}

void user_check_level(world_t *world, const user_t *self)
{
    (void)world;
    if (self->state != USER_READY)
        return;
    uint64_t head = ledger_head(self->inbox);
    if (self->seq != head)
        violated("%s's inbox ends with %ju, and they have heard up to %ju", self->nick,
                 (uintmax_t)head, (uintmax_t)self->seq);
}
