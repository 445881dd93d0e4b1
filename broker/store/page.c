#include "broker/store/page.h"

#include "broker/store/block.h"
#include "broker/store/tail.h"

#include <assert.h>

typedef struct {
    db_t *db;
    const query_t *query;
    uint32_t id;                /* of the log */
    uint64_t folded, folded_ms; /* number and time of the last event that the tail does not have */
    uint64_t low, high;         /* numbers that are asked for and there; low > high: none */
    const tail_t *tail;
    buffer_t *events;
} search_t;

/* A row of events, or the tail as if it were one. */
typedef struct {
    sqlite3_stmt *statement; /* that it is borrowed from; NULL: it is the tail */
    bool is_there;
    uint64_t first, last, first_ms, last_ms;
} row_t;

/* The row that one of two statements finds among these keys. SQLITE_OK also where there is none. To be
 * ended by row_done(). */
static int row_find(const search_t *self, db_statement_t which, uint64_t low_key, uint64_t high_key,
                    row_t *out)
{
    sqlite3_stmt *statement = db_use(self->db, which);
    db_bind_number(statement, 1, low_key);
    db_bind_number(statement, 2, high_key);
    int code = db_step(statement);
    *out = (row_t){.statement = statement, .is_there = code == SQLITE_ROW};
    if (code != SQLITE_ROW)
        return db_done(statement, code);
    out->first = block_first(db_column_number(statement, 0));
    out->last = db_column_number(statement, 1);
    out->first_ms = db_column_number(statement, 2);
    out->last_ms = db_column_number(statement, 3);
    bool makes_sense = out->first > 0 && out->first <= out->last && out->first_ms <= out->last_ms;
    return makes_sense ? SQLITE_OK : db_done(statement, SQLITE_CORRUPT);
}

static int row_done(const row_t *row)
{
    return row->is_there && row->statement ? db_done(row->statement, SQLITE_ROW) : SQLITE_OK;
}

/* The row with that number, or the nearest before it. */
static int row_at(const search_t *self, uint64_t seq, row_t *out)
{
    const tail_t *tail = self->tail;
    if (tail->last > 0 && seq >= tail->first) {
        *out = (row_t){NULL, true, tail->first, tail->last, tail->first_ms, tail->last_ms};
        return SQLITE_OK;
    }
    return row_find(self, DB_block_before, block_key(self->id, 0), block_key(self->id, seq), out);
}

/* A cursor before the first event of the row. */
static int row_open(const search_t *self, const row_t *row, block_cursor_t *out)
{
    span_t block =
        row->statement ? db_column_bytes(row->statement, 4) : buffer_span(&self->tail->block);
    if (!block_open(out, block, row->last - row->first + 1, row->first_ms))
        return SQLITE_CORRUPT;
    return SQLITE_OK;
}

/* The highest number that is asked for and there; 0: none. */
static int clamp_high(search_t *self)
{
    row_t row;
    uint64_t highest = block_first(block_last_key(self->id)), last = self->query->last;
    int code = row_at(self, last < highest ? last : highest, &row);
    if (code != SQLITE_OK)
        return code;
    if (row.is_there)
        self->high = row.last < last ? row.last : last;
    return row_done(&row);
}

/* The lowest one. */
static int clamp_low(search_t *self)
{
    row_t row;
    int code =
        row_find(self, DB_block_after, block_key(self->id, 0), block_last_key(self->id), &row);
    if (code != SQLITE_OK)
        return code;
    /* The first block may be the tail's, filed, with events before it. */
    bool is_block = row.is_there && (self->tail->last == 0 || row.first < self->tail->first);
    uint64_t oldest = is_block ? row.first : self->tail->first;
    self->low = self->query->first > oldest ? self->query->first : oldest;
    return row_done(&row);
}

/* How many events of the row have a time below `limit_ms`. */
static int count_before(const search_t *self, const row_t *row, uint64_t limit_ms, uint64_t *out)
{
    block_cursor_t cursor;
    int code = row_open(self, row, &cursor);
    if (code != SQLITE_OK)
        return code;
    uint64_t count = row->last - row->first + 1;
    for (*out = 0; *out < count; ++*out) {
        block_next(&cursor);
        if (cursor.at_ms >= limit_ms)
            break;
    }
    return SQLITE_OK;
}

