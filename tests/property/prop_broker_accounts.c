/* Who is who, against a naive model: five people with seven nicks and four passwords between them register, log in, change
 * passwords, take other nicks, guess; an operator makes accounts, ends them and gives them roles; messages are told to whoever
 * is there or away; time passes, the broker crashes and begins again from its store. */
#include "tests/property/random.h"
#include "tests/unit/broker_kit.h"

#include <inttypes.h>
#include <strings.h>

enum { PEOPLE = 5, NICKS = 7, PASSWORDS = 4, ACCOUNTS = 4, ROUNDS = 30, STEPS = 1500, TEXT = 160 };
enum { NOBODY = -1, UID_BYTES = 32, FIRST_WAIT_MS = 1000 };

typedef struct {
    bool is_made, is_operator;
    unsigned nick, password;
    unsigned told; /* messages in the inbox */
    char uid[UID_BYTES];
} account_model_t;

typedef struct {
    bool is_live;
    unsigned nick;
    int account;   /* NOBODY: a guest */
    unsigned told; /* messages in the inbox, of a guest */
} person_t;

typedef struct {
    unsigned wrong;
    uint64_t until_ms;
} guesses_t;

typedef struct {
    kit_t *kit;
    random_t random;
    person_t people[PEOPLE];
    account_model_t accounts[ACCOUNTS];
    guesses_t guesses[NICKS];
    unsigned done, refused, waited;
} model_t;

static char link_of(unsigned person)
{
    return (char)('A' + person);
}

/* Now and then in capitals: it is the same nick. */
static const char *spell(model_t *model, unsigned nick)
{
    static const char *const SPELLINGS[] = {"nick", "NICK", "Nick"};
    static char texts[4][TEXT];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, TEXT, "%s%u", SPELLINGS[random_below(&model->random, 3)], nick);
    return text;
}

static int account_of(const model_t *model, unsigned nick)
{
    for (int i = 0; i < ACCOUNTS; i++)
        if (model->accounts[i].is_made && model->accounts[i].nick == nick)
            return i;
    return NOBODY;
}

static int person_of(const model_t *model, unsigned nick)
{
    for (int i = 0; i < PEOPLE; i++)
        if (model->people[i].is_live && model->people[i].nick == nick)
            return i;
    return NOBODY;
}

static int free_place(const model_t *model)
{
    for (int i = 0; i < ACCOUNTS; i++)
        if (!model->accounts[i].is_made)
            return i;
    return NOBODY;
}

/* Ends who is in under the account. */
static void end_session(model_t *model, int account)
{
    for (unsigned i = 0; i < PEOPLE; i++)
        if (model->people[i].is_live && model->people[i].account == account)
            model->people[i].is_live = false;
}

/* Asks, and has to get that error; NULL: it is done. */
static const frame_t *ask(model_t *model, char link, const char *request, const char *error)
{
    const frame_t *reply = kit_ask(model->kit, link, request);
    const char *got = frame_get(reply, "error");
    if (strcmp(got ? got : "done", error ? error : "done") != 0)
        fail_msg("%c: %s: %s instead of %s", link, request, got ? got : "done",
                 error ? error : "done");
    model->refused += error != NULL;
    model->done += error == NULL;
    return reply;
}

/* --- passwords -------------------------------------------------------------------------------------- */

/* One more is tried for the nick. */
static void count_guess(model_t *model, guesses_t *guesses)
{
    uint64_t now_ms = kit_mono_ms(model->kit);
    if (now_ms > guesses->until_ms + LIMIT_LOGIN_WAIT_MS)
        guesses->wrong = 0;
    guesses->wrong++;
    uint64_t wait_ms = 0;
    if (guesses->wrong >= LIMIT_LOGIN_TRIES)
        wait_ms = FIRST_WAIT_MS;
    for (unsigned i = LIMIT_LOGIN_TRIES; i < guesses->wrong && wait_ms < LIMIT_LOGIN_WAIT_MS; i++)
        wait_ms *= 2;
    guesses->until_ms = now_ms + (wait_ms < LIMIT_LOGIN_WAIT_MS ? wait_ms : LIMIT_LOGIN_WAIT_MS);
}

