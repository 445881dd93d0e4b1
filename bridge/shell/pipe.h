/* bridge/shell/pipe.h - a ZeroMQ connection over a Unix socket, without libzmq.
 *
 * For ipc endpoints that take no key: the bridge's own loop reads and writes, where libzmq would have a thread
 * of its own and the bridge would ask its sockets what they have (docs/adr/0106). Nothing here blocks. What is
 * put is sent by pipe_flush(), all of it at once where the socket takes it. A connection that was lost is not
 * made again until pipe_open(): the link decides when. */
#ifndef BRIDGE_SHELL_PIPE_H
#define BRIDGE_SHELL_PIPE_H

#include "base/ipc.h"
#include "base/stream.h"
#include "proto/backlog.h"
#include "proto/zmtp.h"

enum { PIPE_OUTPUT_MAX = 64 * 1024 * 1024 /* waiting for the broker; more is refused */ };

typedef enum {
    PIPE_CLOSED,
    PIPE_CONNECTING, /* nobody listens yet: pipe_connect() tries again */
    PIPE_CONNECTED,
    PIPE_LOST
} pipe_stage_t;

typedef struct {
    zmtp_role_t role;
    pipe_stage_t stage;
    int epoll_fd;
    bool has_lane;    /* there is a name for one */
    bool avoids_lane; /* it was ended there before anything was said: next time by the other way */
    bool is_in_lane;
    bool has_input; /* there may be a whole frame in what was read */
    bool has_news;  /* of the loss */
    zmtp_t zmtp;
    ipc_t lane, usual; /* the broker's own end, and libzmq's */
    stream_t stream;
    backlog_t output;
    size_t
        beginning; /* bytes at the front of what waits that may go before the other end has answered */
} pipe_t;

/* True for endpoints that a pipe can be opened to. */
bool pipe_takes(span_t endpoint);

/* A pipe that is not open. */
void pipe_init(pipe_t *self, zmtp_role_t role);

/* Connects to an endpoint that pipe_takes(), closing what was open: where the broker takes bridges itself (IPC_LANE), else to libzmq's
 * end. The epoll set, borrowed, tells of input with the pipe's own address. Where nobody listens the pipe is PIPE_CONNECTING, and
 * what is put waits. */
void pipe_open(pipe_t *self, span_t endpoint, int epoll_fd);

/* Tries again, where it is PIPE_CONNECTING. */
void pipe_connect(pipe_t *self);

/* Closes it when what waits is out, or `linger_ms` have passed in which the other end took nothing. What came and was not taken is forgotten,
 * but a frame handed out by pipe_take() holds until the next one. Not open is fine. */
void pipe_close(pipe_t *self, int linger_ms);

/* Closes it and frees its memory. */
void pipe_fini(pipe_t *self);

/* Puts a frame (1 to LIMIT_FRAME_BYTES bytes), or a subscription, behind what waits. False: PIPE_OUTPUT_MAX would
 * wait, or the pipe is closed or lost; nothing was put. */
HUB_MUST_CHECK bool pipe_put(pipe_t *self, span_t frame);
bool pipe_put_topic(pipe_t *self, span_t topic, bool is_wanted);

/* Sends what waits, as much as the socket takes. */
void pipe_flush(pipe_t *self);

/* The epoll set told of the pipe. */
void pipe_notice(pipe_t *self, uint32_t events);

/* Takes the next frame; it holds until the next call of this. False: there is none now. */
HUB_MUST_CHECK bool pipe_take(pipe_t *self, span_t *out_frame);

/* True if pipe_take() or pipe_take_loss() may find something. */
bool pipe_has_more(const pipe_t *self);

/* True once after the connection was lost. */
HUB_MUST_CHECK bool pipe_take_loss(pipe_t *self);

#endif
