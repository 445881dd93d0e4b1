#include "broker/store/db.h"

#include <assert.h>
#include <stddef.h>

enum {
    BUSY_MS = 5000, /* how long to wait for somebody else's lock, such as a person's sqlite3 */
};

static const char *const SQL[] = {
#define STATEMENT(name, sql) [DB_##name] = sql,
#include "broker/store/statements.def"
#undef STATEMENT
};

static int flags_of(db_mode_t mode)
{
    switch (mode) {
    case DB_READS:
        return SQLITE_OPEN_READONLY;
    case DB_WRITES:
        return SQLITE_OPEN_READWRITE;
    case DB_CREATES:
        return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    assert(false);
    return 0;
}

int db_open(db_t *self, const char *path, const char *vfs, db_mode_t mode)
{
    assert(self && path);
    *self = (db_t){0};
    int flags = flags_of(mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &self->handle, flags, vfs);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(self->handle, BUSY_MS);
    /* A file put there by somebody else is data, not a program. */
    if (code == SQLITE_OK)
        code = db_run(self, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    /* Where writing is not possible SQLite opens for reading and says nothing. */
    if (code == SQLITE_OK && mode != DB_READS && sqlite3_db_readonly(self->handle, "main") == 1)
        code = SQLITE_READONLY;
    if (code != SQLITE_OK)
        db_close(self);
    return code;
}

void db_be_patient(db_t *self, bool is_patient)
{
    assert(self && self->handle);
    int code = sqlite3_busy_timeout(self->handle, is_patient ? BUSY_MS : 0);
    assert(code == SQLITE_OK);
    (void)code;
}

int db_prepare(db_t *self)
{
    assert(self && self->handle);
    for (int i = 0; i < DB_STATEMENT_COUNT; i++) {
        int code = sqlite3_prepare_v3(self->handle, SQL[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &self->statements[i], NULL);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

void db_close(db_t *self)
{
    assert(self);
    for (int i = 0; i < DB_STATEMENT_COUNT; i++)
        sqlite3_finalize(self->statements[i]);
    int code = sqlite3_close(self->handle);
    assert(code == SQLITE_OK); /* else a statement or a backup was left */
    (void)code;
    *self = (db_t){0};
}

int db_run(db_t *self, const char *sql)
{
    assert(self && self->handle && sql);
    return sqlite3_exec(self->handle, sql, NULL, NULL, NULL);
}

int db_number(db_t *self, const char *sql, int64_t *out)
{
    assert(self && self->handle && sql && out);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->handle, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

sqlite3_stmt *db_use(db_t *self, db_statement_t which)
{
    assert(self && which < DB_STATEMENT_COUNT && self->statements[which]);
    return self->statements[which];
}

void db_bind_number(sqlite3_stmt *statement, int place, uint64_t number)
{
    assert(number <= INT64_MAX);
    int code = sqlite3_bind_int64(statement, place, (int64_t)number);
    assert(code == SQLITE_OK);
    (void)code;
}

void db_bind_bytes(sqlite3_stmt *statement, int place, span_t bytes)
{
    const char *data = bytes.size ? bytes.data : ""; /* NULL would bind a NULL */
    int code = sqlite3_bind_blob64(statement, place, data, bytes.size, SQLITE_STATIC);
    assert(code == SQLITE_OK);
    (void)code;
}

int db_step(sqlite3_stmt *statement)
{
    return sqlite3_step(statement);
}

uint64_t db_column_number(sqlite3_stmt *statement, int column)
{
    int64_t number = sqlite3_column_int64(statement, column);
    return number > 0 ? (uint64_t)number : 0;
}

span_t db_column_bytes(sqlite3_stmt *statement, int column)
{
    const char *data = sqlite3_column_blob(statement, column); /* before the size: it may convert */
    return (span_t){data, (size_t)sqlite3_column_bytes(statement, column)};
}

int db_done(sqlite3_stmt *statement, int code)
{
    int reset = sqlite3_reset(statement); /* says again what the last step said */
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return code;
    return reset;
}

int db_do(sqlite3_stmt *statement)
{
    return db_done(statement, sqlite3_step(statement));
}

int db_execute(db_t *self, db_statement_t which)
{
    return db_do(db_use(self, which));
}
