/* broker/core/outbox.h - what the core wants done.
 *
 * A list of effects in order, their bytes in one block. The shell performs all of them after
 * core_step(), then clears. The memory stays, so the steady state allocates nothing. */
#ifndef BROKER_CORE_OUTBOX_H
#define BROKER_CORE_OUTBOX_H

#include "broker/core/history.h"
#include "proto/buffer.h"

/* Where a frame came from or goes to: a socket of the shell and the routing id there. */
typedef struct {
    uint32_t door;  /* which ROUTER */
    span_t routing; /* 1..255 bytes, may hold zeros; never a proof of who */
} peer_t;

typedef enum {
    EFFECT_SEND,       /* a frame to one link */
    EFFECT_PUBLISH,    /* a frame to PUB, its topic in front */
    EFFECT_APPEND,     /* an event to the store */
    EFFECT_COMMIT,     /* no more appends in this batch: store it, answer with EVENT_COMMITTED */
    EFFECT_FORGET,     /* drop what waits for this link: it does not read */
    EFFECT_PUT,        /* a record to the store; empty: remove it */
    EFFECT_NOTE,       /* a note to the store */
    EFFECT_DROP_NOTES, /* drop notes below `seq` from the store */
    EFFECT_ERASE,      /* a log with all that is in it */
    EFFECT_READ,       /* a page of a log: outbox_query() */
    EFFECT_TRIM,       /* what may stay of a log: outbox_retention() */
    EFFECT_HASH,       /* a password: make a hash, or verify against the one that is there */
    EFFECT_STOP,       /* end in good order, as at a signal: an operator says so */
} effect_kind_t;

typedef struct {
    effect_kind_t kind;
    uint32_t door;                         /* SEND, FORGET */
    uint32_t routing_offset, routing_size; /* SEND, FORGET */
    uint32_t offset, size; /* SEND, PUBLISH, APPEND, PUT, NOTE: the bytes; HASH: the password */
    uint64_t batch;        /* APPEND, COMMIT, PUT, NOTE, DROP_NOTES, ERASE */
    uint64_t seq;          /* APPEND; NOTE, DROP_NOTES: the note's number; HASH: whose */
    uint64_t epoch, at_ms; /* APPEND */
    uint32_t log_offset,
        log_size; /* APPEND, ERASE, READ, TRIM: the log's name; PUT: the key; HASH: the hash */
} effect_t;

typedef struct {
    effect_t *effects;
    size_t count, capacity;
    buffer_t bytes;
    bool has_secret; /* wiped when it is cleared */
} outbox_t;

/* An outbox with nothing in it. Undone by outbox_fini(). */
void outbox_init(outbox_t *self);

/* Frees what it holds. */
void outbox_fini(outbox_t *self);

/* Forgets all effects, keeps the memory. */
void outbox_clear(outbox_t *self);

/* Gives back the memory of one that is clear, if a storm has made it grow: for when there has been none for a while. Busy turns and
 * calm ones alternate, and giving back after each calm one took a fifth of the owner's time. */
void outbox_rest(outbox_t *self);

/* Bytes of an effect; borrowed until the next change. */
span_t outbox_span(const outbox_t *self, uint32_t offset, uint32_t size);

/* Where an effect goes. */
peer_t outbox_peer(const outbox_t *self, const effect_t *effect);

/* A frame to one link (copied, as all spans here). */
void outbox_send(outbox_t *self, peer_t to, span_t frame);

/* The frame of the effect added last, an outbox_send(), to another link too. Kept once for all. */
void outbox_send_again(outbox_t *self, peer_t to);

/* Takes back the effect added last, an outbox_send(). */
void outbox_cancel(outbox_t *self);

/* A frame to all, its topic in front. */
void outbox_publish(outbox_t *self, span_t frame);

/* An event to the store; it lasts once its batch is committed. */
void outbox_append(outbox_t *self, uint64_t batch, span_t log, uint64_t epoch, uint64_t seq,
                   uint64_t at_ms, span_t event);

/* The end of a batch. */
void outbox_commit(outbox_t *self, uint64_t batch);

/* A record to the store; an empty value removes it. */
void outbox_put(outbox_t *self, uint64_t batch, span_t key, span_t value);

/* A note to the store, and the dropping of all below one. */
void outbox_note(outbox_t *self, uint64_t batch, uint64_t number, span_t bytes);
void outbox_drop_notes(outbox_t *self, uint64_t batch, uint64_t below);

/* A log goes, with all that is in it. */
void outbox_erase(outbox_t *self, uint64_t batch, span_t log);

/* A page is wanted; a log is to be trimmed. */
void outbox_read(outbox_t *self, const query_t *query);
void outbox_trim(outbox_t *self, const retention_t *retention);

/* The query of a READ, the retention of a TRIM; their logs are borrowed until the next change. */
query_t outbox_query(const outbox_t *self, const effect_t *effect);
retention_t outbox_retention(const outbox_t *self, const effect_t *effect);

/* The password is to be hashed, or, where `hash` is not empty, verified against it. The answer, EVENT_HASHED, has the
 * number. */
void outbox_hash(outbox_t *self, uint64_t number, span_t password, span_t hash);

/* The process is to end. */
void outbox_stop(outbox_t *self);

/* Drop what waits for that peer. */
void outbox_forget(outbox_t *self, peer_t peer);

/* Begins a frame that is written in place: the caller appends its bytes to self->bytes, then calls
 * outbox_end(). Nothing else may be added between. */
void outbox_begin_send(outbox_t *self, peer_t to);

/* The same for a frame to all. */
void outbox_begin_publish(outbox_t *self);

/* Completes the frame that was begun last. */
void outbox_end(outbox_t *self);

#endif
