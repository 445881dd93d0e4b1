/* Any bytes as the life of a client's link: what a broker sends that lies, what the user asks for, how time passes.
 *
 *   0  a frame over the DEALER as it stands (a size byte, so many bytes)     1  the same over the SUB
 *   2  a reply or event over the DEALER, its keys and values from short lists
 *   3  an event over the SUB, likewise      4  a request of the user's      5  time passes
 *   6  a hello                              7  a bye                        8  the connection is lost
 *
 * Whatever is sent has to be a request of the wire, and each request of the user's is answered once at most. */
#include "tests/fuzz/fuzz.h"

#include "client/core/client_link.h"
#include "proto/encode.h"

#include <assert.h>
#include <string.h>

enum { IDS = 16, REQUESTS = 64 };

typedef struct {
    const uint8_t *at, *end;
    client_link_t *link;
    decoder_t decoder;
    buffer_t frame;
    writer_t writer;
    uint64_t now_ms, ids[IDS];
    unsigned id_count;
    uint64_t tags, asked, answered;
    uint32_t sid;
} fuzz_t;

static const char *const NAMES[] = {"ada", "Bob", "lobby", "tea", "@", "", "a/b", "den"};
static const char *const WORDS[] = {
    "message",  "private",    "presence",    "head",         "warning",      "kicked",
    "shutdown", "dance",      "active",      "gone",         "silent",       "flood",
    "expired",  "no_session", "banned",      "tcp://*:5681", "tcp://h:1",    "nick_taken",
    "denied",   "busy",       "bad_request", "not_member",   "out_of_order", "resumed"};

static uint8_t take(fuzz_t *self)
{
    return self->at < self->end ? *self->at++ : 0;
}

static span_t take_bytes(fuzz_t *self)
{
    size_t size = take(self), left = (size_t)(self->end - self->at);
    span_t bytes = {(const char *)self->at, size < left ? size : left};
    self->at += bytes.size;
    return bytes;
}

/* --- what the link calls ------------------------------------------------------------------------- */

static void on_open(void *context)
{
    (void)context;
}

static bool on_send(void *context, span_t frame)
{
    fuzz_t *self = context;
    message_t request;
    hub_err_t err = decoder_frame(&self->decoder, frame.data, frame.size, &request);
    assert(err == HUB_OK && (request.wrong.word[0] | request.wrong.word[1]) == 0);
    assert(op_find(message_span(&request, KEY_op)) != OP_COUNT && message_has(&request, KEY_id));
    self->ids[self->id_count++ % IDS] = message_uint(&request, KEY_id);
    return true;
}

static void on_span(void *context, span_t span)
{
    (void)context;
    assert(span.size > 0);
}

static void on_down(void *context, uint64_t retry_ms)
{
    (void)context;
    (void)retry_ms;
}

static void on_ready(void *context, uint32_t sid, void *user, client_ready_t how,
                     const message_t *welcome)
{
    (void)context, (void)user, (void)how, (void)welcome;
    (void)sid;
}

static void on_refused(void *context, uint32_t sid, void *user, hub_err_t err,
                       const message_t *reply)
{
    fuzz_t *self = context;
    (void)user, (void)err, (void)reply;
    (void)!client_link_hello_as(self->link, sid, span_of("other"), self->now_ms);
}

static void on_room(void *context, uint32_t sid, void *user, uint32_t room, span_t name)
{
    (void)context, (void)sid, (void)user, (void)room;
    assert(name.size > 0);
}

static void on_parted(void *context, uint32_t sid, void *user, uint32_t room, span_t name,
                      const message_t *why)
{
    (void)why;
    on_room(context, sid, user, room, name);
}

static void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    fuzz_t *self = context;
    (void)sid, (void)user, (void)op, (void)err, (void)reply;
    assert(tag > 0 && tag <= self->tags);
    self->answered++;
    assert(self->answered <= self->asked);
}

static void on_event(void *context, uint32_t room, const message_t *event)
{
    const fuzz_t *self = context;
    assert(client_link_room_name(self->link, room).size > 0 && event);
}

static void on_private(void *context, uint32_t sid, void *user, const message_t *event)
{
    (void)context, (void)sid, (void)user;
    assert(event);
}

