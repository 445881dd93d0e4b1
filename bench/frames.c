#include "bench/frames.h"

#include "bench/load.h"

#include <assert.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, REPLY_BYTES = 65536 };

static char *put_str(char *place, const char *text)
{
    size_t size = strlen(text);
    assert(size < 32);
    *place = (char)(0xa0 | size);
    for (size_t i = 0; i < size; i++) /* its zero byte stays behind */
        place[1 + i] = text[i];
    return place + 1 + size;
}

static char *put_uint(char *place, const char *key, uint64_t value)
{
    place = put_str(place, key);
    *place++ = (char)0xcf;
    for (int i = 0; i < 8; i++)
        place[i] = (char)(value >> (56 - 8 * i));
    return place + 8;
}

size_t frame_hello(char *out, bool is_in_lobby)
{
    char *place = out;
    *place++ = (char)0x83;
    place = put_uint(put_str(put_str(place, "op"), "hello"), "id", 0);
    place = put_str(place, "join");
    *place++ = (char)(is_in_lobby ? 0x91 : 0x90);
    if (is_in_lobby)
        place = put_str(place, "lobby");
    return (size_t)(place - out);
}

size_t frame_say(char *out, char mark, long number, uint64_t cid)
{
    char *place = out;
    *place++ = (char)0x85;
    place = put_str(put_str(place, "op"), "say");
    place = put_uint(place, "id", cid);
    place = put_str(put_str(place, "room"), "lobby");
    place = put_str(place, "text");
    *place++ = (char)0xd9;
    *place++ = LOAD_TEXT_BYTES;
    load_write_text(place, mark, number);
    place = put_uint(place + LOAD_TEXT_BYTES, "cid", cid);
    return (size_t)(place - out);
}

bool frame_is_error(const char *reply, size_t size)
{
    static const char KEY[] = "\xa5"
                              "error";
    return memmem(reply, size, KEY, sizeof KEY - 1) != NULL;
}

void *frame_connect(void *context, const char *router, bool is_in_lobby)
{
    char frame[FRAMES_BYTES];
    static char reply[REPLY_BYTES];
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int unlimited = 0, patience_ms = PATIENCE_MS;
    assert(socket);
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    (void)zmq_connect(socket, router);
    (void)zmq_send(socket, frame, frame_hello(frame, is_in_lobby), 0);
    if (zmq_recv(socket, reply, sizeof reply, 0) < 0)
        load_fail("nobody answers");
    return socket;
}
