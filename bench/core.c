/* bench_core - what a `say` costs in the broker's core alone: no sockets, no clock.
 *
 * 10 000 sessions on 100 links in 100 rooms, with cids, history ring and presence; each say is a frame
 * that was encoded before, taken through core_step() as the shell does it: 64 frames a turn, then the
 * turn's end, then committed. Decoding the request, encoding event and answer are part of it. Prints
 * nanoseconds of CPU and heap allocations per say of each run. The warm-up goes on until every session
 * remembers as many cids as it ever will: that memory grows by doubling, nine times in a session's life. */
#include "broker/core/core.h"
#include "proto/encode.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINKS = 100,
    SESSIONS_PER_LINK = 100,
    ROOMS = 100,
    SAYS_PER_TURN = 64,
    SAYS = 1000000,
    SAYS_WARM_UP = LINKS * SESSIONS_PER_LINK * LIMIT_CID_WINDOW,
    RUNS = 5,
};

typedef struct {
    core_t *core;
    outbox_t outbox;
    moment_t now;
    buffer_t frame;
    uint64_t cids[LINKS * SESSIONS_PER_LINK];
    uint64_t requests;
} bench_t;

static uint64_t allocations;

/* Counts; the linker puts it in front of malloc (see CMakeLists.txt). */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

static void step(bench_t *bench, event_t event)
{
    core_step(bench->core, &event, &bench->now, &bench->outbox);
}

static void feed(bench_t *bench, unsigned link)
{
    char routing[5] = {0, (char)(link >> 8), (char)link, 1, 2};
    step(bench, (event_t){.kind = EVENT_FRAME,
                          .peer = {0, {routing, sizeof routing}},
                          .frame = buffer_span(&bench->frame)});
}

static void end_turn(bench_t *bench)
{
    step(bench, (event_t){.kind = EVENT_TURN});
    for (size_t i = 0; i < bench->outbox.count; i++)
        if (bench->outbox.effects[i].kind == EFFECT_COMMIT)
            step(bench,
                 (event_t){.kind = EVENT_COMMITTED, .batch = bench->outbox.effects[i].batch});
    outbox_clear(&bench->outbox);
}

static void begin_request(bench_t *bench, writer_t *writer, const char *op, unsigned sid)
{
    buffer_clear(&bench->frame);
    write_begin(writer, &bench->frame);
    write_str(writer, KEY_op, span_of(op));
    write_uint(writer, KEY_id, ++bench->requests);
    write_uint(writer, KEY_sid, sid);
}

static void room_of(unsigned session, char *out_name)
{
    snprintf(out_name, 16, "room-%u", session % ROOMS);
}

static void greet(bench_t *bench, unsigned session)
{
    char name[16], room[16];
    snprintf(name, sizeof name, "user-%u", session);
    room_of(session, room);
    writer_t writer;
    begin_request(bench, &writer, "hello", session % SESSIONS_PER_LINK);
    write_str(&writer, KEY_nick, span_of(name));
    write_key(&writer, KEY_join);
    msgpack_pack_array(&writer.packer, 1);
    pack_span(&writer, span_of(room));
    write_end(&writer);
    feed(bench, session / SESSIONS_PER_LINK);
    end_turn(bench);
}

static void say(bench_t *bench, unsigned session)
{
    static const char TEXT[] =
        "a line of the usual length, which people type in a second or two, more or less";
    char room[16];
    room_of(session, room);
    writer_t writer;
    begin_request(bench, &writer, "say", session % SESSIONS_PER_LINK);
    write_str(&writer, KEY_room, span_of(room));
    write_str(&writer, KEY_text, span_of(TEXT));
    write_uint(&writer, KEY_cid, ++bench->cids[session]);
    write_end(&writer);
    feed(bench, session / SESSIONS_PER_LINK);
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* The cost of making the requests alone, to be taken off. */
static double encoding_ns(bench_t *bench)
{
    core_t *core = bench->core;
    double begin = cpu_ns();
    for (unsigned i = 0; i < SAYS; i++) {
        char room[16];
        room_of(i, room);
        writer_t writer;
        begin_request(bench, &writer, "say", i % SESSIONS_PER_LINK);
        write_str(&writer, KEY_room, span_of(room));
        write_str(&writer, KEY_text,
                  span_of("a line of the usual length, which people type in a "
                          "second or two, more or less"));
        write_uint(&writer, KEY_cid, i);
        write_end(&writer);
    }
    bench->core = core;
    return (cpu_ns() - begin) / SAYS;
}

static double run(bench_t *bench, unsigned says, double *out_allocations)
{
    uint64_t before = allocations;
    double begin = cpu_ns();
    for (unsigned i = 0; i < says; i++) {
        say(bench, i * 7919 % (LINKS * SESSIONS_PER_LINK));
        if (i % SAYS_PER_TURN == SAYS_PER_TURN - 1) {
            end_turn(bench);
            bench->now.mono_ms += i % (SAYS_PER_TURN * 16) == SAYS_PER_TURN * 16 - 1;
            bench->now.wall_ms++;
            step(bench, (event_t){.kind = EVENT_TICK});
        }
    }
    *out_allocations = (double)(allocations - before) / says;
    return (cpu_ns() - begin) / says;
}

int main(void)
{
    static bench_t bench;
    bench.now = (moment_t){.mono_ms = 1000, .wall_ms = 1700000000000};
    core_settings_t settings = {.heartbeat_ms = 86400000,
                                .idle_ms = 86400000,
                                .resume_ms = 30000,
                                .room_keep_ms = 86400000,
                                .links_max = 1000,
                                .sessions_max = 20000,
                                .rooms_max = 1000,
                                .ring_events = 1024,
                                .ring_bytes = 1 << 20,
                                .rings_bytes = 1 << 28,
                                .link_backlog_bytes = 1 << 23,
                                .pending_max = 65536,
                                .pages_max = 1024,
                                .rate_burst = 100};
    bench.core = core_new(&settings, &bench.now);
    outbox_init(&bench.outbox);
    buffer_init(&bench.frame, LIMIT_FRAME_BYTES);
    for (unsigned i = 0; i < LINKS * SESSIONS_PER_LINK; i++)
        greet(&bench, i);
    double made = encoding_ns(&bench), per_say;
    printf("%-8s %10s %12s\n", "run", "ns/say", "mallocs/say");
    for (int i = 0; i <= RUNS; i++) {
        double ns = run(&bench, i == 0 ? SAYS_WARM_UP : SAYS, &per_say);
        printf("%-8s %10.0f %12.4f\n", i == 0 ? "warm-up" : "", ns - made, per_say);
    }
    outbox_fini(&bench.outbox);
    buffer_fini(&bench.frame);
    core_destroy(&bench.core);
    return 0;
}
