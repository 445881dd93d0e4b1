/* tests/unit/store_vfs.h - SQLite's way to files, made to fail on demand.
 *
 * Registered under STORE_VFS; does what the usual one does until it is told otherwise. */
#ifndef TESTS_UNIT_STORE_VFS_H
#define TESTS_UNIT_STORE_VFS_H

#include <stdbool.h>

#define STORE_VFS "hubbub-faulty"

void store_vfs_register(void);

/* From now on writing, or fsync, ends with this SQLite code; SQLITE_OK: works. */
void store_vfs_fail_writes(int code);
void store_vfs_fail_syncs(int code);

/* From now on each write takes so long, as on a disk that is busy; 0: as long as it does. */
void store_vfs_slow_writes(int ms);

/* From now on each fsync waits until that is over; how many wait. */
void store_vfs_hold_syncs(bool holds);
int store_vfs_held_syncs(void);

/* How many fsyncs there were. */
int store_vfs_syncs(void);

/* How many writes and fsyncs the calling thread has done itself. */
int store_vfs_own_writes(void);
int store_vfs_own_syncs(void);

#endif
