/* Any bytes as the life of a broker: who sends what, when batches are stored or fail, how time passes.
 *
 * The first byte of each step is an operation, the next its link:
 *
 *   0..15   a request: session, op, then keys of that op with values from a short list, until a zero
 *   16      a frame as it stands: a size byte, then so many bytes
 *   17      the turn ends          18  the oldest batch is stored
 *   19      it fails               20  time passes: a byte of milliseconds, times the link's number squared
 *   21      ROUTER lost the link   22  bytes wait for the link
 *   23      the broker stops       24  it dies, and another one begins with what the store has
 *
 * The very first byte chooses the settings, among them whether there is a store.
 *
 * Whatever is sent has to be a frame of the wire: a fault is an abort. */
#include "tests/fuzz/fuzz.h"

#include "broker/core/core.h"
#include "tests/unit/kit_store.h"
#include "proto/decode.h"
#include "proto/encode.h"

#include <assert.h>
#include <stdlib.h>

enum { LINKS = 4, SIDS = 4, TOKENS = 8, BATCHES = 64, REQUESTS = 16, TOKEN_LENGTH = 32 };

typedef struct {
    const uint8_t *at, *end;
    core_t *core;
    moment_t now;
    outbox_t out;
    buffer_t request;
    decoder_t decoder;
    uint8_t tokens[TOKENS][TOKEN_LENGTH]; /* seen in welcomes */
    unsigned token_count;
    uint64_t batches[BATCHES]; /* given to the store */
    unsigned batch_count;
    uint64_t questions, answers, id;
    core_settings_t settings;
    kit_store_t *store; /* NULL: none */
} fuzz_t;

static const char *const NAMES[] = {"ada", "Bob", "carl", "lobby", "tea",
                                    "@",   "",    "a/b",  "$x",    "den"};
static const char *const TEXTS[] = {"hello", "", "a\nb", "a\x1b[2J", "\xff", "\xe2\x80\xae"};

static const char *const PLACES[] = {"192.0.2.7",   "192.0.2.0/24",  "::ffff:192.0.2.7",
                                     "2001:db8::7", "2001:db8::/32", "0.0.0.0/0",
                                     "::/0",        "nowhere"};
static const char *const PAGES[] = {"1", "2", "99999999999", "184467440737095516150", "x"};
static const char *const ROLES[] = {"owner", "moderator", "member", "operator", "king"};
static const char *const PASSWORDS[] = {"aaaaaaaa", "bbbbbbbb", "cccccccc", "short"};

static uint8_t take(fuzz_t *self)
{
    return self->at < self->end ? *self->at++ : 0;
}

static span_t choose(fuzz_t *self, const char *const *list, size_t count)
{
    return span_of(list[take(self) % count]);
}

/* --- what comes out ------------------------------------------------------------------------------- */

static void check_frame(fuzz_t *self, span_t frame)
{
    message_t message;
    assert(frame.size <= LIMIT_FRAME_BYTES);
    hub_err_t err = decoder_frame(&self->decoder, frame.data, frame.size, &message);
    assert(err == HUB_OK);
    assert((message.wrong.word[0] | message.wrong.word[1]) == 0);
    assert(message_has(&message, KEY_ev) != message_has(&message, KEY_re));
    if (message_has(&message, KEY_re))
        self->answers++;
    span_t token = message_span(&message, KEY_token);
    if (token.size == TOKEN_LENGTH)
        memcpy(self->tokens[self->token_count++ % TOKENS], token.data, TOKEN_LENGTH);
}

/* Never the same twice, as it is to be. */
static void draw_entropy(fuzz_t *self)
{
    for (size_t i = 0; i < sizeof self->now.entropy && ++self->now.entropy[i] == 0; i++)
        ;
}

static void tell(void *context, event_t event)
{
    fuzz_t *self = context;
    draw_entropy(self);
    core_step(self->core, &event, &self->now, &self->out);
}

/* A store that has failed has not been told yet: more batches than we remember are never answered. */
static void give_batch(fuzz_t *self, uint64_t batch)
{
    if (self->batch_count < BATCHES)
        self->batches[self->batch_count++] = batch;
}

static void perform_store(fuzz_t *self, const effect_t *effect)
{
    query_t query;
    retention_t retention;
    if (self->store == NULL)
        return;
    switch ((int)effect->kind) {
    case EFFECT_READ:
        query = outbox_query(&self->out, effect);
        tell(self, (event_t){.kind = EVENT_PAGE, .page = kit_store_read(self->store, &query)});
        return;
    case EFFECT_TRIM:
        retention = outbox_retention(&self->out, effect);
        tell(self,
             (event_t){.kind = EVENT_TRIMMED, .log = kit_store_trim(self->store, &retention)});
        return;
    default:
        kit_store_take(self->store, &self->out, effect);
    }
}

