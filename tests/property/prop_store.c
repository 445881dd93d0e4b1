/* The durable store against a naive model: random batches, pages, trims, erasures, and openings after a good end and
 * after none. */
#include "broker/store/check.h"
#include "tests/property/random.h"
#include "tests/property/store_model.h"
#include "tests/unit/store_kit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    STEPS = 300,
    LONGEST_RUN = 700, /* events of one log in one batch: several blocks */
    LONGEST_EVENT = 40,
    LARGEST_EVENT = 60000,
    COPY_BYTES = 65536,
};

static kit_t kit;
static model_t model;
static random_t rng;
static uint64_t now_ms = 1000;
static bool is_used; /* a batch was committed since it was opened */

/* --- changing ----------------------------------------------------------------------------------- */

static void append(model_log_t *log)
{
    static char bytes[LARGEST_EVENT];
    uint32_t size = 1 + random_below(&rng, random_below(&rng, 50) ? LONGEST_EVENT : LARGEST_EVENT);
    uint8_t fill = (uint8_t)random_next(&rng);
    memset(bytes, fill, size);
    now_ms += random_below(&rng, 3) ? 0 : random_below(&rng, 20);
    log->events[log->head++] = (model_event_t){now_ms, size, fill};
    log->last_ms = now_ms;
    kit.store->append(
        kit.store, kit.batch + 1,
        &(store_event_t){
            .log = span_of(log->name), .seq = log->head, .at_ms = now_ms, .event = {bytes, size}});
}

static void append_some(void)
{
    model_log_t *log = &model.logs[random_below(&rng, MODEL_LOGS)];
    uint32_t count = 1 + random_below(&rng, random_below(&rng, 8) ? 4 : LONGEST_RUN);
    for (uint32_t i = 0; i < count && log->head < MODEL_EVENTS; i++)
        append(log);
}

static void put(void)
{
    char key[MODEL_NAME_BYTES], value[LONGEST_EVENT];
    uint32_t record = random_below(&rng, MODEL_RECORDS), size = random_below(&rng, LONGEST_EVENT);
    snprintf(key, sizeof key, "key-%u", record);
    memset(value, 'a' + (int)record, size);
    model.records[record] = size;
    kit.store->put(kit.store, kit.batch + 1, span_of(key), (span_t){value, size});
}

static void note(void)
{
    if (random_below(&rng, 4) == 0) {
        model.first_note += random_below(&rng, (uint32_t)(model.next_note - model.first_note) + 1);
        kit.store->drop_notes(kit.store, kit.batch + 1, model.first_note);
    } else {
        char text[LONGEST_EVENT];
        snprintf(text, sizeof text, "note-%u", (unsigned)model.next_note);
        kit_note(&kit, model.next_note++, text);
    }
}

static void erase(void)
{
    model_log_t *log = &model.logs[random_below(&rng, MODEL_LOGS)];
    log->head = log->last_ms = 0;
    log->oldest = 1;
    kit_erase(&kit, log->name);
}

static void change(void)
{
    switch (random_below(&rng, 12)) {
    case 0:
        erase();
        return;
    case 1:
    case 2:
        put();
        return;
    case 3:
    case 4:
        note();
        return;
    default:
        append_some();
    }
}

/* A few batches at once. */
static void commit(void)
{
    for (uint32_t batches = 1 + random_below(&rng, 4); batches > 1; batches--) {
        change();
        kit_commit(&kit);
    }
    for (uint32_t changes = random_below(&rng, 5); changes > 0; changes--)
        change();
    kit_commit_well(&kit);
    is_used = true;
}

/* --- looking ------------------------------------------------------------------------------------ */

static query_t random_query(const model_log_t *log)
{
    uint32_t beyond = (uint32_t)log->head + 5;
    uint64_t first = 1 + random_below(&rng, beyond);
    query_t query = {.id = random_next(&rng),
                     .log = span_of(log->name),
                     .first = random_below(&rng, 3) ? first : 1,
                     .last = UINT64_MAX,
                     .until_ms = UINT64_MAX,
                     .count = 1 + random_below(&rng, random_below(&rng, 2) ? 600 : 10),
                     .bytes = 1 + random_below(&rng, random_below(&rng, 2) ? 200000 : 400),
                     .keeps_first = random_below(&rng, 2)};
    if (random_below(&rng, 2))
        query.last = query.first + random_below(&rng, beyond);
    if (random_below(&rng, 3) == 0)
        query.after_ms = now_ms - random_below(&rng, (uint32_t)now_ms);
    if (random_below(&rng, 3) == 0)
        query.until_ms = now_ms + 5 - random_below(&rng, (uint32_t)now_ms);
    return query;
}

