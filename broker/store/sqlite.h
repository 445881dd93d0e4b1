/* broker/store/sqlite.h - the store that lasts: SQLite in a data directory.
 *
 * One thread writes, one reads, both with a connection of their own; the owner's calls copy bytes and return.
 * See docs/adr/0006-sqlite.md. */
#ifndef BROKER_STORE_SQLITE_H
#define BROKER_STORE_SQLITE_H

#include "base/check.h"
#include "broker/store/store.h"

typedef struct {
    const char *directory; /* made where it is missing, for the owner alone */
    bool
        is_synced; /* what was COMMITTED survives a loss of power, not only the end of the process */
    const char *boot; /* names this boot of the machine; NULL: as the kernel does */
    const char *vfs;  /* SQLite's way to files; NULL: the usual one. For tests */
} store_sqlite_t;

enum { STORE_ERROR_BYTES = 1024 };

/* Opens the store, or makes it where there is none. Everything in `settings` is copied but vfs. NULL:
 * `out_error` (STORE_ERROR_BYTES) is one line: what was tried, why it cannot be and what to do. Then
 * nothing has changed, and what was there is untouched.
 *
 * origin().is_restored is also said after a fsync has failed: then others may have seen more than will last.
 * origin() stays what it is until the first batch is COMMITTED: a process that ends before is as if it had
 * not been. Whatever must follow from it (new epochs) belongs into that batch. */
HUB_MUST_CHECK store_t *store_sqlite_new(const store_sqlite_t *settings, char *out_error);

/* True if a store can be in that directory: it is there, or was made now, and may be written. Else
 * `out_error` says why not, as above. */
HUB_MUST_CHECK bool store_sqlite_can_have(const char *directory, char *out_error);

#endif