static void perform_one(fuzz_t *self, effect_t effect)
{
    span_t bytes = outbox_span(&self->out, effect.offset, effect.size);
    size_t topic;
    switch (effect.kind) {
    case EFFECT_SEND:
        check_frame(self, bytes);
        return;
    case EFFECT_PUBLISH:
        topic = strnlen(bytes.data, bytes.size) + 1;
        check_frame(self, (span_t){bytes.data + topic, bytes.size - topic});
        return;
    case EFFECT_COMMIT:
        give_batch(self, effect.batch);
        return;
    case EFFECT_FORGET:
    case EFFECT_STOP:
        return;
    case EFFECT_HASH: /* the first byte of a password decides, so that the fuzzer can */
        tell(self, (event_t){.kind = EVENT_HASHED,
                             .number = effect.seq,
                             .hashed = bytes.data[0] % 3 == 0   ? HUB_OK
                                       : bytes.data[0] % 3 == 1 ? HUB_DENIED
                                                                : HUB_BUSY,
                             .value = effect.log_size == 0 ? span_of("$hash") : span_of("")});
        return;
    case EFFECT_APPEND:
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
    case EFFECT_READ:
    case EFFECT_TRIM:
        perform_store(self, &effect);
        return;
    }
}

static void perform(fuzz_t *self)
{
    for (size_t i = 0; i < self->out.count; i++)
        perform_one(self, self->out.effects[i]);
    outbox_clear(&self->out);
}

static void step(fuzz_t *self, event_t event)
{
    draw_entropy(self);
    core_step(self->core, &event, &self->now, &self->out);
    perform(self);
}

/* --- what goes in --------------------------------------------------------------------------------- */

static void write_list(fuzz_t *self, writer_t *writer, key_id_t key)
{
    unsigned count = take(self) % 4;
    write_key(writer, key);
    msgpack_pack_array(&writer->packer, count);
    while (count-- > 0) {
        if (take(self) % 8 == 0)
            msgpack_pack_uint64(&writer->packer, take(self) % 3);
        else
            pack_span(writer, choose(self, NAMES, sizeof NAMES / sizeof NAMES[0]));
    }
}

static void write_number(fuzz_t *self, writer_t *writer, key_id_t key)
{
    uint8_t byte = take(self);
    write_key(writer, key);
    if (byte < 240)
        msgpack_pack_uint64(&writer->packer, byte);
    else if (byte < 248)
        msgpack_pack_uint64(&writer->packer, self->now.wall_ms / (byte % 8 == 0 ? 1000 : 1));
    else
        msgpack_pack_uint64(&writer->packer, byte < 252 ? INT64_MAX : UINT64_MAX);
}

/* Links come under no key or one of two, and the same routing id may come under another. */
static span_t key_under(uint8_t link)
{
    static const char KEYS[2 * PEER_KEY_BYTES] = {[PEER_KEY_BYTES] = 1};
    unsigned key = link / LINKS % 3;
    return key ? (span_t){KEYS + (key - 1) * PEER_KEY_BYTES, PEER_KEY_BYTES} : (span_t){NULL, 0};
}

static span_t choose_text(fuzz_t *self, key_id_t key)
{
    switch ((int)key) {
    case KEY_text:
    case KEY_status:
    case KEY_reason:
        return choose(self, TEXTS, sizeof TEXTS / sizeof TEXTS[0]);
    case KEY_password:
    case KEY_new_password:
        return choose(self, PASSWORDS, sizeof PASSWORDS / sizeof PASSWORDS[0]);
    case KEY_role:
        return choose(self, ROLES, sizeof ROLES / sizeof ROLES[0]);
    case KEY_page:
        return choose(self, PAGES, sizeof PAGES / sizeof PAGES[0]);
    case KEY_address:
    case KEY_network:
        return choose(self, PLACES, sizeof PLACES / sizeof PLACES[0]);
    default:
        return choose(self, NAMES, sizeof NAMES / sizeof NAMES[0]);
    }
}

