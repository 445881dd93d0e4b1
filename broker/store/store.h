/* broker/store/store.h - where events go to stay.
 *
 * Performs what the core wants and decides nothing. Events come in batches: `append` as the turn goes,
 * `commit` at its end; what was appended and not committed when a later batch begins is void. A store
 * is a table of functions, so that memory, a database and one day other machines stand behind one
 * interface. One owner, no locks. */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include "proto/err.h"

#include <stdint.h>

/* One event of one log: a room's name, or @ and a uid. Borrowed for the call. */
typedef struct {
    uint64_t batch;
    span_t log;
    uint64_t epoch, seq, at_ms;
    span_t event; /* as it is sent */
} store_event_t;

typedef struct store store_t;

struct store {
    /* Takes an event of the open batch. */
    void (*append)(store_t *self, const store_event_t *event);

    /* Makes all events of the batch last. HUB_UNAVAILABLE: none of them does; the same may work later. */
    hub_err_t (*commit)(store_t *self, uint64_t batch);

    /* Frees the store and sets *self_p to NULL. */
    void (*destroy)(store_t **self_p);
};

/* The store of `--durability memory`: keeps nothing beyond what the core itself remembers, so a
 * committed event lasts as long as the process. */
store_t *store_memory_new(void);

#endif
