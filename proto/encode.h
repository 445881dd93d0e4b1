/* proto/encode.h - writes one map of the wire.
 *
 *   writer_t writer;
 *   size_t start = write_begin (&writer, &buffer);
 *   write_str (&writer, KEY_op, span_of ("ping"));
 *   write_uint (&writer, KEY_id, 7);
 *   write_end (&writer);                     // the map is buffer.data + start to the buffer's end
 *
 * The number of pairs need not be known before. Lists, maps and foreign values go through msgpack-c's
 * packer; the pairs that every event and answer has, strings and numbers, are written here in one go each,
 * which takes a third of its instructions. What is written is bounded by our own limits, so a buffer that
 * overflows is our fault and an assert. */
#ifndef PROTO_ENCODE_H
#define PROTO_ENCODE_H

#include "proto/buffer.h"
#include "proto/tables.h"

#include <msgpack.h>

typedef struct {
    msgpack_packer packer;
    buffer_t *buffer;
    size_t start;   /* of the map's header in the buffer */
    uint32_t pairs; /* written so far */
} writer_t;

/* Begins a map at the end of `buffer` (borrowed until write_end()) and returns where it begins. */
size_t write_begin(writer_t *self, buffer_t *buffer);

/* Begins a map with all pairs of `map`, an encoded map that write_end() completed (asserted); more may
 * be added. Borrows `buffer`, copies `map`. */
void write_resume(writer_t *self, buffer_t *buffer, span_t map);

/* Completes the map's header. Only now are the bytes valid. */
void write_end(writer_t *self);

/* A pair of a UINT key (asserted). */
void write_uint(writer_t *self, key_id_t key, uint64_t value);

/* A pair of a STR or TEXT key (asserted); the value is UTF-8. */
void write_str(writer_t *self, key_id_t key, span_t value);

/* A pair of a BIN key (asserted). */
void write_bin(writer_t *self, key_id_t key, span_t value);

/* A pair of a BOOL key (asserted). */
void write_bool(writer_t *self, key_id_t key, bool value);

/* A pair whose value is an object that was decoded, unchanged in meaning. */
void write_object(writer_t *self, key_id_t key, const msgpack_object *value);

/* The key alone of a pair whose value (a list or a map) the caller packs next through
 * `&self->packer`: exactly one value. */
void write_key(writer_t *self, key_id_t key);

/* A part of such a value: a key of a map inside, which is not counted here. */
void pack_key(writer_t *self, key_id_t key);

/* A part of such a value: a string. */
void pack_span(writer_t *self, span_t text);

/* A part of such a value: a list of numbers. */
void pack_numbers(writer_t *self, const uint64_t *numbers, size_t count);

#endif
