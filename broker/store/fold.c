#include "broker/store/fold.h"

#include "broker/store/apply.h"
#include "broker/store/block.h"
#include "broker/store/transaction.h"

#include <assert.h>

/* More rows make reading slower, which looks through all of them; more events make better blocks, but keep
 * a commit waiting: some milliseconds, a hundred if all are of different logs. Large events make good blocks soon.
 * Those that are filed are blocks already, but whoever reads a log's end copies all of them. */
enum {
    DUE_ROWS = 512,
    DUE_EVENTS = 8192,
    DUE_BYTES = 256 * 1024,
    DUE_FILED_BYTES = 2 << 20,
    LARGE_BYTES = 512
};

/* A run of `recent`, its block at `offset` of self->folded. A log's are chained. */
typedef struct {
    recent_run_t run;
    size_t offset;
    uint32_t next;
} piece_t;

/* A block on its way into `events`; its entries are in self->block, its events in self->events. */
typedef struct {
    uint64_t first, last, first_ms, last_ms;
} growing_t;

static piece_t *piece_at(const scribe_t *self, uint32_t index)
{
    return (piece_t *)(void *)self->pieces.data + index;
}

static void chain(scribe_t *self, shelf_t *shelf, const piece_t *piece)
{
    uint32_t index = (uint32_t)(self->pieces.size / sizeof *piece);
    bool has_room = buffer_append(&self->pieces, piece, sizeof *piece);
    assert(has_room);
    (void)has_room;
    if (shelf->op_count++ == 0)
        shelf->first_op = index;
    else
        piece_at(self, shelf->last_op)->next = index;
    shelf->last_op = index;
}

static int move_note(scribe_t *self, const piece_t *piece)
{
    sqlite3_stmt *statement = db_use(&self->db, DB_add_note);
    db_bind_number(statement, 1, piece->run.first);
    db_bind_bytes(statement, 2, (span_t){self->folded.data + piece->offset, piece->run.size});
    return db_do(statement);
}

/* Takes a row apart. What was erased since is passed over. */
static int gather_row(scribe_t *self, span_t runs, span_t data)
{
    piece_t piece = {.offset = self->folded.size};
    if (!buffer_append(&self->folded, data.data, data.size))
        return SQLITE_TOOBIG;
    while (runs.size > 0) {
        if (!recent_take_run(&runs, &piece.run) ||
            piece.run.size > self->folded.size - piece.offset)
            return SQLITE_CORRUPT;
        shelf_t *shelf = shelves_by_id(&self->shelves, piece.run.id);
        int code = piece.run.id == RECENT_NOTE ? move_note(self, &piece) : SQLITE_OK;
        if (code != SQLITE_OK)
            return code;
        if (shelf)
            shelf = shelves_touch(&self->shelves, lookup_name(&shelf->key));
        if (shelf && !recent_is_filed(&piece.run))
            chain(self, shelf, &piece);
        piece.offset += piece.run.size;
    }
    return SQLITE_OK;
}

static int gather(scribe_t *self)
{
    buffer_clear(&self->folded);
    buffer_clear(&self->pieces);
    sqlite3_stmt *statement = db_use(&self->db, DB_recent);
    int code = SQLITE_ROW, gathered = SQLITE_OK;
    while (gathered == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        gathered = gather_row(self, db_column_bytes(statement, 0), db_column_bytes(statement, 1));
    code = db_done(statement, code);
    return gathered == SQLITE_OK ? code : gathered;
}

/* Writes the block that has grown and begins another. */
static int add_block(scribe_t *self, const shelf_t *shelf, growing_t *growing)
{
    uint64_t bytes = self->events.size;
    if (bytes == 0)
        return SQLITE_OK;
    bool has_room = buffer_append(&self->block, self->events.data, self->events.size);
    assert(has_room);
    (void)has_room;
    int code = apply_block(self, shelf->now.id,
                           &(block_row_t){growing->first, growing->last, growing->first_ms,
                                          growing->last_ms, bytes, buffer_span(&self->block)});
    buffer_clear(&self->block);
    buffer_clear(&self->events);
    *growing = (growing_t){0};
    return code;
}

/* True if the next event belongs into another block; those between may stand in one already. */
static bool is_grown(const scribe_t *self, const growing_t *growing, uint64_t seq, uint64_t at_ms)
{
    return seq != growing->last + 1 || block_is_full(growing->last - growing->first + 1,
                                                     self->events.size, at_ms - growing->first_ms);
}

/* Adds the events of a piece. */
static int grow(scribe_t *self, const shelf_t *shelf, const piece_t *piece, growing_t *growing)
{
    block_cursor_t cursor;
    span_t block = {self->folded.data + piece->offset, piece->run.size};
    if (!block_open(&cursor, block, piece->run.count, piece->run.first_ms))
        return SQLITE_CORRUPT;
    int code = SQLITE_OK;
    for (uint64_t i = 0; i < piece->run.count && code == SQLITE_OK; i++) {
        block_next(&cursor);
        uint64_t seq = piece->run.first + i;
        if (growing->first > 0 && is_grown(self, growing, seq, cursor.at_ms))
            code = add_block(self, shelf, growing);
        if (growing->first == 0)
            *growing = (growing_t){seq, seq, cursor.at_ms, cursor.at_ms};
        block_add_entry(&self->block, cursor.at_ms - growing->last_ms, cursor.size);
        growing->last = seq;
        growing->last_ms = cursor.at_ms;
        bool has_room =
            buffer_append(&self->events, cursor.events.data + cursor.offset, cursor.size);
        assert(has_room);
        (void)has_room;
    }
    return code;
}

static int fold_log(scribe_t *self, shelf_t *shelf)
{
    growing_t growing = {0};
    int code = SQLITE_OK;
    buffer_clear(&self->block);
    buffer_clear(&self->events);
    uint32_t index = shelf->first_op;
    for (; shelf->op_count > 0 && code == SQLITE_OK; shelf->op_count--) {
        code = grow(self, shelf, piece_at(self, index), &growing);
        index = piece_at(self, index)->next;
    }
    if (code == SQLITE_OK)
        code = add_block(self, shelf, &growing);
    shelf->now.unfolded = 0;
    return code == SQLITE_OK ? apply_row(self, shelf) : code;
}

static int fold(scribe_t *self)
{
    int code = gather(self);
    for (shelf_t *shelf = self->shelves.touched; shelf && code == SQLITE_OK; shelf = shelf->touched)
        code = fold_log(self, shelf);
    return code == SQLITE_OK ? db_execute(&self->db, DB_drop_recent) : code;
}

bool fold_is_due(const scribe_t *self)
{
    assert(self);
    const scribe_recent_t *recent = &self->recent;
    bool is_heavy =
        recent->bytes >= DUE_BYTES && recent->bytes / LARGE_BYTES >= recent->events + recent->notes;
    return recent->rows >= DUE_ROWS || recent->events + recent->filed >= DUE_EVENTS ||
           recent->filed_bytes >= DUE_FILED_BYTES || is_heavy;
}

int fold_all(scribe_t *self)
{
    assert(self);
    if (self->recent.rows == 0)
        return SQLITE_OK;
    int code = transaction_begin(self, false);
    if (code == SQLITE_OK)
        code = transaction_end(self, fold(self));
    if (code == SQLITE_OK)
        self->recent = (scribe_recent_t){.rows = 0};
    buffer_fini(&self->folded);
    buffer_fini(&self->pieces);
    return code;
}
