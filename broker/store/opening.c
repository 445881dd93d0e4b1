#include "broker/store/opening.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker/store/block.h"
#include "broker/store/schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_ONLY = 0600, PAGE_BYTES = 8192, SQL_BYTES = 128 };

/* A database that was closed in good order is looked through too, up to this size: that takes half a second
 * (measured: 2 GB/s), and somebody may have laid hands on it. */
static const int64_t CHECK_BYTES = INT64_C(1) << 30;

static const char BEGIN_ANEW[] =
    "put a backup in its place, or move all hubbub.db* files away to begin anew";

static bool refuse(char *out_error, const char *file, const char *what, const char *advice)
{
    snprintf(out_error, PLACE_ERROR_BYTES, "%.400s %.400s; %.200s", file, what, advice);
    return false;
}

void opening_explain(const place_t *place, int code, const char *detail, char *out_error)
{
    assert(place && out_error);
    char what[PLACE_ERROR_BYTES / 2];
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        (void)refuse(out_error, place->database, "is no database", BEGIN_ANEW);
        return;
    case SQLITE_CORRUPT:
        snprintf(what, sizeof what, "is damaged (%s)", detail);
        (void)refuse(out_error, place->database, what, BEGIN_ANEW);
        return;
    default:
        snprintf(what, sizeof what, "cannot be used: %s (SQLite's code %d: %s)", detail, code,
                 sqlite3_errstr(code));
        (void)refuse(out_error, place->database, what,
                     "look whether the disk is full, and whether hubbubd may write there");
    }
}

static bool explain(const place_t *place, const db_t *db, int code, char *out_error)
{
    const char *detail = db->handle ? sqlite3_errmsg(db->handle) : "it cannot be opened";
    opening_explain(place, code, detail, out_error);
    return false;
}

/* --- making ------------------------------------------------------------------------------------- */

static int fill_fresh(scribe_t *scribe, db_t *db)
{
    char sql[SQL_BYTES];
    snprintf(sql, sizeof sql, "PRAGMA page_size = %d; PRAGMA application_id = %d", PAGE_BYTES,
             SCHEMA_APPLICATION);
    int code = db_run(db, sql);
    if (code == SQLITE_OK)
        code = schema_migrate(db, SCHEMA_STEPS, SCHEMA_VERSION, 0);
    if (code == SQLITE_OK)
        code = db_prepare(db);
    if (code == SQLITE_OK)
        code = schema_set_text(db, META_BOOT, scribe->boot);
    if (code == SQLITE_OK)
        code = schema_set_number(db, META_CLOSED, 1);
    return code == SQLITE_OK ? db_run(db, "PRAGMA journal_mode = WAL") : code;
}

/* A database comes to its name only when it is whole. */
static bool make(scribe_t *scribe, char *out_error)
{
    const place_t *place = scribe->place;
    unlink(place->fresh); /* of an attempt that was cut short */
    int fd = open(place->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0)
        return refuse(out_error, place->fresh, strerror(errno),
                      "make room, or give another directory with --data DIR");
    close(fd);
    db_t db;
    int code = db_open(&db, place->fresh, scribe->vfs, DB_WRITES);
    if (code == SQLITE_OK)
        code = fill_fresh(scribe, &db);
    if (code != SQLITE_OK)
        (void)explain(scribe->place, &db, code, out_error);
    db_close(&db);
    if (code != SQLITE_OK)
        return false;
    if (rename(place->fresh, place->database) != 0 || !place_sync(place))
        return refuse(out_error, place->database, strerror(errno), "look after the disk");
    return true;
}

/* --- what is there ------------------------------------------------------------------------------ */

