/* tests/unit/store_kit.h - what the tests of the durable store share: a scratch directory, short words for
 * batches, and waiting for answers. No test waits longer than PATIENCE_MS for one. */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "broker/store/sqlite.h"

#include <stdbool.h>
#include <stdio.h>

enum { KIT_PATH_BYTES = 256, PATIENCE_MS = 30000 };

/* One store in a directory of its own. */
typedef struct {
    char directory[KIT_PATH_BYTES];
    const char *boot; /* the next opening's; "boot-1" at the start */
    const char *vfs;
    bool is_synced;
    store_t *store; /* NULL: closed */
    char error[STORE_ERROR_BYTES];
    uint64_t batch; /* the last one */
} kit_t;

/* A directory; nothing is opened yet. kit_fini() closes and removes it. */
void kit_init(kit_t *self);
void kit_fini(kit_t *self);

/* Opens, and fails the test if that is refused; opens, and fails it if it is not: the error is in
 * self->error. restore() is not called. */
void kit_open(kit_t *self);
void kit_open_refused(kit_t *self);
void kit_close(kit_t *self);

/* Opens and closes, to see the origin. */
origin_t kit_origin(kit_t *self);

/* The path of a file in the directory; the bytes of one, malloc'd; writing one. */
const char *kit_path(const kit_t *self, const char *name);
char *kit_read(const char *path, size_t *out_size);
void kit_write(const char *path, const void *data, size_t size);

/* Runs statements in the database, beside the store or before there is one. */
void kit_run_sql(const kit_t *self, const char *sql);

/* What --check says of the directory, and in `told` (`size` > 0) with which words. */
bool kit_check(const kit_t *self, char *told, size_t size);

/* Operations of the batch that is next. */
void kit_append(kit_t *self, const char *log, uint64_t seq, uint64_t at_ms, const char *text);
void kit_put(kit_t *self, const char *key, const char *value);
void kit_note(kit_t *self, uint64_t number, const char *text);
void kit_erase(kit_t *self, const char *log);

/* Commits it without waiting; returns its number. */
uint64_t kit_commit(kit_t *self);

/* Waits for the next answer. */
store_answer_t kit_next(kit_t *self);

/* Commits, and waits until that is COMMITTED; until it has FAILED. */
void kit_commit_well(kit_t *self);
void kit_commit_badly(kit_t *self);

/* A batch of one event; `seq` is what it should be. */
void kit_say(kit_t *self, const char *log, uint64_t seq, const char *text);

/* All of a log from `first` to `last`, as text; borrowed until the next answer. */
const char *kit_texts(kit_t *self, const char *log, uint64_t first, uint64_t last);

/* Trims, and says what is left. */
log_state_t kit_trim(kit_t *self, const retention_t *retention);

/* All that restore() tells, a line each: "log lobby 1..3 at 5..7 9 bytes", "record k=v", "note 4=x". Only
 * right after kit_open(). */
const char *kit_restored(kit_t *self);

/* Runs `work` with the store open in a process of its own that then ends without closing anything. */
void kit_in_crash(kit_t *self, void (*work)(kit_t *));

#endif