/* What comes of a request with a password for the nick; a reply in *out_reply. True: it was right. */
static bool try_password(model_t *model, char link, const char *request, unsigned nick,
                         unsigned password, const frame_t **out_reply)
{
    guesses_t *guesses = &model->guesses[nick];
    uint64_t now_ms = kit_mono_ms(model->kit);
    int account = account_of(model, nick);
    bool is_right = account != NOBODY && model->accounts[account].password == password;
    if (guesses->until_ms > now_ms) {
        uint64_t wait_ms = guesses->until_ms - now_ms;
        *out_reply = ask(model, link, request, "flood");
        assert_int_equal(frame_uint(*out_reply, "retry_ms"), wait_ms);
        model->waited++;
        return false;
    }
    count_guess(model, guesses);
    *out_reply = ask(model, link, request, is_right ? NULL : "denied");
    if (is_right)
        *guesses = (guesses_t){0};
    return is_right;
}

/* The answer says whose account it is. */
static void check_person(model_t *model, const frame_t *reply, int account)
{
    char nick[TEXT];
    snprintf(nick, sizeof nick, "nick%u", model->accounts[account].nick);
    assert_int_equal(strcasecmp(frame_get(reply, "nick"), nick), 0);
    assert_string_equal(frame_get(reply, "uid"), model->accounts[account].uid);
    assert_int_equal(frame_uint(reply, "heads.@.1"), model->accounts[account].told);
}

static void come_in(model_t *model, unsigned who, int account)
{
    end_session(model, account);
    model->people[who] = (person_t){true, model->accounts[account].nick, account, 0};
}

/* --- people ----------------------------------------------------------------------------------------- */

static void hello_as_guest(model_t *model, unsigned who, unsigned nick)
{
    char request[TEXT];
    bool is_taken = account_of(model, nick) != NOBODY || person_of(model, nick) != NOBODY;
    snprintf(request, sizeof request, "hello nick=%s", spell(model, nick));
    const frame_t *reply = ask(model, link_of(who), request, is_taken ? "nick_taken" : NULL);
    if (is_taken)
        return;
    kit_save(model->kit, (char)('0' + who), reply, "token");
    model->people[who] = (person_t){true, nick, NOBODY, 0};
}

/* By `op`: hello, for a token, or login. */
static void enter(model_t *model, unsigned who, const char *op, unsigned nick, unsigned password)
{
    char request[TEXT];
    const frame_t *reply;
    snprintf(request, sizeof request, "%s nick=%s password=password%u", op, spell(model, nick),
             password);
    if (!try_password(model, link_of(who), request, nick, password, &reply))
        return;
    int account = account_of(model, nick);
    if (!model->people[who].is_live)
        kit_save(model->kit, (char)('0' + who), reply, "token");
    check_person(model, reply, account);
    come_in(model, who, account);
}

static void registering(model_t *model, unsigned who, unsigned password)
{
    char request[TEXT];
    person_t *person = &model->people[who];
    int place = free_place(model);
    const char *error = person->account != NOBODY ? "exists" : place == NOBODY ? "full" : NULL;
    snprintf(request, sizeof request, "register password=password%u", password);
    const frame_t *reply = ask(model, link_of(who), request, error);
    if (error)
        return;
    account_model_t *account = &model->accounts[place];
    *account = (account_model_t){
        .is_made = true, .nick = person->nick, .password = password, .told = person->told};
    snprintf(account->uid, sizeof account->uid, "%s", frame_get(reply, "uid"));
    person->account = place;
}

static void change_password(model_t *model, unsigned who, unsigned old, unsigned new)
{
    char request[TEXT];
    const frame_t *reply;
    const person_t *person = &model->people[who];
    snprintf(request, sizeof request, "password password=password%u new_password=password%u", old,
             new);
    if (person->account == NOBODY)
        ask(model, link_of(who), request, "denied");
    else if (try_password(model, link_of(who), request, person->nick, old, &reply))
        model->accounts[person->account].password = new;
}

static void rename_to(model_t *model, unsigned who, unsigned nick)
{
    char request[TEXT];
    person_t *person = &model->people[who];
    int account = account_of(model, nick), other = person_of(model, nick);
    bool is_taken =
        (account != NOBODY && account != person->account) || (other != NOBODY && other != (int)who);
    snprintf(request, sizeof request, "nick nick=%s", spell(model, nick));
    ask(model, link_of(who), request, is_taken ? "nick_taken" : NULL);
    if (is_taken)
        return;
    person->nick = nick;
    if (person->account != NOBODY)
        model->accounts[person->account].nick = nick;
}

