#include "tests/unit/client_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void note(fixture_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(fixture_t *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = LOG_BYTES - self->log_bytes;
    const char *separator = self->log_bytes > 0 ? "; " : "";
    int size = snprintf(self->log + self->log_bytes, left, "%s", separator);
    self->log_bytes += (size_t)size;
    size = vsnprintf(self->log + self->log_bytes, LOG_BYTES - self->log_bytes, format, arguments);
    self->log_bytes += (size_t)size;
    va_end(arguments);
    assert_true(self->log_bytes < LOG_BYTES);
}

static void on_open(void *context)
{
    note(context, "open");
}

static bool on_send(void *context, span_t frame)
{
    fixture_t *self = context;
    if (self->is_full)
        return false;
    assert_true(self->sent_count < SENT_MAX);
    char *copy = malloc(frame.size);
    assert_non_null(copy);
    memcpy(copy, frame.data, frame.size);
    self->sent[self->sent_count] = copy;
    self->sent_bytes[self->sent_count++] = frame.size;
    return true;
}

static void on_listen(void *context, span_t endpoint)
{
    note(context, "listen %.*s", (int)endpoint.size, endpoint.data);
}

static void on_subscribe(void *context, span_t topic)
{
    assert_int_equal(topic.data[topic.size - 1], 0);
    note(context, "subscribe %s", topic.data);
}

static void on_unsubscribe(void *context, span_t topic)
{
    note(context, "unsubscribe %s", topic.data);
}

static void on_up(void *context)
{
    note(context, "up");
}

static void on_down(void *context, uint64_t retry_ms)
{
    assert_true(retry_ms > 0);
    note(context, "down");
}

static void on_ready(void *context, uint32_t sid, void *user, client_ready_t how,
                     const message_t *welcome)
{
    static const char *const HOW[] = {"new", "resumed", "renewed"};
    (void)user;
    assert_true(message_has(welcome, KEY_nick));
    note(context, "ready %u %s", sid, HOW[how]);
}

static const char *name_of(hub_err_t err)
{
    return err == HUB_ERR_COUNT ? "unknown" : err_name(err);
}

static void on_refused(void *context, uint32_t sid, void *user, hub_err_t err,
                       const message_t *reply)
{
    (void)user;
    assert_non_null(reply);
    note(context, "refused %u %s", sid, name_of(err));
}

static void on_joined(void *context, uint32_t sid, void *user, uint32_t room, span_t name)
{
    fixture_t *self = context;
    (void)user;
    assert_true(client_link_is_member(self->link, sid, room));
    assert_int_equal(client_link_room(self->link, name), room);
    note(context, "joined %u %.*s", sid, (int)name.size, name.data);
}

static void on_parted(void *context, uint32_t sid, void *user, uint32_t room, span_t name,
                      const message_t *why)
{
    fixture_t *self = context;
    (void)user;
    assert_false(client_link_is_member(self->link, sid, room));
    span_t reason = why ? message_span(why, KEY_reason) : (span_t){"", 0};
    note(context, "parted %u %.*s%s%.*s", sid, (int)name.size, name.data, why ? " " : "",
         (int)reason.size, reason.data);
}

static void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    fixture_t *self = context;
    (void)user, (void)reply;
    note(context, "reply %u %s %ju %s", sid, command_row(op)->name.data, (uintmax_t)tag,
         name_of(err));
    if (self->on_reply)
        self->on_reply(self);
}

static void on_message(void *context, uint32_t room, const message_t *event)
{
    fixture_t *self = context;
    span_t name = client_link_room_name(self->link, room);
    span_t text = message_span(event, KEY_text);
    note(context, "message %.*s %ju.%ju%s%.*s", (int)name.size, name.data,
         (uintmax_t)message_uint(event, KEY_epoch), (uintmax_t)message_uint(event, KEY_seq),
         text.size ? " " : "", (int)text.size, text.data);
}

static void on_private(void *context, uint32_t sid, void *user, const message_t *event)
{
    (void)user;
    note(context, "private %u %ju.%ju", sid, (uintmax_t)message_uint(event, KEY_epoch),
         (uintmax_t)message_uint(event, KEY_seq));
}

