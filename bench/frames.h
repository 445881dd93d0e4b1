/* bench/frames.h - requests of a load generator, written by hand: what it costs must not depend on us. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAMES_BYTES = 256 };

/* A hello that joins the lobby, or no room. Both return the frame's size. */
size_t frame_hello(char *out, bool is_in_lobby);

/* A say in the lobby whose text begins with `mark` and the number (see load.h); its id is its cid. */
size_t frame_say(char *out, char mark, long number, uint64_t cid);

/* True if the reply is an error. */
bool frame_is_error(const char *reply, size_t size);

/* A DEALER without limits, connected, that has said hello and was answered. */
void *frame_connect(void *context, const char *router, bool is_in_lobby);

#endif
