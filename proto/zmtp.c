#include "proto/zmtp.h"

#include <assert.h>
#include <strings.h>

enum {
    GREETING_BYTES = 64,
    AT_SIGNATURE_END = 9, /* whose first and last byte say ZMTP 2 or later */
    AT_VERSION = 10,
    AT_MECHANISM = 12,
    MECHANISM_BYTES = 20,
    SIGNATURE = 0xff,
    SIGNATURE_END = 0x7f,
    VERSION = 3,
    HAS_MORE = 1, /* flags of a frame */
    IS_LONG = 2,
    IS_COMMAND = 4,
    FLAGS = 7,
    SHORT_MAX = 255,
    SIZE_BYTES = 4, /* of a property's value */
    TTL_BYTES = 2,
    CONTEXT_MAX = 16 /* of a PING */
};

static const char MECHANISM[MECHANISM_BYTES] = "NULL";
static const span_t READY = {"\5READY", 6}, PING = {"\4PING", 5}, PONG = {"\4PONG", 5},
                    SOCKET_TYPE = {"Socket-Type", 11};

static void append(buffer_t *out, span_t bytes)
{
    bool has_room = buffer_append(out, bytes.data, bytes.size);
    assert(has_room); /* the callers have looked */
    (void)has_room;
}

static bool has_room(buffer_t *out, size_t size)
{
    return buffer_reserve(out, ZMTP_HEADER_BYTES + size);
}

static void put_header(buffer_t *out, int flags, size_t size)
{
    char header[ZMTP_HEADER_BYTES] = {(char)flags};
    if (size <= SHORT_MAX) {
        header[1] = (char)size;
        append(out, (span_t){header, 2});
        return;
    }
    header[0] |= IS_LONG;
    for (size_t i = 1; i < sizeof header; i++)
        header[i] = (char)(size >> 8 * (sizeof header - 1 - i) & 0xff);
    append(out, (span_t){header, sizeof header});
}

/* What each says of itself. The zero that ends the first is the last byte of Identity's size. */
static const char DEALER_READY[] = "\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0";
static const char SUB_READY[] = "\5READY\13Socket-Type\0\0\0\3SUB";
static const char ROUTER_READY[] = "\5READY\13Socket-Type\0\0\0\6ROUTER";
static const char PUB_READY[] = "\5READY\13Socket-Type\0\0\0\3PUB";

static span_t ready_of(zmtp_role_t role)
{
    switch (role) {
    case ZMTP_DEALER:
        return (span_t){DEALER_READY, sizeof DEALER_READY};
    case ZMTP_SUB:
        return (span_t){SUB_READY, sizeof SUB_READY - 1};
    case ZMTP_ROUTER:
        return (span_t){ROUTER_READY, sizeof ROUTER_READY - 1};
    case ZMTP_PUB:
        return (span_t){PUB_READY, sizeof PUB_READY - 1};
    }
    assert(false);
    return (span_t){0};
}

void zmtp_begin(zmtp_role_t role, buffer_t *out)
{
    assert(out);
    char greeting[GREETING_BYTES] = {(char)SIGNATURE};
    greeting[AT_SIGNATURE_END] = SIGNATURE_END;
    greeting[AT_VERSION] = VERSION;
    memcpy(greeting + AT_MECHANISM, MECHANISM, sizeof MECHANISM);
    append(out, (span_t){greeting, sizeof greeting});
    span_t ready = ready_of(role);
    put_header(out, IS_COMMAND, ready.size);
    append(out, ready);
}

bool zmtp_put(buffer_t *out, span_t frame)
{
    assert(out && frame.size > 0 && frame.size <= LIMIT_FRAME_BYTES);
    if (!has_room(out, frame.size))
        return false;
    put_header(out, 0, frame.size);
    append(out, frame);
    return true;
}

bool zmtp_put_topic(buffer_t *out, span_t topic, bool is_wanted)
{
    assert(out && topic.size <= ZMTP_TOPIC_BYTES);
    if (!has_room(out, topic.size + 1))
        return false;
    put_header(out, 0, topic.size + 1);
    append(out, (span_t){is_wanted ? "\1" : "\0", 1});
    append(out, topic);
    return true;
}

bool zmtp_topic(span_t frame, span_t *out_topic, bool *out_is_wanted)
{
    assert(out_topic && out_is_wanted);
    if (frame.size == 0 || (uint8_t)frame.data[0] > 1)
        return false;
    *out_is_wanted = frame.data[0] == 1;
    *out_topic = (span_t){frame.data + 1, frame.size - 1};
    return true;
}

bool zmtp_pong(buffer_t *out, span_t ping)
{
    assert(out && ping.size <= CONTEXT_MAX);
    if (!has_room(out, PONG.size + ping.size))
        return false;
    put_header(out, IS_COMMAND, PONG.size + ping.size);
    append(out, PONG);
    append(out, ping);
    return true;
}

static zmtp_found_t fail(zmtp_t *self)
{
    self->stage = ZMTP_BROKEN;
    return ZMTP_WRONG;
}

static void pass(span_t *input, size_t size)
{
    input->data += size;
    input->size -= size;
}

