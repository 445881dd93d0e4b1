/* broker/store/wal.h - how long SQLite's journal gets, and when it is brought into the database.
 *
 * The checkpointer is asked for it each WAL_STEP pages. While it is at work, and once all of the journal is in the
 * database, SQLite may begin the journal anew with the next commit and wait for the disk: the owner, which must not
 * wait, leaves commits to the writer then. Who commits without a pause never lets it be brought in whole: from WAL_LONGEST on the
 * writer stops as soon as the rest is little, and WAL_STEP later whatever it is, and brings it in itself. */
#ifndef BROKER_STORE_WAL_H
#define BROKER_STORE_WAL_H

#include <stdbool.h>

enum {
    WAL_STEP = 2000,    /* pages of 8 KiB, 16 MB: some seconds of a busy broker */
    WAL_REST = 200,     /* this is little: some milliseconds */
    WAL_LONGEST = 8000, /* the file stays as long: PRAGMA journal_size_limit */
};

typedef struct {
    int pages;     /* after the last commit */
    int brought;   /* of these, into the database */
    int tried;     /* `pages` when that was last tried */
    int stop_at;   /* `pages` from which on the writer stops for it */
    bool is_asked; /* the checkpointer was, and has not been heard of since */
    bool is_anew;  /* begun anew since it was asked */
} wal_t;

void wal_init(wal_t *self);

/* After each commit, with the pages of the journal. */
void wal_count(wal_t *self, int pages);

/* True if the checkpointer should be asked. */
bool wal_is_due(const wal_t *self);

/* True if the writer should stop for it. */
bool wal_is_longest(const wal_t *self);

/* True if the next commit may wait for the disk. */
bool wal_may_wait(const wal_t *self);

/* The checkpointer is asked; the writer stops for it and tries itself. */
void wal_ask(wal_t *self);
void wal_stop(wal_t *self);

/* What came of either: so many pages are in the database now; 0: it failed. */
void wal_hear(wal_t *self, int brought);

#endif
