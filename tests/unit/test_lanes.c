/* The ways of bridges on this machine, broker/shell/lanes.h, with the bridge's own end at the other side, and with ends that
 * misbehave. */
#include "broker/shell/lanes.h"

#include "base/ipc.h"
#include "bridge/shell/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

#define SPAN(text) ((span_t){text, sizeof(text) - 1})
#define ZEROS_16   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_31   ZEROS_16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define GREETING   "\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL" ZEROS_16 "\0" ZEROS_31
#define DEALER     GREETING "\4\x1c\5READY\13Socket-Type\0\0\0\6DEALER"
#define SUB        GREETING "\4\x19\5READY\13Socket-Type\0\0\0\3SUB"

enum { PATIENCE_MS = 10000, HEARD_MAX = 512, MOST = 256 };

/* A server with two endpoints, and what it has heard: a letter for each thing (f a frame, m one of many, g gone). */
typedef struct {
    char directory[64], router[96], pub[96];
    lanes_t *lanes;
    char heard[HEARD_MAX], last[LIMIT_FRAME_BYTES + 1], routing[16];
    size_t heard_count, routing_size, last_size;
    int epoll;
    pipe_t dealer, sub;
} stage_t;

static int begin(void **state)
{
    stage_t *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    (void)snprintf(stage->directory, sizeof stage->directory, "/tmp/lanesXXXXXX");
    assert_non_null(mkdtemp(stage->directory));
    (void)snprintf(stage->router, sizeof stage->router, "ipc://%s/router", stage->directory);
    (void)snprintf(stage->pub, sizeof stage->pub, "ipc://%s/pub", stage->directory);
    stage->epoll = epoll_create1(EPOLL_CLOEXEC);
    pipe_init(&stage->dealer, ZMTP_DEALER);
    pipe_init(&stage->sub, ZMTP_SUB);
    stage->lanes = lanes_new();
    assert_non_null(stage->lanes);
    assert_true(lanes_bind(stage->lanes, stage->router, false));
    assert_true(lanes_bind(stage->lanes, stage->pub, true));
    *state = stage;
    return 0;
}

static int end(void **state)
{
    stage_t *stage = *state;
    pipe_fini(&stage->dealer);
    pipe_fini(&stage->sub);
    lanes_destroy(&stage->lanes);
    (void)close(stage->epoll);
    assert_int_equal(rmdir(stage->directory), 0); /* nothing is left in it */
    free(stage);
    return 0;
}

static void note(stage_t *stage, char what, span_t routing)
{
    assert_true(stage->heard_count + 1 < HEARD_MAX && routing.size < sizeof stage->routing);
    stage->heard[stage->heard_count++] = what;
    stage->heard[stage->heard_count] = '\0';
    memcpy(stage->routing, routing.data, routing.size);
    stage->routing_size = routing.size;
}

static void on_frame(void *context, span_t routing, span_t frame, bool is_multipart)
{
    stage_t *stage = context;
    note(stage, is_multipart ? 'm' : 'f', routing);
    memcpy(stage->last, frame.data, frame.size);
    stage->last[stage->last_size = frame.size] = '\0';
}

static void on_gone(void *context, span_t routing)
{
    note(context, 'g', routing);
}

static span_t routing_of(const stage_t *stage)
{
    return (span_t){stage->routing, stage->routing_size};
}

/* One turn of the server. */
static void serve(stage_t *stage)
{
    lanes_look(stage->lanes, true);
    lanes_receive(stage->lanes, MOST,
                  &(lanes_calls_t){.context = stage, .frame = on_frame, .gone = on_gone});
    lanes_flush(stage->lanes);
}

/* One turn of the bridge; true if `pipe` got a frame. */
static bool bridge_turn(stage_t *stage, pipe_t *pipe, span_t *out)
{
    struct epoll_event events[4];
    int count = epoll_wait(stage->epoll, events, 4, 0);
    for (int i = 0; i < count; i++)
        pipe_notice(events[i].data.ptr, events[i].events);
    bool has_frame = pipe_take(pipe, out);
    pipe_flush(pipe);
    return has_frame;
}

/* Both take turns until the server has heard so many things. */
static void until_heard(stage_t *stage, pipe_t *pipe, size_t count)
{
    span_t frame;
    for (int turns = 0; stage->heard_count < count; turns++) {
        assert_true(turns < PATIENCE_MS);
        (void)bridge_turn(stage, pipe, &frame);
        serve(stage);
    }
}