/* A value of the key's type, from a short list, so that names meet. */
static void write_value(fuzz_t *self, writer_t *writer, key_id_t key)
{
    static const char MUCH[LIMIT_FRAME_BYTES];
    switch (key_row(key)->type) {
    case TYPE_UINT:
        write_number(self, writer, key);
        return;
    case TYPE_STR:
    case TYPE_TEXT:
        write_str(writer, key, choose_text(self, key));
        return;
    case TYPE_BIN:
        if (key == KEY_token)
            write_bin(writer, key,
                      (span_t){(char *)self->tokens[take(self) % TOKENS], TOKEN_LENGTH});
        else if (key == KEY_key)
            write_bin(writer, key, key_under(take(self)));
        else
            write_bin(writer, key, (span_t){MUCH, (size_t)take(self) * 160});
        return;
    case TYPE_BOOL:
        write_bool(writer, key, take(self) % 2);
        return;
    case TYPE_LIST:
        write_list(self, writer, key);
        return;
    case TYPE_MAP:
        write_key(writer, key);
        msgpack_pack_map(&writer->packer, 1);
        write_number(self, writer, KEY_seq);
        writer->pairs--;
        return;
    }
}

/* The n-th key of a set; `re`, which no request has, where there are fewer. */
static key_id_t key_of(keys_t keys, unsigned number)
{
    for (unsigned key = 0; key < 64; key++)
        if ((keys >> key & 1) && number-- == 0)
            return (key_id_t)key;
    return KEY_re;
}

static event_t frame_event(fuzz_t *self, uint8_t link, char *routing, span_t frame)
{
    routing[0] = (char)(link % LINKS);
    (void)self;
    return (event_t){.kind = EVENT_FRAME,
                     .peer = {link % LINKS == 0, {routing, 1}},
                     .frame = frame,
                     .is_local = link % LINKS == 0,
                     .is_operator = link % 7 == 0,
                     .peer_key = key_under(link)};
}

static void stop_or_revoke(fuzz_t *self, uint8_t link)
{
    event_t event = {.kind = EVENT_STOP, .after_ms = 1, .revoked = key_under(link)};
    if (event.revoked.size > 0)
        event.kind = EVENT_KEYS_REVOKED;
    step(self, event);
}

static void send_request(fuzz_t *self, uint8_t link)
{
    writer_t writer;
    char routing[1];
    buffer_clear(&self->request);
    write_begin(&writer, &self->request);
    uint8_t sid = take(self) % (SIDS + 1);
    const command_row_t *row = command_row((op_t)(take(self) % OP_COUNT));
    write_str(&writer, KEY_op, row->name);
    write_uint(&writer, KEY_id, ++self->id);
    if (sid > 0)
        write_uint(&writer, KEY_sid, sid - 1u);
    for (uint8_t choice; (choice = take(self)) != 0 && writer.pairs < 30;) {
        key_id_t key = key_of(row->needs | row->may | K(must), choice % 16);
        if (choice >= 224)
            key = (key_id_t)(choice % KEY_COUNT); /* a key that may not belong here */
        if (key != KEY_id)
            write_value(self, &writer, key);
    }
    write_end(&writer);
    self->questions++;
    step(self, frame_event(self, link, routing, buffer_span(&self->request)));
}

static void send_raw(fuzz_t *self, uint8_t link)
{
    size_t size = take(self);
    char routing[1];
    if (size > (size_t)(self->end - self->at))
        size = (size_t)(self->end - self->at);
    uint64_t before = self->answers;
    step(self, frame_event(self, link, routing, (span_t){(const char *)self->at, size}));
    assert(self->answers <= before + 1);
    self->questions += self->answers - before;
    self->at += size;
}

static void settle(fuzz_t *self, event_kind_t kind)
{
    if (self->batch_count == 0)
        return;
    uint64_t batch = self->batches[0];
    self->batch_count = kind == EVENT_COMMITTED ? self->batch_count - 1 : 0;
    memmove(self->batches, self->batches + 1, self->batch_count * sizeof *self->batches);
    if (self->store && kind == EVENT_COMMITTED)
        kit_store_commit(self->store, batch);
    else if (self->store)
        kit_store_void(self->store);
    step(self, (event_t){.kind = kind, .batch = batch});
}

static void pass(fuzz_t *self, uint64_t ms)
{
    uint64_t until = self->now.mono_ms + ms, next;
    for (int i = 0; i < 1000 && (next = core_next_ms(self->core)) <= until; i++) {
        if (next > self->now.mono_ms) {
            self->now.wall_ms += next - self->now.mono_ms;
            self->now.mono_ms = next;
        }
        step(self, (event_t){.kind = EVENT_TICK});
    }
    self->now.wall_ms += until - self->now.mono_ms;
    self->now.mono_ms = until;
}

