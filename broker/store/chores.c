#include "broker/store/chores.h"

#include "base/log.h"
#include "broker/store/apply.h"
#include "broker/store/block.h"
#include "broker/store/fold.h"
#include "broker/store/transaction.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STEP_BLOCKS = 64, /* dropped in one transaction: measured, a millisecond or two */
};

/* The oldest blocks of a log that are to go. */
typedef struct {
    uint64_t keys[STEP_BLOCKS];
    size_t count;
    bool is_rest;            /* no block is left behind them that is to go */
    uint64_t last;           /* number of the last one's last event */
    uint64_t bytes, next_ms; /* next_ms: time of the first event that stays; 0: none does */
} heap_t;

/* --- what is to go ------------------------------------------------------------------------------ */

/* True if a block with that end may go whole. `bytes` is what the log has without the ones before it. */
static bool is_excess(const retention_t *retention, const shelf_state_t *log, uint64_t last,
                      uint64_t last_ms, uint64_t bytes, uint64_t block_bytes)
{
    if (retention->events > 0 && log->head >= retention->events &&
        last <= log->head - retention->events)
        return true;
    if (retention->bytes > 0 && bytes >= retention->bytes &&
        bytes - block_bytes >= retention->bytes)
        return true;
    return retention->before_ms > 0 && last_ms < retention->before_ms;
}

/* Gathers oldest blocks of `id`; `retention` NULL: all may go. */
static int gather(scribe_t *self, uint32_t id, const retention_t *retention,
                  const shelf_state_t *log, heap_t *out)
{
    *out = (heap_t){.is_rest = true};
    sqlite3_stmt *statement = db_use(&self->db, DB_blocks);
    db_bind_number(statement, 1, block_key(id, 0));
    db_bind_number(statement, 2, block_last_key(id));
    int code;
    while ((code = db_step(statement)) == SQLITE_ROW) {
        uint64_t last = db_column_number(statement, 1), bytes = db_column_number(statement, 4);
        bool goes =
            retention == NULL || is_excess(retention, log, last, db_column_number(statement, 3),
                                           log->bytes - out->bytes, bytes);
        out->next_ms = db_column_number(statement, 2);
        if (goes && out->count == STEP_BLOCKS)
            out->is_rest = false;
        if (!goes || out->count == STEP_BLOCKS)
            return db_done(statement, code);
        out->keys[out->count++] = db_column_number(statement, 0);
        out->last = last;
        out->bytes += bytes;
    }
    out->next_ms = 0;
    return db_done(statement, code);
}

static int drop(scribe_t *self, const heap_t *heap)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < heap->count && code == SQLITE_OK; i++) {
        sqlite3_stmt *statement = db_use(&self->db, DB_drop_block);
        db_bind_number(statement, 1, heap->keys[i]);
        code = db_do(statement);
    }
    return code;
}

/* --- trimming ----------------------------------------------------------------------------------- */

static int drop_oldest(scribe_t *self, shelf_t *shelf, const heap_t *heap)
{
    shelf_state_t *now = &shelf->now;
    now->oldest = heap->last + 1;
    now->oldest_ms = heap->next_ms;
    now->bytes -= heap->bytes;
    int code = drop(self, heap);
    return code == SQLITE_OK ? apply_row(self, shelf) : code;
}

/* One step of a trim. True in *out_is_done: nothing is left to drop. */
static int trim(scribe_t *self, shelf_t *shelf, const retention_t *retention, bool *out_is_done)
{
    heap_t heap = {.is_rest = true};
    int code = transaction_connect(self);
    if (code == SQLITE_OK && shelf->now.unfolded > 0)
        code = fold_all(self);
    if (code == SQLITE_OK)
        code = gather(self, shelf->now.id, retention, &shelf->now, &heap);
    *out_is_done = heap.is_rest;
    if (code != SQLITE_OK || heap.count == 0)
        return code;
    code = transaction_begin(self, false);
    if (code != SQLITE_OK)
        return code;
    shelf = shelves_touch(&self->shelves, lookup_name(&shelf->key));
    code = drop_oldest(self, shelf, &heap);
    return transaction_end(self, code);
}

static void answer_trim(scribe_t *self, span_t name)
{
    const shelf_t *shelf = shelves_find(&self->shelves, name);
    char *copy = malloc(name.size);
    assert(copy);
    memcpy(copy, name.data, name.size);
    store_answer_t answer = {.kind = STORE_TRIMMED, .state = {.oldest = 1}};
    if (shelf)
        answer.state = shelf_state(shelf);
    answer.state.log = (span_t){copy, name.size};
    answers_add(self->answers, &answer, copy);
}

static int step_trim(scribe_t *self)
{
    const op_t *op = ops_at(&self->trims, self->trims_done);
    retention_t retention;
    memcpy(&retention, op_bytes(op).data, sizeof retention);
    shelf_t *shelf = shelves_find(&self->shelves, op_name(op));
    bool is_done = true;
    int code = SQLITE_OK;
    if (shelf)
        code = trim(self, shelf, &retention, &is_done);
    if (code == SQLITE_OK && !is_done)
        return code;
    answer_trim(self, op_name(op)); /* whatever it came to */
    self->trims_done += op->size;
    if (self->trims_done == self->trims.size) {
        self->trims_done = 0;
        buffer_clear(&self->trims);
    }
    return code;
}

/* --- what was erased ---------------------------------------------------------------------------- */

static int drop_gone(scribe_t *self, uint32_t id, const heap_t *heap)
{
    int code = drop(self, heap);
    if (code != SQLITE_OK || !heap->is_rest)
        return code;
    sqlite3_stmt *statement = db_use(&self->db, DB_drop_log);
    db_bind_number(statement, 1, id);
    return db_do(statement);
}

static int step_gone(scribe_t *self)
{
    uint32_t id = shelves_gone(&self->shelves);
    heap_t heap;
    int code = transaction_connect(self);
    if (code == SQLITE_OK)
        code = fold_all(
            self); /* some of it may stand in `recent`, under an id that will be used again */
    if (code == SQLITE_OK)
        code = gather(self, id, NULL, NULL, &heap);
    if (code == SQLITE_OK)
        code = transaction_begin(self, false);
    if (code != SQLITE_OK)
        return code;
    code = transaction_end(self, drop_gone(self, id, &heap));
    if (code == SQLITE_OK && heap.is_rest)
        shelves_end_gone(&self->shelves);
    return code;
}

/* ------------------------------------------------------------------------------------------------ */

static bool has_trim(const scribe_t *self)
{
    return self->trims_done < self->trims.size;
}

static bool may_fold(const scribe_t *self)
{
    return !self->chores_rest && !self->is_broken && fold_is_due(self);
}

static bool has_gone(const scribe_t *self)
{
    return !self->chores_rest && !self->is_broken && shelves_gone(&self->shelves) != 0;
}

bool chores_wait(const scribe_t *self)
{
    assert(self);
    return may_fold(self) || has_trim(self) || has_gone(self);
}

void chores_step(scribe_t *self)
{
    assert(self);
    if (!chores_wait(self))
        return;
    int code = may_fold(self) ? fold_all(self) : has_trim(self) ? step_trim(self) : step_gone(self);
    if (code == SQLITE_OK)
        return;
    if (!self->chores_rest)
        log_warn("store.not_trimmed", log_str("database", self->place->database),
                 log_str("error", sqlite3_errstr(code)), log_i64("code", code));
    self->chores_rest = true;
}
