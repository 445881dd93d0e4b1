/* broker/store/ops.h - what the owner wants of the workers, as records in a block of bytes.
 *
 * Each is an op_t, the name, the bytes, and filling up to a multiple of eight. Written by the owner's thread,
 * read by a worker's. */
#ifndef BROKER_STORE_OPS_H
#define BROKER_STORE_OPS_H

#include "broker/core/history.h"
#include "proto/buffer.h"

typedef enum {
    OP_VOID,       /* was one, is none any more */
    OP_APPEND,     /* name: log; number: seq; at_ms; bytes */
    OP_PUT,        /* name: key; bytes: value */
    OP_NOTE,       /* number; bytes */
    OP_DROP_NOTES, /* number: the lowest that stays */
    OP_ERASE,      /* name: log */
    OP_COMMIT,     /* number: batch; at_ms: the generation it belongs to */
    OP_TRIM,       /* name: log; bytes: a retention_t */
    OP_READ,       /* name: log; bytes: a query_t */
} op_kind_t;

enum { OP_NAME_BYTES = 255 };

typedef struct {
    uint32_t size; /* of the whole record */
    uint32_t bytes_size;
    uint32_t next; /* the worker's own: offset of the next event of the same log */
    uint16_t kind;
    uint16_t name_size;
    uint64_t number;
    uint64_t at_ms;
} op_t;

/* Appends a record; `op` says kind, number and at_ms. False: the buffer has its maximum; nothing was
 * appended. */
HUB_MUST_CHECK bool ops_add(buffer_t *self, op_t op, span_t name, span_t bytes);

/* The record at an offset, and its parts; borrowed. */
op_t *ops_at(const buffer_t *self, size_t offset);
span_t op_name(const op_t *self);
span_t op_bytes(const op_t *self);

#endif
