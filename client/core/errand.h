/* client/core/errand.h - what the broker has been asked and has not answered.
 *
 * A reply names the request's id only. The id's low bits are a row of this table, the high ones count
 * the row's uses: a reply is matched in O(1), and one that comes too late matches nothing. */
#ifndef CLIENT_CORE_ERRAND_H
#define CLIENT_CORE_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ERRAND_NONE,
    ERRAND_LINK_PING,    /* keeps the link alive */
    ERRAND_SESSION_PING, /* asks for the head of an inbox; subject: sid */
    ERRAND_GREETING,     /* hello or resume; subject: sid */
    ERRAND_REQUEST,      /* an application's; subject: sid */
    ERRAND_ROOM_REPLAY,  /* subject: room */
    ERRAND_INBOX_REPLAY, /* subject: sid */
} errand_kind_t;

typedef struct {
    uint64_t id; /* never 0 */
    errand_kind_t kind;
    uint32_t subject;
    uint32_t next_free;
    void *item; /* what the request belongs to, borrowed; NULL but for ERRAND_REQUEST */
} errand_t;

typedef struct {
    errand_t *rows;
    uint32_t capacity;
    uint32_t free; /* first free row; capacity: none */
} errand_table_t;

/* All zero is an empty table. Frees what it has grown. */
void errand_table_fini(errand_table_t *self);

/* Notes a request and returns its id. */
uint64_t errand_add(errand_table_t *self, errand_kind_t kind, uint32_t subject, void *item);

/* Sets what the errand of that id belongs to. */
void errand_give(errand_table_t *self, uint64_t id, void *item);

/* The errand of that id; NULL: there is none (any more). Borrowed until the next add. */
const errand_t *errand_find(const errand_table_t *self, uint64_t id);

/* Forgets an errand; an unknown id is fine. */
void errand_drop(errand_table_t *self, uint64_t id);

/* Forgets all but ERRAND_REQUEST: the link is lost, and those are asked anew. */
void errand_drop_transient(errand_table_t *self);

#endif
