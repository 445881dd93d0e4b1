/* What ThreadSanitizer cannot see: Debian's libzmq is not instrumented, so a message that goes from one
 * thread to another over inproc looks like a race in each of its bytes, and suppressing that many reports
 * makes the program stand still. The linker puts these in front of libzmq's functions: what was done
 * before a send is seen after a receive. */
#include <sanitizer/tsan_interface.h>
#include <zmq.h>

int __real_zmq_msg_send(zmq_msg_t *message, void *socket, int flags);
int __real_zmq_msg_recv(zmq_msg_t *message, void *socket, int flags);
int __wrap_zmq_msg_send(zmq_msg_t *message, void *socket, int flags);
int __wrap_zmq_msg_recv(zmq_msg_t *message, void *socket, int flags);

static char order; /* one for all sockets: coarse, but never wrong about who wrote what first */

int __wrap_zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    __tsan_release(&order);
    return __real_zmq_msg_send(message, socket, flags);
}

int __wrap_zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    int received = __real_zmq_msg_recv(message, socket, flags);
    __tsan_acquire(&order);
    return received;
}