bool opening_is_there(const place_t *place, char *out_error)
{
    assert(place && out_error);
    switch (place_look(place)) {
    case PLACE_EMPTY:
        return refuse(out_error, place->database, "is not there",
                      "name the data directory with --data DIR");
    case PLACE_FILLED:
        return place_fits(place) ||
               refuse(out_error, place->journal,
                      "belongs to another hubbub.db than the one beside it, which was put there "
                      "since",
                      "put the other one back, or move hubbub.db-wal and hubbub.db-shm away to use "
                      "this one as it is");
    case PLACE_ORPHAN:
        return refuse(out_error, place->journal,
                      "has data, but the hubbub.db it belongs to is missing or empty",
                      "put hubbub.db back, or move all hubbub.db* files away to begin anew");
    case PLACE_BLANK:
        return refuse(out_error, place->database, "is empty, which hubbubd never leaves it",
                      BEGIN_ANEW);
    case PLACE_UNKNOWN:
        break;
    }
    return refuse(out_error, place->database, strerror(errno), "look after the data directory");
}

static bool find_or_make(scribe_t *scribe, char *out_error)
{
    if (place_look(scribe->place) == PLACE_EMPTY)
        return make(scribe, out_error);
    return opening_is_there(scribe->place, out_error);
}

bool opening_is_ours(const place_t *place, db_t *db, int64_t *out_version, char *out_error)
{
    assert(place && db && out_version && out_error);
    int code;
    switch (schema_look(db, SCHEMA_VERSION, out_version, &code)) {
    case SCHEMA_OURS:
        return true;
    case SCHEMA_UNREAD:
        return explain(place, db, code, out_error);
    case SCHEMA_FOREIGN:
        return refuse(out_error, place->database, "is a database, but not one of Hubbub's",
                      "give another directory with --data DIR");
    case SCHEMA_NEWER:
        break;
    }
    char what[SQL_BYTES];
    snprintf(what, sizeof what,
             "was written by a newer hubbubd (version %" PRId64 " of the tables, this one knows "
             "%" PRId64 ")",
             *out_version, SCHEMA_VERSION);
    return refuse(out_error, place->database, what,
                  "use that version of hubbubd, or another directory with --data DIR");
}

/* The tables as this version has them, and the connection ready. */
static bool make_ready(scribe_t *scribe, int64_t version, char *out_error)
{
    db_t db;
    int code = db_open(&db, scribe->place->database, scribe->vfs, DB_WRITES);
    if (code == SQLITE_OK)
        code = schema_migrate(&db, SCHEMA_STEPS, SCHEMA_VERSION, version);
    if (code != SQLITE_OK)
        (void)explain(scribe->place, &db, code, out_error);
    db_close(&db);
    if (code != SQLITE_OK)
        return false;
    code = scribe_open(scribe);
    return code == SQLITE_OK || explain(scribe->place, &scribe->db, code, out_error);
}

/* Was it closed in good order? Of a version before there was such a word: no. */
static int read_closed(const place_t *place, db_t *db, bool *out)
{
    int64_t closed = 0, has_meta = 0;
    int code = db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", &has_meta);
    if (code == SQLITE_OK && has_meta)
        code = db_number(db, "SELECT value FROM meta WHERE key = '" META_CLOSED "'", &closed);
    *out = closed == 1 && !place_was_broken(place);
    return code;
}

static bool check(scribe_t *scribe, db_t *db, bool is_closed, char *out_error)
{
    if (!is_closed)
        log_info("store.checking", log_str("database", scribe->place->database),
                 log_str("reason", "it was not closed in good order"));
    uint64_t began_ms = clock_mono_ms();
    char found[PLACE_ERROR_BYTES / 4] = "";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        snprintf(found, sizeof found, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW)
        return explain(scribe->place, db, code, out_error);
    found[strcspn(found, "\n")] = '\0';
    if (strcmp(found, "ok") != 0) {
        opening_explain(scribe->place, SQLITE_CORRUPT, found, out_error);
        return false;
    }
    log_debug("store.checked", log_str("database", scribe->place->database),
              log_u64("took_ms", clock_mono_ms() - began_ms));
    return true;
}

static bool is_quickly_checked(const place_t *place)
{
    struct stat file;
    return stat(place->database, &file) == 0 && file.st_size <= CHECK_BYTES;
}

