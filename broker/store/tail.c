#include "broker/store/tail.h"

#include "broker/store/block.h"
#include "broker/store/recent.h"

#include <assert.h>

enum { TAIL_BYTES = 1 << 30 };

void tail_init(tail_t *self)
{
    assert(self);
    *self = (tail_t){.first = 0};
    buffer_init(&self->block, TAIL_BYTES);
    buffer_init(&self->events, TAIL_BYTES);
}

void tail_fini(tail_t *self)
{
    assert(self);
    buffer_fini(&self->block);
    buffer_fini(&self->events);
}

static int add_run(tail_t *self, const recent_run_t *run, span_t block)
{
    block_cursor_t cursor;
    if (!block_open(&cursor, block, run->count, run->first_ms))
        return SQLITE_CORRUPT;
    if (self->last == 0)
        *self = (tail_t){.first = run->first,
                         .last = run->first - 1,
                         .first_ms = run->first_ms,
                         .last_ms = run->first_ms,
                         .block = self->block,
                         .events = self->events};
    if (run->first != self->last + 1 || run->first_ms < self->last_ms)
        return SQLITE_CORRUPT;
    for (uint64_t i = 0; i < run->count; i++) {
        block_next(&cursor);
        block_add_entry(&self->block, cursor.at_ms - self->last_ms, cursor.size);
        self->last_ms = cursor.at_ms;
    }
    self->last += run->count;
    return buffer_append(&self->events, cursor.events.data, cursor.events.size) ? SQLITE_OK
                                                                                : SQLITE_TOOBIG;
}

/* A run whose block stands in `events`. */
static int add_filed(tail_t *self, db_t *db, const recent_run_t *run)
{
    sqlite3_stmt *statement = db_use(db, DB_block);
    db_bind_number(statement, 1, block_key(run->id, run->first));
    int code = db_step(statement);
    if (code == SQLITE_ROW)
        code = add_run(self, run, db_column_bytes(statement, 5));
    else if (code == SQLITE_DONE)
        code = SQLITE_CORRUPT;
    self->filed++;
    return db_done(statement, code);
}

/* The data is looked at only where the directory has the log. */
static int add_row(tail_t *self, db_t *db, sqlite3_stmt *row, uint32_t id)
{
    span_t runs = db_column_bytes(row, 0);
    recent_run_t run;
    int code = SQLITE_OK;
    for (size_t offset = 0; runs.size > 0 && code == SQLITE_OK; offset += run.size) {
        if (!recent_take_run(&runs, &run))
            return SQLITE_CORRUPT;
        if (run.id != id)
            continue;
        span_t data = db_column_bytes(row, 1);
        if (offset > data.size || run.size > data.size - offset)
            return SQLITE_CORRUPT;
        code = recent_is_filed(&run) ? add_filed(self, db, &run)
                                     : add_run(self, &run, (span_t){data.data + offset, run.size});
    }
    return code;
}

int tail_gather(tail_t *self, db_t *db, uint32_t id)
{
    assert(self && db && self->last == 0);
    sqlite3_stmt *statement = db_use(db, DB_recent);
    int code = SQLITE_ROW, added = SQLITE_OK;
    while (added == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        added = add_row(self, db, statement, id);
    code = db_done(statement, code);
    if (added != SQLITE_OK || code != SQLITE_OK)
        return added != SQLITE_OK ? added : code;
    return buffer_append(&self->block, self->events.data, self->events.size) ? SQLITE_OK
                                                                             : SQLITE_TOOBIG;
}
