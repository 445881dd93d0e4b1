/* broker/store/store.h - where events and records go to stay.
 *
 * Performs what the core wants and decides nothing. It keeps
 *   logs:    events with consecutive numbers, by log; see broker/core/history.h
 *   records: bytes under a key, the last put counts: what sessions and rooms there are
 *   notes:   bytes in the order of writing, dropped from the front: answers already given
 * Changes come in batches: append, put, note and so on as a turn goes, `commit` at its end; what came for
 * a batch that is never committed is void. All of a batch lasts, or none of it.
 *
 * A store is a table of functions, so that memory, a database and one day other machines stand behind
 * one interface: append with the expected number, read, heads (told by restore), erase, trim, and a claim, which
 * is what making a store is: nobody else has it then, and origin says how it was found. One owner calls them; what takes time happens elsewhere, and the answers are taken with
 * next() when fd is readable, or at once where it is -1. An answer may be there when the call returns. */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include "broker/core/history.h"

#include <stdint.h>

typedef struct store store_t;

/* One event. Borrowed for the call. */
typedef struct {
    span_t log;
    uint64_t seq; /* the log's head and one */
    uint64_t at_ms;
    span_t event; /* as it is sent; 1 to LIMIT_FRAME_BYTES bytes */
} store_event_t;

typedef enum {
    STORE_COMMITTED, /* `batch` and all before it last */
    STORE_FAILED,  /* neither `batch` nor anything that was given since does; nothing of it will be
                        answered any more. What is given from now on may work again */
    STORE_PAGE,    /* of a read */
    STORE_TRIMMED, /* `state` is what is left of a log */
} store_answer_kind_t;

/* Spans in it are borrowed until the next next(). */
typedef struct {
    store_answer_kind_t kind;
    uint64_t batch;
    page_t page;
    log_state_t state;
} store_answer_t;

/* What store->restore() tells of what was stored, each at most so often: all logs, then all records by
 * ascending key (bytes compared), then all notes as written. Any may say something else than HUB_OK: then
 * restore() stops and says the same. Spans are borrowed for the call. */
typedef struct {
    void *context;
    hub_err_t (*log)(void *context, const log_state_t *state);
    hub_err_t (*record)(void *context, span_t key, span_t value);
    hub_err_t (*note)(void *context, uint64_t number, span_t bytes);
} store_visitor_t;

struct store {
    /* What is committed outlasts the process, and can be read. */
    bool outlasts_us;

    /* How it began. Always the same answer. */
    origin_t (*origin)(const store_t *self);

    /* Tells all that is there, before anything else is asked. HUB_UNAVAILABLE: it could not be read
     * (the store has logged why); or what the visitor said. */
    hub_err_t (*restore)(store_t *self, const store_visitor_t *visitor);

    /* Takes an event of the batch. A number that is not the log's next makes the batch fail. */
    void (*append)(store_t *self, uint64_t batch, const store_event_t *event);

    /* Puts a record (1 to 255 bytes of key); an empty value removes it, fine where there is none. */
    void (*put)(store_t *self, uint64_t batch, span_t key, span_t value);

    /* Writes a note; numbers ascend. */
    void (*note)(store_t *self, uint64_t batch, uint64_t number, span_t bytes);

    /* Drops all notes with a lower number. */
    void (*drop_notes)(store_t *self, uint64_t batch, uint64_t below);

    /* Removes a log whole, its numbers too; fine where there is none. */
    void (*erase)(store_t *self, uint64_t batch, span_t log);

    /* The batch is whole: make it last, then answer COMMITTED or FAILED. */
    void (*commit)(store_t *self, uint64_t batch);

    /* Asks for a page; answered by PAGE. Sees all that was COMMITTED before. */
    void (*read)(store_t *self, const query_t *query);

    /* Drops what need not stay, in the background; answered by TRIMMED, whatever it came to. */
    void (*trim)(store_t *self, const retention_t *retention);

    /* Readable while answers wait; -1: ask after every call that is answered. */
    int (*fd)(const store_t *self);

    /* Takes the next answer. False: none waits. */
    bool (*next)(store_t *self, store_answer_t *out);

    /* Waits for what was committed, closes the store in good order, frees it, and sets *self_p to
     * NULL. */
    void (*destroy)(store_t **self_p);
};

/* The store of `--durability memory`: keeps nothing beyond what the core itself remembers, so what is
 * committed lasts as long as the process. Its pages are empty: the core asks for none. */
store_t *store_memory_new(void);

#endif
