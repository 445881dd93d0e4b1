/* Whatever the network does, the application sees every message of its rooms and inboxes once and in
 * order, and what was acknowledged was said exactly once.
 *
 * The real link against a small broker that is right and a network that is not: PUB drops and doubles,
 * the link breaks at any moment with frames on their way, the broker floods, busies, forgets its
 * sessions, or comes back from a backup. Prints SEED; the environment variable SEED replays one run. */
#include "client/core/client_link.h"
#include "proto/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    ROOMS = 3,
    SESSIONS = 4,
    LOG_MAX = 20000,
    SAYS_MAX = 20000,
    QUEUE_MAX = 4096,
    EPOCHS_MAX = 64,
    PAGE = 7,
    KEPT = 60, /* messages a log keeps */
};

static const char *const NAMES[ROOMS] = {"lobby", "tea", "dev"};

/* One log of the broker: `what` of a message tells which one it is. */
typedef struct {
    uint64_t what[LOG_MAX];
    uint64_t begins[EPOCHS_MAX]; /* first seq of each epoch that is still known */
    uint64_t first_epoch, epoch;
    uint64_t head, oldest;
    uint64_t seen_epoch, seen_seq; /* by the application */
    bool is_seen;                  /* the application follows it */
} journal_t;

typedef struct {
    bool is_known, is_bound; /* the broker has it; on the current link */
    uint64_t cid;            /* highest taken */
    uint64_t generation;     /* of the session: its token */
    uint64_t seqs[SAYS_MAX]; /* seq by cid */
    uint32_t rooms;          /* bits */
    journal_t inbox;
} person_t;

typedef struct {
    char *data[QUEUE_MAX];
    size_t size[QUEUE_MAX], first, count;
} queue_t;

typedef struct {
    client_link_t *link;
    uint64_t now_ms, chance, whats, generations;
    journal_t rooms[ROOMS];
    person_t people[SESSIONS];
    uint32_t sids[SESSIONS];
    queue_t to_broker, to_client, published;
    bool is_cut; /* frames vanish and nobody says so */
    bool is_calm;
    decoder_t decoder;
    buffer_t frame;
    writer_t writer;
    uint64_t acknowledged, expired, said, lost, delivered;
    uint8_t times_said[SAYS_MAX], is_acknowledged[SAYS_MAX];
} world_t;

static uint64_t draw(world_t *w, uint64_t below)
{
    w->chance ^= w->chance << 13;
    w->chance ^= w->chance >> 7;
    w->chance ^= w->chance << 17;
    return w->chance % below;
}

static bool happens(world_t *w, unsigned percent)
{
    return !w->is_calm && draw(w, 100) < percent;
}

static void queue_push(queue_t *q, const void *data, size_t size)
{
    assert_true(q->count < QUEUE_MAX);
    size_t place = (q->first + q->count++) % QUEUE_MAX;
    q->data[place] = malloc(size);
    assert_non_null(q->data[place]);
    memcpy(q->data[place], data, size);
    q->size[place] = size;
}

/* The caller frees *out_data. */
static size_t queue_pop(queue_t *q, char **out_data)
{
    size_t place = q->first;
    q->first = (q->first + 1) % QUEUE_MAX;
    q->count--;
    *out_data = q->data[place];
    return q->size[place];
}

static void queue_clear(queue_t *q)
{
    char *data;
    while (q->count > 0) {
        (void)queue_pop(q, &data);
        free(data);
    }
}

/* ---- the broker ---- */

static void journal_append(journal_t *j, uint64_t what)
{
    assert_true(j->head + 1 < LOG_MAX);
    j->what[++j->head] = what;
    if (j->head >= j->oldest + KEPT)
        j->oldest++;
}

static void journal_init(journal_t *j, uint64_t epoch)
{
    j->head = 0;
    j->oldest = 1;
    j->first_epoch = j->epoch = epoch;
    j->begins[0] = 1;
}

/* Back from a backup: the last few are undone, a new epoch begins. */
static void journal_restore(journal_t *j, uint64_t undone)
{
    uint64_t kept = j->head - j->oldest + 1;
    if (j->epoch - j->first_epoch + 1 >= EPOCHS_MAX || kept == 0)
        return;
    j->head -= undone < kept ? undone : kept;
    j->epoch++;
    j->begins[j->epoch - j->first_epoch] = j->head + 1;
}

