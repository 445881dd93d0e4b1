/* zmq_load - what a broadcast to many native subscribers costs.
 *
 *   zmq_load ROUTER PUB SUBS MESSAGES IN_FLIGHT PID...
 *
 * One DEALER says MESSAGES texts; each of SUBS sockets hears all of them. A message is in flight until every
 * SUB has it; each is also answered. The floor (floor_zmq publish) serves as well as a broker: it takes the
 * same frames. Prints one JSON line. */
#include "bench/frames.h"
#include "bench/load.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

enum { EVENTS = 256, QUIET_MS = 500, STUCK_MS = 10000, SPEAKER = UINT32_MAX };
enum { CALL_MS = 50, CALLS = 1000 }; /* until every SUB has heard something */

/* What stands before a text of LOAD_TEXT_BYTES. */
static const char BEFORE[] = "\xa4text\xd9\x64";

typedef struct {
    void *socket;
    long heard;
    bool is_there;
} subscriber_t;

typedef struct {
    flight_t flight;
    int epoll, count, there;
    long answered, refused;
    uint64_t cid;
    bool has_begun;
    size_t text_at; /* where the text was found last */
    void *dealer;
    subscriber_t *subscribers;
} bench_t;

static long number_in(bench_t *bench, const char *event, size_t size)
{
    size_t at = bench->text_at;
    if (at + LOAD_TEXT_BYTES <= size &&
        memcmp(event + at - sizeof BEFORE + 1, BEFORE, sizeof BEFORE - 1) == 0)
        return load_read_text(event + at, '#');
    const char *found = memmem(event, size, BEFORE, sizeof BEFORE - 1);
    if (found == NULL)
        return -1;
    bench->text_at = (size_t)(found - event) + sizeof BEFORE - 1;
    return load_read_text(event + bench->text_at, '#');
}

/* Until nothing is left: libzmq's descriptor tells of a change only. */
static void hear(bench_t *bench, subscriber_t *subscriber)
{
    zmq_msg_t event;
    (void)zmq_msg_init(&event);
    double now_s = load_now_s();
    while (zmq_msg_recv(&event, subscriber->socket, ZMQ_DONTWAIT) >= 0) {
        bench->there += !subscriber->is_there;
        subscriber->is_there = true;
        long number = number_in(bench, zmq_msg_data(&event), zmq_msg_size(&event));
        if (number >= 0 && bench->has_begun)
            flight_hear(&bench->flight, &subscriber->heard, number, now_s);
    }
    (void)zmq_msg_close(&event);
}

static void hear_answers(bench_t *bench)
{
    zmq_msg_t reply;
    (void)zmq_msg_init(&reply);
    while (zmq_msg_recv(&reply, bench->dealer, ZMQ_DONTWAIT) >= 0) {
        bench->answered++;
        bench->refused += frame_is_error(zmq_msg_data(&reply), zmq_msg_size(&reply));
    }
    (void)zmq_msg_close(&reply);
}

static bool turn(bench_t *bench, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(bench->epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++)
        if (events[i].data.u32 == SPEAKER)
            hear_answers(bench);
        else
            hear(bench, &bench->subscribers[events[i].data.u32]);
    return count > 0;
}

static void watch(bench_t *bench, void *socket, uint32_t number)
{
    int fd;
    size_t size = sizeof fd;
    (void)zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    if (epoll_ctl(bench->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        load_fail("epoll_ctl");
}

static void say(bench_t *bench, char mark, long number)
{
    char frame[FRAMES_BYTES];
    (void)zmq_send(bench->dealer, frame, frame_say(frame, mark, number, ++bench->cid), 0);
}

static void *subscribe(void *context, const char *pub)
{
    void *socket = zmq_socket(context, ZMQ_SUB);
    int unlimited = 0;
    assert(socket);
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "lobby", sizeof "lobby");
    (void)zmq_connect(socket, pub);
    return socket;
}

static void connect_all(bench_t *bench, const char *router, const char *pub)
{
    void *context = zmq_ctx_new();
    (void)zmq_ctx_set(context, ZMQ_MAX_SOCKETS, bench->count + 1);
    for (int i = 0; i < bench->count; i++) {
        bench->subscribers[i].socket = subscribe(context, pub);
        watch(bench, bench->subscribers[i].socket, (uint32_t)i);
    }
    bench->dealer = frame_connect(context, router, true);
    watch(bench, bench->dealer, SPEAKER);
    for (int i = 0; i < CALLS && bench->there < bench->count; i++) {
        say(bench, '!', i);
        for (double until = load_now_s() + CALL_MS / 1e3; load_now_s() < until;)
            (void)turn(bench, CALL_MS);
    }
    while (turn(bench, QUIET_MS))
        ;
    bench->has_begun = true;
    bench->answered = 0;
}

static bool is_over(const bench_t *bench)
{
    const flight_t *flight = &bench->flight;
    return flight->complete == flight->messages && bench->answered >= flight->messages;
}

static void run(bench_t *bench)
{
    flight_t *flight = &bench->flight;
    while (!is_over(bench)) {
        while (flight_has_room(flight))
            say(bench, '#', flight_say(flight, load_now_s()));
        hear_answers(bench); /* sending may have eaten what the descriptor had to tell */
        if (!is_over(bench) && !turn(bench, STUCK_MS))
            flight_stuck(flight);
    }
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        (void)fprintf(stderr, "Usage: zmq_load ROUTER PUB SUBS MESSAGES IN_FLIGHT PID...\n");
        return 2;
    }
    static bench_t bench;
    bench.count = (int)load_number(argv[3]);
    bench.epoll = epoll_create1(EPOLL_CLOEXEC);
    bench.text_at = sizeof BEFORE;
    bench.subscribers = load_memory((size_t)bench.count, sizeof *bench.subscribers);
    flight_init(&bench.flight, load_number(argv[4]), (int)load_number(argv[5]), bench.count,
                argv + 6);
    connect_all(&bench, argv[1], argv[2]);
    flight_begin(&bench.flight);
    run(&bench);
    int status = flight_report(&bench.flight);
    flight_fini(&bench.flight);
    free(bench.subscribers);
    return status || bench.refused > 0;
}