/* One more stands in the inbox of who has that nick. */
static void count_told(model_t *model, unsigned nick)
{
    int account = account_of(model, nick), person = person_of(model, nick);
    if (account != NOBODY)
        model->accounts[account].told++;
    else
        model->people[person].told++;
}

static void tell(model_t *model, unsigned who, unsigned nick)
{
    char request[TEXT];
    bool is_there = account_of(model, nick) != NOBODY || person_of(model, nick) != NOBODY;
    if (model->people[who].nick == nick)
        return;
    snprintf(request, sizeof request, "tell to=%s text=x", spell(model, nick));
    ask(model, link_of(who), request, is_there ? NULL : "no_such_nick");
    if (!is_there)
        return;
    count_told(model, nick);
    count_told(model, model->people[who].nick);
}

/* Only who is in under an operator's account may see the list. */
static void look(model_t *model, unsigned who)
{
    int account = model->people[who].account;
    bool may = account != NOBODY && model->accounts[account].is_operator;
    ask(model, link_of(who), "accounts", may ? NULL : "denied");
}

static void live(model_t *model, unsigned who)
{
    unsigned nick = random_below(&model->random, NICKS);
    unsigned password = random_below(&model->random, PASSWORDS);
    int account = account_of(model, nick);
    if (account != NOBODY && random_below(&model->random, 2))
        password = model->accounts[account].password;
    switch (random_below(&model->random, 8)) {
    case 0:
        ask(model, link_of(who), "bye", NULL);
        model->people[who].is_live = false;
        return;
    case 1:
        registering(model, who, password);
        return;
    case 2:
        change_password(model, who, password, random_below(&model->random, PASSWORDS));
        return;
    case 3:
        rename_to(model, who, nick);
        return;
    case 4:
        look(model, who);
        return;
    case 5:
        enter(model, who, "login", nick, password);
        return;
    default:
        tell(model, who, nick);
    }
}

static void arrive(model_t *model, unsigned who)
{
    unsigned nick = random_below(&model->random, NICKS);
    int account = account_of(model, nick);
    if (random_below(&model->random, 3) == 0)
        hello_as_guest(model, who, nick);
    else if (account != NOBODY && random_below(&model->random, 2))
        enter(model, who, "hello", nick, model->accounts[account].password);
    else
        enter(model, who, "hello", nick, random_below(&model->random, PASSWORDS));
}

/* --- the operator ----------------------------------------------------------------------------------- */

static void find_uid(model_t *model, account_model_t *account);

static void add_account(model_t *model, unsigned nick)
{
    char request[TEXT];
    unsigned password = random_below(&model->random, PASSWORDS);
    int place = free_place(model);
    const char *error = account_of(model, nick) != NOBODY  ? "exists"
                        : person_of(model, nick) != NOBODY ? "nick_taken"
                        : place == NOBODY                  ? "full"
                                                           : NULL;
    snprintf(request, sizeof request, "account_add nick=%s password=password%u", spell(model, nick),
             password);
    ask(model, 'O', request, error);
    if (error)
        return;
    model->accounts[place] = (account_model_t){.is_made = true, .nick = nick, .password = password};
    find_uid(model, &model->accounts[place]);
}

static void change_account(model_t *model, unsigned nick)
{
    char request[TEXT];
    int account = account_of(model, nick);
    bool is_operator = random_below(&model->random, 2);
    unsigned password = random_below(&model->random, PASSWORDS);
    unsigned what = random_below(&model->random, 4);
    if (what == 0)
        snprintf(request, sizeof request, "account_remove account=%s", spell(model, nick));
    else if (what == 1)
        snprintf(request, sizeof request, "account_password account=%s new_password=password%u",
                 spell(model, nick), password);
    else
        snprintf(request, sizeof request, "account_role account=%s role=%s", spell(model, nick),
                 is_operator ? "operator" : "member");
    ask(model, 'O', request, account == NOBODY ? "no_such_nick" : NULL);
    if (account == NOBODY)
        return;
    if (what <= 1)
        end_session(model, account);
    if (what == 0)
        model->accounts[account].is_made = false;
    else if (what == 1)
        model->accounts[account].password = password;
    else
        model->accounts[account].is_operator = is_operator;
}