static uint64_t epoch_of(const journal_t *j, uint64_t seq)
{
    uint64_t epoch = j->epoch;
    while (epoch > j->first_epoch && j->begins[epoch - j->first_epoch] > seq)
        epoch--;
    return epoch;
}

static void reply_to(world_t *w, uint64_t id, bool is_ok)
{
    buffer_clear(&w->frame);
    write_begin(&w->writer, &w->frame);
    write_uint(&w->writer, KEY_re, id);
    if (is_ok)
        write_bool(&w->writer, KEY_ok, true);
}

static void post(world_t *w, queue_t *q)
{
    write_end(&w->writer);
    queue_push(q, w->frame.data, w->frame.size);
}

static void refuse(world_t *w, uint64_t id, const char *error, uint64_t retry_ms)
{
    reply_to(w, id, false);
    write_str(&w->writer, KEY_error, span_of(error));
    if (retry_ms)
        write_uint(&w->writer, KEY_retry_ms, retry_ms);
    post(w, &w->to_client);
}

static void pack_head(world_t *w, const char *name, const journal_t *j)
{
    pack_span(&w->writer, span_of(name));
    pack_numbers(&w->writer, (uint64_t[]){j->epoch, j->head, 1}, 3);
}

static void write_heads(world_t *w, const person_t *person, uint32_t rooms)
{
    write_key(&w->writer, KEY_heads);
    msgpack_pack_map(&w->writer.packer, (size_t)__builtin_popcount(rooms) + (person != NULL));
    for (unsigned i = 0; i < ROOMS; i++)
        if (rooms >> i & 1)
            pack_head(w, NAMES[i], &w->rooms[i]);
    if (person)
        pack_head(w, "@", &person->inbox);
}

static void write_event(writer_t *writer, const char *room, const journal_t *j, uint64_t seq)
{
    write_str(writer, KEY_ev, span_of(room[0] == '@' ? "private" : "message"));
    write_str(writer, KEY_room, span_of(room));
    write_uint(writer, KEY_epoch, epoch_of(j, seq));
    write_uint(writer, KEY_seq, seq);
    write_uint(writer, KEY_at, j->what[seq]);
}

static void publish(world_t *w, unsigned room)
{
    buffer_clear(&w->frame);
    (void)buffer_append(&w->frame, NAMES[room], strlen(NAMES[room]) + 1);
    write_begin(&w->writer, &w->frame);
    write_event(&w->writer, NAMES[room], &w->rooms[room], w->rooms[room].head);
    write_end(&w->writer);
    for (unsigned copies = happens(w, 10) ? 0 : happens(w, 10) ? 2 : 1; copies > 0; copies--)
        queue_push(&w->published, w->frame.data, w->frame.size);
}

static void announce_private(world_t *w, uint32_t sid)
{
    const person_t *person = &w->people[sid];
    if (!person->is_bound || happens(w, 10))
        return;
    buffer_clear(&w->frame);
    write_begin(&w->writer, &w->frame);
    write_event(&w->writer, "@", &person->inbox, person->inbox.head);
    write_uint(&w->writer, KEY_sid, sid);
    post(w, &w->to_client);
}

static void welcome(world_t *w, uint64_t id, person_t *person)
{
    person->is_known = person->is_bound = true;
    reply_to(w, id, true);
    write_str(&w->writer, KEY_nick, span_of("someone"));
    write_bin(&w->writer, KEY_token,
              (span_t){(const char *)&person->generation, sizeof person->generation});
    write_uint(&w->writer, KEY_cid, person->cid);
    write_heads(w, person, person->rooms);
    post(w, &w->to_client);
}

static void on_hello(world_t *w, uint64_t id, person_t *person, const message_t *request)
{
    size_t count;
    const msgpack_object *rooms = message_list(request, KEY_join, &count);
    person->cid = 0;
    person->rooms = 0;
    person->generation = ++w->generations;
    journal_init(&person->inbox, w->generations);
    for (size_t i = 0; i < count; i++)
        for (unsigned room = 0; room < ROOMS; room++)
            if (rooms[i].via.str.size == strlen(NAMES[room]) &&
                memcmp(rooms[i].via.str.ptr, NAMES[room], rooms[i].via.str.size) == 0)
                person->rooms |= 1u << room;
    welcome(w, id, person);
}