static void on_presence(void *context, uint32_t room, const message_t *event)
{
    span_t name = client_link_room_name(((fixture_t *)context)->link, room);
    note(context, "presence %.*s %ju", (int)name.size, name.data,
         (uintmax_t)message_uint(event, KEY_pseq));
}

static void on_presence_gap(void *context, uint32_t room)
{
    span_t name = client_link_room_name(((fixture_t *)context)->link, room);
    note(context, "gap %.*s", (int)name.size, name.data);
}

static void on_lost(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                    uint64_t last)
{
    (void)user;
    span_t name = client_link_room_name(((fixture_t *)context)->link, room);
    if (room == CLIENT_NO_ROOM)
        note(context, "lost @%u %ju-%ju", sid, (uintmax_t)first, (uintmax_t)last);
    else
        note(context, "lost %.*s %ju-%ju", (int)name.size, name.data, (uintmax_t)first,
             (uintmax_t)last);
}

static void on_undone(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                      uint64_t last)
{
    (void)user, (void)sid;
    span_t name = client_link_room_name(((fixture_t *)context)->link, room);
    note(context, "undone %.*s %ju-%ju", (int)name.size, name.data, (uintmax_t)first,
         (uintmax_t)last);
}

static void on_left_out(void *context, uint32_t sid, void *user, span_t name)
{
    (void)user;
    note(context, "left_out %u %.*s", sid, (int)name.size, name.data);
}

static void on_warning(void *context, uint32_t sid, void *user, uint64_t idle_in_ms)
{
    (void)user;
    note(context, "warning %u %ju", sid, (uintmax_t)idle_in_ms);
}

static void on_treated(void *context, uint32_t sid, void *user, ev_t ev, const message_t *event)
{
    (void)user;
    span_t room = message_span(event, KEY_room), by = message_span(event, KEY_by);
    note(context, "%s %u %.*s %.*s", event_row(ev)->name.data, sid, (int)room.size,
         room.size > 0 ? room.data : "", (int)by.size, by.size > 0 ? by.data : "");
}

static void on_slowed(void *context, uint32_t room, uint64_t slow_ms)
{
    note(context, "slow %u %ju", room, (uintmax_t)slow_ms);
}

static void on_kicked(void *context, uint32_t sid, void *user, span_t reason, span_t text)
{
    (void)user;
    note(context, "kicked %u %.*s%s%.*s", sid, (int)reason.size, reason.data,
         text.size > 0 ? " " : "", (int)text.size, text.size > 0 ? text.data : "");
}

static void on_shutdown(void *context, uint64_t after_ms)
{
    note(context, "shutdown %ju", (uintmax_t)after_ms);
}

static const client_calls_t CALLS = {
    .open = on_open,
    .send = on_send,
    .listen = on_listen,
    .subscribe = on_subscribe,
    .unsubscribe = on_unsubscribe,
    .up = on_up,
    .down = on_down,
    .ready = on_ready,
    .refused = on_refused,
    .joined = on_joined,
    .parted = on_parted,
    .left_out = on_left_out,
    .reply = on_reply,
    .message = on_message,
    .private_message = on_private,
    .presence = on_presence,
    .presence_gap = on_presence_gap,
    .lost = on_lost,
    .undone = on_undone,
    .warning = on_warning,
    .treated = on_treated,
    .slowed = on_slowed,
    .kicked = on_kicked,
    .shutdown = on_shutdown,
};

void fixture_init(fixture_t *self, const client_options_t *options)
{
    memset(self, 0, sizeof *self);
    client_options_t full = options ? *options : (client_options_t){0};
    full.router = "tcp://broker:5680";
    full.entropy[3] = 7;
    self->now_ms = 1000;
    decoder_init(&self->decoder);
    buffer_init(&self->frame, LIMIT_FRAME_BYTES);
    self->link = client_link_new(&full, &CALLS, self);
    client_link_start(self->link, self->now_ms);
}

