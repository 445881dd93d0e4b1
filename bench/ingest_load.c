/* ingest_load - how many messages a broker takes and acknowledges when nobody listens.
 *
 *   ingest_load ROUTER DEALERS MESSAGES IN_FLIGHT PID...
 *
 * DEALERS connections say hello and then MESSAGES texts of 100 bytes together, each with a cid, each
 * connection with at most IN_FLIGHT unanswered. Prints one JSON line: seconds, messages per second, CPU
 * microseconds per message of the processes named by PID, refusals, and the time from saying to answer
 * (p50, p99, max). An echo of the same frames serves as well as a broker. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { TEXT_BYTES = 100, FRAME_BYTES = 256, STUCK_S = 20 };

typedef struct {
    void *socket;
    uint64_t said, answered; /* by cid */
    double *said_at;         /* of cid: said_at[cid % in_flight] */
} talker_t;

typedef struct {
    int talker_count, in_flight;
    long messages, said, answered, refused;
    talker_t *talkers;
    float *took;
} bench_t;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* User and system seconds of a process, from /proc/PID/stat. */
static double cpu_s(const char *pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL) {
        fprintf(stderr, "ingest_load: no process %s\n", pid);
        exit(1);
    }
    fclose(file);
    unsigned long user = 0, system = 0;
    int fields = sscanf(strrchr(text, ')') + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    assert(fields == 2);
    (void)fields;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double all_cpu_s(char **pids)
{
    double sum = 0;
    for (; *pids; pids++)
        sum += cpu_s(*pids);
    return sum;
}

static char *put_str(char *place, const char *text)
{
    size_t size = strlen(text);
    assert(size < 32);
    *place = (char)(0xa0 | size);
    memcpy(place + 1, text, size);
    return place + 1 + size;
}

static char *put_uint(char *place, const char *key, uint64_t value)
{
    place = put_str(place, key);
    *place++ = (char)0xcf;
    for (int i = 0; i < 8; i++)
        place[i] = (char)(value >> (56 - 8 * i));
    return place + 8;
}

static size_t make_say(char *frame, uint64_t cid)
{
    char *place = frame;
    *place++ = (char)0x85;
    place = put_str(put_str(place, "op"), "say");
    place = put_uint(place, "id", cid);
    place = put_str(put_str(place, "room"), "lobby");
    place = put_str(place, "text");
    *place++ = (char)0xd9;
    *place++ = TEXT_BYTES;
    memset(place, 'x', TEXT_BYTES);
    place = put_uint(place + TEXT_BYTES, "cid", cid);
    return (size_t)(place - frame);
}

static void say_hello(talker_t *talker)
{
    char frame[FRAME_BYTES], *place = frame, answer[4096];
    *place++ = (char)0x82;
    place = put_uint(put_str(put_str(place, "op"), "hello"), "id", 0);
    zmq_send(talker->socket, frame, (size_t)(place - frame), 0);
    if (zmq_recv(talker->socket, answer, sizeof answer, 0) < 0) {
        fprintf(stderr, "ingest_load: nobody answers\n");
        exit(1);
    }
}

static void say(bench_t *bench, talker_t *talker)
{
    char frame[FRAME_BYTES];
    uint64_t cid = ++talker->said;
    size_t size = make_say(frame, cid);
    talker->said_at[cid % (uint64_t)bench->in_flight] = now_s();
    zmq_send(talker->socket, frame, size, 0);
    bench->said++;
}

/* Answers come in order of saying. */
static bool hear(bench_t *bench, talker_t *talker)
{
    char answer[4096];
    int size = zmq_recv(talker->socket, answer, sizeof answer, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    uint64_t cid = ++talker->answered;
    bench->took[bench->answered++] =
        (float)(now_s() - talker->said_at[cid % (uint64_t)bench->in_flight]);
    bench->refused += memmem(answer, (size_t)size,
                             "\xa5"
                             "error",
                             6) != NULL;
    return true;
}

static void turn(bench_t *bench)
{
    for (int i = 0; i < bench->talker_count; i++) {
        talker_t *talker = &bench->talkers[i];
        while (hear(bench, talker))
            ;
        while (bench->said < bench->messages &&
               talker->said - talker->answered < (uint64_t)bench->in_flight)
            say(bench, talker);
    }
}

static void run(bench_t *bench)
{
    double moved = now_s();
    while (bench->answered < bench->messages) {
        long before = bench->answered;
        turn(bench);
        if (bench->answered > before)
            moved = now_s();
        if (now_s() - moved > STUCK_S) {
            fprintf(stderr, "ingest_load: stuck: %ld of %ld answered\n", bench->answered,
                    bench->messages);
            exit(1);
        }
    }
}

static int compare(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static void report(bench_t *bench, double seconds, double cpu)
{
    qsort(bench->took, (size_t)bench->messages, sizeof *bench->took, compare);
    printf("{\"dealers\": %d, \"in_flight\": %d, \"messages\": %ld, \"refused\": %ld, "
           "\"seconds\": %.3f, \"messages_per_s\": %.0f, \"cpu_us_per_message\": %.3f, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
           bench->talker_count, bench->in_flight, bench->messages, bench->refused, seconds,
           (double)bench->messages / seconds, 1e6 * cpu / (double)bench->messages,
           1e3 * (double)bench->took[bench->messages / 2],
           1e3 * (double)bench->took[bench->messages * 99 / 100],
           1e3 * (double)bench->took[bench->messages - 1]);
}

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count, size);
    assert(room);
    return room;
}

static void connect_all(bench_t *bench, const char *router)
{
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, bench->talker_count + 1);
    bench->talkers = room_for((size_t)bench->talker_count, sizeof *bench->talkers);
    int unlimited = 0, patience_ms = 1000 * STUCK_S;
    for (int i = 0; i < bench->talker_count; i++) {
        talker_t *talker = &bench->talkers[i];
        talker->socket = zmq_socket(context, ZMQ_DEALER);
        assert(talker->socket);
        zmq_setsockopt(talker->socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
        zmq_setsockopt(talker->socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
        zmq_setsockopt(talker->socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
        zmq_connect(talker->socket, router);
        talker->said_at = room_for((size_t)bench->in_flight, sizeof *talker->said_at);
        say_hello(talker);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "Usage: ingest_load ROUTER DEALERS MESSAGES IN_FLIGHT PID...\n");
        return 2;
    }
    bench_t bench = {.talker_count = (int)strtol(argv[2], NULL, 10),
                     .messages = strtol(argv[3], NULL, 10),
                     .in_flight = (int)strtol(argv[4], NULL, 10)};
    bench.took = room_for((size_t)bench.messages, sizeof *bench.took);
    connect_all(&bench, argv[1]);
    double cpu = all_cpu_s(argv + 5), begin = now_s();
    run(&bench);
    double seconds = now_s() - begin;
    report(&bench, seconds, all_cpu_s(argv + 5) - cpu);
    free(bench.took);
    return bench.refused > 0;
}