/* False: those who sent this greeting and we do not understand each other. */
static bool is_ours(const char *greeting)
{
    return (uint8_t)greeting[0] == SIGNATURE && (greeting[AT_SIGNATURE_END] & 1) &&
           (uint8_t)greeting[AT_VERSION] >= VERSION &&
           memcmp(greeting + AT_MECHANISM, MECHANISM, sizeof MECHANISM) == 0;
}

static zmtp_found_t take_greeting(zmtp_t *self, span_t *input)
{
    if (input->size < GREETING_BYTES)
        return ZMTP_WAIT;
    if (!is_ours(input->data))
        return fail(self);
    pass(input, GREETING_BYTES);
    self->stage = ZMTP_HANDSHAKE;
    return ZMTP_FRAME;
}

/* The size that stands in a header, whose bytes are all there. */
static uint64_t size_in(const uint8_t *header)
{
    if (!(header[0] & IS_LONG))
        return header[1];
    uint64_t size = 0;
    for (size_t i = 1; i < ZMTP_HEADER_BYTES; i++)
        size = size << 8 | header[i];
    return size;
}

/* Takes one frame or command off the input. */
static zmtp_found_t take_whole(zmtp_t *self, span_t *input, uint8_t *out_flags, span_t *out_body)
{
    const uint8_t *header = (const uint8_t *)input->data;
    if (input->size == 0)
        return ZMTP_WAIT;
    if (header[0] & ~FLAGS)
        return fail(self);
    size_t header_bytes = header[0] & IS_LONG ? ZMTP_HEADER_BYTES : 2;
    if (input->size < header_bytes)
        return ZMTP_WAIT;
    uint64_t size = size_in(header);
    if (size > LIMIT_FRAME_BYTES)
        return fail(self);
    if (input->size - header_bytes < size)
        return ZMTP_WAIT;
    *out_flags = header[0];
    *out_body = (span_t){input->data + header_bytes, (size_t)size};
    pass(input, header_bytes + (size_t)size);
    return ZMTP_FRAME;
}

static bool begins_with(span_t body, span_t name)
{
    return body.size >= name.size && memcmp(body.data, name.data, name.size) == 0;
}

/* True: a PING, whose context is *out. */
static bool is_ping(span_t command, span_t *out)
{
    if (!begins_with(command, PING) || command.size < PING.size + TTL_BYTES ||
        command.size > PING.size + TTL_BYTES + CONTEXT_MAX)
        return false;
    pass(&command, PING.size + TTL_BYTES);
    *out = command;
    return true;
}

/* Takes a property off the front of what is behind READY: a size of one byte and the name, a size of four and the value. */
static bool take_property(span_t *from, span_t *out_name, span_t *out_value)
{
    size_t name_size = from->size > 0 ? (uint8_t)from->data[0] : 0;
    if (name_size == 0 || from->size < 1 + name_size + SIZE_BYTES)
        return false;
    const uint8_t *size = (const uint8_t *)from->data + 1 + name_size;
    size_t value_size =
        (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    if (from->size - 1 - name_size - SIZE_BYTES < value_size)
        return false;
    *out_name = (span_t){from->data + 1, name_size};
    *out_value = (span_t){(const char *)size + SIZE_BYTES, value_size};
    pass(from, 1 + name_size + SIZE_BYTES + value_size);
    return true;
}

static bool is_type(span_t ready, span_t wanted)
{
    span_t name, value;
    pass(&ready, READY.size);
    while (take_property(&ready, &name, &value))
        if (name.size == SOCKET_TYPE.size &&
            strncasecmp(name.data, SOCKET_TYPE.data, name.size) == 0)
            return span_equal(value, wanted);
    return false;
}

/* True: a handshake of one that we talk to. A DEALER and a SUB are told by what comes who it is. */
static bool is_peer(const zmtp_t *self, uint8_t flags, span_t body)
{
    if (!(flags & IS_COMMAND) || !begins_with(body, READY))
        return false;
    if (self->role == ZMTP_ROUTER)
        return is_type(body, (span_t){"DEALER", 6});
    return self->role != ZMTP_PUB || is_type(body, (span_t){"SUB", 3});
}

zmtp_found_t zmtp_take(zmtp_t *self, span_t *input, span_t *out)
{
    assert(self && input && out);
    uint8_t flags = 0;
    span_t body = {0};
    if (self->stage == ZMTP_GREETING && take_greeting(self, input) == ZMTP_WAIT)
        return ZMTP_WAIT;
    while (self->stage != ZMTP_BROKEN) {
        zmtp_found_t found = take_whole(self, input, &flags, &body);
        if (found != ZMTP_FRAME)
            return found;
        if (self->stage == ZMTP_HANDSHAKE) {
            if (!is_peer(self, flags, body))
                return fail(self);
            self->stage = ZMTP_TRAFFIC;
        } else if (!(flags & IS_COMMAND)) {
            self->has_more = flags & HAS_MORE;
            *out = body;
            return ZMTP_FRAME;
        } else if (is_ping(body, out)) {
            return ZMTP_PING;
        }
    }
    return ZMTP_WRONG;
}