/* Looks before anything is written; a connection that only reads leaves the journal as it is, too. */
static bool examine(scribe_t *scribe, int64_t *out_version, bool *out_closed, char *out_error)
{
    db_t db;
    int code = db_open(&db, scribe->place->database, scribe->vfs, DB_READS);
    bool is_fine = code == SQLITE_OK || explain(scribe->place, &db, code, out_error);
    if (is_fine)
        is_fine = opening_is_ours(scribe->place, &db, out_version, out_error);
    if (is_fine) {
        code = read_closed(scribe->place, &db, out_closed);
        is_fine = code == SQLITE_OK || explain(scribe->place, &db, code, out_error);
    }
    if (is_fine && (!*out_closed || is_quickly_checked(scribe->place)))
        is_fine = check(scribe, &db, *out_closed, out_error);
    db_close(&db);
    return is_fine;
}

/* --- what it says of itself --------------------------------------------------------------------- */

static int read_origin(scribe_t *scribe, origin_t *out)
{
    char file[PLACE_FILE_BYTES], used_file[PLACE_FILE_BYTES], boot[SCRIBE_BOOT_BYTES];
    uint64_t copy = 0;
    db_t *db = &scribe->db;
    int code = schema_get_number(db, META_MARK, &scribe->mark);
    if (code == SQLITE_OK)
        code = schema_get_number(db, META_COPY, &copy);
    if (code == SQLITE_OK)
        code = schema_get_text(db, META_FILE, used_file, sizeof used_file);
    if (code == SQLITE_OK)
        code = schema_get_text(db, META_BOOT, boot, sizeof boot);
    if (code != SQLITE_OK)
        return code;
    place_file(scribe->place, file);
    bool is_new = scribe->mark == 0 && copy == 0;
    bool is_other_file = strcmp(file, used_file) != 0 || place_mark(scribe->place) > scribe->mark;
    bool may_lack = copy || is_other_file || place_was_broken(scribe->place);
    *out = (origin_t){
        .is_new = is_new,
        .is_restored = !is_new && may_lack,
        .is_other_boot = !is_new && (scribe->boot[0] == '\0' || strcmp(scribe->boot, boot) != 0),
        .was_closed = scribe->was_closed,
    };
    return code;
}

static int load_oldest(scribe_t *scribe, shelf_t *shelf)
{
    shelf_state_t *now = &shelf->now;
    sqlite3_stmt *statement = db_use(&scribe->db, DB_block_after);
    db_bind_number(statement, 1, block_key(now->id, 0));
    db_bind_number(statement, 2, block_last_key(now->id));
    int code = db_step(statement);
    now->oldest = now->head + 1;
    if (code == SQLITE_ROW) {
        now->oldest = block_first(db_column_number(statement, 0));
        now->oldest_ms = db_column_number(statement, 2);
    }
    return db_done(statement, code);
}

static int load_log(scribe_t *scribe, sqlite3_stmt *row)
{
    uint32_t id = (uint32_t)db_column_number(row, 0);
    span_t name = db_column_bytes(row, 1);
    if (name.size == 0) {
        shelves_load_gone(&scribe->shelves, id);
        return SQLITE_OK;
    }
    if (name.size > OP_NAME_BYTES || id >= SHELVES_MAX)
        return SQLITE_CORRUPT;
    shelf_t *shelf = shelves_load(&scribe->shelves, name, id);
    shelf->now.head = db_column_number(row, 2);
    shelf->now.last_ms = db_column_number(row, 3);
    shelf->now.bytes = db_column_number(row, 4);
    return load_oldest(scribe, shelf);
}