static void read_page(void)
{
    model_log_t *log = &model.logs[random_below(&rng, MODEL_LOGS)];
    query_t query = random_query(log);
    page_t wanted = model_page(log, &query);
    kit.store->read(kit.store, &query);
    store_answer_t answer = kit_next(&kit);
    assert_int_equal(answer.kind, STORE_PAGE);
    assert_int_equal(answer.page.id, query.id);
    assert_int_equal(answer.page.err, HUB_OK);
    assert_int_equal(answer.page.last + 1 - answer.page.first, wanted.last + 1 - wanted.first);
    if (wanted.first <= wanted.last)
        assert_int_equal(answer.page.first, wanted.first);
    assert_int_equal(answer.page.has_more, wanted.has_more);
    assert_int_equal(answer.page.events.size, wanted.events.size);
    assert_true(model_has(log, &answer.page));
}

static void assert_state(const log_state_t *state, const log_state_t *wanted)
{
    assert_int_equal(state->oldest, wanted->oldest);
    assert_int_equal(state->head, wanted->head);
    assert_int_equal(state->oldest_ms, wanted->oldest_ms);
    assert_int_equal(state->last_ms, wanted->last_ms);
    assert_int_equal(state->bytes, wanted->bytes);
}

static void trim(void)
{
    model_log_t *log = &model.logs[random_below(&rng, MODEL_LOGS)];
    retention_t retention = {.log = span_of(log->name)};
    if (random_below(&rng, 2))
        retention.events = 1 + random_below(&rng, (uint32_t)log->head + 2);
    if (random_below(&rng, 2))
        retention.bytes = 1 + random_below(&rng, 100000);
    if (random_below(&rng, 3) == 0)
        retention.before_ms = now_ms + 2 - random_below(&rng, 500);
    uint64_t must_stay = model_must_stay(log, &retention);
    log_state_t left = kit_trim(&kit, &retention);
    assert_true(left.oldest >= log->oldest && left.oldest <= must_stay);
    assert_true(must_stay - left.oldest < 256); /* no more than a block */
    log->oldest = left.oldest;
    log_state_t wanted = model_state(log);
    assert_state(&left, &wanted);
}

/* --- beginning again ---------------------------------------------------------------------------- */

typedef struct {
    int logs, records, notes;
} seen_t;

static hub_err_t see_log(void *context, const log_state_t *state)
{
    log_state_t wanted = model_state(model_find(&model, state->log));
    assert_state(state, &wanted);
    ((seen_t *)context)->logs++;
    return HUB_OK;
}

static hub_err_t see_record(void *context, span_t key, span_t value)
{
    assert_int_equal(key.size, 5);
    int record = key.data[4] - '0';
    assert_int_equal(value.size, model.records[record]);
    assert_int_equal(value.data[0], 'a' + record);
    ((seen_t *)context)->records++;
    return HUB_OK;
}

static hub_err_t see_note(void *context, uint64_t number, span_t bytes)
{
    char text[LONGEST_EVENT];
    seen_t *seen = context;
    assert_int_equal(number, model.first_note + (uint64_t)seen->notes++);
    snprintf(text, sizeof text, "note-%u", (unsigned)number);
    assert_true(span_is(bytes, text));
    return HUB_OK;
}

static void restore(void)
{
    seen_t seen = {0}, wanted = {.notes = (int)(model.next_note - model.first_note)};
    store_visitor_t visitor = {&seen, see_log, see_record, see_note};
    assert_int_equal(kit.store->restore(kit.store, &visitor), HUB_OK);
    for (int i = 0; i < MODEL_LOGS; i++)
        wanted.logs += model.logs[i].head > 0;
    for (int i = 0; i < MODEL_RECORDS; i++)
        wanted.records += model.records[i] > 0;
    assert_memory_equal(&seen, &wanted, sizeof seen);
}

/* The origin stays what it is until a batch is committed. */
static void reopen(void)
{
    origin_t before = kit.store->origin(kit.store);
    kit_close(&kit);
    kit_open(&kit);
    origin_t origin = kit.store->origin(kit.store);
    assert_true(!origin.is_other_boot);
    assert_int_equal(origin.was_closed, is_used || before.was_closed);
    assert_int_equal(origin.is_restored, !is_used && before.is_restored);
    is_used = false;
    restore();
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[COPY_BYTES];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t size = -1;
    while (in >= 0 && out >= 0 && (size = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)size) != size)
            _exit(1);
    if (size != 0)
        _exit(1);
}

