/* broker/store/transaction.h - the frame around what the scribe writes.
 *
 * The first one of a process says in the database that it is in use, and reaches the disk before it is
 * answered whatever the durability: else a loss of power could bring back a database that looks closed
 * in good order, and lacks what others have seen. Which file and which boot it is used in is said by the first
 * batch only: until then a restart must find the same origin again. */
#ifndef BROKER_STORE_TRANSACTION_H
#define BROKER_STORE_TRANSACTION_H

#include "broker/store/scribe.h"

/* Makes a connection anew that is not trusted any more. Called by transaction_begin(); before reading, by who
 * reads first. */
HUB_MUST_CHECK int transaction_connect(scribe_t *self);

/* Begins one, on a new connection where the old one is not trusted any more. `is_batch`: of batches. */
HUB_MUST_CHECK int transaction_begin(scribe_t *self, bool is_batch);

/* True if one of batches would find all as it was left, and wait neither for the disk nor for what else it has
 * to say of the database. */
bool transaction_is_light(const scribe_t *self, uint64_t now_ms);

/* Commits it if `code` is SQLITE_OK, else and if that fails rolls it back; the shelves follow. Gives back
 * what went wrong first. */
HUB_MUST_CHECK int transaction_end(scribe_t *self, int code);

/* Brings the journal into the database and, where nobody reads in it, empties it: `mode` is one of
 * SQLite's SQLITE_CHECKPOINT_. */
HUB_MUST_CHECK int transaction_checkpoint(scribe_t *self, int mode);

/* What the result of a checkpoint means, by whichever connection, for what comes after it. SQLITE_OK where it
 * is only for later. */
HUB_MUST_CHECK int transaction_judge_checkpoint(scribe_t *self, int code);

#endif
