/* tests/sim/disk.h - a store that can be slow, full, cut off, and read back after a crash.
 *
 * Keeps what broker/store/store.h promises: batches last whole or not at all, in order; after a failure
 * nothing counts until the failure has been told. Tells the ledger what it confirms. */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include "broker/core/core.h"
#include "tests/property/random.h"
#include "tests/sim/ledger.h"
#include "tests/sim/parcel.h"

typedef struct {
    uint64_t at_ms;
    parcel_t *bytes;
} disk_event_t;

typedef struct {
    char name[LOG_NAME_BYTES];
    uint32_t name_size;
    uint64_t oldest, head, last_ms, bytes;
    disk_event_t *events; /* of oldest to head */
    uint32_t count, capacity;
} disk_log_t;

typedef struct {
    parcel_t *key, *value;
} disk_record_t;

typedef struct {
    uint64_t number;
    parcel_t *bytes;
} disk_note_t;

/* What lasts. */
typedef struct {
    disk_log_t *logs;
    uint32_t log_count, log_capacity;
    disk_record_t *records; /* by ascending key */
    uint32_t record_count, record_capacity;
    disk_note_t *notes;
    uint32_t note_count, note_capacity;
} disk_content_t;

/* One change of a batch that is not confirmed. */
typedef struct {
    effect_kind_t kind;
    uint64_t batch, seq, at_ms;
    parcel_t *name, *bytes; /* the log or key; NULL where there is none */
} disk_change_t;

/* What the core will be told, in order. */
typedef struct {
    event_kind_t kind;
    uint64_t due_ms, batch;
    parcel_t *log;
    query_t query;
    retention_t retention;
} disk_answer_t;

typedef struct {
    ledger_t *ledger;
    random_t *random;
    bool keeps;   /* content lasts: else only the answers are real */
    bool is_full; /* whatever is committed now fails */
    bool is_void; /* a failure has not been told yet: what comes meanwhile does not count */
    uint32_t slowness_ms;
    origin_t origin; /* what is true until something is stored */
    disk_content_t content;
    disk_change_t *changes;
    uint32_t change_count, change_capacity;
    disk_answer_t *answers;
    uint32_t answer_count, answer_capacity;
    uint64_t last_due_ms;
    uint64_t stored; /* the last batch that lasts, of this life of the broker's */
    buffer_t page;
    parcel_t *told_log; /* of the answer taken last */
} disk_t;

/* An empty disk. `ledger` and `random` are borrowed. Undone by disk_fini(). */
void disk_init(disk_t *self, ledger_t *ledger, random_t *random, bool keeps, uint32_t slowness_ms);
void disk_fini(disk_t *self);

/* Performs an effect that concerns the store. Returns when the answer is due; 0: there will be none. */
uint64_t disk_perform(disk_t *self, const outbox_t *outbox, const effect_t *effect,
                      uint64_t now_ms);

/* Takes the next answer as an event for the core; what it holds is borrowed until the next call. False:
 * none is due. */
bool disk_answer(disk_t *self, uint64_t now_ms, event_t *out);

/* The broker has died. Of what was committed and not answered a part, perhaps all, lasts. */
void disk_crash(disk_t *self);

/* Tells a new core all that lasts. */
void disk_restore(const disk_t *self, void (*step)(void *context, const event_t *event),
                  void *context);

/* A copy of all that lasts, and back to it. The caller frees it with disk_content_fini(). */
disk_content_t disk_copy(const disk_t *self);
void disk_put_back(disk_t *self, disk_content_t *copy);
void disk_content_fini(disk_content_t *content);

/* The numbers of a log that last: nothing where there is none. */
const disk_log_t *disk_log(const disk_t *self, span_t name);

#endif
