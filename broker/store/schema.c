#include "broker/store/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRAGMA_BYTES = 64 };

const schema_step_t SCHEMA_STEPS[] = {
    {"CREATE TABLE events (key INTEGER PRIMARY KEY, last INTEGER NOT NULL, first_at INTEGER NOT "
     "NULL,"
     " last_at INTEGER NOT NULL, bytes INTEGER NOT NULL, data BLOB NOT NULL);"
     "CREATE TABLE recent (number INTEGER PRIMARY KEY, runs BLOB NOT NULL, data BLOB NOT NULL);"
     "CREATE TABLE logs (id INTEGER PRIMARY KEY, name BLOB UNIQUE, head INTEGER NOT NULL,"
     " last_at INTEGER NOT NULL, bytes INTEGER NOT NULL);"
     "CREATE TABLE records (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE notes (number INTEGER PRIMARY KEY, data BLOB NOT NULL);"
     "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"},
    /* Notes stand in `recent` too: the tables are the same, but who knows nothing of it would drop them. */
    {"SELECT 1"},
    /* Blocks stand in `events` whose log's row does not count them yet. */
    {"SELECT 1"},
};
const int64_t SCHEMA_VERSION = sizeof SCHEMA_STEPS / sizeof SCHEMA_STEPS[0];

schema_kind_t schema_look(db_t *db, int64_t count, int64_t *out_version, int *out_code)
{
    assert(db && out_version && out_code);
    int64_t application = 0, version = 0;
    *out_code = db_number(db, "PRAGMA application_id", &application);
    if (*out_code == SQLITE_OK)
        *out_code = db_number(db, "PRAGMA user_version", &version);
    *out_version = version;
    if (*out_code != SQLITE_OK)
        return SCHEMA_UNREAD;
    if (application != SCHEMA_APPLICATION || version < 0)
        return SCHEMA_FOREIGN;
    return version > count ? SCHEMA_NEWER : SCHEMA_OURS;
}

static int take_steps(db_t *db, const schema_step_t *steps, int64_t count, int64_t version)
{
    char pragma[PRAGMA_BYTES];
    for (int64_t i = version; i < count; i++) {
        int code = db_run(db, steps[i].sql);
        if (code != SQLITE_OK)
            return code;
    }
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %" PRId64, count);
    return db_run(db, pragma);
}

int schema_migrate(db_t *db, const schema_step_t *steps, int64_t count, int64_t version)
{
    assert(db && steps && version >= 0 && version <= count);
    if (version == count)
        return SQLITE_OK;
    int code = db_run(db, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = take_steps(db, steps, count, version);
    if (code == SQLITE_OK)
        code = db_run(db, "COMMIT");
    if (code != SQLITE_OK && !sqlite3_get_autocommit(db->handle))
        (void)!db_run(db, "ROLLBACK"); /* the first error counts */
    return code;
}

static sqlite3_stmt *with_key(db_t *db, db_statement_t which, const char *key)
{
    sqlite3_stmt *statement = db_use(db, which);
    int code = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    assert(code == SQLITE_OK);
    (void)code;
    return statement;
}

int schema_get_number(db_t *db, const char *key, uint64_t *out)
{
    assert(db && key && out);
    sqlite3_stmt *statement = with_key(db, DB_get_meta, key);
    int code = db_step(statement);
    *out = code == SQLITE_ROW ? db_column_number(statement, 0) : 0;
    return db_done(statement, code);
}

int schema_get_text(db_t *db, const char *key, char *out, size_t out_size)
{
    assert(db && key && out && out_size > 0);
    sqlite3_stmt *statement = with_key(db, DB_get_meta, key);
    int code = db_step(statement);
    span_t text = code == SQLITE_ROW ? db_column_bytes(statement, 0) : (span_t){0};
    snprintf(out, out_size, "%.*s", (int)text.size, text.size ? text.data : "");
    return db_done(statement, code);
}

int schema_set_number(db_t *db, const char *key, uint64_t value)
{
    assert(db && key);
    sqlite3_stmt *statement = with_key(db, DB_set_meta, key);
    db_bind_number(statement, 2, value);
    return db_do(statement);
}

int schema_set_text(db_t *db, const char *key, const char *value)
{
    assert(db && key && value);
    sqlite3_stmt *statement = with_key(db, DB_set_meta, key);
    db_bind_bytes(statement, 2, span_of(value));
    return db_do(statement);
}
