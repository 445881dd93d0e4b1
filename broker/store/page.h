/* broker/store/page.h - finds a page of a log in the database. */
#ifndef BROKER_STORE_PAGE_H
#define BROKER_STORE_PAGE_H

#include "broker/core/history.h"
#include "broker/store/db.h"
#include "proto/buffer.h"

/* Answers the query: `events` (empty) gets the bytes, `out` all but id, err and events. One transaction
 * of reading. Costs a look per block and, for a bound of time, some fifteen more. Not SQLITE_OK: `out` is
 * untouched; SQLITE_CORRUPT also where a row is no block. */
HUB_MUST_CHECK int page_find(db_t *db, const query_t *query, page_t *out, buffer_t *events);

#endif
