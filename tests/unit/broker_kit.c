#include "tests/unit/broker_kit.h"

#include "tests/unit/broker_notation.h"

#include <inttypes.h>

enum { LETTERS = 128 };

typedef struct {
    char link;
    uint64_t id;
} question_t;

enum { KIT_HASHES = LIMIT_HASHES_WAITING, KIT_HASH_BYTES = 160 };

typedef struct {
    uint64_t number;
    char password[LIMIT_PASSWORD_BYTES + 1], hash[KIT_HASH_BYTES];
} kit_hash_t;

struct kit {
    core_settings_t settings;
    core_t *core;
    moment_t now;
    outbox_t out;
    decoder_t decoder;
    buffer_t request;
    uint64_t last_id;
    frame_t **frames;
    size_t frame_count, frame_capacity;
    question_t *questions;
    size_t question_count, question_capacity;
    appended_t *appended;
    size_t appended_count, appended_capacity;
    uint64_t *batches; /* given to the store, not answered */
    size_t batch_count, batch_capacity;
    bool holds;
    kit_hash_t hashes[KIT_HASHES]; /* asked for, not answered */
    size_t hash_count;
    bool delays_hashes;
    kit_store_t *store; /* NULL where the settings have none */
    size_t outbox_bytes;
    size_t stops;
    size_t dropped[LETTERS];
    span_t saved[LETTERS];
    char keys[LETTERS]; /* of links; 0: none */
    bool operators[LETTERS];
};

static void *grown(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? 2 * *capacity : 16;
    list = realloc(list, *capacity * size);
    assert_non_null(list);
    return list;
}

core_settings_t kit_settings(void)
{
    static const char *const PUBS[] = {"tcp://127.0.0.1:5681"};
    return (core_settings_t){
        .heartbeat_ms = 10000,
        .idle_ms = 300000,
        .resume_ms = 30000,
        .room_keep_ms = 86400000,
        .rate_burst = 200,
        .links_max = 100,
        .sessions_max = 4000,
        .rooms_max = 200,
        .ring_events = 4096,
        .ring_bytes = 1 << 20,
        .rings_bytes = 16 << 20,
        .link_backlog_bytes = 1 << 20,
        .pending_max = 100000,
        .pages_max = 16,
        .pub = PUBS,
        .pub_count = 1,
    };
}

core_settings_t kit_stored_settings(void)
{
    core_settings_t settings = kit_settings();
    settings.has_store = true;
    return settings;
}

kit_t *kit_new(const core_settings_t *settings)
{
    kit_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    self->settings = settings ? *settings : kit_settings();
    self->now = (moment_t){.mono_ms = 1000000, .wall_ms = UINT64_C(1760000000000)};
    self->core = core_new(&self->settings, &self->now);
    outbox_init(&self->out);
    decoder_init(&self->decoder);
    buffer_init(&self->request, 1 << 20);
    if (self->settings.has_store) {
        self->store = kit_store_new();
        kit_step(self, (event_t){.kind = EVENT_RESTORED, .origin = {.is_new = true}});
        kit_turn(self);
    }
    return self;
}

static void drop_frame(frame_t *frame)
{
    msgpack_unpacked_destroy(&frame->map);
    free((void *)frame->bytes.data);
    free(frame);
}

void kit_destroy(kit_t **self_p)
{
    kit_t *self = *self_p;
    if (self->question_count > 0 && !self->holds)
        fail_msg("%zu requests without an answer, the first over %c with id %" PRIu64,
                 self->question_count, self->questions[0].link, self->questions[0].id);
    for (size_t i = 0; i < self->frame_count; i++)
        drop_frame(self->frames[i]);
    for (size_t i = 0; i < LETTERS; i++)
        free((void *)self->saved[i].data);
    free(self->frames);
    free(self->questions);
    free(self->appended);
    free(self->batches);
    if (self->store)
        kit_store_destroy(&self->store);
    buffer_fini(&self->request);
    decoder_fini(&self->decoder);
    outbox_fini(&self->out);
    core_destroy(&self->core);
    free(self);
    *self_p = NULL;
}

