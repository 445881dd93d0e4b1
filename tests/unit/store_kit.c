#include "tests/unit/store_kit.h"

#include "broker/store/check.h"
#include "broker/store/db.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_BYTES = 65536 };

void kit_init(kit_t *self)
{
    *self = (kit_t){.boot = "boot-1"};
    snprintf(self->directory, sizeof self->directory, "/tmp/hubbub-store-XXXXXX");
    assert_non_null(mkdtemp(self->directory));
}

static void remove_files(const char *path)
{
    DIR *directory = opendir(path);
    assert_non_null(directory);
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char name[2 * KIT_PATH_BYTES];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            assert_int_equal(unlink(name), 0);
    }
    closedir(directory);
}

void kit_fini(kit_t *self)
{
    kit_close(self);
    remove_files(self->directory);
    assert_int_equal(rmdir(self->directory), 0);
}

static store_t *open_store(kit_t *self)
{
    store_sqlite_t settings = {.directory = self->directory,
                               .is_synced = self->is_synced,
                               .boot = self->boot,
                               .vfs = self->vfs};
    return store_sqlite_new(&settings, self->error);
}

void kit_open(kit_t *self)
{
    assert_null(self->store);
    self->store = open_store(self);
    if (self->store == NULL)
        fail_msg("%s", self->error);
}

void kit_open_refused(kit_t *self)
{
    store_t *store = open_store(self);
    assert_null(store);
    assert_non_null(strchr(self->error, ';')); /* says what to do */
    assert_null(strchr(self->error, '\n'));
}

void kit_close(kit_t *self)
{
    if (self->store)
        self->store->destroy(&self->store);
    assert_null(self->store);
}

origin_t kit_origin(kit_t *self)
{
    kit_open(self);
    origin_t origin = self->store->origin(self->store);
    kit_close(self);
    return origin;
}

const char *kit_path(const kit_t *self, const char *name)
{
    static char path[2 * KIT_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", self->directory, name);
    return path;
}

char *kit_read(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *data = malloc((size_t)size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    *out_size = (size_t)size;
    return data;
}

void kit_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (size > 0)
        assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void kit_run_sql(const kit_t *self, const char *sql)
{
    db_t db;
    assert_int_equal(db_open(&db, kit_path(self, "hubbub.db"), NULL, DB_CREATES), SQLITE_OK);
    assert_int_equal(db_run(&db, sql), SQLITE_OK);
    db_close(&db);
}

bool kit_check(const kit_t *self, char *told, size_t size)
{
    FILE *out = tmpfile();
    assert_non_null(out);
    bool is_well = check_directory(self->directory, out);
    rewind(out);
    told[fread(told, 1, size - 1, out)] = '\0';
    fclose(out);
    return is_well;
}

void kit_append(kit_t *self, const char *log, uint64_t seq, uint64_t at_ms, const char *text)
{
    self->store->append(
        self->store, self->batch + 1,
        &(store_event_t){.log = span_of(log), .seq = seq, .at_ms = at_ms, .event = span_of(text)});
}

void kit_put(kit_t *self, const char *key, const char *value)
{
    self->store->put(self->store, self->batch + 1, span_of(key), span_of(value));
}

void kit_note(kit_t *self, uint64_t number, const char *text)
{
    self->store->note(self->store, self->batch + 1, number, span_of(text));
}

void kit_erase(kit_t *self, const char *log)
{
    self->store->erase(self->store, self->batch + 1, span_of(log));
}

uint64_t kit_commit(kit_t *self)
{
    self->store->commit(self->store, ++self->batch);
    return self->batch;
}

store_answer_t kit_next(kit_t *self)
{
    store_answer_t answer;
    while (!self->store->next(self->store, &answer)) {
        struct pollfd waited = {.fd = self->store->fd(self->store), .events = POLLIN};
        assert_int_equal(poll(&waited, 1, PATIENCE_MS), 1);
    }
    return answer;
}

void kit_commit_well(kit_t *self)
{
    uint64_t batch = kit_commit(self);
    store_answer_t answer;
    do {
        answer = kit_next(self);
        assert_int_equal(answer.kind, STORE_COMMITTED);
    } while (answer.batch < batch);
}

void kit_commit_badly(kit_t *self)
{
    uint64_t batch = kit_commit(self);
    store_answer_t answer = kit_next(self);
    assert_int_equal(answer.kind, STORE_FAILED);
    assert_int_equal(answer.batch, batch);
}

void kit_say(kit_t *self, const char *log, uint64_t seq, const char *text)
{
    kit_append(self, log, seq, 1000 + seq, text);
    kit_commit_well(self);
}

const char *kit_texts(kit_t *self, const char *log, uint64_t first, uint64_t last)
{
    static char text[TEXT_BYTES];
    query_t query = {.log = span_of(log),
                     .first = first,
                     .last = last,
                     .until_ms = UINT64_MAX,
                     .count = UINT32_MAX,
                     .bytes = UINT32_MAX,
                     .keeps_first = true};
    self->store->read(self->store, &query);
    store_answer_t answer = kit_next(self);
    assert_int_equal(answer.kind, STORE_PAGE);
    assert_int_equal(answer.page.err, HUB_OK);
    snprintf(text, sizeof text, "%.*s", (int)answer.page.events.size,
             answer.page.events.size ? answer.page.events.data : "");
    return text;
}

log_state_t kit_trim(kit_t *self, const retention_t *retention)
{
    self->store->trim(self->store, retention);
    store_answer_t answer = kit_next(self);
    assert_int_equal(answer.kind, STORE_TRIMMED);
    assert_true(span_equal(answer.state.log, retention->log));
    return answer.state;
}

/* --- restore ------------------------------------------------------------------------------------ */

/* As long as it comes: a process that commits until it is killed leaves as many notes as it likes. */
typedef struct {
    char *text; /* owned */
    size_t size;
    FILE *out; /* writes to `text` */
} story_t;

static void tell(story_t *story, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    assert_true(vfprintf(story->out, format, arguments) >= 0);
    va_end(arguments);
}

static hub_err_t tell_log(void *context, const log_state_t *state)
{
    tell(context,
         "log %.*s %" PRIu64 "..%" PRIu64 " at %" PRIu64 "..%" PRIu64 " %" PRIu64 " bytes\n",
         (int)state->log.size, state->log.data, state->oldest, state->head, state->oldest_ms,
         state->last_ms, state->bytes);
    return HUB_OK;
}

static hub_err_t tell_record(void *context, span_t key, span_t value)
{
    tell(context, "record %.*s=%.*s\n", (int)key.size, key.data, (int)value.size, value.data);
    return HUB_OK;
}

static hub_err_t tell_note(void *context, uint64_t number, span_t bytes)
{
    tell(context, "note %" PRIu64 "=%.*s\n", number, (int)bytes.size, bytes.data);
    return HUB_OK;
}

const char *kit_restored(kit_t *self)
{
    static story_t story;
    free(story.text);
    story = (story_t){.text = NULL};
    story.out = open_memstream(&story.text, &story.size);
    assert_non_null(story.out);
    store_visitor_t visitor = {&story, tell_log, tell_record, tell_note};
    hub_err_t err = self->store->restore(self->store, &visitor);
    assert_int_equal(fclose(story.out), 0);
    assert_int_equal(err, HUB_OK);
    return story.text;
}

void kit_in_crash(kit_t *self, void (*work)(kit_t *))
{
    assert_null(self->store);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        kit_open(self);
        work(self);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    self->batch += 1000; /* whatever it came to there */
}