static void on_resume(world_t *w, uint64_t id, person_t *person, const message_t *request)
{
    uint64_t generation = 0;
    span_t token = message_span(request, KEY_token);
    if (token.size == sizeof generation)
        memcpy(&generation, token.data, sizeof generation);
    if (person->is_known && generation == person->generation)
        welcome(w, id, person);
    else
        refuse(w, id, "expired", 0);
}

static journal_t *journal_of(world_t *w, person_t *person, span_t name)
{
    for (unsigned room = 0; room < ROOMS; room++)
        if (span_is(name, NAMES[room]))
            return &w->rooms[room];
    return span_is(name, "@") ? &person->inbox : NULL;
}

static void on_say(world_t *w, uint64_t id, person_t *person, const message_t *request)
{
    uint64_t cid = message_uint(request, KEY_cid), what = message_uint(request, KEY_ref);
    journal_t *j = journal_of(w, person, message_span(request, KEY_room));
    bool is_dup = cid <= person->cid;
    if (cid > person->cid + 1) {
        refuse(w, id, "out_of_order", 0);
        return;
    }
    if (!is_dup && happens(w, 15)) {
        refuse(w, id, happens(w, 50) ? "flood" : "busy", 1 + draw(w, 300));
        return;
    }
    if (!is_dup) {
        journal_append(j, what);
        assert_true(what < SAYS_MAX);
        w->times_said[what]++;
        person->cid = cid;
        person->seqs[cid] = j->head;
        publish(w, (unsigned)(j - w->rooms));
    }
    reply_to(w, id, true);
    write_uint(&w->writer, KEY_epoch, j->epoch);
    write_uint(&w->writer, KEY_seq, person->seqs[cid]);
    post(w, &w->to_client);
}

/* Events from first to last, at most a page; `lost` is what is trimmed, or what a holder of an older
 * epoch has that was undone. */
static void answer_page(world_t *w, uint64_t id, const char *name, const journal_t *j,
                        uint64_t first, uint64_t last, uint64_t lost_first, uint64_t lost_last)
{
    uint64_t from = first > j->oldest ? first : j->oldest;
    uint64_t to = last < j->head ? last : j->head;
    bool has_more = to >= from + PAGE;
    if (has_more)
        to = from + PAGE - 1;
    reply_to(w, id, true);
    write_bool(&w->writer, KEY_more, has_more);
    write_uint(&w->writer, KEY_head, j->head);
    if (lost_last == 0 && first < j->oldest) {
        lost_first = first;
        lost_last = j->oldest - 1;
    }
    if (lost_last > 0) {
        write_key(&w->writer, KEY_lost);
        pack_numbers(&w->writer, (uint64_t[]){lost_first, lost_last}, 2);
    }
    write_key(&w->writer, KEY_events);
    msgpack_pack_array(&w->writer.packer, to >= from ? to - from + 1 : 0);
    for (uint64_t seq = from; seq <= to; seq++) {
        writer_t event = {.packer = w->writer.packer, .buffer = w->writer.buffer};
        msgpack_pack_map(&w->writer.packer, 5);
        write_event(&event, name, j, seq);
    }
    post(w, &w->to_client);
}

static void on_replay(world_t *w, uint64_t id, person_t *person, const message_t *request)
{
    span_t room = message_span(request, KEY_room);
    const journal_t *j = journal_of(w, person, room);
    char name[16] = {0};
    memcpy(name, room.data, room.size);
    uint64_t first = message_uint(request, KEY_first), last = message_uint(request, KEY_last);
    uint64_t epoch = message_uint(request, KEY_epoch);
    if (happens(w, 10)) {
        refuse(w, id, "busy", 1 + draw(w, 200));
    } else if (first > last || epoch < j->first_epoch || epoch > j->epoch) {
        refuse(w, id, "bad_request", 0);
    } else if (epoch == j->epoch) {
        answer_page(w, id, name, j, first, last, 0, 0);
    } else {
        uint64_t begin = j->begins[epoch + 1 - j->first_epoch];
        bool is_undone = first > begin;
        answer_page(w, id, name, j, is_undone ? begin : first, last, is_undone ? begin : 0,
                    is_undone ? first - 1 : 0);
    }
}

