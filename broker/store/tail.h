/* broker/store/tail.h - the events of one log that `recent` has or tells of, gathered for a reader. */
#ifndef BROKER_STORE_TAIL_H
#define BROKER_STORE_TAIL_H

#include "broker/store/db.h"
#include "proto/buffer.h"

typedef struct {
    uint64_t first, last, first_ms, last_ms; /* last 0: there are none */
    uint64_t filed;                          /* runs of them that are blocks of their own already */
    buffer_t block;                          /* all of them as one block */
    buffer_t events;                         /* while it is put together */
} tail_t;

void tail_init(tail_t *self);
void tail_fini(tail_t *self);

/* Gathers those of the log with that id, in the transaction of reading that has begun. Looks through the
 * directories of all rows, some hundred, and copies the log's events: some MB at most, see fold.c. */
HUB_MUST_CHECK int tail_gather(tail_t *self, db_t *db, uint32_t id);

#endif
