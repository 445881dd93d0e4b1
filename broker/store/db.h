/* broker/store/db.h - a connection to SQLite with its prepared statements.
 *
 * Everything returns SQLite's extended result codes, SQLITE_OK where all is well. A connection belongs to
 * one thread at a time. */
#ifndef BROKER_STORE_DB_H
#define BROKER_STORE_DB_H

#include "base/check.h"
#include "proto/span.h"

#include <sqlite3.h>
#include <stdint.h>

typedef enum {
#define STATEMENT(name, sql) DB_##name,
#include "broker/store/statements.def"
#undef STATEMENT
    DB_STATEMENT_COUNT
} db_statement_t;

typedef enum {
    DB_READS, /* nothing can be changed through it */
    DB_WRITES,
    DB_CREATES, /* as WRITES; makes the file where there is none */
} db_mode_t;

typedef struct {
    sqlite3 *handle; /* NULL: closed */
    sqlite3_stmt *statements[DB_STATEMENT_COUNT];
} db_t;

/* Opens the file through `vfs` (NULL: SQLite's own). Not SQLITE_OK: `self` is closed. */
HUB_MUST_CHECK int db_open(db_t *self, const char *path, const char *vfs, db_mode_t mode);

/* Whether somebody else's lock, such as a person's sqlite3, is waited for: it is at first. */
void db_be_patient(db_t *self, bool is_patient);

/* Prepares the statements; the tables have to be there. */
HUB_MUST_CHECK int db_prepare(db_t *self);

/* Closes; fine where it is closed. */
void db_close(db_t *self);

/* Runs SQL that has no result worth having. */
HUB_MUST_CHECK int db_run(db_t *self, const char *sql);

/* The first number that `sql` gives, in *out; untouched where it gives none. */
HUB_MUST_CHECK int db_number(db_t *self, const char *sql, int64_t *out);

/* A statement that was prepared, to bind to: places count from 1. */
sqlite3_stmt *db_use(db_t *self, db_statement_t which);
void db_bind_number(sqlite3_stmt *statement, int place, uint64_t number);
void db_bind_bytes(sqlite3_stmt *statement, int place, span_t bytes); /* borrowed until db_done() */

/* The next row: SQLITE_ROW, or SQLITE_DONE, or an error. Columns count from 0, spans are borrowed until the
 * next step. */
HUB_MUST_CHECK int db_step(sqlite3_stmt *statement);
uint64_t db_column_number(sqlite3_stmt *statement, int column);
span_t db_column_bytes(sqlite3_stmt *statement, int column);

/* Ends a statement so that it can be used again. Gives `code` back, SQLITE_OK for SQLITE_ROW and
 * SQLITE_DONE. */
HUB_MUST_CHECK int db_done(sqlite3_stmt *statement, int code);

/* Step and done, for what has no rows. */
HUB_MUST_CHECK int db_do(sqlite3_stmt *statement);

/* Those without places: BEGIN and its like. */
HUB_MUST_CHECK int db_execute(db_t *self, db_statement_t which);

#endif