static void on_ping(world_t *w, uint64_t id, person_t *person)
{
    uint64_t sessions = 0;
    for (unsigned i = 0; i < SESSIONS; i++)
        sessions += w->people[i].is_bound;
    reply_to(w, id, true);
    if (person == NULL) {
        write_uint(&w->writer, KEY_sessions, sessions);
        write_key(&w->writer, KEY_pub);
        msgpack_pack_array(&w->writer.packer, 1);
        pack_span(&w->writer, span_of("tcp://*:2"));
    }
    write_heads(w, person, 7);
    post(w, &w->to_client);
}

static void broker_step(world_t *w)
{
    char *data;
    message_t request;
    size_t size = queue_pop(&w->to_broker, &data);
    assert_int_equal(decoder_frame(&w->decoder, data, size, &request), HUB_OK);
    uint64_t id = message_uint(&request, KEY_id);
    op_t op = op_find(message_span(&request, KEY_op));
    bool is_of_session = message_has(&request, KEY_sid);
    person_t *person = is_of_session ? &w->people[message_uint(&request, KEY_sid)] : NULL;
    if (op == OP_hello)
        on_hello(w, id, person, &request);
    else if (op == OP_resume)
        on_resume(w, id, person, &request);
    else if (person && !person->is_bound)
        refuse(w, id, "no_session", 0);
    else if (op == OP_ping)
        on_ping(w, id, person);
    else if (op == OP_say)
        on_say(w, id, person, &request);
    else if (op == OP_replay)
        on_replay(w, id, person, &request);
    else
        fail_msg("unexpected op %d", (int)op);
    free(data);
}

static void unbind(world_t *w, bool is_forgotten)
{
    for (unsigned i = 0; i < SESSIONS; i++) {
        w->people[i].is_bound = false;
        if (is_forgotten)
            w->people[i].is_known = false;
    }
}

/* ---- the application ---- */

static void on_open(void *context)
{
    world_t *w = context;
    queue_clear(&w->to_broker);
    queue_clear(&w->to_client);
    unbind(w, false);
    w->is_cut = false;
}

static bool on_send(void *context, span_t frame)
{
    world_t *w = context;
    if (happens(w, 1) && happens(w, 10))
        return false;
    if (!w->is_cut)
        queue_push(&w->to_broker, frame.data, frame.size);
    return true;
}

static void on_span(void *context, span_t span)
{
    (void)context, (void)span;
}

static void on_ready(void *context, uint32_t sid, void *user, client_ready_t how,
                     const message_t *message)
{
    world_t *w = context;
    (void)user, (void)message;
    if (how == CLIENT_RESUMED)
        return;
    journal_t *inbox = &w->people[sid].inbox;
    inbox->is_seen = true;
    inbox->seen_epoch = inbox->epoch; /* made by this very hello, which nobody wrote to before */
    inbox->seen_seq = 0;
}

static void on_refused(void *context, uint32_t sid, void *user, hub_err_t err,
                       const message_t *reply)
{
    (void)context, (void)sid, (void)user, (void)err, (void)reply;
    fail_msg("refused");
}

static unsigned room_by(span_t name)
{
    for (unsigned room = 0; room < ROOMS; room++)
        if (span_is(name, NAMES[room]))
            return room;
    fail_msg("unknown room");
    return 0;
}

static void on_joined(void *context, uint32_t sid, void *user, uint32_t room, span_t name)
{
    (void)context, (void)sid, (void)user, (void)room, (void)name;
}

static void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                     const message_t *reply)
{
    world_t *w = context;
    (void)sid, (void)user, (void)reply;
    assert_int_equal(op, OP_say);
    assert_false(w->is_acknowledged[tag]);
    w->is_acknowledged[tag] = 1;
    if (err == HUB_OK) {
        w->acknowledged++;
        assert_int_equal(w->times_said[tag], 1);
    } else {
        assert_int_equal(err, HUB_EXPIRED);
        w->expired++;
    }
}

static void see(world_t *w, journal_t *j, const message_t *event)
{
    uint64_t epoch = message_uint(event, KEY_epoch), seq = message_uint(event, KEY_seq);
    if (j->is_seen) {
        if (seq != j->seen_seq + 1 || epoch < j->seen_epoch)
            fail_msg("%ju.%ju after %ju.%ju", (uintmax_t)epoch, (uintmax_t)seq,
                     (uintmax_t)j->seen_epoch, (uintmax_t)j->seen_seq);
    }
    if (epoch == epoch_of(j, seq) && seq <= j->head)
        assert_int_equal(message_uint(event, KEY_at), j->what[seq]);
    j->is_seen = true;
    j->seen_epoch = epoch;
    j->seen_seq = seq;
    w->delivered++;
}

