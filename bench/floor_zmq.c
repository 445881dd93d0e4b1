/* floor_zmq - the floor of what a broker on ZeroMQ can do: ROUTER in, PUB out, nothing decided.
 *
 *   floor_zmq echo        every frame goes back to whom it came from
 *   floor_zmq publish     and, behind `lobby` and a zero byte, to all subscribers
 *
 * Binds free ports, prints `ready router=ENDPOINT pub=ENDPOINT`, ends with SIGTERM. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { BATCH = 256, ENDPOINT_BYTES = 128 };

static const char TOPIC[] = "lobby"; /* with its zero byte */

static void publish(void *pub, zmq_msg_t *frame)
{
    zmq_msg_t event;
    size_t size = zmq_msg_size(frame);
    (void)zmq_msg_init_size(&event, sizeof TOPIC + size);
    memcpy(zmq_msg_data(&event), TOPIC, sizeof TOPIC);
    memcpy((char *)zmq_msg_data(&event) + sizeof TOPIC, zmq_msg_data(frame), size);
    (void)zmq_msg_send(&event, pub, ZMQ_DONTWAIT);
}

/* False: nothing waits. A message is its routing id and one frame. */
static bool serve_one(void *router, void *pub)
{
    zmq_msg_t routing, frame;
    (void)zmq_msg_init(&routing);
    (void)zmq_msg_init(&frame);
    if (zmq_msg_recv(&routing, router, ZMQ_DONTWAIT) < 0 || zmq_msg_recv(&frame, router, 0) < 0)
        return false;
    if (pub)
        publish(pub, &frame);
    (void)zmq_msg_send(&routing, router, ZMQ_SNDMORE);
    (void)zmq_msg_send(&frame, router, 0);
    return true;
}

static void *open_socket(void *context, int type, const char *name)
{
    void *socket = zmq_socket(context, type);
    int unlimited = 0, backlog = 4096;
    (void)zmq_setsockopt(socket, ZMQ_BACKLOG, &backlog, sizeof backlog);
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    char endpoint[ENDPOINT_BYTES];
    size_t size = sizeof endpoint;
    int bound = zmq_bind(socket, "tcp://127.0.0.1:*");
    assert(bound == 0);
    (void)bound;
    (void)zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size);
    printf(" %s=%s", name, endpoint);
    return socket;
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    printf("ready");
    void *router = open_socket(context, ZMQ_ROUTER, "router");
    void *pub = open_socket(context, ZMQ_PUB, "pub");
    printf("\n");
    (void)fflush(stdout);
    bool is_echo = argc > 1 && strcmp(argv[1], "echo") == 0;
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    while (zmq_poll(&item, 1, -1) >= 0)
        for (int i = 0; i < BATCH && serve_one(router, is_echo ? NULL : pub); i++)
            ;
    return 0;
}
