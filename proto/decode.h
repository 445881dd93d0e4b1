/* proto/decode.h - one map of the wire as fields by key.
 *
 * A decoder walks a frame (proto/walk.h) and sorts the values by key and type on the way. Numbers, strings,
 * bytes and booleans, all that most frames have, it reads itself; lists, maps and whatever else
 * there may be it unpacks with msgpack-c, one by one, into memory that it reuses. (docs/adr/0001) Values of known keys that are not of the key's type, out of its
 * range, or there twice are in `wrong` instead of `present`: the caller decides who is told. Unknown
 * keys are skipped. */
#ifndef PROTO_DECODE_H
#define PROTO_DECODE_H

#include "proto/err.h"
#include "proto/tables.h"

#include <msgpack.h>

/* A set of any keys. */
typedef struct {
    uint64_t word[2];
} keyset_t;
_Static_assert(KEY_COUNT <= 128, "a key set has two words");

typedef struct {
    keyset_t present;                        /* keys with a good value */
    keyset_t wrong;                          /* keys with a bad one */
    const msgpack_object *values[KEY_COUNT]; /* only those in `present` are set */
} message_t;

enum { DECODER_GUESSES = 16 };

typedef struct {
    msgpack_zone zone;
    bool is_zone_used;
    msgpack_object values[KEY_COUNT]; /* of the last frame */
    message_t message;                /* being made */
    uint8_t guesses[DECODER_GUESSES]; /* which key stood there in the frame before */
} decoder_t;

/* Makes a decoder ready. Undone by decoder_fini(). */
void decoder_init(decoder_t *self);

/* Frees the memory it reused. */
void decoder_fini(decoder_t *self);

/* Decodes a frame. The message refers to `data` and to the decoder's memory: it holds as long as
 * `data` does and until the next call. HUB_MALFORMED: not a map of the wire; *out is untouched. */
HUB_MUST_CHECK hub_err_t decoder_frame(decoder_t *self, const void *data, size_t size,
                                       message_t *out);

/* Sorts a map inside a decoded frame, such as a member or an event of a page. False: `object` is no
 * map with string keys; *out is untouched. */
HUB_MUST_CHECK bool message_from_object(message_t *out, const msgpack_object *object);

static inline bool keyset_has(keyset_t set, key_id_t key)
{
    return set.word[key / 64] >> (key % 64) & 1;
}

/* True if the key is there with a good value. */
static inline bool message_has(const message_t *self, key_id_t key)
{
    return keyset_has(self->present, key);
}

/* The value of a UINT key; 0 where it is absent. */
uint64_t message_uint(const message_t *self, key_id_t key);

/* The bytes of a STR, TEXT or BIN key; an empty span where it is absent. */
span_t message_span(const message_t *self, key_id_t key);

/* The value of a BOOL key; false where it is absent. */
bool message_bool(const message_t *self, key_id_t key);

/* The value of a key of any type; NULL where it is absent. */
const msgpack_object *message_object(const message_t *self, key_id_t key);

/* The elements of a list; *out_count is 0 and the result NULL where the key is absent. */
const msgpack_object *message_list(const message_t *self, key_id_t key, size_t *out_count);

/* The pairs of a map, likewise. */
const msgpack_object_kv *message_map(const message_t *self, key_id_t key, size_t *out_count);

/* The bytes of a string inside a list or map. False: it is no string; *out is untouched. */
HUB_MUST_CHECK bool object_span(const msgpack_object *object, span_t *out);

/* Reads a list of exactly `count` non-negative integers, such as a head. False: it is not one;
 * *out_numbers may be partly written. */
HUB_MUST_CHECK bool object_numbers(const msgpack_object *object, uint64_t *out_numbers,
                                   size_t count);

#endif