static void on_message(void *context, uint32_t room, const message_t *event)
{
    world_t *w = context;
    see(w, &w->rooms[room_by(client_link_room_name(w->link, room))], event);
}

static void on_private(void *context, uint32_t sid, void *user, const message_t *event)
{
    (void)user;
    world_t *w = context;
    see(w, &w->people[sid].inbox, event);
}

static void on_presence(void *context, uint32_t room, const message_t *event)
{
    (void)context, (void)room, (void)event;
}

static journal_t *followed(world_t *w, uint32_t room, uint32_t sid)
{
    if (room == CLIENT_NO_ROOM)
        return &w->people[sid].inbox;
    return &w->rooms[room_by(client_link_room_name(w->link, room))];
}

static void on_lost(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                    uint64_t last)
{
    (void)user;
    world_t *w = context;
    journal_t *j = followed(w, room, sid);
    assert_true(first <= last);
    w->lost += last - first + 1;
    if (j->is_seen)
        assert_int_equal(first, j->seen_seq + 1);
    j->seen_seq = last;
}

static void on_undone(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                      uint64_t last)
{
    (void)user;
    journal_t *j = followed(context, room, sid);
    assert_true(first <= last);
    if (j->is_seen)
        assert_int_equal(last, j->seen_seq);
    j->seen_seq = first - 1;
}

static void on_parted(void *context, uint32_t sid, void *user, uint32_t room, span_t name,
                      const message_t *why)
{
    assert_null(why);
    on_joined(context, sid, user, room, name);
}

static void on_kicked(void *context, uint32_t sid, void *user, span_t reason, span_t text)
{
    (void)context, (void)sid, (void)user, (void)reason, (void)text;
    fail_msg("kicked");
}

static const client_calls_t CALLS = {
    .open = on_open,
    .send = on_send,
    .listen = on_span,
    .subscribe = on_span,
    .unsubscribe = on_span,
    .ready = on_ready,
    .refused = on_refused,
    .joined = on_joined,
    .parted = on_parted,
    .reply = on_reply,
    .message = on_message,
    .private_message = on_private,
    .presence = on_presence,
    .lost = on_lost,
    .undone = on_undone,
    .kicked = on_kicked,
};

/* ---- the world ---- */

static void deliver_some(world_t *w)
{
    char *data;
    for (uint64_t n = draw(w, 8); n > 0 && w->to_broker.count > 0; n--)
        broker_step(w);
    for (uint64_t n = draw(w, 8); n > 0 && w->to_client.count > 0; n--) {
        size_t size = queue_pop(&w->to_client, &data);
        client_link_frame(w->link, data, size, w->now_ms);
        free(data);
    }
    for (uint64_t n = draw(w, 8); n > 0 && w->published.count > 0; n--) {
        size_t size = queue_pop(&w->published, &data);
        client_link_published(w->link, data, size, w->now_ms);
        free(data);
    }
}

static void say(world_t *w)
{
    uint32_t sid = (uint32_t)draw(w, SESSIONS);
    uint64_t tag = ++w->said;
    client_request_t request = {
        .op = OP_say, .text = span_of("hi"), .room = span_of(NAMES[draw(w, ROOMS)])};
    request.ref = request.tag = tag;
    assert_int_equal(client_link_request(w->link, sid, &request, w->now_ms), HUB_OK);
}

static void somebody_else(world_t *w)
{
    unsigned room = (unsigned)draw(w, ROOMS);
    journal_append(&w->rooms[room], SAYS_MAX + ++w->whats);
    publish(w, room);
}

static void somebody_tells(world_t *w)
{
    uint32_t sid = (uint32_t)draw(w, SESSIONS);
    if (!w->people[sid].is_known || !w->people[sid].inbox.is_seen)
        return;
    journal_append(&w->people[sid].inbox, SAYS_MAX + ++w->whats);
    announce_private(w, sid);
}

static void break_link(world_t *w)
{
    queue_clear(&w->to_client);
    if (draw(w, 2))
        queue_clear(&w->to_broker);
    w->is_cut = true;
    if (draw(w, 3) > 0)
        client_link_disconnected(w->link, w->now_ms);
}