static void on_range(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                     uint64_t last)
{
    (void)context, (void)user;
    assert(first <= last && (room == CLIENT_NO_ROOM) != (sid == CLIENT_NO_SID));
}

static void on_gap(void *context, uint32_t room)
{
    const fuzz_t *self = context;
    assert(client_link_room_name(self->link, room).size > 0);
}

static span_t on_address(void *context, void *user)
{
    (void)context, (void)user;
    return span_of("192.0.2.7");
}

static void on_kicked(void *context, uint32_t sid, void *user, span_t reason, span_t text)
{
    (void)user, (void)reason, (void)text;
    fuzz_t *self = context;
    if (self->sid == sid)
        self->sid = CLIENT_NO_SID;
}

static span_t on_password(void *context, void *user)
{
    (void)user;
    const fuzz_t *self = context;
    return span_of(self->tags % 2 ? "correct horse" : "");
}

static const client_calls_t CALLS = {.open = on_open,
                                     .send = on_send,
                                     .listen = on_span,
                                     .subscribe = on_span,
                                     .unsubscribe = on_span,
                                     .address = on_address,
                                     .password = on_password,
                                     .down = on_down,
                                     .ready = on_ready,
                                     .refused = on_refused,
                                     .joined = on_room,
                                     .parted = on_parted,
                                     .reply = on_reply,
                                     .message = on_event,
                                     .private_message = on_private,
                                     .presence = on_event,
                                     .presence_gap = on_gap,
                                     .lost = on_range,
                                     .undone = on_range,
                                     .kicked = on_kicked};

/* --- what comes ---------------------------------------------------------------------------------- */

static span_t choose(fuzz_t *self)
{
    uint8_t byte = take(self);
    size_t count = sizeof WORDS / sizeof WORDS[0];
    return span_of(byte < 128 ? NAMES[byte % (sizeof NAMES / sizeof NAMES[0])]
                              : WORDS[byte % count]);
}

static void write_heads(fuzz_t *self)
{
    unsigned count = take(self) % 4;
    write_key(&self->writer, KEY_heads);
    msgpack_pack_map(&self->writer.packer, count);
    while (count-- > 0) {
        pack_span(&self->writer, choose(self));
        uint64_t head[] = {take(self) % 4, take(self), take(self)};
        pack_numbers(&self->writer, head, 3);
    }
}

static void write_list(fuzz_t *self, key_id_t key)
{
    unsigned count = take(self) % 4;
    write_key(&self->writer, key);
    if (key == KEY_lost) {
        uint64_t lost[] = {count, take(self)};
        pack_numbers(&self->writer, lost, 2);
        return;
    }
    msgpack_pack_array(&self->writer.packer, count);
    for (; count > 0; count--) {
        uint8_t what = take(self) % 4;
        if (what == 0)
            msgpack_pack_uint64(&self->writer.packer, take(self));
        else if (what == 1)
            pack_span(&self->writer, choose(self));
        else { /* an event of a page, or a member */
            msgpack_pack_map(&self->writer.packer, 3);
            pack_key(&self->writer, KEY_ev);
            pack_span(&self->writer, span_of(what == 2 ? "message" : "private"));
            pack_key(&self->writer, KEY_epoch);
            msgpack_pack_uint64(&self->writer.packer, take(self) % 4);
            pack_key(&self->writer, KEY_seq);
            msgpack_pack_uint64(&self->writer.packer, take(self));
        }
    }
}

static void write_value(fuzz_t *self, key_id_t key)
{
    switch (key_row(key)->type) {
    case TYPE_UINT:
        if (key == KEY_re)
            write_uint(&self->writer, key, self->ids[take(self) % IDS]);
        else
            write_uint(&self->writer, key, key == KEY_epoch ? take(self) % 4 : take(self));
        return;
    case TYPE_STR:
    case TYPE_TEXT:
        write_str(&self->writer, key, choose(self));
        return;
    case TYPE_BIN:
        write_bin(&self->writer, key, take_bytes(self));
        return;
    case TYPE_BOOL:
        write_bool(&self->writer, key, take(self) % 4 != 0);
        return;
    case TYPE_LIST:
        write_list(self, key);
        return;
    case TYPE_MAP:
        if (key == KEY_heads)
            write_heads(self);
        return;
    }
}

