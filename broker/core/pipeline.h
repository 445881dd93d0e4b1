/* broker/core/pipeline.h - what waits for the store.
 *
 * A queue of held things, each under the number of the batch it depends on: events not yet to be seen,
 * answers not yet to be given. The core releases or undoes them in order. Pure bookkeeping: what
 * release means is in commit.c. */
#ifndef BROKER_CORE_PIPELINE_H
#define BROKER_CORE_PIPELINE_H

#include "broker/core/cids.h"
#include "broker/core/mint.h"
#include "proto/buffer.h"

typedef enum {
    HELD_MESSAGE, /* an event of the room `owner` */
    HELD_COPY,    /* a private event of the inbox `owner` */
    HELD_FRAME,   /* a frame of the room `owner` that is told either way: presence */
    HELD_ANSWER,  /* the reply to a request, which an undone batch changes */
    HELD_REPLY,   /* a reply to the link `owner`, given either way */
    HELD_RECORD,  /* nothing to show: a record of `owner` was put */
    HELD_REMOVAL, /* nothing to show: the record with that key was removed, and the log behind it */
} held_kind_t;

/* Whose record. */
typedef enum {
    RECORD_OF_BROKER,
    RECORD_OF_ROOM,
    RECORD_OF_SESSION,
    RECORD_OF_ACCOUNT,
    RECORD_OF_VERDICT
} record_kind_t;

/* Whom an answer goes to, and about what. */
typedef struct {
    uint64_t link, session;
    uint64_t id;  /* of the request */
    uint64_t cid; /* 0: none */
    uint32_t sid;
    bool has_sid;
    bool is_duplicate; /* repeats the answer of an earlier request */
    outcome_t outcome;
    char uid
        [MINT_NAME_CHARS]; /* the session's person, where the answer has a mid: it may go before */
} answer_t;

typedef struct {
    held_kind_t kind;
    uint32_t size, topic_size; /* all bytes; of them the topic, or a removal's key, in front */
    uint64_t batch;
    uint64_t offset; /* of the bytes, from the pipeline's beginning */
    union {
        struct {
            uint64_t owner;
            uint64_t seq, at_ms;  /* MESSAGE, COPY */
            record_kind_t record; /* RECORD */
        };
        answer_t answer; /* ANSWER */
    };
} held_t;

typedef struct {
    held_t *queue; /* [first, first + count) */
    size_t first, count, capacity;
    buffer_t bytes;
    uint64_t base;    /* offset of the first byte in `bytes` */
    uint64_t batch;   /* that new things go under, from 1 */
    uint64_t settled; /* the last batch stored or undone */
    bool is_open;     /* something in this batch waits for the store */
} pipeline_t;

/* A pipeline with nothing in it, at batch 1. Undone by pipeline_fini(). */
void pipeline_init(pipeline_t *self);

/* Frees what it holds. */
void pipeline_fini(pipeline_t *self);

/* Where the bytes of the next held thing begin: append them to self->bytes, then pipeline_hold(). */
uint64_t pipeline_mark(const pipeline_t *self);

/* Holds a thing under the current batch; its batch is set, and its size from what was appended since
 * `held.offset`. */
void pipeline_hold(pipeline_t *self, held_t held);

/* The first held thing of a batch up to `batch`, NULL if there is none; borrowed until dropped. */
held_t *pipeline_first(pipeline_t *self, uint64_t batch);

/* Its bytes; borrowed until the next change. */
span_t pipeline_span(const pipeline_t *self, const held_t *held);

/* True if fewer than `maximum` things wait, with no more bytes than so many may have. */
bool pipeline_has_room(const pipeline_t *self, size_t maximum);

/* Removes the first held thing. */
void pipeline_drop(pipeline_t *self);

/* Ends the current batch, with work in it or not: what comes goes under a new number. */
void pipeline_void(pipeline_t *self);

/* Ends the current batch. Returns its number if the store has work in it, else 0. */
uint64_t pipeline_close(pipeline_t *self);

#endif