/* All sessions end; the logs are empty again, or those of a backup. */
static void restart(world_t *w, bool is_empty)
{
    break_link(w);
    queue_clear(&w->to_broker);
    queue_clear(&w->published);
    unbind(w, is_empty);
    for (unsigned room = 0; room < ROOMS; room++)
        if (is_empty)
            journal_init(&w->rooms[room], w->rooms[room].epoch + 1);
        else
            journal_restore(&w->rooms[room], draw(w, 4));
}

static void step(world_t *w)
{
    w->now_ms += draw(w, 12);
    if (client_link_next_ms(w->link) <= w->now_ms)
        client_link_tick(w->link, w->now_ms);
    deliver_some(w);
    if (happens(w, 20))
        say(w);
    if (happens(w, 20))
        somebody_else(w);
    if (happens(w, 10))
        somebody_tells(w);
    if (happens(w, 1) && happens(w, 40))
        break_link(w);
    if (happens(w, 1) && happens(w, 5))
        restart(w, draw(w, 2));
}

static void begin(world_t *w, uint64_t seed)
{
    w->chance = seed | 1;
    w->generations = 100;
    decoder_init(&w->decoder);
    buffer_init(&w->frame, LIMIT_FRAME_BYTES);
    client_options_t options = {.router = "tcp://broker:1", .heartbeat_ms = 300};
    memcpy(options.entropy + 16, &seed, sizeof seed);
    for (unsigned room = 0; room < ROOMS; room++)
        journal_init(&w->rooms[room], 1);
    w->link = client_link_new(&options, &CALLS, w);
    client_link_start(w->link, w->now_ms);
    for (unsigned i = 0; i < SESSIONS; i++) {
        span_t rooms[ROOMS];
        for (unsigned room = 0; room < ROOMS; room++)
            rooms[room] = span_of(NAMES[room]);
        client_hello_t hello = {.rooms = rooms, .room_count = ROOMS};
        assert_int_equal(client_link_hello(w->link, &hello, w->now_ms, &w->sids[i]), HUB_OK);
        assert_int_equal(w->sids[i], i);
    }
}

static void check_level(const journal_t *j)
{
    if (!j->is_seen)
        return;
    assert_int_equal(j->seen_epoch == j->epoch || j->seen_seq == j->head, true);
    assert_int_equal(j->seen_seq, j->head);
}

static void run(uint64_t seed)
{
    world_t *w = calloc(1, sizeof *w);
    assert_non_null(w);
    begin(w, seed);
    for (int i = 0; i < 6000; i++)
        step(w);
    w->is_calm = true;
    for (int i = 0; i < 6000; i++)
        step(w);
    for (unsigned i = 0; i < SESSIONS; i++) {
        assert_true(client_link_is_ready(w->link, i));
        assert_int_equal(client_link_waiting(w->link, i), 0);
        check_level(&w->people[i].inbox);
    }
    for (unsigned room = 0; room < ROOMS; room++)
        check_level(&w->rooms[room]);
    assert_int_equal(w->acknowledged + w->expired, w->said);
    const client_counters_t *c = client_link_counters(w->link);
    printf("said=%ju acknowledged=%ju expired=%ju delivered=%ju lost=%ju gaps=%ju replays=%ju "
           "attempts=%ju resumed=%ju renewed=%ju repeated=%ju\n",
           (uintmax_t)w->said, (uintmax_t)w->acknowledged, (uintmax_t)w->expired,
           (uintmax_t)w->delivered, (uintmax_t)w->lost, (uintmax_t)c->gaps, (uintmax_t)c->replays,
           (uintmax_t)c->attempts, (uintmax_t)c->resumed, (uintmax_t)c->renewed,
           (uintmax_t)c->repeated);
    client_link_destroy(&w->link);
    queue_clear(&w->to_broker);
    queue_clear(&w->to_client);
    queue_clear(&w->published);
    decoder_fini(&w->decoder);
    buffer_fini(&w->frame);
    free(w);
}

static void every_message_comes_once_and_in_order(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 0;
    if (!given)
        (void)!getrandom(&seed, sizeof seed, 0);
    for (unsigned i = 0; i < (given ? 1u : 10u); i++) {
        printf("SEED=%ju\n", (uintmax_t)(seed + i));
        fflush(stdout);
        run(seed + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_message_comes_once_and_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
