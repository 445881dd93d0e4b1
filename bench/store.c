/* bench_store - what an event costs in the durable store alone: no core, no sockets.
 *
 * Usage: bench_store [DIRECTORY]     (a scratch directory is made in it; default /tmp)
 *
 * Batches of events of 150 bytes and a note, round robin over the logs, so many batches in flight: with one
 * each is a transaction, with eight the writer gathers. The first row is a line alone, as in a quiet room. CPU is that of the whole process, owner, writer and checkpoints.
 * Beside it the floor: SQLite itself, one blob with the same bytes per transaction, the same settings, in one
 * thread, with as many checkpoints. The median of the runs. Wall time depends on the disk and the
 * neighbours; CPU time is the figure. */
#include "broker/store/db.h"
#include "broker/store/sqlite.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENT_BYTES = 150,
    NOTE_BYTES = 41,
    RUNS = 3,
    PATH_BYTES = 512,
    FLOOR_CHECKPOINT_PAGES = 4000
};

typedef struct {
    bool is_synced;
    unsigned batch_events, logs, in_flight, batches;
} case_t;

static const case_t CASES[] = {
    {false, 1, 1, 1, 20000},   {false, 64, 1, 1, 8000},    {false, 64, 1, 8, 8000},
    {false, 64, 100, 1, 4000}, {false, 64, 100, 8, 4000},  {false, 256, 1, 1, 2000},
    {false, 256, 1, 8, 2000},  {false, 256, 100, 1, 1000}, {false, 256, 100, 8, 1000},
    {true, 64, 1, 1, 300},     {true, 64, 1, 8, 600},      {true, 256, 1, 1, 300},
    {true, 256, 100, 8, 300},
};

typedef struct {
    double events_per_s, cpu_us;
} result_t;

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void make_scratch(char *out, const char *parent)
{
    snprintf(out, PATH_BYTES, "%s/bench-store-XXXXXX", parent);
    const char *made = mkdtemp(out);
    if (made == NULL) {
        fprintf(stderr, "bench_store: cannot make a directory in %s\n", parent);
        exit(1);
    }
}

static void remove_scratch(const char *directory)
{
    static const char *const names[] = {"hubbub.db", "hubbub.db-wal", "hubbub.db-shm",
                                        "hubbub.lock"};
    char path[PATH_BYTES + 16];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

/* --- the store ---------------------------------------------------------------------------------- */

typedef struct {
    store_t *store;
    uint64_t given, committed; /* batches */
    uint64_t *seqs;            /* by log */
} load_t;

static void wait_for(load_t *self, uint64_t batch)
{
    store_answer_t answer;
    while (self->committed < batch) {
        if (self->store->next(self->store, &answer)) {
            assert(answer.kind == STORE_COMMITTED);
            self->committed = answer.batch;
            continue;
        }
        struct pollfd waited = {.fd = self->store->fd(self->store), .events = POLLIN};
        poll(&waited, 1, -1);
    }
}

static void give(load_t *self, const case_t *which)
{
    static const char event[EVENT_BYTES] = "what somebody has said";
    char name[16];
    uint64_t batch = ++self->given;
    for (unsigned i = 0; i < which->batch_events; i++) {
        unsigned log = i % which->logs;
        int size = snprintf(name, sizeof name, "room-%u", log);
        self->store->append(self->store, batch,
                            &(store_event_t){.log = {name, (size_t)size},
                                             .seq = ++self->seqs[log],
                                             .at_ms = UINT64_C(1700000000000) + batch,
                                             .event = {event, EVENT_BYTES}});
    }
    self->store->note(self->store, batch, batch, (span_t){event, NOTE_BYTES});
    self->store->commit(self->store, batch);
}

static result_t run_store(const case_t *which, const char *directory)
{
    char error[STORE_ERROR_BYTES];
    store_sqlite_t settings = {.directory = directory, .is_synced = which->is_synced};
    load_t load = {.store = store_sqlite_new(&settings, error)};
    if (load.store == NULL) {
        fprintf(stderr, "bench_store: %s\n", error);
        exit(1);
    }
    load.seqs = calloc(which->logs, sizeof *load.seqs);
    assert(load.seqs);
    give(&load, which); /* the first transaction is special */
    wait_for(&load, load.given);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < which->batches; i++) {
        if (load.given >= which->in_flight)
            wait_for(&load, load.given + 1 - which->in_flight);
        give(&load, which);
    }
    wait_for(&load, load.given);
    double events = (double)which->batches * which->batch_events;
    result_t result = {events / (seconds(CLOCK_MONOTONIC) - wall),
                       1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / events};
    load.store->destroy(&load.store);
    free(load.seqs);
    return result;
}

