#include "broker/store/apply.h"

#include "base/log.h"
#include "broker/store/block.h"

#include <assert.h>

/* Events of one log and transaction that are a block of their own at once, where they are so many bytes: folding them would
 * write them again, while a block is another page to be written. */
enum { FILED_BYTES = 4096 };

/* --- events ------------------------------------------------------------------------------------- */

static int refuse(const scribe_t *self, const shelf_t *shelf, const op_t *op)
{
    if (!self->is_failing)
        log_error("store.out_of_order", log_peer("log", shelf->key.name, shelf->key.size),
                  log_u64("head", shelf->now.head), log_u64("seq", op->number));
    return APPLY_OUT_OF_ORDER;
}

/* Hangs the event to its log's chain. */
static void chain(const buffer_t *work, shelf_t *shelf, uint32_t offset)
{
    if (shelf->op_count++ == 0)
        shelf->first_op = offset;
    else
        ops_at(work, shelf->last_op)->next = offset;
    shelf->last_op = offset;
}

static shelf_t *shelf_for(scribe_t *self, span_t name)
{
    /* Events come in runs of one log. */
    shelf_t *last = self->shelves.touched;
    if (last && span_equal(lookup_name(&last->key), name))
        return last;
    return shelves_touch(&self->shelves, name);
}

static int append(scribe_t *self, op_t *op, size_t offset)
{
    shelf_t *shelf = shelf_for(self, op_name(op));
    shelf_state_t *now = &shelf->now;
    if (op->number != now->head + 1)
        return refuse(self, shelf, op);
    if (op->at_ms < now->last_ms)
        op->at_ms = now->last_ms; /* times never go back within a log */
    if (now->oldest > now->head) {
        now->oldest = op->number;
        now->oldest_ms = op->at_ms;
    }
    now->head = op->number;
    now->last_ms = op->at_ms;
    now->bytes += op->bytes_size;
    now->unfolded++;
    chain(&self->work, shelf, (uint32_t)offset);
    return SQLITE_OK;
}

/* Events of a transaction and a log that become one block. */
typedef struct {
    const op_t *first, *last;
    uint32_t count;
    size_t bytes;
} chunk_t;

/* As many of the log's waiting events as one block takes; they wait no longer. */
static chunk_t take_chunk(const buffer_t *work, shelf_t *shelf)
{
    const op_t *op = ops_at(work, shelf->first_op);
    chunk_t chunk = {.first = op};
    do {
        chunk.last = op;
        chunk.count++;
        chunk.bytes += op->bytes_size;
        shelf->op_count--;
        shelf->first_op = op->next;
        op = shelf->op_count > 0 ? ops_at(work, op->next) : NULL;
    } while (op && !block_is_full(chunk.count, chunk.bytes, op->at_ms - chunk.first->at_ms));
    return chunk;
}

/* Appends the chunk's block. */
static void add_block(const buffer_t *work, const chunk_t *chunk, buffer_t *out)
{
    const op_t *op = chunk->first;
    uint64_t last_ms = op->at_ms;
    for (uint32_t i = 0; i < chunk->count; i++) {
        op = i == 0 ? op : ops_at(work, op->next);
        block_add_entry(out, op->at_ms - last_ms, op->bytes_size);
        last_ms = op->at_ms;
    }
    char *place = buffer_extend(out, chunk->bytes);
    assert(place);
    op = chunk->first;
    for (uint32_t i = 0; i < chunk->count; i++) {
        op = i == 0 ? op : ops_at(work, op->next);
        memcpy(place, op_bytes(op).data, op->bytes_size);
        place += op->bytes_size;
    }
}

/* Writes the chunk as a row of `events`. */
static int file_chunk(scribe_t *self, const shelf_t *shelf, const chunk_t *chunk)
{
    buffer_clear(&self->events);
    add_block(&self->work, chunk, &self->events);
    return apply_block(self, shelf->now.id,
                       &(block_row_t){.first = chunk->first->number,
                                      .last = chunk->last->number,
                                      .first_ms = chunk->first->at_ms,
                                      .last_ms = chunk->last->at_ms,
                                      .bytes = chunk->bytes,
                                      .block = buffer_span(&self->events)});
}

/* Writes a log's waiting events into the row of `recent`, or beside it. */
static int add_runs(scribe_t *self, shelf_t *shelf)
{
    int code = SQLITE_OK;
    while (shelf->op_count > 0 && code == SQLITE_OK) {
        chunk_t chunk = take_chunk(&self->work, shelf);
        size_t begin = self->block.size;
        bool is_filed = chunk.bytes >= FILED_BYTES;
        if (is_filed) {
            code = file_chunk(self, shelf, &chunk);
            self->adding.filed += chunk.count;
            self->adding.filed_bytes += chunk.bytes;
        } else {
            add_block(&self->work, &chunk, &self->block);
            self->adding.events += chunk.count;
            self->adding.bytes += chunk.bytes;
        }
        recent_add_run(&self->runs, &(recent_run_t){.id = shelf->now.id,
                                                    .first = chunk.first->number,
                                                    .count = chunk.count,
                                                    .first_ms = chunk.first->at_ms,
                                                    .size = self->block.size - begin});
    }
    return code;
}

