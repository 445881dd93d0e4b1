/* Who may do what to whom, against a naive model: eight guests, the first of whom owns a room, and an operator kick, ban and mute each
 * other at random, for a time or for ever, in the room or everywhere; they come and go, time passes, the broker crashes and begins again
 * from its store. Nobody renames here: what follows a person under another nick has tests of its own. */
#include "tests/property/random.h"
#include "tests/unit/broker_kit.h"

#include <inttypes.h>

enum { PEOPLE = 8, OWNER = 0, ROUNDS = 30, STEPS = 1500, TEXT = 160 };

typedef enum { BAN, MUTE, KINDS } kind_t;
typedef enum { MEMBER, MODERATOR, ROOMS_OWNER, OPERATOR } standing_t;

static const char *const ROLES[] = {"member", "moderator", "owner"};
static const char *const VERBS[] = {"ban", "mute"};

typedef struct {
    bool is_said;
    uint64_t until_ms; /* 0: for ever */
} verdict_t;

typedef struct {
    bool is_live, is_in;
    standing_t standing;                      /* in the room */
    verdict_t everywhere[KINDS], here[KINDS]; /* of the nick */
} person_t;

typedef struct {
    kit_t *kit;
    random_t random;
    person_t people[PEOPLE];
    unsigned refused, done;
} model_t;

static char link_of(unsigned person)
{
    return (char)('A' + person);
}

static bool holds(const model_t *model, const verdict_t *verdict)
{
    return verdict->is_said &&
           (verdict->until_ms == 0 || kit_wall_ms(model->kit) < verdict->until_ms);
}

static void leave_all(person_t *person)
{
    person->is_live = person->is_in = false;
    person->standing = MEMBER; /* a guest's, who is another one next time */
}

/* Asks, and has to get that error; NULL: it is done. */
static void ask(model_t *model, char link, const char *request, const char *error)
{
    const frame_t *reply = kit_ask(model->kit, link, request);
    const char *got = frame_get(reply, "error");
    if (strcmp(got ? got : "done", error ? error : "done") != 0)
        fail_msg("%c: %s: %s instead of %s", link, request, got ? got : "done",
                 error ? error : "done");
    model->refused += error != NULL;
    model->done += error == NULL;
    kit_forget(model->kit);
}

/* --- people ---------------------------------------------------------------------------------------- */

static void hello(model_t *model, unsigned who)
{
    char request[TEXT];
    person_t *person = &model->people[who];
    snprintf(request, sizeof request, "hello nick=nick%u join=", who);
    const frame_t *reply = kit_ask(model->kit, link_of(who), request);
    if (holds(model, &person->everywhere[BAN])) {
        ASSERT_HAS(reply, "error=banned");
        return;
    }
    ASSERT_HAS(reply, "ok=true");
    kit_save(model->kit, (char)('0' + who), reply, "token");
    person->is_live = true;
}

/* Who has been given a role since stands above that. */
static bool is_muted_here(const model_t *model, const person_t *person)
{
    return person->standing == MEMBER && holds(model, &person->here[MUTE]);
}

static void live(model_t *model, unsigned who)
{
    person_t *person = &model->people[who];
    const char *muted = holds(model, &person->everywhere[MUTE]) ? "muted" : NULL;
    switch (random_below(&model->random, 6)) {
    case 0:
        if (who == OWNER)
            return;
        ask(model, link_of(who), "bye", NULL);
        leave_all(person);
        return;
    case 1:
    case 2:
        ask(model, link_of(who), "join room=tea",
            holds(model, &person->here[BAN]) ? "banned" : NULL);
        person->is_in |= !holds(model, &person->here[BAN]);
        return;
    case 3:
        if (who == OWNER || !person->is_in)
            return;
        ask(model, link_of(who), "part room=tea", NULL);
        person->is_in = false;
        return;
    case 4:
        ask(model, link_of(who), "tell to=nick0 text=x", muted);
        return;
    default:
        if (person->is_in)
            ask(model, link_of(who), "say room=tea text=x",
                is_muted_here(model, person) ? "muted" : muted);
    }
}

