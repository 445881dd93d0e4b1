/* broker/store/scribe.h - the writing thread.
 *
 * Takes all batches that wait, puts them into one transaction, commits it and answers once. Between
 * transactions it does its chores: folds recent events into blocks, drops what was trimmed and erased,
 * some blocks at a time. The journal is brought into the database by a thread beside it (checkpointer.h).
 *
 * A transaction that fails is rolled back, and void is all of its generation: what the owner gave until it
 * has heard of the failure. The owner counts generations, so batches that were on their way are told
 * from those that came after. Where a fsync has failed, nothing is committed ever again by this process: the
 * kernel may have dropped what it could not write, so a second fsync that goes well would prove nothing.
 * A batch that failed so may yet be found whole after a restart: as if the answer had been lost on the
 * way, notes and events of it together. */
#ifndef BROKER_STORE_SCRIBE_H
#define BROKER_STORE_SCRIBE_H

#include "broker/store/answers.h"
#include "broker/store/checkpointer.h"
#include "broker/store/db.h"
#include "broker/store/mailbox.h"
#include "broker/store/ops.h"
#include "broker/store/place.h"
#include "broker/store/recent.h"
#include "broker/store/shelves.h"
#include "broker/store/wal.h"

enum { SCRIBE_BOOT_BYTES = 64 };

/* How much stands in the table `recent`. */
typedef struct {
    uint64_t rows, events, notes, bytes;
    uint64_t filed, filed_bytes; /* events that it says of that they stand in `events` */
} scribe_recent_t;

typedef struct {
    /* set before the thread begins */
    place_t *place;
    const char *vfs;
    bool is_synced; /* every commit reaches the disk before it is answered */
    char boot[SCRIBE_BOOT_BYTES];
    bool was_closed; /* META_CLOSED was 1 when it was opened */
    uint64_t mark;   /* of the database: META_MARK */
    scribe_recent_t recent;
    uint64_t recent_number; /* the highest */
    mailbox_t inbox;        /* whole batches, and OP_TRIM between them */
    answers_t *answers;     /* COMMITTED, FAILED, TRIMMED */
    db_t db;
    shelves_t shelves;

    /* the thread's own */
    buffer_t work; /* what was taken of the inbox */
    size_t done;   /* of it */
    uint64_t void_generation;
    buffer_t trims; /* OP_TRIM that wait */
    size_t trims_done;
    buffer_t runs, block;            /* that are put together: a row of `recent` */
    buffer_t folded, pieces, events; /* fold.c's; events also a block that apply.c files */
    scribe_recent_t adding;          /* to `recent`, by this transaction */
    bool is_changed;                 /* META_CLOSED is 0 */
    bool is_used;                    /* a batch was committed: the other words of META are ours */
    uint64_t marked_ms;              /* when mark was counted up */
    bool transaction_is_batch, transaction_marks; /* the one that was begun */
    bool is_failing;                              /* and that was logged */
    bool is_broken;                               /* for ever: a fsync has failed */
    bool needs_reopen;                            /* the connection is not to be trusted any more */
    bool chores_rest; /* one has failed: not again before a batch went well */
    wal_t wal;
    bool is_not_brought;         /* the journal into the database, and that was logged */
    checkpointer_t checkpointer; /* its thread begins with this one's */

    uint64_t rest_us, rests_until_us; /* the owner's, see scribe_commit_here() */
} scribe_t;

/* All but what is set before the thread begins; what is pointed at is borrowed. */
void scribe_init(scribe_t *self, place_t *place, const char *vfs, answers_t *answers);
void scribe_fini(scribe_t *self);

/* Opens the database for writing, as scribe_t says. */
HUB_MUST_CHECK int scribe_open(scribe_t *self);

/* The owner's: commits a small batch on the spot, if the thread waits for work and nothing is to be feared that
 * takes time, and empties it; the answer is there then. False: nothing has happened, it is for the inbox. */
HUB_MUST_CHECK bool scribe_commit_here(scribe_t *self, buffer_t *batch);

/* Writes until the inbox is closed, then closes in good order. For pthread_create(); `self` is a
 * scribe_t. */
void *scribe_run(void *self);

#endif
