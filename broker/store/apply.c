#include "broker/store/apply.h"

#include "base/log.h"
#include "broker/store/block.h"

#include <assert.h>

enum { ROW_EVERY_BLOCKS = 256 }; /* so that opening has few blocks to look at */

/* --- events ------------------------------------------------------------------------------------- */

static int refuse(const scribe_t *self, const shelf_t *shelf, const op_t *op)
{
    if (!self->is_failing)
        log_error("store.out_of_order", log_peer("log", shelf->key.name.data, shelf->key.name.size),
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
    if (last && span_equal(last->key.name, name))
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
    chain(&self->work, shelf, (uint32_t)offset);
    return SQLITE_OK;
}

/* Puts a block together from the first of the waiting events. The row's numbers go to `out`. */
typedef struct {
    uint64_t first, last, first_ms, last_ms, bytes;
} row_t;

static void take_block(scribe_t *self, shelf_t *shelf, row_t *out)
{
    const op_t *first = ops_at(&self->work, shelf->first_op), *op = first;
    *out = (row_t){first->number, first->number - 1, first->at_ms, first->at_ms, 0};
    buffer_clear(&self->block);
    uint32_t count = 0;
    for (; count < shelf->op_count && count < BLOCK_EVENTS && out->bytes < BLOCK_BYTES; count++) {
        op = count == 0 ? first : ops_at(&self->work, op->next);
        block_add_entry(&self->block, op->at_ms - out->last_ms, op->bytes_size);
        out->last = op->number;
        out->last_ms = op->at_ms;
        out->bytes += op->bytes_size;
    }
    bool has_room = buffer_reserve(&self->block, out->bytes);
    assert(has_room);
    (void)has_room;
    op = first;
    for (uint32_t i = 0; i < count; i++) {
        op = i == 0 ? first : ops_at(&self->work, op->next);
        memcpy(buffer_extend(&self->block, op->bytes_size), op_bytes(op).data, op->bytes_size);
    }
    shelf->first_op = op->next;
    shelf->op_count -= count;
}

static int add_block(scribe_t *self, shelf_t *shelf, const row_t *row)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_add_block);
    db_bind_number(statement, 1, block_key(shelf->now.id, row->first));
    db_bind_number(statement, 2, row->last);
    db_bind_number(statement, 3, row->first_ms);
    db_bind_number(statement, 4, row->last_ms);
    db_bind_number(statement, 5, row->bytes);
    db_bind_bytes(statement, 6, buffer_span(&self->block));
    shelf->now.unwritten++;
    return db_do(statement);
}

static int add_row(scribe_t *self, shelf_t *shelf)
{
    shelves_number(&self->shelves, shelf);
    sqlite3_stmt *statement = db_use(&self->db, DB_add_log);
    db_bind_number(statement, 1, shelf->now.id);
    db_bind_bytes(statement, 2, shelf->key.name);
    for (int place = 3; place <= 5; place++)
        db_bind_number(statement, place, 0);
    return db_do(statement);
}

int apply_row(scribe_t *self, shelf_t *shelf)
{
    assert(self && shelf && shelf->now.id != 0);
    sqlite3_stmt *statement = db_use(&self->db, DB_set_log);
    db_bind_number(statement, 1, shelf->now.head);
    db_bind_number(statement, 2, shelf->now.last_ms);
    db_bind_number(statement, 3, shelf->now.bytes);
    db_bind_number(statement, 4, shelf->now.id);
    shelf->now.unwritten = 0;
    return db_do(statement);
}

static int write_events(scribe_t *self, shelf_t *shelf)
{
    int code = SQLITE_OK;
    if (shelf->op_count > 0 && shelf->now.id == 0)
        code = add_row(self, shelf);
    while (code == SQLITE_OK && shelf->op_count > 0) {
        row_t row;
        take_block(self, shelf, &row);
        code = add_block(self, shelf, &row);
    }
    if (code == SQLITE_OK && shelf->now.unwritten >= ROW_EVERY_BLOCKS)
        code = apply_row(self, shelf);
    return code;
}

int apply_end(scribe_t *self)
{
    assert(self);
    int code = SQLITE_OK;
    for (shelf_t *shelf = self->shelves.touched; shelf && code == SQLITE_OK; shelf = shelf->touched)
        code = write_events(self, shelf);
    return code;
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
    sqlite3_stmt *statement = db_use(&self->db, DB_add_note);
    db_bind_number(statement, 1, op->number);
    db_bind_bytes(statement, 2, op_bytes(op));
    return db_do(statement);
}

static int drop_notes(scribe_t *self, uint64_t below)
{
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
