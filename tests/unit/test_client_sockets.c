/* The library's sockets: whatever the network does, the next DEALER works. */
#include "client/lib/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ATTEMPTS = 3000, ENDPOINT_BYTES = 64, PATIENCE_MS = 10000 };

/* A port that nobody listens on: it is bound, and refuses. */
static int refusing_port(char *out_endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(out_endpoint, ENDPOINT_BYTES, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void assert_delivers(sockets_t *sockets, void *router)
{
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    assert_true(sockets_open(sockets));
    assert_true(sockets_send(sockets, (span_t){"hello", 5}));
    assert_int_equal(zmq_poll(&item, 1, PATIENCE_MS), 1);
}

/* ZeroMQ's thread tells the monitor of each refused connection. If the monitor's other end was closed before it
 * was told to stop, that thread waits for ever, and every socket of the handle with it. */
static void a_dealer_may_be_given_up_at_any_moment(void **state)
{
    (void)state;
    char refusing[ENDPOINT_BYTES], endpoint[ENDPOINT_BYTES];
    size_t size = sizeof endpoint;
    int port = refusing_port(refusing);
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    assert_int_equal(zmq_bind(router, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    sockets_t sockets;
    assert_true(sockets_init(&sockets, refusing, &(credentials_t){.is_keyed = false}));
    for (int i = 0; i < ATTEMPTS; i++) {
        assert_true(sockets_open(&sockets));
        (void)poll(NULL, 0, i % 8 == 0);
    }
    free(sockets.router);
    sockets.router = strdup(endpoint);
    assert_delivers(&sockets, router);
    sockets_fini(&sockets, 0);
    zmq_close(router);
    zmq_ctx_term(context);
    close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dealer_may_be_given_up_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
