#include "broker/store/scribe.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker/store/apply.h"
#include "broker/store/chores.h"
#include "broker/store/fold.h"
#include "broker/store/schema.h"
#include "broker/store/transaction.h"

#include <assert.h>

enum {
    GROUP_BYTES = 4 << 20, /* of operations in one transaction: the rest gets the next one */
    /* A batch that the owner may commit itself; when that took too long, and for how long it does not then:
     * doubled each time it takes too long again. */
    LIGHT_BYTES = 16384,
    SLOW_US = 5000,
    REST_US = 1000000,
    LONGEST_REST_US = 60 * 1000000,
};

void scribe_init(scribe_t *self, place_t *place, const char *vfs, answers_t *answers)
{
    assert(self && place && answers);
    *self = (scribe_t){.place = place, .vfs = vfs, .answers = answers, .rest_us = REST_US};
    wal_init(&self->wal);
    checkpointer_init(&self->checkpointer, place, vfs, &self->inbox);
    mailbox_init(&self->inbox);
    shelves_init(&self->shelves);
    buffer_init(&self->work, MAILBOX_BYTES);
    buffer_init(&self->trims, MAILBOX_BYTES);
    buffer_t *own[] = {&self->runs, &self->block, &self->folded, &self->pieces, &self->events};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        buffer_init(own[i], MAILBOX_BYTES);
}

void scribe_fini(scribe_t *self)
{
    assert(self);
    db_close(&self->db);
    buffer_t *own[] = {&self->runs, &self->block, &self->folded, &self->pieces, &self->events};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        buffer_fini(own[i]);
    buffer_fini(&self->trims);
    buffer_fini(&self->work);
    shelves_fini(&self->shelves);
    checkpointer_fini(&self->checkpointer);
    mailbox_fini(&self->inbox);
}

/* SQLite calls it after each commit, with the pages of the journal. */
static int count_pages(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    wal_count(&((scribe_t *)context)->wal, pages);
    return SQLITE_OK;
}

/* SQLite's own checkpoints are off: it would swallow their errors. The cache is small, or it would hold
 * the records of all who came of late, by the megabyte; within a transaction it grows as it must. */
static const char SETTINGS[] = "PRAGMA wal_autocheckpoint = 0;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA secure_delete = FAST;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -128;"
                               "PRAGMA cache_spill = OFF;";

int scribe_open(scribe_t *self)
{
    assert(self);
    int code = db_open(&self->db, self->place->database, self->vfs, DB_WRITES);
    if (code == SQLITE_OK)
        code = db_run(&self->db, SETTINGS);
    if (code == SQLITE_OK)
        code = db_run(&self->db, self->is_synced ? "PRAGMA synchronous = FULL"
                                                 : "PRAGMA synchronous = NORMAL");
    if (code == SQLITE_OK)
        code = db_prepare(&self->db);
    if (code == SQLITE_OK)
        sqlite3_wal_hook(self->db.handle, count_pages, self);
    else
        db_close(&self->db);
    return code;
}

/* --- batches ------------------------------------------------------------------------------------ */

/* What goes into one transaction. */
typedef struct {
    size_t begin, end;    /* of self->work */
    uint64_t first, last; /* batches; 0: none */
    uint64_t generation;
    bool drops_notes;
} group_t;

static void keep_trim(scribe_t *self, op_t *op)
{
    bool has_room = ops_add(&self->trims, *op, op_name(op), op_bytes(op));
    assert(has_room);
    (void)has_room;
    op->kind = OP_VOID;
}

/* The batches from self->done on, up to `limit`, as many as one transaction takes. Void ones are passed
 * over: they are older than all that is not. Trims go to where they wait. */
static group_t survey(scribe_t *self, size_t limit)
{
    group_t group = {.begin = self->done, .end = self->done};
    size_t offset = self->done;
    while (offset < limit && group.end - group.begin < GROUP_BYTES) {
        op_t *op = ops_at(&self->work, offset);
        offset += op->size;
        if (op->kind == OP_TRIM)
            keep_trim(self, op);
        group.drops_notes |= op->kind == OP_DROP_NOTES;
        if (op->kind != OP_COMMIT)
            continue;
        group.end = offset;
        group.generation = op->at_ms;
        if (op->at_ms <= self->void_generation) {
            group.begin = offset;
            continue;
        }
        group.last = op->number;
        if (group.first == 0)
            group.first = op->number;
    }
    /* What follows the last batch are trims. */
    if (offset >= limit)
        group.end = limit;
    return group;
}

