/* A connection without libzmq, over a real Unix socket: bridge/shell/pipe.h. */
#include "bridge/shell/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

#define SPAN(text) ((span_t){text, sizeof(text) - 1})
#define GREETING   "\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL"
#define READY      "\4\x1c\5READY\13Socket-Type\0\0\0\6ROUTER"

enum { PATIENCE_MS = 10000, BEGINNING_BYTES = 64 + 43, BIG = 60000 };

/* A listening socket, and the pipe that is to reach it. */
typedef struct {
    char directory[64], endpoint[96];
    int listener, epoll, peer;
    pipe_t pipe;
} stage_t;

static void listen_at(stage_t *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    stage->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(stage->listener >= 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/x", stage->directory);
    assert_int_equal(bind(stage->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(stage->listener, 4), 0);
}

static int begin(void **state)
{
    stage_t *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    *stage = (stage_t){.listener = -1, .peer = -1, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    (void)snprintf(stage->directory, sizeof stage->directory, "/tmp/pipeXXXXXX");
    assert_non_null(mkdtemp(stage->directory));
    (void)snprintf(stage->endpoint, sizeof stage->endpoint, "ipc://%s/x", stage->directory);
    pipe_init(&stage->pipe, ZMTP_DEALER);
    *state = stage;
    return 0;
}

static int end(void **state)
{
    stage_t *stage = *state;
    pipe_fini(&stage->pipe);
    (void)unlink(stage->endpoint + 6);
    (void)rmdir(stage->directory);
    int fds[] = {stage->listener, stage->epoll, stage->peer};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    free(stage);
    return 0;
}

static void open_pipe(stage_t *stage)
{
    pipe_open(&stage->pipe, span_of(stage->endpoint), stage->epoll);
}

static void accept_it(stage_t *stage)
{
    stage->peer = accept(stage->listener, NULL, NULL);
    assert_true(stage->peer >= 0);
}

/* What the other end gets, exactly so many bytes. */
static void get(const stage_t *stage, char *out, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t came = recv(stage->peer, out + got, size - got, 0);
        assert_true(came > 0);
        got += (size_t)came;
    }
}

static void assert_nothing_waits_for(const stage_t *stage)
{
    char byte;
    assert_int_equal(recv(stage->peer, &byte, 1, MSG_DONTWAIT), -1);
}

/* The other end says so, and epoll tells the pipe. */
static void say(stage_t *stage, span_t bytes)
{
    struct epoll_event event;
    assert_int_equal(send(stage->peer, bytes.data, bytes.size, 0), (ssize_t)bytes.size);
    assert_int_equal(epoll_wait(stage->epoll, &event, 1, PATIENCE_MS), 1);
    assert_ptr_equal(event.data.ptr, &stage->pipe);
    pipe_notice(&stage->pipe, event.events);
}

static void answer(stage_t *stage)
{
    char bytes[64 + sizeof READY - 1] = GREETING;
    memcpy(bytes + 64, READY, sizeof READY - 1);
    span_t none;
    say(stage, (span_t){bytes, sizeof bytes});
    assert_false(pipe_take(&stage->pipe, &none));
}

static void connected(stage_t *stage)
{
    char bytes[BEGINNING_BYTES];
    listen_at(stage);
    open_pipe(stage);
    accept_it(stage);
    pipe_flush(&stage->pipe);
    get(stage, bytes, sizeof bytes);
    answer(stage);
}

static void only_ipc_endpoints_are_taken(void **state)
{
    (void)state;
    char long_path[200] = "ipc://";
    memset(long_path + 6, 'x', sizeof long_path - 7);
    assert_true(pipe_takes(span_of("ipc:///run/hubbub/router")) &&
                pipe_takes(span_of("ipc://@name")));
    assert_false(pipe_takes(span_of("tcp://127.0.0.1:5680")) || pipe_takes(span_of("ipc://")) ||
                 pipe_takes(span_of("")) || pipe_takes(span_of(long_path)));
}

static void what_is_put_early_waits_for_the_other_end(void **state)
{
    stage_t *stage = *state;
    char bytes[BEGINNING_BYTES];
    listen_at(stage);
    open_pipe(stage);
    accept_it(stage);
    assert_true(pipe_put(&stage->pipe, SPAN("hello")));
    pipe_flush(&stage->pipe);
    pipe_flush(&stage->pipe);
    get(stage, bytes, sizeof bytes);
    assert_memory_equal(bytes + 64, "\4\x29\5READY", 8);
    assert_nothing_waits_for(stage);
    answer(stage);
    pipe_flush(&stage->pipe);
    get(stage, bytes, 7);
    assert_memory_equal(bytes, "\0\5hello", 7);
    assert_nothing_waits_for(stage);
}

static void the_beginning_is_sent_once(void **state)
{
    stage_t *stage = *state;
    char bytes[BEGINNING_BYTES];
    listen_at(stage);
    open_pipe(stage);
    accept_it(stage);
    pipe_flush(&stage->pipe);
    pipe_flush(&stage->pipe); /* before the other end has said anything */
    get(stage, bytes, sizeof bytes);
    assert_nothing_waits_for(stage);
    assert_true(pipe_put(&stage->pipe, SPAN("hello")));
    pipe_flush(&stage->pipe);
    assert_nothing_waits_for(stage);
    answer(stage);
    pipe_flush(&stage->pipe);
    get(stage, bytes, 7);
    assert_memory_equal(bytes, "\0\5hello", 7);
}

static void nobody_there_is_tried_again(void **state)
{
    stage_t *stage = *state;
    char bytes[BEGINNING_BYTES];
    open_pipe(stage);
    assert_int_equal(stage->pipe.stage, PIPE_CONNECTING);
    assert_true(pipe_put(&stage->pipe, SPAN("hello")));
    pipe_connect(&stage->pipe);
    assert_false(pipe_take_loss(&stage->pipe));
    listen_at(stage);
    pipe_connect(&stage->pipe);
    assert_int_equal(stage->pipe.stage, PIPE_CONNECTED);
    accept_it(stage);
    pipe_flush(&stage->pipe);
    get(stage, bytes, sizeof bytes);
}

static void frames_are_taken_in_order_and_pings_answered(void **state)
{
    stage_t *stage = *state;
    span_t frame;
    char bytes[7];
    connected(stage);
    say(stage, SPAN("\0\1a\4\7\4PING\0\x64\0\2bc\0\4par"));
    assert_true(pipe_has_more(&stage->pipe));
    assert_true(pipe_take(&stage->pipe, &frame) && span_is(frame, "a"));
    assert_true(pipe_take(&stage->pipe, &frame) && span_is(frame, "bc"));
    assert_false(pipe_take(&stage->pipe, &frame));
    assert_false(pipe_has_more(&stage->pipe)); /* half a frame is nothing to stay awake for */
    say(stage, SPAN("t"));
    assert_true(pipe_take(&stage->pipe, &frame) && span_is(frame, "part"));
    pipe_flush(&stage->pipe);
    get(stage, bytes, sizeof bytes);
    assert_memory_equal(bytes, "\4\5\4PONG", sizeof bytes);
}

static void a_loss_is_told_once(void **state)
{
    stage_t *stage = *state;
    span_t frame;
    struct epoll_event event;
    connected(stage);
    assert_false(pipe_take_loss(&stage->pipe));
    (void)close(stage->peer);
    stage->peer = -1;
    assert_int_equal(epoll_wait(stage->epoll, &event, 1, PATIENCE_MS), 1);
    pipe_notice(&stage->pipe, event.events);
    assert_false(pipe_take(&stage->pipe, &frame));
    assert_true(pipe_has_more(&stage->pipe) && pipe_take_loss(&stage->pipe));
    assert_false(pipe_take_loss(&stage->pipe) || pipe_has_more(&stage->pipe));
    assert_false(pipe_put(&stage->pipe, SPAN("too late")));
    open_pipe(stage);
    assert_int_equal(stage->pipe.stage, PIPE_CONNECTED);
}

static void what_does_not_go_out_waits_for_room(void **state)
{
    stage_t *stage = *state;
    static char big[BIG], back[BIG + ZMTP_HEADER_BYTES];
    size_t count = 0;
    connected(stage);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i % 251);
    for (; !stage->pipe.stream.is_waiting; count++) {
        assert_true(pipe_put(&stage->pipe, (span_t){big, sizeof big}));
        pipe_flush(&stage->pipe);
    }
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event;
        get(stage, back, sizeof back);
        assert_memory_equal(back + ZMTP_HEADER_BYTES, big, sizeof big);
        while (epoll_wait(stage->epoll, &event, 1, 0) == 1 && stage->pipe.stream.is_waiting)
            pipe_notice(&stage->pipe, event.events);
    }
    assert_false(stage->pipe.stream.is_waiting);
    assert_nothing_waits_for(stage);
}

