#include "ctl/wire.h"

#include "base/printable.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

enum { ANSWER_MS = 10000 };

/* libzmq waits for who does not listen; we do not. */
static bool is_answered(const char *path, char *out_error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        printable_text(out_error, WIRE_ERROR_BYTES, "%.600s: that path is too long for a socket",
                       path);
        return false;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    bool is_away = error == ENOENT || error == ECONNREFUSED;
    if (!is_there)
        printable_text(out_error, WIRE_ERROR_BYTES, "%.600s: %s", path,
                       is_away ? "no broker answers there; is hubbubd running, with this --data?"
                               : strerror(error));
    return is_there;
}

void wire_init(wire_t *self)
{
    assert(self);
    *self = (wire_t){.id = 0};
    buffer_init(&self->frame, LIMIT_FRAME_BYTES);
    decoder_init(&self->decoder);
}

bool wire_open(wire_t *self, const char *data, char *out_error)
{
    assert(self && data && out_error);
    char endpoint[WIRE_ERROR_BYTES];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/operator", data);
    if (!is_answered(endpoint + strlen("ipc://"), out_error))
        return false;
    self->context = zmq_ctx_new();
    self->socket = self->context ? zmq_socket(self->context, ZMQ_DEALER) : NULL;
    int none = 0, wait = ANSWER_MS;
    if (self->socket && zmq_setsockopt(self->socket, ZMQ_LINGER, &none, sizeof none) == 0 &&
        zmq_setsockopt(self->socket, ZMQ_RCVTIMEO, &wait, sizeof wait) == 0 &&
        zmq_connect(self->socket, endpoint) == 0)
        return true;
    printable_text(out_error, WIRE_ERROR_BYTES, "%.600s: %s", endpoint, zmq_strerror(zmq_errno()));
    return false;
}

writer_t *wire_begin(wire_t *self, op_t op)
{
    assert(self && self->socket);
    buffer_clear(&self->frame);
    write_begin(&self->writer, &self->frame);
    write_str(&self->writer, KEY_op, command_row(op)->name);
    write_uint(&self->writer, KEY_id, ++self->id);
    return &self->writer;
}

/* Takes the next frame, which it keeps, as the answer. False: it is none to the question. */
static bool take(wire_t *self, zmq_msg_t *frame)
{
    size_t size = zmq_msg_size(frame);
    free(self->received);
    self->received = malloc(size ? size : 1);
    assert(self->received);
    memcpy(self->received, zmq_msg_data(frame), size);
    return decoder_frame(&self->decoder, self->received, size, &self->answer) == HUB_OK &&
           message_has(&self->answer, KEY_re) && message_uint(&self->answer, KEY_re) == self->id;
}

/* Events are passed over. */
static bool receive(wire_t *self)
{
    bool is_it = false, has_come = true;
    while (has_come && !is_it) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        has_come = zmq_msg_recv(&frame, self->socket, 0) >= 0;
        is_it = has_come && take(self, &frame);
        zmq_msg_close(&frame);
    }
    return is_it;
}

bool wire_ask(wire_t *self, char *out_error)
{
    assert(self && out_error);
    write_end(&self->writer);
    if (zmq_send(self->socket, self->frame.data, self->frame.size, 0) < 0 || !receive(self)) {
        printable_text(out_error, WIRE_ERROR_BYTES, "the broker does not answer: %s",
                       zmq_strerror(zmq_errno()));
        return false;
    }
    if (message_bool(&self->answer, KEY_ok))
        return true;
    span_t error = message_span(&self->answer, KEY_error);
    span_t hint = message_span(&self->answer, KEY_hint);
    printable_text(out_error, WIRE_ERROR_BYTES, "%.*s: %.*s", (int)error.size, error.data,
                   (int)hint.size, hint.data);
    return false;
}

void wire_close(wire_t *self)
{
    assert(self);
    if (self->socket)
        zmq_close(self->socket);
    if (self->context)
        zmq_ctx_term(self->context);
    decoder_fini(&self->decoder);
    buffer_fini(&self->frame);
    free(self->received);
    self->received = NULL;
}