/* --- what is done to them ---------------------------------------------------------------------------- */

/* Says or takes back: what comes of it for the target is in *verdict. */
static const char *pass_verdict(model_t *model, verdict_t *verdict, bool is_taken_back,
                                uint64_t until_ms)
{
    if (is_taken_back && !holds(model, verdict))
        return "no_such_ban";
    *verdict = (verdict_t){!is_taken_back, until_ms};
    return NULL;
}

static uint64_t choose_end(model_t *model)
{
    return random_below(&model->random, 3) == 0
               ? 0
               : kit_wall_ms(model->kit) + 1 + random_below(&model->random, 30000);
}

static void compose(char request[TEXT], const char *verb, bool is_back, unsigned whom, bool is_here,
                    uint64_t until_ms)
{
    int size = snprintf(request, TEXT, "%s%s nick=nick%u%s", is_back ? "un" : "", verb, whom,
                        is_here ? " room=tea" : "");
    if (until_ms > 0)
        snprintf(request + size, TEXT - (size_t)size, " until=%" PRIu64, until_ms);
}

static void operate(model_t *model, unsigned whom)
{
    char request[TEXT];
    person_t *target = &model->people[whom];
    if (random_below(&model->random, 5) == 0) {
        compose(request, "kick", false, whom, false, 0);
        ask(model, 'O', request, target->is_live ? NULL : "no_such_nick");
        leave_all(target);
        return;
    }
    kind_t kind = random_below(&model->random, KINDS);
    bool is_back = random_below(&model->random, 2);
    uint64_t until_ms = is_back ? 0 : choose_end(model);
    compose(request, VERBS[kind], is_back, whom, false, until_ms);
    const char *error = pass_verdict(model, &target->everywhere[kind], is_back, until_ms);
    ask(model, 'O', request, error);
    if (kind == BAN && !is_back)
        leave_all(target);
}

static standing_t standing_of(const model_t *model, char link)
{
    return link == 'O' ? OPERATOR : model->people[link - 'A'].standing;
}

static void put_out(person_t *target)
{
    target->is_in = false;
}

static void moderate(model_t *model, char by, unsigned whom)
{
    char request[TEXT];
    person_t *target = &model->people[whom];
    standing_t own = standing_of(model, by);
    bool is_denied = own == MEMBER || target->standing >= own;
    if (random_below(&model->random, 4) == 0) {
        compose(request, "kick", false, whom, true, 0);
        ask(model, by, request, is_denied ? "denied" : target->is_in ? NULL : "no_such_nick");
        if (!is_denied)
            put_out(target);
        return;
    }
    kind_t kind = random_below(&model->random, KINDS);
    bool is_back = random_below(&model->random, 2);
    uint64_t until_ms = is_back ? 0 : choose_end(model);
    compose(request, VERBS[kind], is_back, whom, true, until_ms);
    is_denied |=
        kind == MUTE && !is_back && target->standing > MEMBER; /* who speaks all the same */
    const char *error =
        is_denied ? "denied" : pass_verdict(model, &target->here[kind], is_back, until_ms);
    ask(model, by, request, error);
    if (error == NULL && kind == BAN && !is_back) {
        put_out(target);
        target->standing = MEMBER;
    }
}

static void give_role(model_t *model, char by, unsigned whom)
{
    char request[TEXT];
    person_t *target = &model->people[whom];
    if (!target->is_in)
        return;
    standing_t role = random_below(&model->random, ROOMS_OWNER);
    bool is_denied = standing_of(model, by) < ROOMS_OWNER;
    snprintf(request, sizeof request, "role room=tea nick=nick%u role=%s", whom, ROLES[role]);
    ask(model, by, request, is_denied ? "denied" : NULL);
    if (!is_denied)
        target->standing = role;
}