/* The first number from `low` to `high` whose time is not below `limit_ms`; high + 1 if all are. Times
 * never go back within a log, so halving finds it. */
static int first_not_before(const search_t *self, uint64_t limit_ms, uint64_t *out)
{
    uint64_t low = self->low, high = self->high;
    while (low <= high) {
        row_t row;
        int code = row_at(self, low + (high - low) / 2, &row);
        if (code != SQLITE_OK)
            return code;
        if (!row.is_there)
            return SQLITE_CORRUPT;
        uint64_t count = 0;
        bool is_inside = row.first_ms < limit_ms && row.last_ms >= limit_ms;
        code = is_inside ? count_before(self, &row, limit_ms, &count) : SQLITE_OK;
        int done = row_done(&row);
        if (code != SQLITE_OK || done != SQLITE_OK)
            return code != SQLITE_OK ? code : done;
        if (row.last_ms < limit_ms) {
            low = row.last + 1;
        } else if (row.first_ms >= limit_ms) {
            high = row.first - 1;
        } else {
            low = row.first + count;
            break;
        }
    }
    if (low < self->low)
        low = self->low;
    *out = low <= self->high ? low : self->high + 1;
    return SQLITE_OK;
}

/* Narrows low and high to the times asked for. */
static int clamp_times(search_t *self)
{
    const query_t *query = self->query;
    uint64_t first = self->low, behind = self->high + 1;
    int code = SQLITE_OK;
    if (query->after_ms > 0 && query->after_ms < UINT64_MAX)
        code = first_not_before(self, query->after_ms + 1, &first);
    if (code == SQLITE_OK && query->until_ms < UINT64_MAX)
        code = first_not_before(self, query->until_ms, &behind);
    if (code != SQLITE_OK)
        return code;
    self->low = first;
    self->high = behind - 1;
    return SQLITE_OK;
}

/* Copies events of the row from `self->low` on, as many as are asked for. True in *out_is_full: the page holds
 * what it may; self->low is the first number that was not copied. */
static int copy_row(search_t *self, const row_t *row, uint64_t *taken, bool *out_is_full)
{
    block_cursor_t cursor;
    int code = row_open(self, row, &cursor);
    if (code != SQLITE_OK)
        return code;
    const query_t *query = self->query;
    uint64_t last = row->last < self->high ? row->last : self->high;
    size_t begin = 0, end = 0;
    for (uint64_t seq = row->first; seq <= last && !*out_is_full; seq++) {
        block_next(&cursor);
        if (seq < self->low) {
            begin = end = cursor.offset + cursor.size;
            continue;
        }
        size_t size = self->events->size + (end - begin) + cursor.size;
        *out_is_full = *taken == query->count || (*taken > 0 && size > query->bytes);
        if (*out_is_full)
            break;
        end += cursor.size;
        ++*taken;
        self->low = seq + 1;
    }
    bool has_room = buffer_append(self->events, cursor.events.data + begin, end - begin);
    return has_room ? SQLITE_OK : SQLITE_TOOBIG;
}

/* Copies from low towards high. */
static int copy(search_t *self)
{
    bool is_full = false;
    uint64_t taken = 0;
    while (self->low <= self->high && !is_full) {
        row_t row;
        uint64_t before = self->low;
        int code = row_at(self, self->low, &row);
        if (code != SQLITE_OK)
            return code;
        if (!row.is_there || row.last < self->low)
            return row_done(&row) == SQLITE_OK ? SQLITE_CORRUPT : SQLITE_IOERR;
        code = copy_row(self, &row, &taken, &is_full);
        int done = row_done(&row);
        if (code != SQLITE_OK || done != SQLITE_OK)
            return code != SQLITE_OK ? code : done;
        assert(self->low > before || is_full);
    }
    return SQLITE_OK;
}

/* Of the row's events up to `last`, the first one that still fits into `count` and `bytes`, which become
 * less by what is taken. last + 1: none. */
