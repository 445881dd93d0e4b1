/* broker/store/check.h - looks whether a data directory is in order. */
#ifndef BROKER_STORE_CHECK_H
#define BROKER_STORE_CHECK_H

#include "base/check.h"

#include <stdbool.h>
#include <stdio.h>

/* Looks through the whole database as it is now, whether a broker uses it or not, and changes nothing of it (SQLite may
 * leave hubbub.db-shm and an empty hubbub.db-wal behind, which are no harm): SQLite's own
 * quick_check, then that each log's events are there without holes, in order of time, and as many as
 * it says. Prints a short report; true: all is well. What is inside records, notes and events is not looked at. */
HUB_MUST_CHECK bool check_directory(const char *directory, FILE *out);

#endif