/* --- the whole -------------------------------------------------------------------------------------- */

static void restart(model_t *model)
{
    static const origin_t CRASHED = {0};
    char request[TEXT];
    kit_restart(model->kit, NULL, CRASHED);
    kit_under_key(model->kit, 'O', 'k', true);
    for (unsigned who = 0; who < PEOPLE; who++) {
        snprintf(request, sizeof request, "resume token=$%c", (char)('0' + who));
        if (!model->people[who].is_live)
            continue;
        const frame_t *reply = kit_ask(model->kit, link_of(who), request);
        ASSERT_HAS(reply, "ok=true");
        kit_save(model->kit, (char)('0' + who), reply, "token");
    }
    kit_forget(model->kit);
}

static void check_list(model_t *model, const char *request, bool is_here)
{
    unsigned wanted = 0;
    for (unsigned who = 0; who < PEOPLE; who++)
        for (kind_t kind = 0; kind < KINDS; kind++)
            wanted += holds(model, is_here ? &model->people[who].here[kind]
                                           : &model->people[who].everywhere[kind]);
    const frame_t *list = kit_ask(model->kit, 'O', request);
    assert_int_equal(frame_uint(list, "bans.#"), wanted);
}

static const char *member_get(const frame_t *who, unsigned place, const char *key)
{
    char path[TEXT];
    snprintf(path, sizeof path, "members.%u.%s", place, key);
    return frame_get(who, path);
}

static void check(model_t *model)
{
    unsigned wanted = 0;
    const frame_t *who = kit_ask(model->kit, 'A', "who room=tea");
    for (unsigned i = 0; i < PEOPLE; i++)
        wanted += model->people[i].is_in;
    assert_int_equal(frame_uint(who, "members.#"), wanted);
    for (unsigned place = 0; place < wanted; place++) {
        unsigned person = (unsigned)(member_get(who, place, "nick")[4] - '0');
        const char *role = member_get(who, place, "role");
        assert_true(model->people[person].is_in);
        assert_string_equal(role ? role : "member", ROLES[model->people[person].standing]);
    }
    check_list(model, "bans limit=100", false);
    check_list(model, "bans room=tea", true);
    kit_forget(model->kit);
}

static void step(model_t *model)
{
    unsigned who = random_below(&model->random, PEOPLE);
    unsigned whom = 1 + random_below(&model->random, PEOPLE - 1);
    char by = random_below(&model->random, 3) == 0 ? 'O' : link_of(who);
    unsigned dice = random_below(&model->random, 100);
    bool is_there = by == 'O' || model->people[who].is_live;
    if (!model->people[who].is_live)
        hello(model, who);
    else if (dice < 50)
        live(model, who);
    else if (dice < 60)
        operate(model, whom);
    else if (dice < 80 && is_there)
        moderate(model, by, whom);
    else if (dice < 90 && is_there)
        give_role(model, by, whom);
    else if (dice < 98)
        kit_pass(model->kit, random_below(&model->random, 5000));
    else if (dice == 98)
        restart(model);
    else
        check(model);
}

static void rights_are_what_the_model_says(void **state)
{
    (void)state;
    random_t random = random_begin();
    for (unsigned round = 0; round < ROUNDS; round++) {
        core_settings_t settings = kit_stored_settings();
        settings.heartbeat_ms = 600000;
        model_t model = {.kit = kit_new(&settings), .random = {random.seed, random_next(&random)}};
        kit_under_key(model.kit, 'O', 'k', true);
        hello(&model, OWNER);
        ask(&model, 'A', "join room=tea", NULL);
        model.people[OWNER].is_in = true;
        model.people[OWNER].standing = ROOMS_OWNER;
        for (unsigned i = 0; i < STEPS; i++)
            step(&model);
        check(&model);
        printf("%u done, %u refused\n", model.done, model.refused);
        kit_destroy(&model.kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rights_are_what_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
