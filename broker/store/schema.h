/* broker/store/schema.h - the tables, their versions, and the words the store keeps about itself.
 *
 *   recent   a row per transaction that appended something (recent.h), until it is folded into
 *   events   a row per block (block.h) of a log: key is block_key(), so that a log lies together in the order
 *            of its numbers; last is the number of the block's last event, first_at and last_at are the
 *            times of the first and the last, bytes counts the events' own bytes
 *   logs     a row per log; head, last_at and bytes are those of its events in `events`, or that were there,
 *            but for blocks that `recent` still tells of. name is NULL from the erasing until the last block is gone
 *   records, notes   as in store.h
 *   meta     see META below
 *
 * The version stands in user_version, and application_id says that it is ours. */
#ifndef BROKER_STORE_SCHEMA_H
#define BROKER_STORE_SCHEMA_H

#include "broker/store/db.h"

#include <stdbool.h>

enum { SCHEMA_APPLICATION = 0x48756262 }; /* "Hubb" */

/* What meta has. */
#define META_FILE   "file"   /* which file it was used as: place_file() */
#define META_BOOT   "boot"   /* the machine's boot it was used in */
#define META_CLOSED "closed" /* 1: closed in good order since it was changed last */
#define META_COPY   "copy"   /* 1: a copy that --backup made, not used since */
#define META_MARK   "mark" /* counts seconds in which something was committed; 0: nothing ever was */

/* One step from a version to the next. */
typedef struct {
    const char *sql;
} schema_step_t;

typedef enum {
    SCHEMA_OURS,
    SCHEMA_FOREIGN, /* a database, but not Hubbub's */
    SCHEMA_NEWER,   /* of a later Hubbub */
    SCHEMA_UNREAD,  /* SQLite could not say; *out_code is why */
} schema_kind_t;

/* What the database is, as steps of `count` versions go; its version in *out_version. */
schema_kind_t schema_look(db_t *db, int64_t count, int64_t *out_version, int *out_code);

/* Takes the database from `version` to the last one, in one transaction. */
HUB_MUST_CHECK int schema_migrate(db_t *db, const schema_step_t *steps, int64_t count,
                                  int64_t version);

/* Hubbub's own steps. The first makes the tables. */
extern const schema_step_t SCHEMA_STEPS[];
extern const int64_t SCHEMA_VERSION;

/* A number or a text of meta; 0 or empty where there is none. */
HUB_MUST_CHECK int schema_get_number(db_t *db, const char *key, uint64_t *out);
HUB_MUST_CHECK int schema_get_text(db_t *db, const char *key, char *out, size_t out_size);
HUB_MUST_CHECK int schema_set_number(db_t *db, const char *key, uint64_t value);
HUB_MUST_CHECK int schema_set_text(db_t *db, const char *key, const char *value);

#endif
