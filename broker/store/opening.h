/* broker/store/opening.h - opens what is in a data directory, or makes it, or says why not.
 *
 * What is there is never passed over: a journal without its database, bytes that are no database, tables of a
 * later version, damage - each ends the opening with a line for the operator. */
#ifndef BROKER_STORE_OPENING_H
#define BROKER_STORE_OPENING_H

#include "broker/store/scribe.h"

/* Opens the database of scribe->place, which is claimed, for the scribe: db, mark and shelves are set. False:
 * `out_error` (PLACE_ERROR_BYTES) is one line that says what was tried and what to do. */
HUB_MUST_CHECK bool opening_open(scribe_t *scribe, origin_t *out_origin, char *out_error);

/* The parts of it for --check and --backup, which only read. opening_is_there(): false where there is no
 * database, or not one that can be used. opening_is_ours(): also its version; false for what is none of
 * ours. */
HUB_MUST_CHECK bool opening_is_there(const place_t *place, char *out_error);
HUB_MUST_CHECK bool opening_is_ours(const place_t *place, db_t *db, int64_t *out_version,
                                    char *out_error);

/* Says what an SQLite code means for the operator. */
void opening_explain(const place_t *place, int code, const char *detail, char *out_error);

#endif
