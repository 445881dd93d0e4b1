#include "broker/store/check.h"

#include "base/printable.h"
#include "broker/store/block.h"
#include "broker/store/opening.h"
#include "broker/store/schema.h"
#include "broker/store/tail.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

enum { PROBLEMS_TOLD = 20, NAME_TOLD = 64 };

typedef struct {
    db_t db;
    FILE *out;
    uint64_t logs, events, bytes, recent, problems;
} check_t;

/* What is known of a log while its rows go by. */
typedef struct {
    uint32_t id;
    span_t name;
    uint64_t head, last_ms, bytes; /* as its row says */
    uint64_t next, ms, found;      /* next: the number that must come; 0: any. found: bytes */
} log_t;

static void tell(check_t *self, const log_t *log, uint64_t seq, const char *what)
{
    if (++self->problems > PROBLEMS_TOLD)
        return;
    int size = log->name.size < NAME_TOLD ? (int)log->name.size : NAME_TOLD;
    printable_line(self->out, "problem: log \"%.*s\" at %" PRIu64 ": %s", size, log->name.data, seq,
                   what);
}

/* --- events ------------------------------------------------------------------------------------- */

/* A block that begins at `first` and `first_ms`; goes on from where the log is. */
static void check_block(check_t *self, log_t *log, span_t block, uint64_t first, uint64_t count,
                        uint64_t first_ms)
{
    block_cursor_t cursor;
    if (!block_open(&cursor, block, count, first_ms)) {
        tell(self, log, first, "the block cannot be read");
        return;
    }
    if (log->next > 0 && first != log->next)
        tell(self, log, first, "events are missing before it, or there twice");
    if (first_ms < log->ms)
        tell(self, log, first, "it is older than the event before it");
    for (uint64_t i = 0; i < count; i++)
        block_next(&cursor);
    log->next = first + count;
    log->ms = cursor.at_ms;
    log->found += cursor.events.size;
    self->events += count;
}

static void check_row(check_t *self, log_t *log, sqlite3_stmt *row)
{
    uint64_t first = block_first(db_column_number(row, 0)), last = db_column_number(row, 1);
    uint64_t found = log->found;
    if (first == 0 || last < first) {
        tell(self, log, first, "the block's numbers make no sense");
        return;
    }
    check_block(self, log, db_column_bytes(row, 5), first, last - first + 1,
                db_column_number(row, 2));
    if (log->ms != db_column_number(row, 3) || log->found - found != db_column_number(row, 4))
        tell(self, log, first, "the row says something else than the block");
}

static int check_rows(check_t *self, log_t *log)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_whole_blocks);
    db_bind_number(statement, 1, block_key(log->id, 0));
    db_bind_number(statement, 2, block_key(log->id, log->head)); /* the tail has those behind it */
    int code;
    while ((code = db_step(statement)) == SQLITE_ROW)
        check_row(self, log, statement);
    return db_done(statement, code);
}

/* Behind the log's head stand those blocks that `recent` tells of, and no other. */
static int check_filed(check_t *self, const log_t *log, uint64_t filed)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_blocks);
    db_bind_number(statement, 1, block_key(log->id, log->head + 1));
    db_bind_number(statement, 2, block_last_key(log->id));
    int code;
    uint64_t found = 0;
    while ((code = db_step(statement)) == SQLITE_ROW)
        found++;
    if (found != filed)
        tell(self, log, log->head, "there are blocks behind its last one");
    return db_done(statement, code);
}

static int check_tail(check_t *self, log_t *log)
{
    tail_t tail;
    tail_init(&tail);
    int code = tail_gather(&tail, &self->db, log->id);
    if (code == SQLITE_CORRUPT) {
        tell(self, log, log->next, "its recent events cannot be read, or are not in order");
        code = SQLITE_OK;
    } else if (code == SQLITE_OK && tail.last > 0) {
        log->next = log->head + 1;
        self->recent += tail.last - tail.first + 1;
        check_block(self, log, buffer_span(&tail.block), tail.first, tail.last - tail.first + 1,
                    tail.first_ms);
    }
    if (code == SQLITE_OK)
        code = check_filed(self, log, tail.filed);
    tail_fini(&tail);
    return code;
}

static int check_log(check_t *self, log_t *log)
{
    int code = check_rows(self, log);
    if (code != SQLITE_OK)
        return code;
    if (log->next > 0 && log->next != log->head + 1)
        tell(self, log, log->head, "its last block ends elsewhere");
    if (log->next > 0 && log->ms != log->last_ms)
        tell(self, log, log->head, "its last event has another time");
    if (log->found != log->bytes)
        tell(self, log, log->head, "it has more or fewer bytes than its row says");
    self->logs++;
    self->bytes += log->found;
    return check_tail(self, log);
}