static span_t next_of(stage_t *stage, pipe_t *pipe)
{
    span_t frame;
    for (int turns = 0; !bridge_turn(stage, pipe, &frame); turns++) {
        assert_true(turns < PATIENCE_MS);
        serve(stage);
    }
    return frame;
}

static void open_dealer(stage_t *stage)
{
    pipe_open(&stage->dealer, span_of(stage->router), stage->epoll);
    assert_true(pipe_put(&stage->dealer, SPAN("hello")));
    until_heard(stage, &stage->dealer, 1);
    assert_string_equal(stage->last, "hello");
}

/* A SUB that has subscribed what there is in `topics`; it hears "!". */
static void open_sub(stage_t *stage, span_t topic)
{
    span_t frame;
    pipe_open(&stage->sub, span_of(stage->pub), stage->epoll);
    pipe_put_topic(&stage->sub, SPAN("!\0"), true);
    pipe_put_topic(&stage->sub, topic, true);
    for (int turns = 0; !bridge_turn(stage, &stage->sub, &frame); turns++) {
        assert_true(turns < PATIENCE_MS);
        lanes_publish(stage->lanes, SPAN("!\0"));
        serve(stage);
    }
}

/* Somebody else who connects there and says so. */
static int stranger(stage_t *stage, const char *endpoint, span_t bytes)
{
    ipc_t address;
    assert_true(ipc_address(endpoint, strlen(endpoint), IPC_LANE, &address));
    int fd = ipc_connect(&address);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, bytes.data, bytes.size, MSG_NOSIGNAL), (ssize_t)bytes.size);
    serve(stage);
    return fd;
}