static void too_much_is_refused(void **state)
{
    stage_t *stage = *state;
    static char big[BIG];
    size_t count = 0;
    open_pipe(stage); /* nobody listens */
    while (pipe_put(&stage->pipe, (span_t){big, sizeof big}))
        count++;
    assert_in_range(count, (PIPE_OUTPUT_MAX - 1024) / (BIG + ZMTP_HEADER_BYTES) - 1,
                    PIPE_OUTPUT_MAX / BIG);
}

static void what_waits_is_out_before_it_is_closed(void **state)
{
    stage_t *stage = *state;
    char bytes[8];
    connected(stage);
    assert_true(pipe_put(&stage->pipe, SPAN("bye")));
    pipe_close(&stage->pipe, PATIENCE_MS);
    get(stage, bytes, 5);
    assert_memory_equal(bytes, "\0\3bye", 5);
    assert_int_equal(recv(stage->peer, bytes, 1, 0), 0);
}

int main(void)
{
#define STAGED(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ipc_endpoints_are_taken),
        STAGED(what_is_put_early_waits_for_the_other_end),
        STAGED(the_beginning_is_sent_once),
        STAGED(nobody_there_is_tried_again),
        STAGED(frames_are_taken_in_order_and_pings_answered),
        STAGED(a_loss_is_told_once),
        STAGED(what_does_not_go_out_waits_for_room),
        STAGED(too_much_is_refused),
        STAGED(what_waits_is_out_before_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