/* --- what comes out ------------------------------------------------------------------------------ */

/* A link's routing id is a zero and its letter. */
static peer_t peer_of(char link, char *routing)
{
    routing[0] = '\0';
    routing[1] = link;
    return (peer_t){link == LOCAL, {routing, 2}};
}

static void forget_questions(kit_t *self, char link)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->question_count; i++)
        if (self->questions[i].link != link)
            self->questions[kept++] = self->questions[i];
    self->question_count = kept;
}

static void check_reply(kit_t *self, char link, const message_t *message)
{
    uint64_t id = message_uint(message, KEY_re);
    size_t i = 0;
    while (i < self->question_count &&
           (self->questions[i].link != link || self->questions[i].id != id))
        i++;
    if (i == self->question_count)
        fail_msg("a reply over %c to id %" PRIu64 ", which is not open", link, id);
    self->question_count--;
    memmove(&self->questions[i], &self->questions[i + 1],
            (self->question_count - i) * sizeof *self->questions);
    bool is_ok = message_has(message, KEY_ok), is_error = message_has(message, KEY_error);
    assert_true(is_ok != is_error);
    if (is_error) {
        assert_true(err_find(message_span(message, KEY_error)) < HUB_MALFORMED);
        assert_true(message_span(message, KEY_hint).size > 0);
    }
    if (message_has(message, KEY_dup))
        assert_true(message_bool(message, KEY_dup));
}

static void check_event(const message_t *message)
{
    ev_t ev = ev_find(message_span(message, KEY_ev));
    assert_true(ev < EV_COUNT);
    const event_row_t *row = event_row(ev);
    keys_t present = message->present.word[0] & ~K(ev);
    assert_int_equal(row->has & ~present, 0);
    assert_int_equal(present & ~(row->has | row->may), 0);
    assert_int_equal(message->present.word[1], 0);
}

static void check_frame(kit_t *self, char link, span_t bytes)
{
    message_t message;
    assert_true(bytes.size <= LIMIT_FRAME_BYTES);
    assert_int_equal(decoder_frame(&self->decoder, bytes.data, bytes.size, &message), HUB_OK);
    assert_int_equal(message.wrong.word[0] | message.wrong.word[1], 0);
    if (message_has(&message, KEY_ev))
        check_event(&message);
    else
        check_reply(self, link, &message);
}