/* The broker dies with what is not committed; another one is told what the store has. */
static void restart(fuzz_t *self, uint8_t choice)
{
    if (self->store == NULL)
        return;
    kit_store_void(self->store);
    core_destroy(&self->core);
    self->batch_count = 0;
    self->core = core_new(&self->settings, &self->now);
    kit_store_restore(self->store, tell, self);
    step(self, (event_t){.kind = EVENT_RESTORED,
                         .origin = {.is_restored = choice & 1,
                                    .is_other_boot = choice & 2,
                                    .was_closed = choice & 4}});
    assert(core_restored(self->core) == HUB_OK);
}

static void other(fuzz_t *self, uint8_t what, uint8_t link)
{
    char routing[1];
    event_t event = frame_event(self, link, routing, (span_t){NULL, 0});
    switch (what) {
    case REQUESTS:
        send_raw(self, link);
        return;
    case REQUESTS + 1:
        step(self, (event_t){.kind = EVENT_TURN});
        return;
    case REQUESTS + 2:
        settle(self, EVENT_COMMITTED);
        return;
    case REQUESTS + 3:
        settle(self, EVENT_APPEND_FAILED);
        return;
    case REQUESTS + 4:
        pass(self, (uint64_t)take(self) * link * link);
        return;
    case REQUESTS + 5:
        event.kind = EVENT_LINK_GONE;
        step(self, event);
        return;
    case REQUESTS + 6:
        event.kind = EVENT_LINK_WAITING;
        event.waiting_bytes = (uint64_t)take(self) * 1000;
        step(self, event);
        return;
    case REQUESTS + 7:
        stop_or_revoke(self, link);
        return;
    default:
        restart(self, link);
    }
}

static core_settings_t settings(uint8_t choice)
{
    static const char *const PUBS[] = {"tcp://127.0.0.1:5681"};
    bool is_tight = choice & 1;
    return (core_settings_t){
        .heartbeat_ms = 1000,
        .idle_ms = 5000,
        .kick_ms = choice & 2 ? 6000 : 0,
        .resume_ms = 3000,
        .room_keep_ms = 10000,
        .rate_per_s = choice & 4 ? 10 : 0,
        .rate_burst = 20,
        .links_max = is_tight ? 2 : LINKS,
        .sessions_max = is_tight ? 5 : 100,
        .rooms_max = is_tight ? 3 : 100,
        .accounts_max = is_tight ? 1 : 10,
        .audit_events = 8,
        .ring_events = is_tight ? 2 : 64,
        .ring_bytes = LIMIT_FRAME_BYTES,
        .rings_bytes = is_tight ? 2 * LIMIT_FRAME_BYTES : 1 << 20,
        .link_backlog_bytes = 100000,
        .pending_max = is_tight ? 4 : 1000,
        .has_store = choice & 8,
        .survives_power = choice & 16,
        .history_events = choice & 32 ? 8 : 0,
        .history_bytes = choice & 64 ? 4096 : 0,
        .history_keep_ms = choice & 128 ? 20000 : 0,
        .pages_max = 16,
        .pub = PUBS,
        .pub_count = 1,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_t fuzz = {.at = data, .end = data + size};
    fuzz.now = (moment_t){.mono_ms = 1000, .wall_ms = UINT64_C(1760000000000)};
    fuzz.settings = settings(take(&fuzz));
    fuzz.core = core_new(&fuzz.settings, &fuzz.now);
    outbox_init(&fuzz.out);
    buffer_init(&fuzz.request, 1 << 22);
    decoder_init(&fuzz.decoder);
    if (fuzz.settings.has_store) {
        fuzz.store = kit_store_new();
        step(&fuzz, (event_t){.kind = EVENT_RESTORED, .origin = {.is_new = true}});
    }
    while (fuzz.at < fuzz.end) {
        uint8_t what = take(&fuzz) % 25, link = take(&fuzz);
        if (what < REQUESTS)
            send_request(&fuzz, link);
        else
            other(&fuzz, what, link);
    }
    assert(fuzz.answers <= fuzz.questions); /* links that went took some of their answers along */
    decoder_fini(&fuzz.decoder);
    buffer_fini(&fuzz.request);
    outbox_fini(&fuzz.out);
    if (fuzz.store)
        kit_store_destroy(&fuzz.store);
    core_destroy(&fuzz.core);
    return 0;
}
