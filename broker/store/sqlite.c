#include "broker/store/sqlite.h"

#include "base/log.h"
#include "broker/store/fetch.h"
#include "broker/store/opening.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    store_t calls;
    place_t place;
    origin_t origin;
    answers_t answers;
    scribe_t scribe;
    fetch_t fetch;
    bool is_running; /* the threads are */
    pthread_t scribe_thread, fetch_thread, checkpointer_thread;

    buffer_t batch; /* operations of the one that is not committed yet */
    uint64_t batch_number;
    bool is_too_large;   /* it did not fit: it will fail */
    uint64_t generation; /* counts failures that the owner has heard of, from 1 */
    buffer_t message;    /* a read or a trim on its way */
} disk_t;

/* --- threads ------------------------------------------------------------------------------------ */

/* They begin when restore() is over, which reads by the writer's connection. */
static void run(disk_t *self)
{
    if (self->is_running)
        return;
    self->is_running = true;
    int error = pthread_create(&self->checkpointer_thread, NULL, checkpointer_run,
                               &self->scribe.checkpointer);
    if (error == 0)
        error = pthread_create(&self->scribe_thread, NULL, scribe_run, &self->scribe);
    if (error == 0)
        error = pthread_create(&self->fetch_thread, NULL, fetch_run, &self->fetch);
    if (error != 0)
        log_error("store.no_thread", log_errno(error));
    assert(error == 0);
}

static void stop(disk_t *self)
{
    mailbox_close(&self->fetch.inbox);
    mailbox_close(&self->scribe.inbox);
    if (!self->is_running)
        return;
    /* The reader first: the writer empties the journal, which nobody must be reading then. */
    pthread_join(self->fetch_thread, NULL);
    pthread_join(self->scribe_thread, NULL);
    pthread_join(self->checkpointer_thread, NULL);
}

/* --- what the owner gives ----------------------------------------------------------------------- */

/* What was given for another batch, which was never committed, is void. */
static void add(disk_t *self, uint64_t batch, op_t op, span_t name, span_t bytes)
{
    assert(batch > 0);
    if (batch != self->batch_number) {
        buffer_clear(&self->batch);
        self->is_too_large = false;
        self->batch_number = batch;
    }
    if (!ops_add(&self->batch, op, name, bytes))
        self->is_too_large = true;
}

static void disk_append(store_t *calls, uint64_t batch, const store_event_t *event)
{
    disk_t *self = (disk_t *)calls;
    assert(self && event && event->seq > 0 && event->log.size > 0 && event->event.size > 0);
    add(self, batch, (op_t){.kind = OP_APPEND, .number = event->seq, .at_ms = event->at_ms},
        event->log, event->event);
}

static void disk_put(store_t *calls, uint64_t batch, span_t key, span_t value)
{
    disk_t *self = (disk_t *)calls;
    assert(self && key.size > 0);
    add(self, batch, (op_t){.kind = OP_PUT}, key, value);
}

static void disk_note(store_t *calls, uint64_t batch, uint64_t number, span_t bytes)
{
    disk_t *self = (disk_t *)calls;
    assert(self && number > 0);
    add(self, batch, (op_t){.kind = OP_NOTE, .number = number}, (span_t){0}, bytes);
}

static void disk_drop_notes(store_t *calls, uint64_t batch, uint64_t below)
{
    disk_t *self = (disk_t *)calls;
    assert(self);
    add(self, batch, (op_t){.kind = OP_DROP_NOTES, .number = below}, (span_t){0}, (span_t){0});
}

static void disk_erase(store_t *calls, uint64_t batch, span_t log)
{
    disk_t *self = (disk_t *)calls;
    assert(self && log.size > 0);
    add(self, batch, (op_t){.kind = OP_ERASE}, log, (span_t){0});
}

/* A batch that was too large to be kept becomes one that fails: an event without its log's number 0. */
static void spoil(disk_t *self)
{
    buffer_clear(&self->batch);
    bool is_added = ops_add(&self->batch, (op_t){.kind = OP_APPEND}, span_of("@"), span_of("-"));
    assert(is_added);
    (void)is_added;
    log_error("store.batch_too_large", log_u64("batch", self->batch_number),
              log_u64("most_bytes", MAILBOX_BYTES));
}