/* A map of a few keys, the first of them what makes it a reply or an event. */
static span_t make_message(fuzz_t *self, bool is_event)
{
    buffer_clear(&self->frame);
    write_begin(&self->writer, &self->frame);
    write_value(self, is_event ? KEY_ev : KEY_re);
    if (!is_event && take(self) % 2)
        write_bool(&self->writer, KEY_ok, true);
    for (uint8_t choice; (choice = take(self)) != 0 && self->writer.pairs < 20;)
        if (choice % KEY_COUNT != KEY_re)
            write_value(self, (key_id_t)(choice % KEY_COUNT));
    write_end(&self->writer);
    return buffer_span(&self->frame);
}

static void publish(fuzz_t *self)
{
    char frame[4096];
    span_t room = choose(self), map = make_message(self, true);
    if (room.size + 1 + map.size > sizeof frame)
        return;
    memcpy(frame, room.data, room.size);
    frame[room.size] = '\0';
    memcpy(frame + room.size + 1, map.data, map.size);
    client_link_published(self->link, frame, room.size + 1 + map.size, self->now_ms);
}

static void ask(fuzz_t *self)
{
    static const op_t OPS[] = {OP_say,  OP_tell,   OP_join,    OP_part,     OP_who,
                               OP_nick, OP_status, OP_history, OP_register, OP_login};
    span_t word = choose(self);
    client_request_t request = {.op = OPS[take(self) % (sizeof OPS / sizeof OPS[0])],
                                .tag = self->tags + 1,
                                .room = word,
                                .to = word,
                                .nick = word,
                                .status = word,
                                .text = span_of("hello"),
                                .password = span_of("correct horse")};
    if (self->sid == CLIENT_NO_SID)
        return;
    self->tags++;
    self->asked++;
    if (client_link_request(self->link, self->sid, &request, self->now_ms) != HUB_OK)
        self->asked--;
}

static void say_hello(fuzz_t *self)
{
    const span_t rooms[] = {span_of("lobby"), span_of("tea")};
    client_hello_t hello = {.nick = choose(self), .rooms = rooms, .room_count = 2, .user = self};
    uint32_t sid;
    if (client_link_hello(self->link, &hello, self->now_ms, &sid) == HUB_OK)
        self->sid = sid;
}

static void act(fuzz_t *self)
{
    span_t bytes;
    switch (take(self) % 9) {
    case 0:
        bytes = take_bytes(self);
        client_link_frame(self->link, bytes.data, bytes.size, self->now_ms);
        return;
    case 1:
        bytes = take_bytes(self);
        client_link_published(self->link, bytes.data, bytes.size, self->now_ms);
        return;
    case 2:
        bytes = make_message(self, take(self) % 2);
        client_link_frame(self->link, bytes.data, bytes.size, self->now_ms);
        return;
    case 3:
        publish(self);
        return;
    case 4:
        ask(self);
        return;
    case 5:
        self->now_ms += (uint64_t)take(self) * 100;
        client_link_tick(self->link, self->now_ms);
        return;
    case 6:
        say_hello(self);
        return;
    case 7:
        if (self->sid != CLIENT_NO_SID)
            client_link_bye(self->link, self->sid, self->now_ms);
        self->sid = CLIENT_NO_SID;
        return;
    default:
        client_link_disconnected(self->link, self->now_ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t fuzz = {.at = data, .end = data + size, .now_ms = 1000, .sid = CLIENT_NO_SID};
    client_options_t options = {
        .router = "tcp://h:5680", .sessions_max = 4, .requests_max = REQUESTS};
    decoder_init(&fuzz.decoder);
    buffer_init(&fuzz.frame, LIMIT_FRAME_BYTES);
    fuzz.link = client_link_new(&options, &CALLS, &fuzz);
    client_link_start(fuzz.link, fuzz.now_ms);
    while (fuzz.at < fuzz.end)
        act(&fuzz);
    client_link_destroy(&fuzz.link);
    decoder_fini(&fuzz.decoder);
    buffer_fini(&fuzz.frame);
    return 0;
}
