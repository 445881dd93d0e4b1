/* broker/store/backup.h - copies a data directory's database, whether a broker uses it or not. */
#ifndef BROKER_STORE_BACKUP_H
#define BROKER_STORE_BACKUP_H

#include "base/check.h"

#include <stdbool.h>

enum { BACKUP_PATH_BYTES = 512 };

typedef struct {
    const char *directory; /* the data directory */
    const char *to; /* a directory, for a file named by the time in it; or a file, replaced if it
                            * is there */
    void (*progress)(int done, int total); /* pages; NULL: nobody wants to know */
} backup_t;

/* Writes the copy as it is at this moment under another name, and renames it when it is whole and on the disk: what is
 * at `to` is never half a copy. It says of itself that it is one, so a store that is opened with it
 * knows that it was put back. True: out_path (BACKUP_PATH_BYTES) is where it is. False: `out_error`
 * (STORE_ERROR_BYTES) is one line, and nothing is left behind. */
HUB_MUST_CHECK bool backup_make(const backup_t *self, char *out_path, char *out_error);

#endif
