/* echo - the floor of what a ROUTER can do: every frame goes back to whom it came from, nothing decided.
 *
 *   echo          binds a free port, prints `ready router=ENDPOINT`, ends with SIGTERM */
#include <assert.h>
#include <stdio.h>
#include <zmq.h>

enum { BATCH = 256, ENDPOINT_BYTES = 128 };

/* False: nothing waits. */
static int echo_one(void *router)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, router, ZMQ_DONTWAIT) < 0)
        return 0;
    int has_more = 1;
    while (has_more) {
        has_more = zmq_msg_more(&part);
        zmq_msg_send(&part, router, has_more ? ZMQ_SNDMORE : 0);
        if (has_more && zmq_msg_recv(&part, router, 0) < 0)
            return 0;
    }
    zmq_msg_close(&part);
    return 1;
}

int main(void)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    int unlimited = 0;
    zmq_setsockopt(router, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(router, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    char endpoint[ENDPOINT_BYTES];
    size_t size = sizeof endpoint;
    int bound = zmq_bind(router, "tcp://127.0.0.1:*");
    assert(bound == 0);
    (void)bound;
    zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size);
    printf("ready router=%s\n", endpoint);
    fflush(stdout);
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    while (zmq_poll(&item, 1, -1) >= 0)
        for (int i = 0; i < BATCH && echo_one(router); i++)
            ;
    return 0;
}