/* True if the server has ended that connection; what it sent before is skipped. */
static bool is_ended(int fd)
{
    char bytes[4096];
    ssize_t came;
    while ((came = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        ;
    return came == 0;
}

static void requests_and_replies_go_their_way(void **state)
{
    stage_t *stage = *state;
    open_dealer(stage);
    assert_true(stage->dealer.is_in_lane);
    assert_int_equal(lanes_send(stage->lanes, routing_of(stage), SPAN("welcome")), SENT);
    span_t frame = next_of(stage, &stage->dealer);
    assert_true(span_is(frame, "welcome"));
    assert_int_equal(lanes_send(stage->lanes, SPAN("none"), SPAN("x")), NO_PEER);
    assert_false(lanes_has_input(stage->lanes));
}

static void a_sub_hears_what_it_wants(void **state)
{
    stage_t *stage = *state;
    open_sub(stage, SPAN("tea\0"));
    lanes_publish(stage->lanes, SPAN("coffee\0no"));
    lanes_publish(stage->lanes, SPAN("tea\0yes"));
    span_t frame;
    do
        frame = next_of(stage, &stage->sub);
    while (frame.data[0] == '!');
    assert_true(span_equal(frame, SPAN("tea\0yes")));
    pipe_put_topic(&stage->sub, SPAN("tea\0"), false);
    pipe_put_topic(&stage->sub, SPAN("coffee\0"), true);
    for (bool is_heard = false; !is_heard;) {
        lanes_publish(stage->lanes, SPAN("tea\0yes"));
        lanes_publish(stage->lanes, SPAN("coffee\0now"));
        frame = next_of(stage, &stage->sub);
        is_heard = span_equal(frame, SPAN("coffee\0now"));
    }
    for (int i = 0; i < 3; i++) {
        lanes_publish(stage->lanes, SPAN("tea\0yes"));
        lanes_publish(stage->lanes, SPAN("coffee\0more"));
        do
            frame = next_of(stage, &stage->sub);
        while (span_equal(frame, SPAN("coffee\0now")));
        assert_true(span_equal(frame, SPAN("coffee\0more")));
    }
}

static void the_end_of_a_link_is_told_once(void **state)
{
    stage_t *stage = *state;
    open_dealer(stage);
    span_t routing = routing_of(stage);
    pipe_close(&stage->dealer, 0);
    serve(stage);
    serve(stage);
    assert_string_equal(stage->heard, "fg");
    assert_true(span_equal(routing, routing_of(stage)));
    assert_int_equal(lanes_send(stage->lanes, routing, SPAN("x")), NO_PEER);
}

static void of_who_said_nothing_no_end_is_told(void **state)
{
    stage_t *stage = *state;
    close(stranger(stage, stage->router, SPAN(DEALER)));
    serve(stage);
    assert_string_equal(stage->heard, "");
}

/* What waits for one that does not read stays within its bound: the server hears `not yet`. */
static void who_does_not_read_makes_the_server_wait(void **state)
{
    stage_t *stage = *state;
    static char frame[60000];
    open_dealer(stage);
    size_t sent = 0;
    while (lanes_send(stage->lanes, routing_of(stage), (span_t){frame, sizeof frame}) == SENT) {
        lanes_flush(stage->lanes);
        sent++;
        assert_true(sent < 1000);
    }
    assert_true(sent * sizeof frame >= LANE_SEND_BYTES);
    for (size_t i = 0; i < sent; i++)
        assert_int_equal(next_of(stage, &stage->dealer).size, sizeof frame);
    assert_int_equal(lanes_send(stage->lanes, routing_of(stage), SPAN("x")), SENT);
}

static void what_a_slow_sub_misses_is_dropped(void **state)
{
    stage_t *stage = *state;
    static char frame[60000] = "tea";
    enum { MANY = 500 };
    open_sub(stage, SPAN("tea\0"));
    for (int i = 0; i < MANY; i++) {
        lanes_publish(stage->lanes, (span_t){frame, sizeof frame});
        lanes_flush(stage->lanes);
    }
    unsigned heard = 0;
    lanes_publish(stage->lanes, SPAN("!\0"));
    for (bool is_over = false; !is_over;) { /* until nothing comes, and then the sign */
        span_t got;
        if (bridge_turn(stage, &stage->sub, &got))
            heard += got.size == sizeof frame;
        else if (heard > 0 && !lanes_has_input(stage->lanes))
            is_over = stage->sub.stream.to == stage->sub.stream.from;
        serve(stage);
    }
    assert_true(heard > LANE_PUBLISH_BYTES / 2 / sizeof frame && heard < MANY);
    lanes_publish(stage->lanes, SPAN("tea\0after"));
    while (!span_equal(next_of(stage, &stage->sub), SPAN("tea\0after")))
        ;
}

static void of_a_message_of_many_frames_the_first_is_told(void **state)
{
    stage_t *stage = *state;
    int fd = stranger(stage, stage->router, SPAN(DEALER "\1\1a\1\1b\0\1c\0\1d"));
    assert_string_equal(stage->heard, "mf");
    assert_string_equal(stage->last, "d");
    close(fd);
}

static void who_speaks_something_else_is_hung_up_on(void **state)
{
    stage_t *stage = *state;
    const span_t WRONG[] = {
        SPAN("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n                              "),
        SPAN(SUB),                                 /* where a DEALER is wanted */
        SPAN(GREETING "\0\5hello"),                /* no handshake */
        SPAN(DEALER "\2\0\0\0\0\xff\xff\xff\xff"), /* a frame of 4 GB */
        SPAN(DEALER "\x10\1a"),                    /* a flag there is not */
        SPAN(GREETING "\4\xf\5READY\x8Identity"),  /* a property that ends early */
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        int fd = stranger(stage, stage->router, WRONG[i]);
        serve(stage);
        assert_true(is_ended(fd));
        close(fd);
    }
    const span_t WRONG_SUB[] = {SPAN(DEALER), SPAN(SUB "\0\4\1tea"), SPAN(SUB "\0\1\2"),
                                SPAN(SUB "\0\0")};
    for (size_t i = 0; i < sizeof WRONG_SUB / sizeof WRONG_SUB[0]; i++) {
        int fd = stranger(stage, stage->pub, WRONG_SUB[i]);
        serve(stage);
        assert_true(is_ended(fd));
        close(fd);
    }
    assert_null(strchr(stage->heard, 'f'));
}

static void a_ping_is_answered(void **state)
{
    stage_t *stage = *state;
    int fd = stranger(stage, stage->router, SPAN(DEALER "\4\x9\4PING\0\x64ok"));
    char bytes[256];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    assert_true(size > 9);
    assert_memory_equal(bytes + size - 9, "\4\7\4PONGok", 9);
    close(fd);
}

/* So many who connect and say nothing keep nobody out. */
static void the_silent_make_way(void **state)
{
    stage_t *stage = *state;
    int silent[LANES_MAX];
    for (size_t i = 0; i < LANES_MAX; i++)
        silent[i] = stranger(stage, stage->router, SPAN("\xff"));
    assert_false(is_ended(silent[0]));
    open_dealer(stage);
    assert_true(is_ended(silent[0]));
    assert_int_equal(lanes_send(stage->lanes, routing_of(stage), SPAN("x")), SENT);
    for (size_t i = 0; i < LANES_MAX; i++)
        close(silent[i]);
}

/* Where all places are taken, one is told at once and comes the other way. */
static void who_finds_no_place_takes_the_other_way(void **state)
{
    stage_t *stage = *state;
    int others[LANES_MAX];
    for (size_t i = 0; i < LANES_MAX; i++)
        others[i] = stranger(stage, stage->router, SPAN(DEALER));
    ipc_t address;
    assert_true(ipc_address(stage->router, strlen(stage->router), "", &address));
    int usual = ipc_listen(&address, 4);
    assert_true(usual >= 0);
    span_t frame;
    pipe_open(&stage->dealer, span_of(stage->router), stage->epoll);
    for (int turns = 0; !pipe_take_loss(&stage->dealer); turns++) {
        assert_true(turns < PATIENCE_MS);
        serve(stage);
        (void)bridge_turn(stage, &stage->dealer, &frame);
    }
    pipe_open(&stage->dealer, span_of(stage->router), stage->epoll);
    assert_false(stage->dealer.is_in_lane);
    assert_int_equal(poll(&(struct pollfd){usual, POLLIN, 0}, 1, PATIENCE_MS), 1);
    close(usual);
    assert_int_equal(unlink(ipc_path(&address)), 0);
    for (size_t i = 0; i < LANES_MAX; i++)
        close(others[i]);
}

static void nobody_is_let_in_while_descriptors_are_few(void **state)
{
    stage_t *stage = *state;
    ipc_t address;
    assert_true(ipc_address(stage->router, strlen(stage->router), IPC_LANE, &address));
    int fd = ipc_connect(&address);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, DEALER "\0\1a", sizeof DEALER + 2, 0), sizeof DEALER + 2);
    lanes_look(stage->lanes, false);
    assert_false(lanes_has_input(stage->lanes));
    serve(stage);
    serve(stage);
    assert_string_equal(stage->heard, "f");
    close(fd);
}