/* In a process of its own: closing a database's file ends the process's locks on it. */
static void copy_files(const kit_t *to)
{
    char from_path[2 * KIT_PATH_BYTES], to_path[2 * KIT_PATH_BYTES];
    const char *const names[] = {"hubbub.db", "hubbub.db-wal"};
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 2; i++) {
            snprintf(from_path, sizeof from_path, "%s/%s", kit.directory, names[i]);
            snprintf(to_path, sizeof to_path, "%s/%s", to->directory, names[i]);
            copy_file(from_path, to_path);
        }
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Goes on with what the files are while the store is open. */
static void crash(void)
{
    kit_put(&kit, "key-0", "aaa"); /* so that there is a journal */
    model.records[0] = 3;
    kit_commit_well(&kit);
    kit_t copy;
    kit_init(&copy);
    copy_files(&copy);
    copy.batch = kit.batch;
    kit_fini(&kit);
    kit = copy;
    kit_open(&kit);
    origin_t origin = kit.store->origin(kit.store);
    assert_true(!origin.was_closed && origin.is_restored && !origin.is_new);
    is_used = false;
    restore();
}

static void step(void)
{
    uint32_t dice = random_below(&rng, 100);
    if (dice < 40)
        commit();
    else if (dice < 85)
        read_page();
    else if (dice < 95)
        trim();
    else if (dice < 98)
        reopen();
    else
        crash();
}

static void a_store_is_what_the_model_is(void **state)
{
    (void)state;
    rng = random_begin();
    model_init(&model);
    kit_init(&kit);
    kit_open(&kit);
    commit();
    for (int i = 0; i < STEPS; i++)
        step();
    kit_fini(&kit);
    model_fini(&model);
}

/* --- kill -9 ------------------------------------------------------------------------------------ */

enum { KILLS = 8, MOST_BATCHES = 400 };

/* Commits for ever, three batches in flight, and says through the pipe up to which number all lasts. */
static void commit_for_ever(int out, uint64_t number)
{
    kit_open(&kit);
    uint64_t behind = kit.batch - number; /* of the number of a batch to that of its events */
    for (;;) {
        char text[LONGEST_EVENT];
        snprintf(text, sizeof text, "%u;", (unsigned)++number);
        kit_append(&kit, "lobby", number, number * 1000, text);
        kit_append(&kit, "tea", number, number * 1000, text);
        kit_note(&kit, number, text);
        kit_put(&kit, "head", text);
        if (kit_commit(&kit) % 3 != 0)
            continue;
        uint64_t lasting = kit_next(&kit).batch - behind;
        if (write(out, &lasting, sizeof lasting) != (ssize_t)sizeof lasting)
            _exit(1);
    }
}

/* Lets a process commit, kills it somewhere, and gives the last number that it heard was COMMITTED. */
static uint64_t commit_until_killed(uint64_t number)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        commit_for_ever(ends[1], number);
    close(ends[1]);
    uint64_t lasting = number;
    for (uint32_t left = 1 + random_below(&rng, MOST_BATCHES); left > 0; left--)
        assert_int_equal(read(ends[0], &lasting, sizeof lasting), sizeof lasting);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &lasting, sizeof lasting) == (ssize_t)sizeof lasting)
        ; /* what it had still said */
    close(ends[0]);
    return lasting;
}

/* All parts of the batches up to some number are there, and nothing else; gives the number. */
static uint64_t whole_batches(void)
{
    kit_open(&kit);
    const char *told = kit_restored(&kit), *record = strstr(told, "record head=");
    assert_non_null(record);
    uint64_t number = strtoull(record + strlen("record head="), NULL, 10);
    const char *const logs[] = {"lobby", "tea"};
    for (int i = 0; i < 2; i++) {
        char line[64];
        snprintf(line, sizeof line, "log %s 1..%u at 1000..%u000 ", logs[i], (unsigned)number,
                 (unsigned)number);
        assert_non_null(strstr(told, line));
    }
    char note_line[64];
    snprintf(note_line, sizeof note_line, "note %u=%u;\n", (unsigned)number, (unsigned)number);
    assert_non_null(strstr(told, note_line));
    snprintf(note_line, sizeof note_line, "note %u=", (unsigned)number + 1);
    assert_null(strstr(told, note_line));
    kit.store->drop_notes(kit.store, ++kit.batch, number);
    kit.store->commit(kit.store, kit.batch);
    assert_int_equal(kit_next(&kit).kind, STORE_COMMITTED);
    char last[32];
    snprintf(last, sizeof last, "%u;", (unsigned)number);
    assert_string_equal(kit_texts(&kit, "lobby", number, UINT64_MAX), last);
    kit_close(&kit);
    return number;
}

static void what_was_committed_outlives_a_kill_whole(void **state)
{
    (void)state;
    rng = random_begin();
    kit_init(&kit);
    uint64_t number = 0;
    for (int i = 0; i < KILLS; i++) {
        uint64_t lasting = commit_until_killed(number);
        number = whole_batches();
        assert_true(number >= lasting);
        kit.batch += 3 - kit.batch % 3;
    }
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_true(check_directory(kit.directory, out));
    (void)fclose(out);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_is_what_the_model_is),
        cmocka_unit_test(what_was_committed_outlives_a_kill_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
