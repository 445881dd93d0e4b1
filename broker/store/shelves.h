/* broker/store/shelves.h - what the writer knows of each log, by name.
 *
 * Changed as a transaction is put together; shelves_keep() when it was committed, shelves_undo() when it was not.
 * One owner at a time, no locks. */
#ifndef BROKER_STORE_SHELVES_H
#define BROKER_STORE_SHELVES_H

#include "broker/core/history.h"
#include "broker/core/lookup.h"

typedef struct {
    uint32_t id; /* 0: the database has no such log */
    uint64_t oldest, head, oldest_ms, last_ms, bytes;
    uint64_t unfolded; /* events that `recent` has or tells of */
} shelf_state_t;

typedef struct shelf {
    lookup_key_t key;
    shelf_state_t now, before; /* before: this transaction */
    uint32_t first_op, last_op,
        op_count; /* chain of what this transaction has yet to write of it */
    bool is_touched;
    struct shelf *touched;         /* the next one that the transaction has touched */
    struct shelf *previous, *next; /* of all */
    char name[];
} shelf_t;

/* A stack of ids of logs. */
typedef struct {
    uint32_t *ids;
    size_t count, capacity;
} shelf_ids_t;

typedef struct {
    lookup_t *by_name;
    shelf_t *first;   /* of all */
    shelf_t *touched; /* the last one that was */
    shelf_t **by_id;  /* as of the last transaction that was kept; NULL: none of that id */
    size_t by_id_count;
    uint32_t highest; /* id ever given */
    shelf_ids_t free; /* to be given again */
    shelf_ids_t gone; /* whose events are to be dropped first */
} shelves_t;

enum { SHELVES_MAX = 1 << 26 }; /* ids, so that a block's key stays positive */

void shelves_init(shelves_t *self);
void shelves_fini(shelves_t *self);

/* The log of that name, NULL if there is none. Borrowed until it is undone or erased. */
shelf_t *shelves_find(shelves_t *self, span_t name);

/* The log of that id, NULL if it was erased. Not for what this transaction has numbered. */
shelf_t *shelves_by_id(const shelves_t *self, uint32_t id);

/* As shelves_find(); adds an empty one, without an id, where there is none. The transaction touches it. */
shelf_t *shelves_touch(shelves_t *self, span_t name);

/* Adds one that the database has. By ascending id, those that are gone too: shelves_load_gone(). */
shelf_t *shelves_load(shelves_t *self, span_t name, uint32_t id);
void shelves_load_gone(shelves_t *self, uint32_t id);

/* Gives a touched shelf without an id one. */
void shelves_number(shelves_t *self, shelf_t *shelf);

/* A touched shelf becomes empty, its id is of `gone` once the transaction is kept. */
void shelves_erase(shelves_t *self, shelf_t *shelf);

/* The transaction was committed, or came to nothing. */
void shelves_keep(shelves_t *self);
void shelves_undo(shelves_t *self);

/* An id whose events are to be dropped, 0 for none; that they are, and that it may be used again. */
uint32_t shelves_gone(const shelves_t *self);
void shelves_end_gone(shelves_t *self);

/* What is told of a log. Borrows its name. */
log_state_t shelf_state(const shelf_t *self);

#endif