/* Where the batch begins whose event at `offset` was refused. */
static size_t batch_begin(const scribe_t *self, size_t begin, size_t offset)
{
    for (size_t i = begin; i < offset; i += ops_at(&self->work, i)->size)
        if (ops_at(&self->work, i)->kind == OP_COMMIT)
            begin = i + ops_at(&self->work, i)->size;
    return begin;
}

/* Writes and commits the group. An event out of order: *out_refused is where. */
static int commit_group(scribe_t *self, const group_t *group, size_t *out_refused)
{
    int code = group->drops_notes && self->recent.notes > 0 ? fold_all(self) : SQLITE_OK;
    if (code == SQLITE_OK)
        code = transaction_begin(self, true);
    if (code != SQLITE_OK)
        return code;
    buffer_clear(&self->runs);
    buffer_clear(&self->block);
    for (size_t i = group->begin; i < group->end && code == SQLITE_OK;) {
        code = apply_op(self, i);
        *out_refused = i;
        i += ops_at(&self->work, i)->size;
    }
    if (code == SQLITE_OK)
        code = apply_end(self);
    return transaction_end(self, code);
}

static void succeed(scribe_t *self, const group_t *group)
{
    answers_add(self->answers, &(store_answer_t){.kind = STORE_COMMITTED, .batch = group->last},
                NULL);
    if (self->is_failing)
        log_info("store.recovered", log_str("database", self->place->database),
                 log_u64("batch", group->last));
    self->is_failing = self->chores_rest = false;
}

static void fail(scribe_t *self, const group_t *group, int code)
{
    answers_add(self->answers, &(store_answer_t){.kind = STORE_FAILED, .batch = group->first},
                NULL);
    self->void_generation = group->generation;
    if (!self->is_failing && code != APPLY_OUT_OF_ORDER)
        log_error("store.failed", log_str("database", self->place->database),
                  log_u64("batch", group->first), log_str("error", sqlite3_errstr(code)),
                  log_i64("code", code));
    self->is_failing = true;
    /* What the journal holds can be brought into pages the database already has: that makes room in it. */
    if ((code & 0xff) == SQLITE_FULL)
        (void)!transaction_checkpoint(self, SQLITE_CHECKPOINT_PASSIVE);
}

/* Deals with the batches up to `limit` that one transaction takes. */
static void do_group(scribe_t *self, size_t limit)
{
    group_t group = survey(self, limit);
    size_t refused = 0;
    int code = group.first ? commit_group(self, &group, &refused) : SQLITE_OK;
    size_t good_end = code == APPLY_OUT_OF_ORDER ? batch_begin(self, group.begin, refused) : 0;
    if (good_end > group.begin) {
        do_group(self, good_end); /* the batches before the bad one; then it is the first */
        return;
    }
    self->done = group.end;
    if (group.first && code == SQLITE_OK)
        succeed(self, &group);
    else if (group.first)
        fail(self, &group, code);
}

/* --- the loop ----------------------------------------------------------------------------------- */

/* What came of bringing the journal into the database. */
static void hear_checkpoint(scribe_t *self, const checkpoint_t *checkpoint)
{
    wal_hear(&self->wal, checkpoint->brought);
    int code = transaction_judge_checkpoint(self, checkpoint->code);
    if (code != SQLITE_OK && !self->is_broken && !self->is_not_brought)
        log_warn("store.not_checkpointed", log_str("database", self->place->database),
                 log_str("error", sqlite3_errstr(code)), log_i64("code", code));
    self->is_not_brought = code != SQLITE_OK;
}

/* The owner's, too. */
static void hear_checkpointer(scribe_t *self)
{
    checkpoint_t checkpoint;
    if (self->wal.is_asked && checkpointer_take(&self->checkpointer, &checkpoint))
        hear_checkpoint(self, &checkpoint);
}

static void await_checkpointer(scribe_t *self)
{
    if (!self->wal.is_asked)
        return;
    checkpoint_t checkpoint = checkpointer_wait(&self->checkpointer);
    hear_checkpoint(self, &checkpoint);
}

static void ask_checkpointer(scribe_t *self)
{
    if (!wal_is_due(&self->wal) || self->is_broken)
        return;
    wal_ask(&self->wal);
    checkpointer_ask(&self->checkpointer);
}

/* True if the journal has grown too long: nothing is to be committed until it is in the database. */
static bool must_stop(const scribe_t *self)
{
    return wal_is_longest(&self->wal) && !self->is_broken && !self->needs_reopen;
}

static void stop_for_journal(scribe_t *self)
{
    if (!must_stop(self))
        return;
    await_checkpointer(self);
    checkpoint_t checkpoint = checkpointer_bring(&self->db);
    wal_stop(&self->wal);
    hear_checkpoint(self, &checkpoint);
}

