/* proto/zmtp.h - our end of a ZeroMQ connection, without security: a bridge's DEALER or SUB, or the broker's other end of one.
 *
 * Version 3.0 of ZMTP with the mechanism NULL (rfc.zeromq.org/spec/23 and 37), as much of it as these need:
 *
 *   greeting   ff 00*8 7f  03 00  "NULL" 00*16  00  00*31               64 bytes, both send it at once
 *   handshake  04 29  05 "READY"  0b "Socket-Type" 00000006 "DEALER" ... a command, both send it at once
 *   traffic    00 05  hello                         a frame: flags, size, bytes
 *              02 0000000000010000  ...             flag 2: the size takes eight bytes; flag 1: more follow
 *              04 07  04 "PING" 0064                flag 4: a command; its answer is "PONG" and what came with it
 *              00 07  01 lobby 00                   subscribes a SUB; 00 instead of 01: no longer
 *
 * What comes is taken from a buffer of the caller's and handed out as views into it: nothing is copied. A frame
 * over LIMIT_FRAME_BYTES, another mechanism, an older version and everything else that is not as above ends the
 * connection. Pure. */
#ifndef PROTO_ZMTP_H
#define PROTO_ZMTP_H

#include "proto/buffer.h"
#include "proto/err.h"
#include "proto/tables.h"

enum {
    ZMTP_HEADER_BYTES = 9, /* before a frame, at most */
    ZMTP_WHOLE_BYTES =
        ZMTP_HEADER_BYTES + LIMIT_FRAME_BYTES, /* longest thing to be taken in one piece */
    ZMTP_BEGINNING_BYTES = 128                 /* zmtp_begin() appends less */
};

typedef enum { ZMTP_DEALER, ZMTP_SUB, ZMTP_ROUTER, ZMTP_PUB } zmtp_role_t;

typedef enum { ZMTP_GREETING, ZMTP_HANDSHAKE, ZMTP_TRAFFIC, ZMTP_BROKEN } zmtp_stage_t;

/* All zeros is a fresh connection of a DEALER. */
typedef struct {
    zmtp_role_t role; /* ours: a ROUTER talks to a DEALER only, a PUB to a SUB */
    zmtp_stage_t stage;
    bool has_more; /* the frame taken last is not the last of its message */
} zmtp_t;

typedef enum {
    ZMTP_WAIT,  /* the input ends before the next thing does */
    ZMTP_FRAME, /* a frame has come */
    ZMTP_PING,  /* what is to be answered by zmtp_pong() has come */
    ZMTP_WRONG  /* this is no ZMTP, or none that we speak; so it stays */
} zmtp_found_t;

/* Appends what is to be sent first: greeting and handshake. What is put after it must not be sent before the stage is
 * ZMTP_TRAFFIC. `out` has room. */
void zmtp_begin(zmtp_role_t role, buffer_t *out);

/* Appends a frame (1 to LIMIT_FRAME_BYTES bytes). False: `out` has no room; nothing was appended. */
HUB_MUST_CHECK bool zmtp_put(buffer_t *out, span_t frame);

/* Appends a subscription to a topic (at most ZMTP_TOPIC_BYTES), or its end. False as above. */
enum { ZMTP_TOPIC_BYTES = 255 - 1 };
HUB_MUST_CHECK bool zmtp_put_topic(buffer_t *out, span_t topic, bool is_wanted);

/* What a SUB's frame subscribes, or no longer: the topic, a view into it. False: it is no subscription; the rest is untouched. */
HUB_MUST_CHECK bool zmtp_topic(span_t frame, span_t *out_topic, bool *out_is_wanted);

/* Appends the answer to a PING. False as above. */
HUB_MUST_CHECK bool zmtp_pong(buffer_t *out, span_t ping);

/* Takes the next thing from the front of *input, which is moved behind it; what needs nobody's attention is
 * passed over. *out holds the frame or the PING's context, as a view into the input; else it is untouched.
 * ZMTP_WAIT: call again with what is left and more behind it; as long as the input is under ZMTP_WHOLE_BYTES,
 * more is needed. */
HUB_MUST_CHECK zmtp_found_t zmtp_take(zmtp_t *self, span_t *input, span_t *out);

#endif
