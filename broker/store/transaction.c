#include "broker/store/transaction.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker/store/schema.h"

#include <assert.h>

enum { MARK_EVERY_MS = 1000 };

static bool is_of_fsync(int code)
{
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

/* What an error means for what comes after it. */
static void judge(scribe_t *self, int code)
{
    if (is_of_fsync(code) && !self->is_broken) {
        self->is_broken = true;
        place_break(self->place);
        log_error("store.broken", log_str("database", self->place->database),
                  log_str("error", "the disk did not take what was written; nothing more will be "
                                   "stored: look after the disk, then start hubbubd again"));
    }
    if (code > 0 && (code & 0xff) != SQLITE_FULL)
        self->needs_reopen = true;
}

int transaction_connect(scribe_t *self)
{
    assert(self);
    if (self->is_broken)
        return SQLITE_IOERR_FSYNC;
    if (!self->needs_reopen)
        return SQLITE_OK;
    db_close(&self->db);
    int code = scribe_open(self);
    self->needs_reopen = code != SQLITE_OK;
    return code;
}

/* True if what the transaction says of the database has to reach the disk. */
static bool is_firm(const scribe_t *self, bool is_batch)
{
    return !self->is_changed || (is_batch && !self->is_used);
}

static int set_synchronous(scribe_t *self, bool is_full)
{
    if (self->is_synced)
        return SQLITE_OK; /* always is */
    return db_run(&self->db, is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

static int say_used(scribe_t *self)
{
    char file[PLACE_FILE_BYTES];
    place_file(self->place, file);
    int code = schema_set_text(&self->db, META_FILE, file);
    if (code == SQLITE_OK)
        code = schema_set_text(&self->db, META_BOOT, self->boot);
    if (code == SQLITE_OK)
        code = schema_set_number(&self->db, META_COPY, 0);
    return code;
}

static int say(scribe_t *self, bool is_batch)
{
    int code = SQLITE_OK;
    if (!self->is_changed)
        code = schema_set_number(&self->db, META_CLOSED, 0);
    if (code == SQLITE_OK && is_batch && !self->is_used)
        code = say_used(self);
    if (code == SQLITE_OK && is_batch && self->transaction_marks)
        code = schema_set_number(&self->db, META_MARK, self->mark + 1);
    return code;
}

static bool has_to_mark(const scribe_t *self, uint64_t now_ms)
{
    return !self->is_used || now_ms - self->marked_ms >= MARK_EVERY_MS;
}

bool transaction_is_light(const scribe_t *self, uint64_t now_ms)
{
    assert(self);
    return !self->is_synced && self->is_changed && !self->is_broken && !self->needs_reopen &&
           !has_to_mark(self, now_ms);
}

int transaction_begin(scribe_t *self, bool is_batch)
{
    assert(self);
    self->adding = (scribe_recent_t){.rows = 0};
    uint64_t now_ms = clock_mono_ms();
    self->transaction_is_batch = is_batch;
    self->transaction_marks = is_batch && has_to_mark(self, now_ms);
    if (self->transaction_marks)
        self->marked_ms = now_ms;
    int code = transaction_connect(self);
    if (code == SQLITE_OK && is_firm(self, is_batch))
        code = set_synchronous(self, true);
    if (code == SQLITE_OK)
        code = db_execute(&self->db, DB_begin);
    if (code != SQLITE_OK) {
        judge(self, code);
        return code;
    }
    code = say(self, is_batch);
    return code == SQLITE_OK ? code : transaction_end(self, code);
}

/* It was committed. */
static void settle(scribe_t *self)
{
    shelves_keep(&self->shelves);
    self->recent.rows += self->adding.rows;
    self->recent.events += self->adding.events;
    self->recent.notes += self->adding.notes;
    self->recent.bytes += self->adding.bytes;
    self->recent.filed += self->adding.filed;
    self->recent.filed_bytes += self->adding.filed_bytes;
    bool was_firm = is_firm(self, self->transaction_is_batch);
    self->is_changed = true;
    self->is_used = self->is_used || self->transaction_is_batch;
    if (self->transaction_marks)
        place_set_mark(self->place, ++self->mark);
    if (was_firm && self->transaction_is_batch)
        place_remember(self->place);
    if (was_firm && set_synchronous(self, false) != SQLITE_OK)
        self->needs_reopen = true;
}

int transaction_end(scribe_t *self, int code)
{
    assert(self);
    if (code == SQLITE_OK)
        code = db_execute(&self->db, DB_commit);
    if (code == SQLITE_OK) {
        settle(self);
        return code;
    }
    judge(self, code);
    if (self->transaction_marks)
        self->marked_ms = 0;
    shelves_undo(&self->shelves);
    if (!sqlite3_get_autocommit(self->db.handle) && db_execute(&self->db, DB_rollback) != SQLITE_OK)
        self->needs_reopen = true;
    return code;
}

int transaction_judge_checkpoint(scribe_t *self, int code)
{
    assert(self);
    if ((code & 0xff) == SQLITE_BUSY)
        return SQLITE_OK; /* somebody reads, or does it: later */
    if (code != SQLITE_OK)
        judge(self, code);
    return code;
}

int transaction_checkpoint(scribe_t *self, int mode)
{
    assert(self);
    if (self->is_broken || self->needs_reopen)
        return SQLITE_OK; /* nothing to be brought anywhere now */
    int code = sqlite3_wal_checkpoint_v2(self->db.handle, "main", mode, NULL, NULL);
    return transaction_judge_checkpoint(self, code);
}