static void disk_commit(store_t *calls, uint64_t batch)
{
    disk_t *self = (disk_t *)calls;
    assert(self);
    run(self);
    add(self, batch, (op_t){.kind = OP_COMMIT, .number = batch, .at_ms = self->generation},
        (span_t){0}, (span_t){0});
    if (!self->is_too_large && scribe_commit_here(&self->scribe, &self->batch)) {
        self->batch_number = 0;
        return;
    }
    if (self->is_too_large || !mailbox_give(&self->scribe.inbox, &self->batch)) {
        spoil(self);
        add(self, batch, (op_t){.kind = OP_COMMIT, .number = batch, .at_ms = self->generation},
            (span_t){0}, (span_t){0});
        bool is_given = mailbox_give(&self->scribe.inbox, &self->batch);
        assert(is_given); /* the core's own bounds are far lower */
        (void)is_given;
    }
    self->batch_number = 0;
}

static void send(disk_t *self, mailbox_t *inbox, op_kind_t kind, span_t log, span_t bytes)
{
    run(self);
    buffer_clear(&self->message);
    bool is_given = ops_add(&self->message, (op_t){.kind = (uint16_t)kind}, log, bytes) &&
                    mailbox_give(inbox, &self->message);
    assert(is_given); /* the core lets few wait */
    (void)is_given;
}

static void disk_read(store_t *calls, const query_t *query)
{
    disk_t *self = (disk_t *)calls;
    assert(self && query && query->first <= query->last && query->count > 0);
    send(self, &self->fetch.inbox, OP_READ, query->log,
         (span_t){(const char *)query, sizeof *query});
}

static void disk_trim(store_t *calls, const retention_t *retention)
{
    disk_t *self = (disk_t *)calls;
    assert(self && retention && retention->log.size > 0);
    send(self, &self->scribe.inbox, OP_TRIM, retention->log,
         (span_t){(const char *)retention, sizeof *retention});
}

/* --- what the owner gets ------------------------------------------------------------------------ */

static int disk_fd(const store_t *calls)
{
    assert(calls);
    return ((const disk_t *)calls)->answers.fd;
}

static bool disk_next(store_t *calls, store_answer_t *out)
{
    disk_t *self = (disk_t *)calls;
    assert(self && out);
    if (!answers_take(&self->answers, out))
        return false;
    if (out->kind == STORE_FAILED) {
        self->generation++;
        self->batch_number = 0;
        buffer_clear(&self->batch);
    }
    return true;
}

static origin_t disk_origin(const store_t *calls)
{
    assert(calls);
    return ((const disk_t *)calls)->origin;
}

/* --- restore ------------------------------------------------------------------------------------ */

static hub_err_t tell_records(disk_t *self, const store_visitor_t *visitor, int *out_code)
{
    sqlite3_stmt *statement = db_use(&self->scribe.db, DB_records);
    hub_err_t err = HUB_OK;
    while (err == HUB_OK && (*out_code = db_step(statement)) == SQLITE_ROW)
        err = visitor->record(visitor->context, db_column_bytes(statement, 0),
                              db_column_bytes(statement, 1));
    *out_code = db_done(statement, *out_code);
    return err;
}

static hub_err_t tell_notes(disk_t *self, const store_visitor_t *visitor, int *out_code)
{
    sqlite3_stmt *statement = db_use(&self->scribe.db, DB_notes);
    hub_err_t err = HUB_OK;
    while (err == HUB_OK && (*out_code = db_step(statement)) == SQLITE_ROW)
        err = visitor->note(visitor->context, db_column_number(statement, 0),
                            db_column_bytes(statement, 1));
    *out_code = db_done(statement, *out_code);
    return err;
}

/* The notes of one row of `recent`. */
static hub_err_t tell_row(sqlite3_stmt *row, const store_visitor_t *visitor, int *out_code)
{
    span_t runs = db_column_bytes(row, 0), data = db_column_bytes(row, 1);
    hub_err_t err = HUB_OK;
    recent_run_t run;
    while (err == HUB_OK && runs.size > 0) {
        if (!recent_take_run(&runs, &run) || run.size > data.size) {
            *out_code = SQLITE_CORRUPT;
            return HUB_OK;
        }
        if (run.id != RECENT_NOTE)
            return HUB_OK; /* notes come first */
        err = visitor->note(visitor->context, run.first, (span_t){data.data, run.size});
        data = (span_t){data.data + run.size, data.size - run.size};
    }
    return err;
}