void fixture_fini(fixture_t *self)
{
    client_link_destroy(&self->link);
    for (size_t i = 0; i < self->sent_count; i++)
        free(self->sent[i]);
    decoder_fini(&self->decoder);
    buffer_fini(&self->frame);
}

void fixture_clear(fixture_t *self)
{
    self->log_bytes = 0;
    self->log[0] = '\0';
}

void fixture_expect(fixture_t *self, const char *log)
{
    assert_string_equal(self->log, log);
    fixture_clear(self);
}

static op_t decode_sent(fixture_t *self, size_t place)
{
    hub_err_t err =
        decoder_frame(&self->decoder, self->sent[place], self->sent_bytes[place], &self->request);
    assert_int_equal(err, HUB_OK);
    assert_int_equal(self->request.wrong.word[0] | self->request.wrong.word[1], 0);
    return op_find(message_span(&self->request, KEY_op));
}

uint64_t fixture_take(fixture_t *self, op_t op)
{
    while (self->taken < self->sent_count)
        if (decode_sent(self, self->taken++) == op)
            return message_uint(&self->request, KEY_id);
    fail_msg("no %s was sent", command_row(op)->name.data);
    return 0;
}

size_t fixture_count(fixture_t *self, op_t op)
{
    size_t count = 0;
    for (size_t i = self->taken; i < self->sent_count; i++)
        count += decode_sent(self, i) == op;
    return count;
}

void fixture_pass(fixture_t *self, uint64_t ms)
{
    uint64_t end = self->now_ms + ms;
    while (client_link_next_ms(self->link) <= end) {
        uint64_t next = client_link_next_ms(self->link);
        if (next > self->now_ms)
            self->now_ms = next;
        client_link_tick(self->link, self->now_ms);
    }
    self->now_ms = end;
    client_link_tick(self->link, end);
}

void fixture_reply(fixture_t *self, uint64_t id)
{
    buffer_clear(&self->frame);
    write_begin(&self->writer, &self->frame);
    write_uint(&self->writer, KEY_re, id);
}

void fixture_event(fixture_t *self, const char *ev)
{
    buffer_clear(&self->frame);
    write_begin(&self->writer, &self->frame);
    write_str(&self->writer, KEY_ev, span_of(ev));
}

void fixture_heads(fixture_t *self, const head_t *heads, size_t count)
{
    write_key(&self->writer, KEY_heads);
    msgpack_pack_map(&self->writer.packer, count);
    for (size_t i = 0; i < count; i++) {
        pack_span(&self->writer, span_of(heads[i].room));
        pack_numbers(&self->writer, (uint64_t[]){heads[i].epoch, heads[i].seq, heads[i].pseq}, 3);
    }
}

void fixture_send(fixture_t *self)
{
    write_end(&self->writer);
    client_link_frame(self->link, self->frame.data, self->frame.size, self->now_ms);
}

void fixture_publish(fixture_t *self, const char *room)
{
    char published[LIMIT_FRAME_BYTES];
    write_end(&self->writer);
    size_t size = strlen(room) + 1;
    memcpy(published, room, size);
    memcpy(published + size, self->frame.data, self->frame.size);
    client_link_published(self->link, published, size + self->frame.size, self->now_ms);
}

void fixture_ok(fixture_t *self, uint64_t id)
{
    fixture_reply(self, id);
    write_bool(&self->writer, KEY_ok, true);
    fixture_send(self);
}

void fixture_error(fixture_t *self, uint64_t id, const char *error, uint64_t retry_ms)
{
    fixture_reply(self, id);
    write_str(&self->writer, KEY_error, span_of(error));
    if (retry_ms > 0)
        write_uint(&self->writer, KEY_retry_ms, retry_ms);
    fixture_send(self);
}

