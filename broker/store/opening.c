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

enum { OWNER_ONLY = 0600, PAGE_BYTES = 4096, SQL_BYTES = 128 };

static const char BEGIN_ANEW[] =
    "put a backup in its place, or move all hubbub.db* files away to begin anew";

static bool refuse(char *out_error, const char *file, const char *what, const char *advice)
{
    snprintf(out_error, PLACE_ERROR_BYTES, "%s %s; %s", file, what, advice);
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

static bool explain(const scribe_t *scribe, const db_t *db, int code, char *out_error)
{
    const char *detail = db->handle ? sqlite3_errmsg(db->handle) : "it cannot be opened";
    opening_explain(scribe->place, code, detail, out_error);
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
        (void)explain(scribe, &db, code, out_error);
    db_close(&db);
    if (code != SQLITE_OK)
        return false;
    if (rename(place->fresh, place->database) != 0 || !place_sync(place))
        return refuse(out_error, place->database, strerror(errno), "look after the disk");
    return true;
}

/* --- what is there ------------------------------------------------------------------------------ */

static bool find_or_make(scribe_t *scribe, char *out_error)
{
    const place_t *place = scribe->place;
    switch (place_look(place)) {
    case PLACE_EMPTY:
        return make(scribe, out_error);
    case PLACE_FILLED:
        return true;
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

static bool is_ours(scribe_t *scribe, db_t *db, int64_t *out_version, char *out_error)
{
    int code;
    switch (schema_look(db, SCHEMA_VERSION, out_version, &code)) {
    case SCHEMA_OURS:
        return true;
    case SCHEMA_UNREAD:
        return explain(scribe, db, code, out_error);
    case SCHEMA_FOREIGN:
        return refuse(out_error, scribe->place->database, "is a database, but not one of Hubbub's",
                      "give another directory with --data DIR");
    case SCHEMA_NEWER:
        break;
    }
    char what[SQL_BYTES];
    snprintf(what, sizeof what,
             "was written by a newer hubbubd (version %" PRId64 " of the tables, this one knows "
             "%" PRId64 ")",
             *out_version, SCHEMA_VERSION);
    return refuse(out_error, scribe->place->database, what,
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
        (void)explain(scribe, &db, code, out_error);
    db_close(&db);
    if (code != SQLITE_OK)
        return false;
    code = scribe_open(scribe);
    return code == SQLITE_OK || explain(scribe, &scribe->db, code, out_error);
}

/* Was it closed in good order? Of a version before there was such a word: no. */
static int read_closed(db_t *db, bool *out)
{
    int64_t closed = 0, has_meta = 0;
    int code = db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", &has_meta);
    if (code == SQLITE_OK && has_meta)
        code = db_number(db, "SELECT value FROM meta WHERE key = '" META_CLOSED "'", &closed);
    *out = closed == 1;
    return code;
}

static bool check(scribe_t *scribe, db_t *db, char *out_error)
{
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
        return explain(scribe, db, code, out_error);
    found[strcspn(found, "\n")] = '\0';
    if (strcmp(found, "ok") != 0) {
        opening_explain(scribe->place, SQLITE_CORRUPT, found, out_error);
        return false;
    }
    log_info("store.checked", log_str("database", scribe->place->database),
             log_u64("took_ms", clock_mono_ms() - began_ms));
    return true;
}

/* Looks before anything is written. */
static bool examine(scribe_t *scribe, int64_t *out_version, bool *out_closed, char *out_error)
{
    db_t db;
    int code = db_open(&db, scribe->place->database, scribe->vfs, DB_WRITES);
    bool is_fine = code == SQLITE_OK || explain(scribe, &db, code, out_error);
    if (is_fine)
        is_fine = is_ours(scribe, &db, out_version, out_error);
    if (is_fine) {
        code = read_closed(&db, out_closed);
        is_fine = code == SQLITE_OK || explain(scribe, &db, code, out_error);
    }
    if (is_fine && !*out_closed)
        is_fine = check(scribe, &db, out_error);
    db_close(&db);
    return is_fine;
}

/* --- what it says of itself --------------------------------------------------------------------- */

static int read_origin(scribe_t *scribe, bool was_closed, origin_t *out)
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
    *out = (origin_t){
        .is_new = is_new,
        .is_restored = !is_new && (copy || is_other_file),
        .is_other_boot = !is_new && (scribe->boot[0] == '\0' || strcmp(scribe->boot, boot) != 0),
        .was_closed = was_closed,
    };
    return code;
}

/* What lies behind the row's head. */
static int load_blocks(scribe_t *scribe, shelf_t *shelf)
{
    shelf_state_t *now = &shelf->now;
    sqlite3_stmt *statement = db_use(&scribe->db, DB_blocks);
    db_bind_number(statement, 1, block_key(now->id, now->head + 1));
    db_bind_number(statement, 2, block_last_key(now->id));
    int code;
    while ((code = db_step(statement)) == SQLITE_ROW) {
        now->head = db_column_number(statement, 1);
        now->last_ms = db_column_number(statement, 3);
        now->bytes += db_column_number(statement, 4);
        now->unwritten++;
    }
    return db_done(statement, code);
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
    int code = load_blocks(scribe, shelf);
    return code == SQLITE_OK ? load_oldest(scribe, shelf) : code;
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

bool opening_open(scribe_t *scribe, origin_t *out_origin, char *out_error)
{
    assert(scribe && out_origin && out_error);
    int64_t version;
    bool was_closed;
    if (!find_or_make(scribe, out_error) || !examine(scribe, &version, &was_closed, out_error) ||
        !make_ready(scribe, version, out_error))
        return false;
    int code = read_origin(scribe, was_closed, out_origin);
    if (code == SQLITE_OK)
        code = load_logs(scribe);
    return code == SQLITE_OK || explain(scribe, &scribe->db, code, out_error);
}