static hub_err_t tell_recent_notes(disk_t *self, const store_visitor_t *visitor, int *out_code)
{
    sqlite3_stmt *statement = db_use(&self->scribe.db, DB_recent);
    hub_err_t err = HUB_OK;
    int code = SQLITE_ROW, told = SQLITE_OK;
    while (err == HUB_OK && told == SQLITE_OK && (code = db_step(statement)) == SQLITE_ROW)
        err = tell_row(statement, visitor, &told);
    code = db_done(statement, code);
    *out_code = told == SQLITE_OK ? code : told;
    return err;
}

static hub_err_t disk_restore(store_t *calls, const store_visitor_t *visitor)
{
    disk_t *self = (disk_t *)calls;
    assert(self && visitor && !self->is_running);
    int code = SQLITE_OK;
    hub_err_t err = HUB_OK;
    for (const shelf_t *shelf = self->scribe.shelves.first; shelf && err == HUB_OK;
         shelf = shelf->next) {
        log_state_t state = shelf_state(shelf);
        err = visitor->log(visitor->context, &state);
    }
    if (err == HUB_OK)
        err = tell_records(self, visitor, &code);
    if (err == HUB_OK && code == SQLITE_OK)
        err = tell_notes(self, visitor, &code);
    if (err == HUB_OK && code == SQLITE_OK)
        err = tell_recent_notes(self, visitor, &code);
    if (err != HUB_OK || code == SQLITE_OK)
        return err;
    log_error("store.unreadable", log_str("database", self->place.database),
              log_str("error", sqlite3_errstr(code)), log_i64("code", code));
    return HUB_UNAVAILABLE;
}

/* --- beginning and end -------------------------------------------------------------------------- */

/* The kernel's name for this boot; empty where it has none. */
static void read_boot(char *out)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, out, SCRIBE_BOOT_BYTES - 1);
    out[size > 0 ? size : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

static void disk_destroy(store_t **self_p)
{
    assert(self_p);
    disk_t *self = (disk_t *)*self_p;
    if (self == NULL)
        return;
    stop(self);
    fetch_fini(&self->fetch);
    scribe_fini(&self->scribe);
    answers_fini(&self->answers);
    place_release(&self->place);
    buffer_fini(&self->batch);
    buffer_fini(&self->message);
    free(self);
    *self_p = NULL;
}

static const store_t CALLS = {.outlasts_us = true,
                              .origin = disk_origin,
                              .restore = disk_restore,
                              .append = disk_append,
                              .put = disk_put,
                              .note = disk_note,
                              .drop_notes = disk_drop_notes,
                              .erase = disk_erase,
                              .commit = disk_commit,
                              .read = disk_read,
                              .trim = disk_trim,
                              .fd = disk_fd,
                              .next = disk_next,
                              .destroy = disk_destroy};

static disk_t *disk_new(const store_sqlite_t *settings)
{
    disk_t *self = calloc(1, sizeof *self);
    assert(self);
    self->calls = CALLS;
    self->generation = 1;
    self->place.lock_fd = -1;
    buffer_init(&self->batch, MAILBOX_BYTES);
    buffer_init(&self->message, MAILBOX_BYTES);
    fetch_init(&self->fetch, &self->place, settings->vfs, &self->answers);
    scribe_init(&self->scribe, &self->place, settings->vfs, &self->answers);
    self->scribe.is_synced = settings->is_synced;
    if (settings->boot)
        snprintf(self->scribe.boot, SCRIBE_BOOT_BYTES, "%s", settings->boot);
    else
        read_boot(self->scribe.boot);
    return self;
}

static bool open_all(disk_t *self, const char *directory, char *out_error)
{
    _Static_assert((int)STORE_ERROR_BYTES >= (int)PLACE_ERROR_BYTES, "one is told as the other");
    if (!answers_init(&self->answers)) {
        snprintf(out_error, STORE_ERROR_BYTES,
                 "no descriptor is left for the store (%s); raise the limit of open files",
                 strerror(errno));
        return false;
    }
    return place_init(&self->place, directory, out_error) && place_claim(&self->place, out_error) &&
           opening_open(&self->scribe, &self->origin, out_error);
}

store_t *store_sqlite_new(const store_sqlite_t *settings, char *out_error)
{
    assert(settings && settings->directory && out_error);
    disk_t *self = disk_new(settings);
    store_t *store = &self->calls;
    if (!open_all(self, settings->directory, out_error))
        disk_destroy(&store);
    return store;
}

bool store_sqlite_can_have(const char *directory, char *out_error)
{
    assert(directory && out_error);
    place_t place;
    return place_init(&place, directory, out_error) && place_make(&place, out_error);
}