static void take_frame(kit_t *self, char link, span_t bytes, size_t topic_size)
{
    frame_t *frame = calloc(1, sizeof *frame);
    assert_non_null(frame);
    char *copy = malloc(bytes.size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    frame->link = link;
    frame->bytes = (span_t){copy, bytes.size};
    frame->topic = (span_t){copy, topic_size ? topic_size - 1 : 0};
    span_t map = {copy + topic_size, bytes.size - topic_size};
    check_frame(self, link, map);
    msgpack_unpacked_init(&frame->map);
    assert_int_equal(msgpack_unpack_next(&frame->map, map.data, map.size, NULL),
                     MSGPACK_UNPACK_SUCCESS);
    if (topic_size > 0)
        assert_string_equal(frame_get(frame, "room"), copy);
    self->frames = grown(self->frames, self->frame_count, &self->frame_capacity, sizeof(frame_t *));
    self->frames[self->frame_count++] = frame;
}

static void take_append(kit_t *self, const effect_t *effect)
{
    self->appended = grown(self->appended, self->appended_count, &self->appended_capacity,
                           sizeof *self->appended);
    appended_t *appended = &self->appended[self->appended_count++];
    *appended = (appended_t){
        .batch = effect->batch, .epoch = effect->epoch, .seq = effect->seq, .at_ms = effect->at_ms};
    span_t log = outbox_span(&self->out, effect->log_offset, effect->log_size);
    assert_true(log.size > 0 && log.size < sizeof appended->log);
    memcpy(appended->log, log.data, log.size);
    message_t message;
    span_t event = outbox_span(&self->out, effect->offset, effect->size);
    assert_int_equal(decoder_frame(&self->decoder, event.data, event.size, &message), HUB_OK);
    assert_int_equal(message_uint(&message, KEY_seq), effect->seq);
    assert_int_equal(message_uint(&message, KEY_epoch), effect->epoch);
    assert_int_equal(message_uint(&message, KEY_at), effect->at_ms);
}

static void settle_batch(kit_t *self, uint64_t batch)
{
    if (self->store)
        kit_store_commit(self->store, batch);
    for (size_t i = 0; i < self->appended_count; i++)
        if (self->appended[i].batch == batch)
            self->appended[i].is_committed = true;
    core_step(self->core, &(event_t){.kind = EVENT_COMMITTED, .batch = batch}, &self->now,
              &self->out);
}

static void take_batch(kit_t *self, uint64_t batch)
{
    self->batches =
        grown(self->batches, self->batch_count, &self->batch_capacity, sizeof *self->batches);
    self->batches[self->batch_count++] = batch;
    if (self->holds)
        return;
    self->batch_count--;
    settle_batch(self, batch);
}

static void take_store(kit_t *self, const effect_t *effect)
{
    query_t query;
    retention_t retention;
    if (self->store == NULL)
        return;
    switch (effect->kind) {
    case EFFECT_READ:
        query = outbox_query(&self->out, effect);
        core_step(self->core,
                  &(event_t){.kind = EVENT_PAGE, .page = kit_store_read(self->store, &query)},
                  &self->now, &self->out);
        return;
    case EFFECT_TRIM:
        retention = outbox_retention(&self->out, effect);
        core_step(self->core,
                  &(event_t){.kind = EVENT_TRIMMED, .log = kit_store_trim(self->store, &retention)},
                  &self->now, &self->out);
        return;
    default:
        kit_store_take(self->store, &self->out, effect);
    }
}

static void take_hash(kit_t *self, const effect_t *effect)
{
    span_t password = outbox_span(&self->out, effect->offset, effect->size);
    span_t hash = outbox_span(&self->out, effect->log_offset, effect->log_size);
    assert_true(self->hash_count < KIT_HASHES);
    kit_hash_t *asked = &self->hashes[self->hash_count++];
    *asked = (kit_hash_t){.number = effect->seq};
    assert_true(password.size > 0 && password.size < sizeof asked->password &&
                hash.size < sizeof asked->hash);
    memcpy(asked->password, password.data, password.size);
    memcpy(asked->hash, hash.data ? hash.data : "", hash.size);
}

static void perform_one(kit_t *self, effect_t effect)
{
    char link = PUB;
    span_t bytes = {NULL, 0};
    if (effect.kind == EFFECT_SEND || effect.kind == EFFECT_FORGET) {
        peer_t peer = outbox_peer(&self->out, &effect);
        assert_int_equal(peer.routing.size, 2);
        link = peer.routing.data[1];
        assert_int_equal(peer.door, link == LOCAL);
    }
    if (effect.kind == EFFECT_SEND || effect.kind == EFFECT_PUBLISH)
        bytes = outbox_span(&self->out, effect.offset, effect.size);
    switch (effect.kind) {
    case EFFECT_SEND:
        take_frame(self, link, bytes, 0);
        return;
    case EFFECT_PUBLISH:
        take_frame(self, PUB, bytes, strnlen(bytes.data, bytes.size) + 1);
        return;
    case EFFECT_APPEND:
        take_append(self, &effect);
        take_store(self, &effect);
        return;
    case EFFECT_COMMIT:
        take_batch(self, effect.batch);
        return;
    case EFFECT_FORGET:
        self->dropped[(size_t)link]++;
        forget_questions(self, link);
        return;
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
    case EFFECT_READ:
    case EFFECT_TRIM:
        take_store(self, &effect);
        return;
    case EFFECT_HASH:
        take_hash(self, &effect);
        return;
    case EFFECT_STOP:
        self->stops++;
        return;
    }
}

static void perform(kit_t *self)
{
    for (size_t i = 0; i < self->out.count; i++)
        perform_one(self, self->out.effects[i]);
    if (self->out.bytes.size > self->outbox_bytes)
        self->outbox_bytes = self->out.bytes.size;
    outbox_clear(&self->out);
}

void kit_step(kit_t *self, event_t event)
{
    for (size_t i = 0; i < sizeof self->now.entropy && ++self->now.entropy[i] == 0; i++)
        ; /* fresh each time, as names are made of it */
    core_step(self->core, &event, &self->now, &self->out);
    perform(self);
}

/* --- requests ------------------------------------------------------------------------------------- */

static void send_frame(kit_t *self, char link, span_t bytes, bool is_multipart)
{
    char routing[2], key[PEER_KEY_BYTES];
    memset(key, self->keys[(int)link], sizeof key);
    /* In memory of exactly its size, so that asan sees one byte too far. */
    char *exact = malloc(bytes.size ? bytes.size : 1);
    assert_non_null(exact);
    if (bytes.size > 0)
        memcpy(exact, bytes.data, bytes.size);
    kit_step(self, (event_t){.kind = EVENT_FRAME,
                             .peer = peer_of(link, routing),
                             .frame = {exact, bytes.size},
                             .is_multipart = is_multipart,
                             .is_local = link == LOCAL,
                             .is_operator = self->operators[(int)link],
                             .peer_key = {key, self->keys[(int)link] ? sizeof key : 0}});
    free(exact);
}

void kit_under_key(kit_t *self, char link, char key, bool is_operator)
{
    self->keys[(int)link] = key;
    self->operators[(int)link] = is_operator;
}

void kit_revoke(kit_t *self, const char *keys)
{
    char bytes[LETTERS * PEER_KEY_BYTES];
    size_t size = 0;
    for (; *keys; keys++, size += PEER_KEY_BYTES) {
        memset(bytes + size, *keys, PEER_KEY_BYTES);
        for (int link = 0; link < (int)sizeof self->keys; link++)
            if (self->keys[link] == *keys)
                forget_questions(self, (char)link);
    }
    kit_step(self, (event_t){.kind = EVENT_KEYS_REVOKED, .revoked = {bytes, size}});
    kit_turn(self);
}

uint64_t kit_send(kit_t *self, char link, const char *request)
{
    uint64_t id = self->last_id + 1;
    buffer_clear(&self->request);
    if (notation_request(&self->request, request, self->saved, &id))
        self->last_id = id;
    self->questions = grown(self->questions, self->question_count, &self->question_capacity,
                            sizeof *self->questions);
    self->questions[self->question_count++] = (question_t){link, id};
    send_frame(self, link, buffer_span(&self->request), false);
    return id;
}

void kit_send_bytes(kit_t *self, char link, span_t bytes)
{
    send_frame(self, link, bytes, false);
}

void kit_send_multipart(kit_t *self, char link, span_t bytes)
{
    send_frame(self, link, bytes, true);
}

/* The hash of a password here: the password behind a sign, so that tests see whose it is. */
static void answer_hash(kit_t *self, const kit_hash_t *asked, hub_err_t err)
{
    enum { SHOWN = 100 };
    char made[SHOWN + 2] = "#";
    memcpy(made + 1, asked->password, strnlen(asked->password, SHOWN));
    bool is_made = asked->hash[0] == '\0';
    if (err == HUB_OK && !is_made && strcmp(made, asked->hash) != 0)
        err = HUB_DENIED;
    kit_step(self, (event_t){.kind = EVENT_HASHED,
                             .number = asked->number,
                             .hashed = err,
                             .value = span_of(is_made && err == HUB_OK ? made : "")});
}

void kit_delay_hashes(kit_t *self, bool delays)
{
    self->delays_hashes = delays;
}

void kit_hash(kit_t *self, hub_err_t err)
{
    while (self->hash_count > 0) {
        kit_hash_t asked = self->hashes[0];
        self->hash_count--;
        memmove(self->hashes, self->hashes + 1, self->hash_count * sizeof asked);
        answer_hash(self, &asked, err);
        if (self->delays_hashes)
            return;
    }
}

size_t kit_hashes(const kit_t *self)
{
    return self->hash_count;
}

void kit_turn(kit_t *self)
{
    if (!self->delays_hashes)
        kit_hash(self, HUB_OK);
    kit_step(self, (event_t){.kind = EVENT_TURN});
}

const frame_t *kit_ask(kit_t *self, char link, const char *request)
{
    uint64_t id = kit_send(self, link, request);
    kit_turn(self);
    const frame_t *reply = kit_reply(self, link, id);
    if (reply == NULL)
        fail_msg("no answer to %s", request);
    return reply;
}

/* --- looking --------------------------------------------------------------------------------------- */

static bool is_reply(const frame_t *frame)
{
    return frame_get(frame, "re") != NULL;
}

const frame_t *kit_reply(kit_t *self, char link, uint64_t id)
{
    for (size_t i = self->frame_count; i-- > 0;) {
        frame_t *frame = self->frames[i];
        if (frame->link != link || frame->is_seen || !is_reply(frame))
            continue;
        if (frame_uint(frame, "re") != id)
            continue;
        frame->is_seen = true;
        return frame;
    }
    return NULL;
}

const frame_t *kit_any_event(kit_t *self, char link)
{
    for (size_t i = 0; i < self->frame_count; i++) {
        frame_t *frame = self->frames[i];
        if (frame->link != link || frame->is_seen || is_reply(frame))
            continue;
        frame->is_seen = true;
        return frame;
    }
    return NULL;
}

const frame_t *kit_next(kit_t *self)
{
    for (size_t i = 0; i < self->frame_count; i++) {
        frame_t *frame = self->frames[i];
        if (frame->is_seen)
            continue;
        frame->is_seen = true;
        return frame;
    }
    return NULL;
}

const frame_t *kit_event(kit_t *self, char link, const char *ev)
{
    const frame_t *frame = kit_any_event(self, link);
    if (frame == NULL)
        fail_msg("no event for %c, %s expected", link, ev);
    if (strcmp(frame_get(frame, "ev"), ev) != 0)
        fail_msg("%s for %c, %s expected", frame_get(frame, "ev"), link, ev);
    return frame;
}

void kit_quiet(kit_t *self, char link)
{
    const frame_t *frame = kit_any_event(self, link);
    if (frame)
        frame_assert(frame, "nothing", __FILE__, __LINE__);
}

void kit_forget(kit_t *self)
{
    for (size_t i = 0; i < self->frame_count; i++)
        drop_frame(self->frames[i]);
    self->frame_count = 0;
}

static void advance(kit_t *self, uint64_t mono_ms)
{
    self->now.wall_ms += mono_ms - self->now.mono_ms;
    self->now.mono_ms = mono_ms;
}

void kit_pass(kit_t *self, uint64_t ms)
{
    uint64_t until = self->now.mono_ms + ms, next;
    while ((next = core_next_ms(self->core)) <= until) {
        if (next > self->now.mono_ms)
            advance(self, next);
        kit_step(self, (event_t){.kind = EVENT_TICK});
        kit_turn(self);
    }
    advance(self, until);
}

void kit_hold(kit_t *self, bool holds)
{
    self->holds = holds;
    while (!holds && self->batch_count > 0)
        kit_commit(self);
}

void kit_commit(kit_t *self)
{
    assert_true(self->batch_count > 0);
    uint64_t batch = self->batches[0];
    self->batch_count--;
    memmove(self->batches, self->batches + 1, self->batch_count * sizeof *self->batches);
    settle_batch(self, batch);
    perform(self);
}

void kit_fail(kit_t *self)
{
    assert_true(self->batch_count > 0);
    uint64_t batch = self->batches[0];
    self->batch_count = 0;
    if (self->store)
        kit_store_void(self->store);
    kit_step(self, (event_t){.kind = EVENT_APPEND_FAILED, .batch = batch});
}

static void tell(void *context, event_t event)
{
    kit_step(context, event);
}

void kit_restart(kit_t *self, const core_settings_t *settings, origin_t origin)
{
    assert_non_null(self->store);
    if (settings)
        self->settings = *settings;
    kit_store_void(self->store);
    core_destroy(&self->core);
    outbox_clear(&self->out);
    self->batch_count = self->question_count = 0;
    self->holds = false;
    self->core = core_new(&self->settings, &self->now);
    kit_store_restore(self->store, tell, self);
    kit_step(self, (event_t){.kind = EVENT_RESTORED, .origin = origin});
    if (core_restored(self->core) == HUB_OK)
        kit_turn(self);
}

kit_store_t *kit_store(const kit_t *self)
{
    return self->store;
}

void kit_put_store(kit_t *self, kit_store_t **store_p)
{
    kit_store_destroy(&self->store);
    self->store = *store_p;
    *store_p = NULL;
}

size_t kit_held(const kit_t *self)
{
    return self->batch_count;
}

void kit_lose(kit_t *self, char link)
{
    char routing[2];
    forget_questions(self, link);
    kit_step(self, (event_t){.kind = EVENT_LINK_GONE, .peer = peer_of(link, routing)});
}

void kit_waits(kit_t *self, char link, uint64_t bytes)
{
    char routing[2];
    kit_step(self, (event_t){.kind = EVENT_LINK_WAITING,
                             .peer = peer_of(link, routing),
                             .waiting_bytes = bytes});
}

size_t kit_dropped(const kit_t *self, char link)
{
    return self->dropped[(size_t)link];
}

size_t kit_stops(const kit_t *self)
{
    return self->stops;
}

size_t kit_outbox_bytes(const kit_t *self)
{
    return self->outbox_bytes;
}

const appended_t *kit_appended(const kit_t *self, size_t *out_count)
{
    *out_count = self->appended_count;
    return self->appended;
}

core_t *kit_core(const kit_t *self)
{
    return self->core;
}

uint64_t kit_mono_ms(const kit_t *self)
{
    return self->now.mono_ms;
}

uint64_t kit_wall_ms(const kit_t *self)
{
    return self->now.wall_ms;
}

void kit_set_wall_ms(kit_t *self, uint64_t wall_ms)
{
    self->now.wall_ms = wall_ms;
}

uint64_t kit_counter(kit_t *self, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "counters.%s", name);
    return frame_uint(kit_ask(self, LOCAL, "stats"), path);
}

/* --- frames ---------------------------------------------------------------------------------------- */

const char *frame_get(const frame_t *frame, const char *path)
{
    return notation_get(&frame->map.data, path);
}

uint64_t frame_uint(const frame_t *frame, const char *path)
{
    const char *text = frame_get(frame, path);
    if (text == NULL)
        frame_assert(frame, path, __FILE__, __LINE__);
    return text ? strtoull(text, NULL, 10) : 0;
}

bool frame_has(const frame_t *frame, const char *expected)
{
    return notation_has(&frame->map.data, expected);
}

void kit_save(kit_t *self, char name, const frame_t *frame, const char *path)
{
    span_t *place = &self->saved[(size_t)name], bytes = notation_bytes(&frame->map.data, path);
    free((void *)place->data);
    char *copy = malloc(bytes.size);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    *place = (span_t){copy, bytes.size};
}

void frame_assert(const frame_t *frame, const char *expected, const char *file, int line)
{
    assert_non_null(frame);
    if (frame_has(frame, expected))
        return;
    print_error("expected over %c: %s\nfound: ", frame->link, expected);
    msgpack_object_print(stderr, frame->map.data);
    print_error("\n");
    _fail(file, line);
}
