/* Names and keys that somebody has chosen to fall into one place of a table: they are found in as few steps as any others.
 *
 * Counted are the comparisons of zhashx, one for each thing it passes, whoever asked for them: its function that sets the
 * comparator is ours here. */
#include "tests/unit/broker_kit.h"

#include "base/enrolment.h"
#include "broker/core/lookup.h"
#include "broker/core/restore.h"
#include "broker/shell/keyring.h"

#include <czmq.h>
#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
    PAIRS = 13,
    NAME_CHARS = 2 * PAIRS,
    NAMES = 2000,
    STEPS = 3,
    LONGEST = 16,
    MEMORY_BYTES = 256 << 20
};

/* --- steps ---------------------------------------------------------------------------------------- */

static size_t steps;
static zhashx_comparator_fn *compare; /* of lookup.c; there is no other */

static int count_step(const void *a, const void *b)
{
    steps++;
    return compare(a, b);
}

void zhashx_set_key_comparator(zhashx_t *self, zhashx_comparator_fn comparator)
{
    void (*set)(zhashx_t *, zhashx_comparator_fn);
    *(void **)(void *)&set = dlsym(RTLD_NEXT, "zhashx_set_key_comparator");
    assert_non_null(set);
    compare = comparator;
    set(self, count_step);
}

/* Steps since the last call. */
static size_t taken(void)
{
    size_t count = steps;
    steps = 0;
    return count;
}

/* --- names ---------------------------------------------------------------------------------------- */

/* czmq's own hash, which has no key. */
static uint64_t unkeyed(uint64_t start, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        start = 33 * start ^ (uint64_t)text[i];
    return start;
}

typedef struct {
    char pairs[PAIRS][2][2];
} recipe_t;

/* Two pairs of letters with the same hash behind `start`. */
static bool find_pairs(uint64_t start, char out[2][2])
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum { COUNT = sizeof LETTERS - 1 };
    for (size_t i = 0; i < COUNT * COUNT; i++)
        for (size_t j = 0; j < i; j++) {
            char one[2] = {LETTERS[i / COUNT], LETTERS[i % COUNT]};
            char other[2] = {LETTERS[j / COUNT], LETTERS[j % COUNT]};
            if (unkeyed(start, one, 2) != unkeyed(start, other, 2))
                continue;
            memcpy(out[0], one, 2);
            memcpy(out[1], other, 2);
            return true;
        }
    return false;
}

/* Pair by pair: whichever of two is taken, what comes behind begins from the same hash. */
static const recipe_t *recipe(void)
{
    static recipe_t made;
    static bool is_made;
    uint64_t hash = 0;
    for (size_t i = 0; i < PAIRS && !is_made; i++) {
        assert_true(find_pairs(hash, made.pairs[i]));
        hash = unkeyed(hash, made.pairs[i][0], 2);
    }
    is_made = true;
    return &made;
}

static const char *chosen(unsigned number)
{
    static char name[NAME_CHARS + 1];
    for (size_t i = 0; i < PAIRS; i++)
        memcpy(name + 2 * i, recipe()->pairs[i][number >> i & 1], 2);
    return name;
}

static const char *plain(unsigned number)
{
    static char name[NAME_CHARS + 1];
    snprintf(name, sizeof name, "plain%021u", number);
    return name;
}

static void chosen_names_are_all_in_one_place_of_an_unkeyed_table(void **state)
{
    (void)state;
    uint64_t hash = unkeyed(0, chosen(0), NAME_CHARS);
    char last[NAME_CHARS + 1] = "";
    for (unsigned i = 0; i < NAMES; i++) {
        assert_true(unkeyed(0, chosen(i), NAME_CHARS) == hash);
        assert_string_not_equal(chosen(i), last);
        memcpy(last, chosen(i), sizeof last);
    }
    pid_t child = fork(); /* zhashx itself, as it is by default, grows without end */
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit space = {MEMORY_BYTES, MEMORY_BYTES};
        assert_int_equal(setrlimit(RLIMIT_CORE, &(struct rlimit){0}), 0);
        assert_int_equal(setrlimit(RLIMIT_AS, &space), 0);
        assert_non_null(freopen("/dev/null", "w", stderr));
        zhashx_t *table = zhashx_new();
        for (unsigned i = 0; i < NAMES; i++)
            (void)zhashx_insert(table, chosen(i), table);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* --- the table ------------------------------------------------------------------------------------ */

typedef struct {
    lookup_key_t key;
    char name[NAME_CHARS + 1];
} thing_t;

/* The most steps of one search, after so many have been added; all together STEPS each at most. */
static void check_table(const char *(*name)(unsigned), unsigned count)
{
    static const uint8_t SECRET[LOOKUP_SECRET_BYTES] = "0123456789abcde";
    lookup_t *lookup = lookup_new(SECRET);
    thing_t *things = calloc(count, sizeof *things);
    assert_non_null(things);
    size_t all = 0, most = 0;
    for (unsigned i = 0; i < count; i++) {
        memcpy(things[i].name, name(i), sizeof things[i].name);
        lookup_add(lookup, &things[i].key, span_of(things[i].name), &things[i]);
    }
    (void)taken();
    for (unsigned i = 0; i < count; i++) {
        assert_ptr_equal(lookup_find(lookup, span_of(name(i))), &things[i]);
        size_t now = taken();
        all += now;
        most = now > most ? now : most;
    }
    assert_in_range(all, count, STEPS * count);
    assert_in_range(most, 1, LONGEST);
    lookup_destroy(&lookup);
    free(things);
}

static void a_name_is_found_in_few_steps_however_many_there_are(void **state)
{
    (void)state;
    for (unsigned count = 20; count <= NAMES; count *= 10) {
        check_table(plain, count);
        check_table(chosen, count);
    }
}

/* --- nicks, accounts, rooms, sessions --------------------------------------------------------------- */

/* Everybody comes, registers, makes a room and says something in it; steps for each. */
static size_t steps_of_people(const char *(*name)(unsigned), unsigned count)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = settings.sessions_max = settings.rooms_max = 2 * NAMES;
    kit_t *kit = kit_new(&settings);
    char request[200];
    (void)taken();
    for (unsigned i = 0; i < count; i++) {
        const char *who = name(i);
        snprintf(request, sizeof request, "hello sid=%u nick=%s join=%s", i, who, who);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        snprintf(request, sizeof request, "register sid=%u password=correcthorse", i);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        snprintf(request, sizeof request, "say sid=%u room=%s text=x", i, who);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        snprintf(request, sizeof request, "tell sid=%u to=%s text=x", i, who);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        kit_forget(kit);
    }
    size_t each = taken() / count;
    kit_destroy(&kit);
    return each;
}

