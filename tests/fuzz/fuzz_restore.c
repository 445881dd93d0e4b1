/* Any bytes as what a store has, as a damaged database may tell it: logs, records, notes, and then a life on it.
 *
 *   0  a log: size, name; oldest, head (two bytes each)      1  a record: size, key; two bytes of size, value
 *   2  a note: a byte of number, two bytes of size, value    3  that was all; a byte of origin
 *
 * A broker that says that it was restored has to be one: people come, speak and go, and it is ended well. */
#include "tests/fuzz/fuzz.h"

#include "broker/core/core.h"
#include "proto/encode.h"

#include <assert.h>
#include <string.h>

typedef struct {
    const uint8_t *at, *end;
    core_t *core;
    moment_t now;
    outbox_t out;
    buffer_t request;

} restore_t;

static uint8_t take(restore_t *self)
{
    return self->at < self->end ? *self->at++ : 0;
}

static uint16_t take_two(restore_t *self)
{
    uint16_t high = take(self);
    return (uint16_t)(high << 8 | take(self));
}

static span_t take_bytes(restore_t *self, size_t size)
{
    size_t left = (size_t)(self->end - self->at);
    span_t bytes = {(const char *)self->at, size < left ? size : left};
    self->at += bytes.size;
    return bytes;
}

static void step(restore_t *self, event_t event)
{
    self->now.entropy[0]++;
    core_step(self->core, &event, &self->now, &self->out);
    outbox_clear(&self->out);
}

static void tell_log(restore_t *self)
{
    log_state_t log = {.log = take_bytes(self, take(self))};
    log.oldest = take_two(self);
    log.head = take_two(self);
    log.oldest_ms = log.last_ms = 1;
    step(self, (event_t){.kind = EVENT_LOG, .log = log});
}

/* False: that was all. */
static bool tell_next(restore_t *self)
{
    event_t event = {.kind = EVENT_RECORD};
    switch (take(self) % 4) {
    case 0:
        tell_log(self);
        return true;
    case 1:
        event.key = take_bytes(self, take(self));
        event.value = take_bytes(self, take_two(self));
        if (event.key.size > 0)
            step(self, event);
        return true;
    case 2:
        event = (event_t){.kind = EVENT_NOTE, .number = take(self) + 1u};
        event.value = take_bytes(self, take_two(self));
        step(self, event);
        return true;
    default:
        return false;
    }
}

static void ask(restore_t *self, op_t op, key_id_t key, const char *value)
{
    writer_t writer;
    buffer_clear(&self->request);
    write_begin(&writer, &self->request);
    write_str(&writer, KEY_op, command_row(op)->name);
    write_uint(&writer, KEY_id, 1);
    write_str(&writer, key, span_of(value));
    if (op == OP_say)
        write_str(&writer, KEY_text, span_of("hello"));
    write_end(&writer);
    step(self, (event_t){.kind = EVENT_FRAME,
                         .peer = {0, {"a", 1}},
                         .is_operator = true,
                         .frame = buffer_span(&self->request)});
    step(self, (event_t){.kind = EVENT_TURN});
}

static void live(restore_t *self)
{
    ask(self, OP_hello, KEY_nick, "newcomer");
    ask(self, OP_say, KEY_room, "lobby");
    ask(self, OP_who, KEY_room, "lobby");
    ask(self, OP_history, KEY_room, "@");
    ask(self, OP_ban, KEY_network, "0.0.0.0/0");
    ask(self, OP_kick, KEY_nick, "ada");
    for (int i = 0; i < 200; i++) {
        uint64_t next = core_next_ms(self->core);
        if (next > self->now.mono_ms && next != UINT64_MAX)
            self->now.mono_ms = next;
        step(self, (event_t){.kind = EVENT_TICK});
        step(self, (event_t){.kind = EVENT_TURN});
    }
    step(self, (event_t){.kind = EVENT_STOP, .after_ms = 1});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    restore_t self = {.at = data, .end = data + size};
    core_settings_t settings = {.heartbeat_ms = 1000,
                                .idle_ms = 5000,
                                .resume_ms = 3000,
                                .links_max = 4,
                                .sessions_max = 64,
                                .rooms_max = 32,
                                .accounts_max = 8,
                                .ring_events = 16,
                                .ring_bytes = LIMIT_FRAME_BYTES,
                                .rings_bytes = 1 << 20,
                                .link_backlog_bytes = 100000,
                                .pending_max = 1000,
                                .pages_max = 4,
                                .has_store = true};
    self.now = (moment_t){.mono_ms = 1000, .wall_ms = UINT64_C(1760000000000)};
    self.core = core_new(&settings, &self.now);
    outbox_init(&self.out);
    buffer_init(&self.request, LIMIT_FRAME_BYTES);
    while (self.at < self.end && tell_next(&self))
        ;
    uint8_t origin = take(&self);
    step(&self, (event_t){.kind = EVENT_RESTORED,
                          .origin = {.is_restored = origin & 1, .was_closed = origin & 2}});
    if (core_restored(self.core) == HUB_OK)
        live(&self);
    core_destroy(&self.core);
    outbox_fini(&self.out);
    buffer_fini(&self.request);
    return 0;
}