static void a_lane_in_use_is_not_taken_over(void **state)
{
    stage_t *stage = *state;
    lanes_t *other = lanes_new();
    assert_false(lanes_bind(other, stage->router, false));
    lanes_destroy(&other);
    open_dealer(stage);
}

static void what_a_killed_broker_left_is_taken_over(void **state)
{
    stage_t *stage = *state;
    char endpoint[128];
    ipc_t address;
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/old", stage->directory);
    assert_true(ipc_address(endpoint, strlen(endpoint), IPC_LANE, &address));
    close(ipc_listen(&address, 1)); /* the file stays */
    assert_true(lanes_bind(stage->lanes, endpoint, false));
}

static void what_is_no_socket_is_not_removed(void **state)
{
    stage_t *stage = *state;
    char endpoint[128];
    ipc_t address;
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/file", stage->directory);
    assert_true(ipc_address(endpoint, strlen(endpoint), IPC_LANE, &address));
    FILE *file = fopen(ipc_path(&address), "w");
    assert_non_null(file);
    fclose(file);
    assert_false(lanes_bind(stage->lanes, endpoint, false));
    assert_int_equal(unlink(ipc_path(&address)), 0);
    assert_false(lanes_bind(stage->lanes, "tcp://127.0.0.1:1", false));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(requests_and_replies_go_their_way),
        STAGED(a_sub_hears_what_it_wants),
        STAGED(the_end_of_a_link_is_told_once),
        STAGED(of_who_said_nothing_no_end_is_told),
        STAGED(who_does_not_read_makes_the_server_wait),
        STAGED(what_a_slow_sub_misses_is_dropped),
        STAGED(of_a_message_of_many_frames_the_first_is_told),
        STAGED(who_speaks_something_else_is_hung_up_on),
        STAGED(a_ping_is_answered),
        STAGED(the_silent_make_way),
        STAGED(who_finds_no_place_takes_the_other_way),
        STAGED(nobody_is_let_in_while_descriptors_are_few),
        STAGED(a_lane_in_use_is_not_taken_over),
        STAGED(what_a_killed_broker_left_is_taken_over),
        STAGED(what_is_no_socket_is_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
