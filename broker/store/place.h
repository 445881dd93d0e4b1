/* broker/store/place.h - the data directory: its files, and who owns it.
 *
 *   hubbub.db        the database
 *   hubbub.db-wal    SQLite's journal; what was committed last stands only there. Belongs to hubbub.db
 *   hubbub.db-shm    SQLite's index of the journal
 *   hubbub.lock      locked by the broker that runs; says its process id, and which files database and
 *                    journal are, a line each
 *
 * hubbub.db is never opened here: closing it again would end SQLite's own locks on it (POSIX). */
#ifndef BROKER_STORE_PLACE_H
#define BROKER_STORE_PLACE_H

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PLACE_PATH_BYTES = 512,
    PLACE_ERROR_BYTES = 1024,
    PLACE_FILE_BYTES = 64,  /* room for place_file() */
    PLACE_LOCK_BYTES = 256, /* of the lock file */
};

typedef struct {
    char directory[PLACE_PATH_BYTES];
    char database[PLACE_PATH_BYTES];
    char fresh[PLACE_PATH_BYTES]; /* a database that is being made */
    char journal[PLACE_PATH_BYTES];
    char lock[PLACE_PATH_BYTES];
    int lock_fd;                       /* -1: not ours */
    char remembered[PLACE_LOCK_BYTES]; /* what the lock said when it was taken */
} place_t;

/* Names the files. False: the path is too long; `out_error` (PLACE_ERROR_BYTES) says so, as below. */
HUB_MUST_CHECK bool place_init(place_t *self, const char *directory, char *out_error);

/* Makes the directory where there is none, for the owner alone (0700). False: it cannot be made or
 * written. */
HUB_MUST_CHECK bool place_make(const place_t *self, char *out_error);

/* Makes it and takes it for this process. False: it cannot be made or written, or a broker has it. */
HUB_MUST_CHECK bool place_claim(place_t *self, char *out_error);

/* Gives the directory back; fine where it is not ours. */
void place_release(place_t *self);

/* What files there are. */
typedef enum {
    PLACE_EMPTY,   /* no database */
    PLACE_FILLED,  /* one, perhaps with a journal */
    PLACE_ORPHAN,  /* a journal with something in it, but no database */
    PLACE_BLANK,   /* a database of no bytes */
    PLACE_UNKNOWN, /* one cannot look: errno says why */
} place_content_t;
place_content_t place_look(const place_t *self);

/* Which file the database is: inode and time of birth, so that a copy in its place is another. Empty: not
 * to be had. */
void place_file(const place_t *self, char out[PLACE_FILE_BYTES]);

/* Writes down which files database and journal are now, and forgets place_break(). */
void place_remember(const place_t *self);

/* Writes down that the disk has not taken something; the next one to claim the place finds it. */
void place_break(place_t *self);
bool place_was_broken(const place_t *self);

/* False: the database is another one than was written down, but the journal is the same. SQLite would
 * write it into a database it does not belong to. */
bool place_fits(const place_t *self);

/* A number that stays with the file itself, not with its content: an older copy written over it leaves
 * the number. 0: there is none, or the file system keeps none. */
uint64_t place_mark(const place_t *self);
void place_set_mark(const place_t *self, uint64_t mark);

/* Makes what was renamed in the directory last. False: errno says why. */
HUB_MUST_CHECK bool place_sync(const place_t *self);

#endif