/* --- the floor ---------------------------------------------------------------------------------- */

static int pages;

static int count_pages(void *context, sqlite3 *handle, const char *name, int count)
{
    (void)context;
    (void)handle;
    (void)name;
    pages = count;
    return SQLITE_OK;
}

static void must(int code)
{
    if (code == SQLITE_OK)
        return;
    fprintf(stderr, "bench_store: the floor: %s\n", sqlite3_errstr(code));
    exit(1);
}

static sqlite3_stmt *prepared(const db_t *db, const char *sql)
{
    sqlite3_stmt *statement;
    must(sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL));
    return statement;
}

static void open_floor(db_t *db, const case_t *which, const char *directory)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/hubbub.db", directory);
    must(db_open(db, path, NULL, DB_CREATES));
    must(db_run(db, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                    "CREATE TABLE events (key INTEGER PRIMARY KEY, data BLOB)"));
    must(
        db_run(db, which->is_synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    sqlite3_wal_hook(db->handle, count_pages, NULL);
}

static result_t run_floor(const case_t *which, const char *directory)
{
    db_t db;
    open_floor(&db, which, directory);
    sqlite3_stmt *begin = prepared(&db, "BEGIN"), *commit = prepared(&db, "COMMIT");
    sqlite3_stmt *insert = prepared(&db, "INSERT INTO events (data) VALUES (?)");
    size_t size = (size_t)EVENT_BYTES * which->batch_events;
    char *blob = calloc(1, size);
    assert(blob);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < which->batches; i++) {
        db_bind_bytes(insert, 1, (span_t){blob, size});
        must(db_do(begin));
        must(db_do(insert));
        must(db_do(commit));
        if (pages < FLOOR_CHECKPOINT_PAGES)
            continue;
        must(sqlite3_wal_checkpoint_v2(db.handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
        pages = 0;
    }
    double events = (double)which->batches * which->batch_events;
    result_t result = {events / (seconds(CLOCK_MONOTONIC) - wall),
                       1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / events};
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(insert);
    free(blob);
    db_close(&db);
    return result;
}

/* --- the table ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const result_t *left = a, *right = b;
    return (left->cpu_us > right->cpu_us) - (left->cpu_us < right->cpu_us);
}

static result_t median(const case_t *which, const char *parent,
                       result_t (*run)(const case_t *, const char *))
{
    result_t results[RUNS];
    char directory[PATH_BYTES];
    for (int i = 0; i < RUNS; i++) {
        make_scratch(directory, parent);
        results[i] = run(which, directory);
        remove_scratch(directory);
    }
    qsort(results, RUNS, sizeof results[0], compare);
    return results[RUNS / 2];
}

int main(int argc, char **argv)
{
    const char *parent = argc > 1 ? argv[1] : "/tmp";
    printf("%-10s %6s %5s %9s | %10s %12s | %10s %12s\n", "durability", "batch", "logs",
           "in flight", "events/s", "CPU us/event", "floor ev/s", "CPU us/event");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const case_t *which = &CASES[i];
        result_t store = median(which, parent, run_store);
        result_t floor = median(which, parent, run_floor);
        printf("%-10s %6u %5u %9u | %10.0f %12.2f | %10.0f %12.2f\n",
               which->is_synced ? "power" : "file", which->batch_events, which->logs,
               which->in_flight, store.events_per_s, store.cpu_us, floor.events_per_s,
               floor.cpu_us);
        fflush(stdout);
    }
    return 0;
}