static void people_rooms_and_accounts_cost_no_more_steps_under_chosen_names(void **state)
{
    (void)state;
    size_t few = steps_of_people(plain, 20), many = steps_of_people(plain, NAMES / 4);
    assert_in_range(many, 1, 2 * few + STEPS);
    assert_in_range(steps_of_people(chosen, NAMES / 4), 1, 2 * few + STEPS);
}

/* What was stored is looked up under a secret, too: by a known one its names could be chosen, and no broker would begin with
 * them any more. */
static void names_are_restored_under_a_secret_of_this_start(void **state)
{
    (void)state;
    static const uint8_t KNOWN[LOOKUP_SECRET_BYTES] = {0};
    core_settings_t settings = kit_stored_settings();
    moment_t now = {.mono_ms = 1, .wall_ms = UINT64_C(1760000000000), .entropy = {1}};
    log_state_t stored = {.log = span_of("tea"), .oldest = 1};
    lookup_t *known = lookup_new(KNOWN);
    thing_t guess = {.name = "tea"};
    uint32_t hashes[2];
    lookup_add(known, &guess.key, span_of(guess.name), &guess);
    for (size_t i = 0; i < 2; i++, now.entropy[0]++) {
        core_t *core = core_new(&settings, &now);
        restore_log(core, &stored);
        stored_log_t *log = lookup_find(core->restore->by_name, stored.log);
        assert_non_null(log);
        hashes[i] = log->by_name.hash;
        core_destroy(&core);
    }
    assert_true(hashes[0] != guess.key.hash && hashes[1] != guess.key.hash);
    assert_true(hashes[0] != hashes[1]);
    lookup_destroy(&known);
}

/* --- enrolled keys ---------------------------------------------------------------------------------- */

/* A public key whose text is chosen, but for what stands behind. */
static const char *key_text(unsigned number)
{
    static char text[CURVE_TEXT_CHARS + 1];
    snprintf(text, sizeof text, "%s%s", chosen(number), "abcdefghijklmn");
    return text;
}

/* Enrols so many in `data` as enrolment_write() would, without waiting for the disk each time. */
static void enrol(const char *data, unsigned count)
{
    char path[ENROLMENT_PATH_BYTES], name[CERTIFICATE_NAME_CHARS + 1], content[1024];
    certificate_t first = {.name = "key0"};
    assert_true(curve_decode(key_text(0), CURVE_TEXT_CHARS, first.public_key));
    assert_true(enrolment_write(data, &first, true));
    enrolment_path(data, first.name, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(content, 1, sizeof content, file);
    assert_in_range(size, CURVE_TEXT_CHARS, sizeof content - 1);
    fclose(file);
    content[size] = '\0';
    char *place = strstr(content, key_text(0));
    assert_non_null(place);
    for (unsigned i = 1; i < count; i++) {
        memcpy(place, key_text(i), CURVE_TEXT_CHARS);
        snprintf(name, sizeof name, "key%u", i);
        enrolment_path(data, name, path);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(content, file);
        fclose(file);
    }
}

static void check_keyring(unsigned count)
{
    char data[] = "/tmp/hub-chosen-XXXXXX", error[KEYRING_ERROR_BYTES], command[64];
    assert_non_null(mkdtemp(data));
    enrol(data, count);
    keyring_t *keyring = keyring_new(data, error);
    assert_non_null(keyring);
    assert_int_equal(keyring_count(keyring), count);
    size_t all = 0, most = 0;
    for (unsigned i = 0; i < 2 * count; i++) { /* half of them strangers */
        uint8_t key[CURVE_KEY_BYTES];
        assert_true(curve_decode(key_text(i), CURVE_TEXT_CHARS, key));
        (void)taken();
        assert_true((keyring_admit(keyring, key, 1) != NULL) == (i < count));
        size_t now = taken();
        all += now;
        most = now > most ? now : most;
    }
    assert_in_range(all, count, 2 * STEPS * count);
    assert_in_range(most, 1, LONGEST);
    keyring_destroy(&keyring);
    snprintf(command, sizeof command, "rm -rf %s", data);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): of our own making */
}

static void an_enrolled_key_is_found_in_few_steps_however_many_there_are(void **state)
{
    (void)state;
    check_keyring(10);
    check_keyring(100);
    check_keyring(500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_names_are_all_in_one_place_of_an_unkeyed_table),
        cmocka_unit_test(a_name_is_found_in_few_steps_however_many_there_are),
        cmocka_unit_test(people_rooms_and_accounts_cost_no_more_steps_under_chosen_names),
        cmocka_unit_test(names_are_restored_under_a_secret_of_this_start),
        cmocka_unit_test(an_enrolled_key_is_found_in_few_steps_however_many_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