static int check_logs(check_t *self)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_logs);
    int code = SQLITE_ROW, checked = SQLITE_OK;
    while (checked == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW) {
        log_t log = {.id = (uint32_t)db_column_number(statement, 0),
                     .name = db_column_bytes(statement, 1),
                     .head = db_column_number(statement, 2),
                     .last_ms = db_column_number(statement, 3),
                     .bytes = db_column_number(statement, 4)};
        if (log.name.size > 0) /* else it was erased, and is going bit by bit */
            checked = check_log(self, &log);
    }
    code = db_done(statement, code);
    return checked == SQLITE_OK ? code : checked;
}

static int check_strays(check_t *self)
{
    int64_t strays = 0;
    int code = db_number(&self->db,
                         "SELECT count(*) FROM events WHERE key >> 37 NOT IN (SELECT id FROM logs)",
                         &strays);
    if (strays > 0) {
        self->problems++;
        fprintf(self->out, "problem: %" PRId64 " blocks belong to no log\n", strays);
    }
    return code;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static int check_pages(check_t *self)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->db.handle, "PRAGMA quick_check(20)", -1, &statement, NULL);
    while (code == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 0);
        code = SQLITE_OK;
        if (line == NULL || strcmp(line, "ok") == 0)
            continue;
        self->problems++;
        printable_line(self->out, "problem: %s", line);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Notes that are not folded yet stand in `recent`. */
static int count_recent_notes(check_t *self, int64_t *count)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_recent);
    recent_run_t run;
    int code;
    while ((code = db_step(statement)) == SQLITE_ROW) {
        span_t runs = db_column_bytes(statement, 0);
        while (recent_take_run(&runs, &run) && run.id == RECENT_NOTE)
            ++*count;
    }
    return db_done(statement, code);
}

static int report(check_t *self)
{
    int64_t records = 0, notes = 0, closed = 0;
    int code = db_number(&self->db, "SELECT count(*) FROM records", &records);
    if (code == SQLITE_OK)
        code = db_number(&self->db, "SELECT count(*) FROM notes", &notes);
    if (code == SQLITE_OK)
        code = count_recent_notes(self, &notes);
    if (code == SQLITE_OK)
        code =
            db_number(&self->db, "SELECT value FROM meta WHERE key = '" META_CLOSED "'", &closed);
    if (code != SQLITE_OK)
        return code;
    fprintf(self->out,
            "%" PRIu64 " logs, %" PRIu64 " events of %" PRIu64 " bytes, %" PRIu64
            " more not in blocks yet, %" PRId64 " records, %" PRId64 " notes; %s\n",
            self->logs, self->events - self->recent, self->bytes, self->recent, records, notes,
            closed ? "closed in good order" : "in use, or not closed in good order");
    return code;
}

/* All of it as it was at one moment. */
static int check_all(check_t *self)
{
    int code = db_execute(&self->db, DB_begin_reading);
    if (code == SQLITE_OK)
        code = check_pages(self);
    if (code == SQLITE_OK && self->problems == 0)
        code = check_logs(self);
    if (code == SQLITE_OK && self->problems == 0)
        code = check_strays(self);
    if (code == SQLITE_OK && self->problems == 0)
        code = report(self);
    if (self->problems > PROBLEMS_TOLD)
        fprintf(self->out, "and %" PRIu64 " problems more\n", self->problems - PROBLEMS_TOLD);
    return code;
}

static bool open_db(check_t *self, const place_t *place, char *out_error)
{
    if (!opening_is_there(place, out_error))
        return false;
    int64_t version;
    int code = db_open(&self->db, place->database, NULL, DB_READS);
    if (code == SQLITE_OK && !opening_is_ours(place, &self->db, &version, out_error))
        return false;
    if (code == SQLITE_OK)
        code = db_prepare(&self->db);
    if (code != SQLITE_OK)
        opening_explain(place, code,
                        self->db.handle ? sqlite3_errmsg(self->db.handle) : "it cannot be opened",
                        out_error);
    return code == SQLITE_OK;
}

bool check_directory(const char *directory, FILE *out)
{
    assert(directory && out);
    check_t self = {.out = out};
    place_t place;
    char error[PLACE_ERROR_BYTES];
    bool is_open = place_init(&place, directory, error) && open_db(&self, &place, error);
    int code = is_open ? check_all(&self) : SQLITE_OK;
    if (code != SQLITE_OK)
        opening_explain(&place, code, sqlite3_errmsg(self.db.handle), error);
    bool is_well = is_open && code == SQLITE_OK && self.problems == 0;
    if (!is_open || code != SQLITE_OK)
        printable_line(out, "problem: %s", error);
    else if (self.problems > 0)
        printable_line(
            out, "%s has problems; keep it for whoever can help, and put a backup in its place",
            place.database);
    else
        printable_line(out, "%s is well", place.database);
    db_close(&self.db);
    return is_well;
}