static int load_logs(scribe_t *scribe)
{
    sqlite3_stmt *statement = db_use(&scribe->db, DB_logs);
    int code = SQLITE_ROW, loaded = SQLITE_OK;
    while (loaded == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        loaded = load_log(scribe, statement);
    code = db_done(statement, code);
    return loaded == SQLITE_OK ? code : loaded;
}

/* What a run says of its log's end. */
typedef struct {
    uint64_t last_ms, bytes;
} run_end_t;

static int look_at_block(const recent_run_t *run, span_t data, run_end_t *out)
{
    block_cursor_t cursor;
    if (!block_open(&cursor, (span_t){data.data, run->size}, run->count, run->first_ms))
        return SQLITE_CORRUPT;
    for (uint64_t i = 0; i < run->count; i++)
        block_next(&cursor);
    *out = (run_end_t){cursor.at_ms, cursor.events.size};
    return SQLITE_OK;
}

static int look_at_filed(scribe_t *scribe, const recent_run_t *run, run_end_t *out)
{
    sqlite3_stmt *statement = db_use(&scribe->db, DB_block);
    db_bind_number(statement, 1, block_key(run->id, run->first));
    int code = db_step(statement);
    if (code == SQLITE_ROW && db_column_number(statement, 1) == run->first + run->count - 1)
        *out = (run_end_t){db_column_number(statement, 3), db_column_number(statement, 4)};
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
        code = SQLITE_CORRUPT;
    return db_done(statement, code);
}

/* Adds a run of `recent` to its log; `data` begins with its block where it has one. */
static int load_run(scribe_t *scribe, const recent_run_t *run, span_t data)
{
    bool is_filed = recent_is_filed(run);
    *(is_filed ? &scribe->recent.filed : &scribe->recent.events) += run->count;
    shelf_t *shelf = shelves_by_id(&scribe->shelves, run->id);
    if (shelf == NULL)
        return SQLITE_OK; /* erased since */
    run_end_t end = {0};
    int code = is_filed ? look_at_filed(scribe, run, &end) : look_at_block(run, data, &end);
    if (code != SQLITE_OK)
        return code;
    scribe->recent.filed_bytes += is_filed ? end.bytes : 0;
    shelf_state_t *now = &shelf->now;
    if (run->first != now->head + 1 || end.last_ms < run->first_ms)
        return SQLITE_CORRUPT;
    if (now->oldest > now->head) {
        now->oldest = run->first;
        now->oldest_ms = run->first_ms;
    }
    now->head += run->count;
    now->unfolded += run->count;
    now->last_ms = end.last_ms;
    now->bytes += end.bytes;
    return SQLITE_OK;
}

static int load_row(scribe_t *scribe, sqlite3_stmt *row)
{
    span_t runs = db_column_bytes(row, 0), data = db_column_bytes(row, 1);
    scribe->recent.rows++;
    scribe->recent.bytes += data.size;
    scribe->recent_number = db_column_number(row, 2);
    int code = SQLITE_OK;
    while (runs.size > 0 && code == SQLITE_OK) {
        recent_run_t run;
        if (!recent_take_run(&runs, &run) || run.size > data.size)
            return SQLITE_CORRUPT;
        if (run.id == RECENT_NOTE)
            scribe->recent.notes++;
        else
            code = load_run(scribe, &run, data);
        data = (span_t){data.data + run.size, data.size - run.size};
    }
    return code;
}

static int load_recent(scribe_t *scribe)
{
    sqlite3_stmt *statement = db_use(&scribe->db, DB_recent);
    int code = SQLITE_ROW, loaded = SQLITE_OK;
    while (loaded == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        loaded = load_row(scribe, statement);
    code = db_done(statement, code);
    return loaded == SQLITE_OK ? code : loaded;
}

bool opening_open(scribe_t *scribe, origin_t *out_origin, char *out_error)
{
    assert(scribe && out_origin && out_error);
    int64_t version;
    bool was_closed;
    if (!find_or_make(scribe, out_error) || !examine(scribe, &version, &was_closed, out_error) ||
        !make_ready(scribe, version, out_error))
        return false;
    scribe->was_closed = was_closed;
    int code = read_origin(scribe, out_origin);
    if (code == SQLITE_OK)
        code = load_logs(scribe);
    if (code == SQLITE_OK)
        code = load_recent(scribe);
    return code == SQLITE_OK || explain(scribe->place, &scribe->db, code, out_error);
}