int apply_block(scribe_t *self, uint32_t id, const block_row_t *row)
{
    assert(self && id != 0 && row && row->first > 0 && row->first <= row->last);
    sqlite3_stmt *statement = db_use(&self->db, DB_add_block);
    db_bind_number(statement, 1, block_key(id, row->first));
    db_bind_number(statement, 2, row->last);
    db_bind_number(statement, 3, row->first_ms);
    db_bind_number(statement, 4, row->last_ms);
    db_bind_number(statement, 5, row->bytes);
    db_bind_bytes(statement, 6, row->block);
    return db_do(statement);
}

static int add_row(scribe_t *self, shelf_t *shelf)
{
    shelves_number(&self->shelves, shelf);
    sqlite3_stmt *statement = db_use(&self->db, DB_add_log);
    db_bind_number(statement, 1, shelf->now.id);
    db_bind_bytes(statement, 2, lookup_name(&shelf->key));
    for (int place = 3; place <= 5; place++)
        db_bind_number(statement, place, 0);
    return db_do(statement);
}

int apply_row(scribe_t *self, shelf_t *shelf)
{
    assert(self && shelf && shelf->now.id != 0 && shelf->now.unfolded == 0);
    sqlite3_stmt *statement = db_use(&self->db, DB_set_log);
    db_bind_number(statement, 1, shelf->now.head);
    db_bind_number(statement, 2, shelf->now.last_ms);
    db_bind_number(statement, 3, shelf->now.bytes);
    db_bind_number(statement, 4, shelf->now.id);
    return db_do(statement);
}

int apply_end(scribe_t *self)
{
    assert(self);
    for (shelf_t *shelf = self->shelves.touched; shelf; shelf = shelf->touched) {
        if (shelf->op_count == 0)
            continue;
        int code = shelf->now.id == 0 ? add_row(self, shelf) : SQLITE_OK;
        if (code == SQLITE_OK)
            code = add_runs(self, shelf);
        if (code != SQLITE_OK)
            return code;
    }
    if (self->runs.size == 0)
        return SQLITE_OK;
    self->adding.rows = 1;
    sqlite3_stmt *statement = db_use(&self->db, DB_add_recent);
    db_bind_number(statement, 1, ++self->recent_number);
    db_bind_bytes(statement, 2, buffer_span(&self->runs));
    db_bind_bytes(statement, 3, buffer_span(&self->block));
    return db_do(statement);
}

/* --- the rest ----------------------------------------------------------------------------------- */

/* The name goes now, so that the log can be made again; its events go bit by bit, see chores.c. */
static int erase(scribe_t *self, span_t name)
{
    if (shelves_find(&self->shelves, name) == NULL)
        return SQLITE_OK;
    shelf_t *shelf = shelves_touch(&self->shelves, name);
    uint32_t id = shelf->now.id;
    shelves_erase(&self->shelves, shelf);
    if (id == 0)
        return SQLITE_OK;
    sqlite3_stmt *statement = db_use(&self->db, DB_erase_log);
    db_bind_number(statement, 1, id);
    return db_do(statement);
}

static int put(scribe_t *self, const op_t *op)
{
    bool is_removed = op->bytes_size == 0;
    sqlite3_stmt *statement = db_use(&self->db, is_removed ? DB_drop_record : DB_put_record);
    db_bind_bytes(statement, 1, op_name(op));
    if (!is_removed)
        db_bind_bytes(statement, 2, op_bytes(op));
    return db_do(statement);
}

static int note(scribe_t *self, const op_t *op)
{
    if (!recent_add_note(&self->runs, &self->block, op->number, op_bytes(op)))
        return SQLITE_TOOBIG;
    self->adding.notes++;
    self->adding.bytes += op->bytes_size;
    return SQLITE_OK;
}

/* Those that stood in `recent` have been folded before. */
static int drop_notes(scribe_t *self, uint64_t below)
{
    assert(self->recent.notes == 0);
    self->adding.notes -= recent_drop_notes(&self->runs, &self->block, below);
    sqlite3_stmt *statement = db_use(&self->db, DB_drop_notes);
    db_bind_number(statement, 1, below);
    return db_do(statement);
}

int apply_op(scribe_t *self, size_t offset)
{
    assert(self);
    op_t *op = ops_at(&self->work, offset);
    switch ((op_kind_t)op->kind) {
    case OP_APPEND:
        return append(self, op, offset);
    case OP_PUT:
        return put(self, op);
    case OP_NOTE:
        return note(self, op);
    case OP_DROP_NOTES:
        return drop_notes(self, op->number);
    case OP_ERASE:
        return erase(self, op_name(op));
    case OP_VOID:
    case OP_COMMIT:
        return SQLITE_OK;
    case OP_TRIM:
    case OP_READ:
        break;
    }
    assert(false);
    return SQLITE_MISUSE;
}
