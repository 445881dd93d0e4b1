/* broker/store/apply.h - the operations of batches, inside a transaction of the scribe's. */
#ifndef BROKER_STORE_APPLY_H
#define BROKER_STORE_APPLY_H

#include "broker/store/scribe.h"

enum { APPLY_OUT_OF_ORDER = -1 }; /* beside SQLite's codes: an event that is not its log's next */

/* Does one operation of self->work. Events wait until apply_end(). */
HUB_MUST_CHECK int apply_op(scribe_t *self, size_t offset);

/* Writes the events, as a row of `recent`, and makes rows for new logs. */
HUB_MUST_CHECK int apply_end(scribe_t *self);

/* A row of `events` (schema.h): `bytes` are the events' own. */
typedef struct {
    uint64_t first, last, first_ms, last_ms, bytes;
    span_t block;
} block_row_t;

/* Writes a block of the log with that id. */
HUB_MUST_CHECK int apply_block(scribe_t *self, uint32_t id, const block_row_t *row);

/* Writes the row of a log that has an id, all of whose events are folded. */
HUB_MUST_CHECK int apply_row(scribe_t *self, shelf_t *shelf);

#endif
