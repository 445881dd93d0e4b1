/* ingest_load - how many messages a broker takes and acknowledges when nobody listens.
 *
 *   ingest_load ROUTER DEALERS MESSAGES IN_FLIGHT PID...
 *
 * DEALERS connections say hello and then MESSAGES texts of 100 bytes together, each with a cid, each
 * connection with at most IN_FLIGHT unanswered. Prints one JSON line: messages per second, CPU of the
 * processes named by PID, refusals, and the time from saying to answer. An echo of the same frames serves as
 * well as a broker. */
#include "bench/frames.h"
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum { STUCK_S = 20 };

typedef struct {
    void *socket;
    long said, answered;
    double *said_at; /* of message n: said_at[n % in_flight]; owned */
} talker_t;

typedef struct {
    int talker_count;
    long in_flight, messages, said, answered, refused;
    talker_t *talkers;
    delays_t took;
} bench_t;

static void say(bench_t *bench, talker_t *talker)
{
    char frame[FRAMES_BYTES];
    size_t size = frame_say(frame, '#', talker->said, (uint64_t)talker->said + 1);
    talker->said_at[talker->said++ % bench->in_flight] = load_now_s();
    (void)zmq_send(talker->socket, frame, size, 0);
    bench->said++;
}

/* Answers come in order of saying. False: none is there. */
static bool hear(bench_t *bench, talker_t *talker)
{
    char answer[4096];
    int size = zmq_recv(talker->socket, answer, sizeof answer, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    delays_add(&bench->took, load_now_s() - talker->said_at[talker->answered++ % bench->in_flight]);
    bench->answered++;
    bench->refused += frame_is_error(answer, (size_t)size);
    return true;
}

static void turn(bench_t *bench)
{
    for (int i = 0; i < bench->talker_count; i++) {
        talker_t *talker = &bench->talkers[i];
        while (hear(bench, talker))
            ;
        while (bench->said < bench->messages && talker->said - talker->answered < bench->in_flight)
            say(bench, talker);
    }
}

static void run(bench_t *bench)
{
    double moved = load_now_s();
    while (bench->answered < bench->messages) {
        long before = bench->answered;
        turn(bench);
        if (bench->answered > before)
            moved = load_now_s();
        if (load_now_s() - moved > STUCK_S)
            load_fail("stuck: no answer");
    }
}

static void report(const bench_t *bench, double seconds, double cpu)
{
    double messages = (double)bench->messages;
    printf("{\"users\": %d, \"in_flight\": %ld, \"messages\": %ld, \"refused\": %ld, "
           "\"seconds\": %.3f, \"messages_per_s\": %.0f, \"cpu_us_per_message\": %.3f, ",
           bench->talker_count, bench->in_flight, bench->messages, bench->refused, seconds,
           messages / seconds, 1e6 * cpu / messages);
    delays_print(&bench->took, "");
    printf("}\n");
}

static void connect_all(bench_t *bench, const char *router)
{
    void *context = zmq_ctx_new();
    (void)zmq_ctx_set(context, ZMQ_MAX_SOCKETS, bench->talker_count + 1);
    for (int i = 0; i < bench->talker_count; i++) {
        talker_t *talker = &bench->talkers[i];
        talker->said_at = load_memory((size_t)bench->in_flight, sizeof *talker->said_at);
        talker->socket = frame_connect(context, router, true);
    }
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        (void)fprintf(stderr, "Usage: ingest_load ROUTER DEALERS MESSAGES IN_FLIGHT PID...\n");
        return 2;
    }
    static bench_t bench;
    bench.talker_count = (int)load_number(argv[2]);
    bench.messages = load_number(argv[3]);
    bench.in_flight = load_number(argv[4]);
    bench.talkers = load_memory((size_t)bench.talker_count, sizeof *bench.talkers);
    connect_all(&bench, argv[1]);
    double cpu = load_cpu_s(argv + 5), begin = load_now_s();
    run(&bench);
    report(&bench, load_now_s() - begin, load_cpu_s(argv + 5) - cpu);
    for (int i = 0; i < bench.talker_count; i++)
        free(bench.talkers[i].said_at);
    free(bench.talkers);
    return bench.refused > 0;
}