void fixture_welcome(fixture_t *self, uint64_t id, const char *nick, uint64_t cid,
                     const head_t *heads, size_t count)
{
    fixture_reply(self, id);
    write_bool(&self->writer, KEY_ok, true);
    write_str(&self->writer, KEY_nick, span_of(nick));
    write_bin(&self->writer, KEY_token, span_of("secret"));
    write_uint(&self->writer, KEY_cid, cid);
    write_uint(&self->writer, KEY_heartbeat_ms, 10000);
    write_uint(&self->writer, KEY_resume_ms, 5000);
    fixture_heads(self, heads, count);
    fixture_send(self);
}

void fixture_pong(fixture_t *self, uint64_t sessions, const head_t *heads, size_t count)
{
    fixture_reply(self, fixture_take(self, OP_ping));
    write_bool(&self->writer, KEY_ok, true);
    write_uint(&self->writer, KEY_sessions, sessions);
    write_key(&self->writer, KEY_pub);
    msgpack_pack_array(&self->writer.packer, 1);
    pack_span(&self->writer, span_of("tcp://*:5681"));
    fixture_heads(self, heads, count);
    fixture_send(self);
}

static void write_message(writer_t *writer, const char *room, uint64_t epoch, uint64_t seq)
{
    write_str(writer, KEY_room, span_of(room));
    write_uint(writer, KEY_epoch, epoch);
    write_uint(writer, KEY_seq, seq);
}

void fixture_message(fixture_t *self, const char *room, uint64_t epoch, uint64_t seq)
{
    fixture_event(self, "message");
    write_message(&self->writer, room, epoch, seq);
    fixture_publish(self, room);
}

void fixture_private(fixture_t *self, uint32_t sid, uint64_t epoch, uint64_t seq)
{
    fixture_event(self, "private");
    write_message(&self->writer, "@", epoch, seq);
    write_uint(&self->writer, KEY_sid, sid);
    fixture_send(self);
}

void fixture_page(fixture_t *self, uint64_t id, const char *room, uint64_t epoch, uint64_t first,
                  uint64_t last, uint64_t lost_first, uint64_t lost_last, bool is_more)
{
    fixture_reply(self, id);
    write_bool(&self->writer, KEY_ok, true);
    write_bool(&self->writer, KEY_more, is_more);
    write_uint(&self->writer, KEY_head, last + (is_more ? 100 : 0));
    if (lost_last > 0) {
        write_key(&self->writer, KEY_lost);
        pack_numbers(&self->writer, (uint64_t[]){lost_first, lost_last}, 2);
    }
    write_key(&self->writer, KEY_events);
    msgpack_pack_array(&self->writer.packer, last >= first ? last - first + 1 : 0);
    for (uint64_t seq = first; seq <= last; seq++) {
        msgpack_pack_map(&self->writer.packer, 4);
        pack_span(&self->writer, span_of("ev"));
        pack_span(&self->writer, span_of(room[0] == '@' ? "private" : "message"));
        pack_span(&self->writer, span_of("room"));
        pack_span(&self->writer, span_of(room));
        pack_span(&self->writer, span_of("epoch"));
        msgpack_pack_uint64(&self->writer.packer, epoch);
        pack_span(&self->writer, span_of("seq"));
        msgpack_pack_uint64(&self->writer.packer, seq);
    }
    fixture_send(self);
}

uint32_t fixture_ada(fixture_t *self, uint64_t seq)
{
    uint32_t sid;
    span_t rooms[] = {span_of("Lobby")};
    fixture_pong(self, 0, NULL, 0);
    client_hello_t hello = {.nick = span_of("ada"), .rooms = rooms, .room_count = 1};
    assert_int_equal(client_link_hello(self->link, &hello, self->now_ms, &sid), HUB_OK);
    const head_t heads[] = {{"lobby", 1, seq, 50}, {"@", 1, 0, 0}};
    fixture_welcome(self, fixture_take(self, OP_hello), "ada", 0, heads, 2);
    fixture_clear(self);
    return sid;
}

void fixture_say(fixture_t *self, uint32_t sid, uint64_t tag)
{
    client_request_t request = {
        .op = OP_say, .room = span_of("lobby"), .text = span_of("hi"), .tag = tag};
    assert_int_equal(client_link_request(self->link, sid, &request, self->now_ms), HUB_OK);
}