/* Has something to do in self->work or a chore. False: the inbox is closed and empty. */
static bool get_work(scribe_t *self)
{
    if (self->done < self->work.size)
        return true;
    buffer_recycle(&self->work);
    self->done = 0;
    do {
        hear_checkpointer(self);
        if (mailbox_take(&self->inbox, &self->work))
            return true;
        if (chores_wait(self) || must_stop(self))
            return !mailbox_is_closed(&self->inbox); /* the rest is done after the next start */
    } while (mailbox_wait(&self->inbox));
    return false;
}

static int say_closed(scribe_t *self)
{
    int code = SQLITE_OK;
    if (self->is_used)
        code = schema_set_number(&self->db, META_MARK, self->mark + 1);
    /* Nobody has drawn the consequences yet of what was not closed well before: it is not forgotten. */
    bool is_closed = self->is_used || self->was_closed;
    return code == SQLITE_OK ? schema_set_number(&self->db, META_CLOSED, is_closed) : code;
}

/* The journal is brought in twice: before it is said that all was closed in good order, so that a loss of power
 * finds the word only with all that came before it on the disk, and after, so that no journal is left. */
static void close_well(scribe_t *self)
{
    int code = fold_all(self);
    if (code == SQLITE_OK)
        code = transaction_checkpoint(self, SQLITE_CHECKPOINT_TRUNCATE);
    if (code == SQLITE_OK)
        code = transaction_begin(self, false);
    if (code == SQLITE_OK)
        code = transaction_end(self, say_closed(self));
    if (code == SQLITE_OK && self->is_used)
        place_set_mark(self->place, ++self->mark);
    if (code == SQLITE_OK)
        code = transaction_checkpoint(self, SQLITE_CHECKPOINT_TRUNCATE);
    if (code != SQLITE_OK)
        log_warn("store.not_closed", log_str("database", self->place->database),
                 log_str("error", sqlite3_errstr(code)), log_i64("code", code));
}

/* SQLite would bring the journal in on closing the last connection; after a failed fsync it must not. */
static void leave_journal(scribe_t *self)
{
    if (self->db.handle)
        (void)sqlite3_db_config(self->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void *scribe_run(void *context)
{
    scribe_t *self = context;
    while (get_work(self)) {
        if (self->done < self->work.size)
            do_group(self, self->work.size);
        stop_for_journal(self);
        ask_checkpointer(self);
        chores_step(self);
    }
    await_checkpointer(self);
    checkpointer_close(&self->checkpointer);
    if (self->is_changed && !self->is_failing && !self->is_broken)
        close_well(self);
    if (self->is_broken)
        leave_journal(self);
    return NULL;
}

/* --- what the owner does itself ------------------------------------------------------------------ */

/* True if the next batch must not wait for a disk, or for another process. */
static bool is_light(const scribe_t *self, uint64_t now_ms)
{
    return !self->is_failing && !wal_may_wait(&self->wal) && transaction_is_light(self, now_ms);
}

static bool commit_here(scribe_t *self, buffer_t *batch)
{
    size_t refused;
    buffer_t own = self->work;
    self->work = *batch;
    self->done = 0;
    group_t group = survey(self, self->work.size);
    db_be_patient(&self->db, false);
    bool is_done = group.first == 0 ||
                   (!group.drops_notes && commit_group(self, &group, &refused) == SQLITE_OK);
    db_be_patient(&self->db, true);
    if (is_done && group.first)
        succeed(self, &group);
    *batch = self->work;
    self->work = own;
    return is_done;
}

bool scribe_commit_here(scribe_t *self, buffer_t *batch)
{
    assert(self && batch);
    uint64_t began_us = clock_mono_us();
    if (batch->size > LIGHT_BYTES || began_us < self->rests_until_us ||
        !mailbox_enter(&self->inbox))
        return false;
    hear_checkpointer(self);
    bool is_done = is_light(self, began_us / 1000) && commit_here(self, batch);
    ask_checkpointer(self);
    mailbox_leave(&self->inbox, must_stop(self) || chores_wait(self));
    uint64_t now_us = clock_mono_us();
    if (now_us - began_us > SLOW_US) {
        self->rest_us = self->rest_us < LONGEST_REST_US / 2 ? 2 * self->rest_us : LONGEST_REST_US;
        self->rests_until_us = now_us + self->rest_us;
    } else if (is_done) {
        self->rest_us = REST_US;
    }
    if (is_done)
        buffer_recycle(batch);
    return is_done;
}