static int fit_row(const search_t *self, const row_t *row, uint64_t last, uint64_t *count,
                   uint64_t *bytes, uint64_t *out)
{
    block_cursor_t cursor, ahead;
    int code = row_open(self, row, &cursor);
    if (code != SQLITE_OK)
        return code;
    ahead = cursor;
    for (uint64_t seq = row->first; seq <= last; seq++)
        block_next(&ahead);
    size_t end = ahead.offset + ahead.size;
    for (*out = row->first; *out <= last; ++*out) {
        block_next(&cursor);
        if (last - *out + 1 <= *count && end - cursor.offset <= *bytes)
            break;
    }
    if (*out > last)
        return SQLITE_OK;
    *count -= last - *out + 1;
    *bytes -= end - cursor.offset;
    return SQLITE_OK;
}

/* Raises low to where a page that ends at high begins. */
static int fit(search_t *self)
{
    uint64_t count = self->query->count, bytes = self->query->bytes, next = self->high;
    while (next >= self->low) {
        row_t row;
        int code = row_at(self, next, &row);
        if (code != SQLITE_OK)
            return code;
        if (!row.is_there)
            return SQLITE_CORRUPT;
        uint64_t first = 0;
        code = fit_row(self, &row, next, &count, &bytes, &first);
        int done = row_done(&row);
        if (code != SQLITE_OK || done != SQLITE_OK)
            return code != SQLITE_OK ? code : done;
        next = first - 1;
        if (first != row.first)
            break;
    }
    if (next == self->high)
        next--; /* the first event counts whatever its size */
    if (next + 1 > self->low)
        self->low = next + 1;
    return SQLITE_OK;
}

static int fill(search_t *self, page_t *out)
{
    uint64_t lowest = self->low;
    int code = SQLITE_OK;
    if (!self->query->keeps_first)
        code = fit(self);
    uint64_t first = self->low;
    if (code == SQLITE_OK)
        code = copy(self);
    if (code != SQLITE_OK)
        return code;
    out->first = first;
    out->last = self->low - 1;
    out->has_more = self->query->keeps_first ? self->low <= self->high : first > lowest;
    return SQLITE_OK;
}

static int find_log(search_t *self)
{
    sqlite3_stmt *statement = db_use(self->db, DB_find_log);
    db_bind_bytes(statement, 1, self->query->log);
    int code = db_step(statement);
    if (code == SQLITE_ROW) {
        self->id = (uint32_t)db_column_number(statement, 0);
        self->folded = db_column_number(statement, 1);
        self->folded_ms = db_column_number(statement, 2);
    }
    return db_done(statement, code);
}

/* The tail is looked for only where what is asked for goes on behind what is folded. */
static int find_tail(const search_t *self, tail_t *tail)
{
    if (self->query->last <= self->folded)
        return SQLITE_OK;
    int code = tail_gather(tail, self->db, self->id);
    bool fits =
        tail->last == 0 || (tail->first == self->folded + 1 && tail->first_ms >= self->folded_ms);
    return code == SQLITE_OK && !fits ? SQLITE_CORRUPT : code;
}

static int find(search_t *self, tail_t *tail, page_t *out)
{
    *out = (page_t){.first = 1};
    int code = find_log(self);
    if (code != SQLITE_OK || self->id == 0)
        return code;
    self->low = 1;
    code = find_tail(self, tail);
    if (code == SQLITE_OK)
        code = clamp_high(self);
    if (code == SQLITE_OK && self->high > 0)
        code = clamp_low(self);
    if (code == SQLITE_OK && self->low <= self->high)
        code = clamp_times(self);
    if (code == SQLITE_OK && self->low <= self->high)
        code = fill(self, out);
    return code;
}

int page_find(db_t *db, const query_t *query, page_t *out, buffer_t *events)
{
    assert(db && query && query->count > 0 && query->first <= query->last && out);
    assert(events && events->size == 0);
    page_t page;
    tail_t tail;
    search_t search = {.db = db, .query = query, .tail = &tail, .events = events};
    int code = db_execute(db, DB_begin_reading);
    if (code != SQLITE_OK)
        return code;
    tail_init(&tail);
    code = find(&search, &tail, &page);
    tail_fini(&tail);
    int ended = db_execute(db, DB_commit);
    if (code == SQLITE_OK && ended == SQLITE_OK)
        *out = page;
    return code == SQLITE_OK ? ended : code;
}
