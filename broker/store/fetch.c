#include "broker/store/fetch.h"

#include "base/log.h"
#include "broker/store/ops.h"
#include "broker/store/page.h"

#include <assert.h>

void fetch_init(fetch_t *self, const place_t *place, const char *vfs, answers_t *answers)
{
    assert(self && place && answers);
    *self = (fetch_t){.place = place, .vfs = vfs, .answers = answers};
    mailbox_init(&self->inbox);
    buffer_init(&self->work, MAILBOX_BYTES);
}

void fetch_fini(fetch_t *self)
{
    assert(self);
    buffer_fini(&self->work);
    mailbox_fini(&self->inbox);
}

static int open_db(fetch_t *self)
{
    if (self->db.handle)
        return SQLITE_OK;
    int code = db_open(&self->db, self->place->database, self->vfs, DB_READS);
    return code == SQLITE_OK ? db_prepare(&self->db) : code;
}

/* One line when reading stops to work, one when it works again. */
static void tell(fetch_t *self, int code)
{
    bool is_failing = code != SQLITE_OK;
    if (is_failing != self->is_failing && is_failing)
        log_error("store.unreadable", log_str("database", self->place->database),
                  log_str("error", sqlite3_errstr(code)), log_i64("code", code));
    else if (is_failing != self->is_failing)
        log_info("store.readable", log_str("database", self->place->database));
    self->is_failing = is_failing;
    if (is_failing)
        db_close(&self->db); /* the next reading begins anew */
}

static void read_page(fetch_t *self, const op_t *op)
{
    query_t query;
    memcpy(&query, op_bytes(op).data, sizeof query);
    query.log = op_name(op);
    store_answer_t answer = {.kind = STORE_PAGE};
    buffer_t events;
    buffer_init(&events, MAILBOX_BYTES);
    int code = open_db(self);
    if (code == SQLITE_OK)
        code = page_find(&self->db, &query, &answer.page, &events);
    tell(self, code);
    if (code != SQLITE_OK) {
        buffer_clear(&events);
        answer.page = (page_t){.err = HUB_UNAVAILABLE, .first = 1};
    }
    answer.page.id = query.id;
    answer.page.events = buffer_span(&events);
    answers_add(self->answers, &answer, events.data);
}

void *fetch_run(void *context)
{
    fetch_t *self = context;
    while (mailbox_take(&self->inbox, &self->work) || mailbox_wait(&self->inbox)) {
        for (size_t i = 0; i < self->work.size; i += ops_at(&self->work, i)->size)
            read_page(self, ops_at(&self->work, i));
        buffer_clear(&self->work);
    }
    db_close(&self->db);
    return NULL;
}