/* --- the whole -------------------------------------------------------------------------------------- */

static const char *listed(const frame_t *list, unsigned place, const char *key)
{
    char path[TEXT];
    snprintf(path, sizeof path, "accounts.%u.%s", place, key);
    return frame_get(list, path);
}

static void find_uid(model_t *model, account_model_t *account)
{
    char nick[TEXT];
    snprintf(nick, sizeof nick, "nick%u", account->nick);
    const frame_t *list = kit_ask(model->kit, 'O', "accounts");
    for (unsigned i = 0; i < frame_uint(list, "accounts.#"); i++)
        if (strcasecmp(listed(list, i, "nick"), nick) == 0)
            snprintf(account->uid, sizeof account->uid, "%s", listed(list, i, "uid"));
    assert_true(account->uid[0] != '\0');
}

static void check(model_t *model)
{
    unsigned wanted = 0;
    for (int i = 0; i < ACCOUNTS; i++)
        wanted += model->accounts[i].is_made;
    const frame_t *list = kit_ask(model->kit, 'O', "accounts");
    assert_int_equal(frame_uint(list, "accounts.#"), wanted);
    for (unsigned i = 0; i < wanted; i++) {
        unsigned nick = (unsigned)(listed(list, i, "nick")[4] - '0');
        const char *role = listed(list, i, "role");
        int account = account_of(model, nick);
        assert_true(account != NOBODY);
        assert_string_equal(listed(list, i, "uid"), model->accounts[account].uid);
        assert_string_equal(role, model->accounts[account].is_operator ? "operator" : "member");
        int person = person_of(model, nick);
        bool is_in = person != NOBODY && model->people[person].account == account;
        assert_int_equal(listed(list, i, "state") != NULL, is_in);
    }
    kit_forget(model->kit);
}

/* Sessions are resumed; what was guessed is forgotten. */
static void restart(model_t *model)
{
    static const origin_t CRASHED = {0};
    char request[TEXT];
    kit_restart(model->kit, NULL, CRASHED);
    kit_under_key(model->kit, 'O', 'k', true);
    memset(model->guesses, 0, sizeof model->guesses);
    for (unsigned who = 0; who < PEOPLE; who++) {
        const person_t *person = &model->people[who];
        snprintf(request, sizeof request, "resume token=$%c", (char)('0' + who));
        if (!person->is_live)
            continue;
        const frame_t *reply = kit_ask(model->kit, link_of(who), request);
        ASSERT_HAS(reply, "ok=true");
        if (person->account != NOBODY)
            check_person(model, reply, person->account);
        kit_save(model->kit, (char)('0' + who), reply, "token");
    }
    check(model);
}

static void step(model_t *model)
{
    unsigned who = random_below(&model->random, PEOPLE);
    unsigned nick = random_below(&model->random, NICKS);
    unsigned dice = random_below(&model->random, 100);
    if (dice < 80 && model->people[who].is_live)
        live(model, who);
    else if (dice < 80)
        arrive(model, who);
    else if (dice < 84)
        add_account(model, nick);
    else if (dice < 89)
        change_account(model, nick);
    else if (dice < 98)
        kit_pass(model->kit, random_below(&model->random, 5000));
    else if (dice == 98)
        restart(model);
    else
        check(model);
    kit_forget(model->kit);
}

static void people_are_who_the_model_says(void **state)
{
    (void)state;
    random_t random = random_begin();
    for (unsigned round = 0; round < ROUNDS; round++) {
        core_settings_t settings = kit_stored_settings();
        settings.heartbeat_ms = 600000;
        settings.accounts_max = ACCOUNTS;
        model_t model = {.kit = kit_new(&settings), .random = {random.seed, random_next(&random)}};
        kit_under_key(model.kit, 'O', 'k', true);
        for (unsigned i = 0; i < STEPS; i++)
            step(&model);
        check(&model);
        printf("%u done, %u refused, %u had to wait\n", model.done, model.refused, model.waited);
        kit_destroy(&model.kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(people_are_who_the_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
