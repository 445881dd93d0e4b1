/* register, login, password, and hello with a password: P-59, P-110 to P-117. A password's hash here is the password behind
 * a sign; see broker_kit.c. */
#include "tests/unit/broker_kit.h"

#include "broker/core/accounts.h"
#include "broker/core/sessions.h"

static const origin_t CRASHED = {0};

#define PASSWORD "'correct horse'"
#define ANOTHER  "'battery staple'"
#define EVES     "'apple of old'"

static core_settings_t account_settings(uint32_t accounts_max)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = accounts_max;
    return settings;
}

/* ada has registered and is gone; bob is in the lobby and hears. */
static kit_t *kit_with_ada(void)
{
    core_settings_t settings = account_settings(2);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'A', "hello nick=Ada");
    ASSERT_HAS(kit_ask(kit, 'A', "register password=" PASSWORD), "ok=true nick=Ada uid");
    kit_ask(kit, 'A', "bye");
    kit_forget(kit);
    return kit;
}

static account_t *find(const kit_t *kit, const char *nick)
{
    return account_of_nick(kit_core(kit), span_of(nick));
}

static void p110_registering_makes_an_account_of_the_nick_and_keeps_the_uid(void **state)
{
    (void)state;
    core_settings_t settings = account_settings(2);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=Ada");
    char uid[MINT_NAME_CHARS + 1] = "";
    memcpy(uid, session_of_nick(kit_core(kit), span_of("ada"))->uid, MINT_NAME_CHARS);
    ASSERT_HAS(kit_ask(kit, 'A', "register password=" PASSWORD), "ok=true nick=Ada uid");
    assert_memory_equal(find(kit, "ada")->uid, uid, MINT_NAME_CHARS);
    ASSERT_HAS(kit_ask(kit, 'A', "register password=" PASSWORD), "error=exists");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ADA"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada password=" PASSWORD), "ok=true nick=Ada");
    assert_memory_equal(session_of_nick(kit_core(kit), span_of("ada"))->uid, uid, MINT_NAME_CHARS);
    assert_int_equal(kit_counter(kit, "accounts"), 1);
    assert_int_equal(kit_counter(kit, "accounts_made"), 1);
    kit_destroy(&kit);
}

static void passwords_have_their_bounds(void **state)
{
    (void)state;
    core_settings_t settings = account_settings(1);
    kit_t *kit = kit_new(&settings);
    char request[32 + LIMIT_PASSWORD_BYTES + 2] = "register password=";
    size_t begin = strlen(request);
    kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "register password=1234567"), "error=bad_request !retry_ms");
    memset(request + begin, 'x', LIMIT_PASSWORD_BYTES + 1);
    ASSERT_HAS(kit_ask(kit, 'A', request), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "register"), "error=bad_request");
    assert_int_equal(kit_hashes(kit), 0);
    request[begin + LIMIT_PASSWORD_BYTES] = '\0';
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "register password=" PASSWORD), "error=full");
    kit_destroy(&kit);
}

static void p59_without_accounts_all_of_it_is_unsupported(void **state)
{
    (void)state;
    core_settings_t settings = account_settings(0);
    kit_t *kit = kit_new(&settings);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "error=unsupported");
    kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "register"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "login nick=ada password=" PASSWORD), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER),
               "error=unsupported");
    kit_destroy(&kit);
}

static void p111_login_takes_up_the_account_on_the_same_session(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_save(kit, 't', kit_ask(kit, 'C', "hello nick=carol"), "token");
    kit_ask(kit, 'C', "join room=den private:=true");
    kit_pass(kit, 1000);
    kit_forget(kit);
    const frame_t *reply = kit_ask(kit, 'C', "login nick=ADA password=" PASSWORD);
    ASSERT_HAS(reply, "ok=true nick=Ada uid heads.den heads.lobby heads.@");
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "room=lobby changes.0.nick=Ada changes.0.was=carol changes.0.state=active");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=den text=hi"), "ok=true");
    kit_pass(kit, 1000);
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=carol text=psst"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text=psst"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'C', "private"), "to=Ada text=psst");
    ASSERT_HAS(kit_ask(kit, 'D', "resume token=$t"),
               "ok=true nick=Ada"); /* the session is the same */
    kit_destroy(&kit);
}

static void p120_the_answer_says_which_of_the_accounts_rooms_are_private(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'D', "hello nick=ada join=tea password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'D', "join room=den private:=true"), "ok=true");
    kit_ask(kit, 'D', "say room=den text='or it would be forgotten'");
    kit_ask(kit, 'D', "say room=tea text='likewise'");
    ASSERT_HAS(kit_ask(kit, 'D', "bye"), "ok=true");
    kit_ask(kit, 'C', "hello nick=carol");
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD),
               "heads.lobby heads.tea heads.den rooms.#=1 rooms.0=den");
    kit_ask(kit, 'C', "bye");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=ada password=" PASSWORD), "rooms.#=1 rooms.0=den");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=nobody password=" PASSWORD), "error=denied !rooms");
    kit_destroy(&kit);
}

static void what_waited_for_the_account_is_read_after_the_login(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text=psst"), "ok=true");
    kit_ask(kit, 'C', "hello nick=carol");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=carol text='for carol'"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "history room=@"), "ok=true head=1 events.#=1 events.0.text=psst");
    kit_destroy(&kit);
}

static void p112_an_older_session_of_the_account_is_kicked(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'D', "hello nick=ada password=" PASSWORD);
    kit_ask(kit, 'C', "hello nick=carol");
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "ok=true nick=Ada");
    ASSERT_HAS(kit_event(kit, 'D', "kicked"), "reason=login");
    ASSERT_HAS(kit_ask(kit, 'D', "status status=x"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=ada password=" PASSWORD), "ok=true nick=Ada");
    ASSERT_HAS(kit_event(kit, 'C', "kicked"), "reason=login");
    ASSERT_HAS(kit_ask(kit, 'E', "login nick=ada password=" PASSWORD),
               "ok=true nick=Ada"); /* it is in already */
    kit_destroy(&kit);
}

static void an_accounts_rooms_are_entered_again(void **state)
{
    (void)state;
    core_settings_t settings = account_settings(2);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_ask(kit, 'A', "join room=den private:=true");
    kit_ask(kit, 'A', "say room=den text=mine");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada join=tea password=" PASSWORD),
               "ok=true heads.den heads.lobby heads.tea heads.@");
    ASSERT_HAS(kit_ask(kit, 'C', "history room=den"), "ok=true events.#=1 events.0.text=mine");
    kit_destroy(&kit);
}

static void p113_a_wrong_password_and_an_unknown_nick_look_the_same(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    uint64_t wrong = kit_send(kit, 'C', "login nick=ada password=" ANOTHER);
    uint64_t unknown = kit_send(kit, 'C', "login nick=nobody password=" ANOTHER);
    uint64_t impossible = kit_send(kit, 'C', "login nick='no body' password=" ANOTHER);
    assert_int_equal(kit_hashes(kit), 3); /* as much work for each */
    kit_delay_hashes(kit, false);
    kit_turn(kit);
    const char *const ANSWER =
        "error=denied hint='that nick and password do not go together' !retry_ms";
    ASSERT_HAS(kit_reply(kit, 'C', wrong), ANSWER);
    ASSERT_HAS(kit_reply(kit, 'C', unknown), ANSWER);
    ASSERT_HAS(kit_reply(kit, 'C', impossible), ANSWER);
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=ada password=" ANOTHER), ANSWER);
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=nobody password=" ANOTHER), ANSWER);
    ASSERT_HAS(kit_ask(kit, 'D', "hello password=" ANOTHER), "error=bad_request");
    assert_int_equal(kit_counter(kit, "logins_refused"), 5);
    kit_destroy(&kit);
}

static void p114_the_password_is_changed_by_who_knows_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'A', "password password=" ANOTHER " new_password=" ANOTHER),
               "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "password password=" PASSWORD " new_password=short"),
               "error=bad_request");
    uint64_t id = kit_send(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER);
    kit_turn(kit); /* the old one is verified */
    kit_turn(kit); /* the new one is hashed */
    ASSERT_HAS(kit_reply(kit, 'A', id), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password=" PASSWORD), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password=" ANOTHER), "ok=true");
    assert_int_equal(kit_counter(kit, "passwords_changed"), 1);
    assert_int_equal(kit_counter(kit, "logins"), 2);
    ASSERT_HAS(kit_ask(kit, 'B', "password password=" PASSWORD " new_password=" ANOTHER),
               "error=denied");
    kit_destroy(&kit);
}

static void p115_accounts_survive_a_restart(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password=" ANOTHER), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password=" PASSWORD), "ok=true nick=Ada");
    kit_ask(kit, 'D', "hello nick=dora");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=dora text=psst"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'D', "login nick=ada password=" PASSWORD), "ok=true nick=Ada");
    kit_save(kit, 't', kit_ask(kit, 'D', "hello nick=ada"), "token");
    kit_restart(kit, NULL, CRASHED); /* what dora had as a guest is gone, and her token is Ada's */
    ASSERT_HAS(kit_ask(kit, 'D', "resume token=$t"), "ok=true nick=Ada");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=dora"), "ok=true");
    kit_destroy(&kit);
}

static void p116_other_requests_go_on_while_a_password_is_looked_at(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    uint64_t id = kit_send(kit, 'C', "login nick=ada password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'C', "say room=lobby text=meanwhile"), "ok=true");
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'C', id), "ok=true nick=Ada");
    kit_destroy(&kit);
}

static void who_has_gone_meanwhile_is_not_logged_in(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    uint64_t id = kit_send(kit, 'C', "login nick=ada password=" PASSWORD);
    kit_ask(kit, 'C', "bye");
    kit_ask(kit, 'C', "hello nick=other"); /* another session at the same sid */
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'C', id), "error=no_session");
    assert_int_equal(find(kit, "ada")->session, 0);
    kit_destroy(&kit);
}

/* mallory's account had the nick when her password was found to be right, ada's has it by now. */
static void p113_a_password_counts_for_the_account_that_it_was_compared_with(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_ask(kit, 'M', "hello nick=mallory");
    ASSERT_HAS(kit_ask(kit, 'M', "register password=" ANOTHER), "ok=true");
    kit_ask(kit, 'C', "hello nick=carol");
    kit_delay_hashes(kit, true);
    uint64_t login = kit_send(kit, 'C', "login nick=mallory password=" ANOTHER);
    uint64_t hello = kit_send(kit, 'D', "hello nick=mallory password=" ANOTHER);
    ASSERT_HAS(kit_ask(kit, 'M', "nick nick=eve"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=mallory"), "ok=true");
    kit_forget(kit);
    kit_hash(kit, HUB_OK);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'C', login), "error=denied !retry_ms");
    ASSERT_HAS(kit_reply(kit, 'D', hello), "error=denied !retry_ms");
    kit_quiet(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=mallory text='still ada'"), "ok=true");
    kit_destroy(&kit);
}

static void p114_an_old_password_that_is_being_looked_at_is_no_good_once_it_is_changed(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_ask(kit, 'C', "hello nick=carol");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER);
    kit_hash(kit, HUB_OK); /* the old one is right; the new one is being hashed */
    uint64_t login = kit_send(kit, 'C', "login nick=ada password=" PASSWORD);
    kit_hash(kit, HUB_OK);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', change), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'C', login), "error=denied");
    kit_destroy(&kit);
}

/* Both are looked at before either is done: who is second has an old password that is none any more. */
static void p114_an_old_password_is_good_for_one_change(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t first = kit_send(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER);
    uint64_t second = kit_send(kit, 'A', "password password=" PASSWORD " new_password=" EVES);
    for (int i = 0; i < 4; i++)
        kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', first), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'A', second), "error=denied");
    assert_int_equal(kit_hashes(kit), 0);
    kit_delay_hashes(kit, false);
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" EVES), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" ANOTHER), "ok=true");
    kit_destroy(&kit);
}

/* ada's old password is right, the new one is being hashed; by then the session is in under eve's account. */
static void p114_a_new_password_is_for_the_account_whose_old_one_was_right(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'E', "hello nick=eve");
    ASSERT_HAS(kit_ask(kit, 'E', "register password=" EVES), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER);
    uint64_t login = kit_send(kit, 'A', "login nick=eve password=" EVES);
    kit_hash(kit, HUB_OK); /* the old one */
    kit_hash(kit, HUB_OK); /* the login */
    kit_hash(kit, HUB_OK); /* the new one */
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', login), "ok=true nick=eve");
    ASSERT_HAS(kit_reply(kit, 'A', change), "error=denied");
    kit_delay_hashes(kit, false);
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=eve password=" EVES), "ok=true");
    kit_destroy(&kit);
}

/* Their nick is theirs to change meanwhile; the answer tells which one is registered. */
static void p110_it_is_the_nick_that_one_has_when_the_answer_comes(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'E', "hello nick=eve");
    kit_delay_hashes(kit, true);
    uint64_t id = kit_send(kit, 'E', "register password=" EVES);
    ASSERT_HAS(kit_ask(kit, 'E', "nick nick=lilith"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=eve"), "ok=true");
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'E', id), "ok=true nick=lilith");
    assert_null(find(kit, "eve"));
    kit_destroy(&kit);
}

static void p117_too_many_passwords_at_once_are_busy(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    for (int i = 0; i < LIMIT_HASHES_WAITING; i++) {
        char request[96];
        snprintf(request, sizeof request,
                 "hello sid=%d nick=who%d address=192.0.2.%d password=" ANOTHER, i, i, i);
        (void)kit_send(kit, 'D', request);
    }
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "error=busy retry_ms");
    kit_hash(kit, HUB_BUSY); /* the shell may say so too */
    kit_turn(kit);
    uint64_t id = kit_send(kit, 'C', "login nick=ada password=" PASSWORD);
    kit_delay_hashes(kit, false);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'C', id), "ok=true nick=Ada");
    kit_destroy(&kit); /* and one that ends while some wait leaks nothing */
}

#define TRY_FROM(address, password) "hello nick=ada address=" address " password=" password

static void p117_one_place_has_so_many_passwords_looked_at_at_a_time(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'C', "hello nick=carol address=192.0.2.1");
    ASSERT_HAS(kit_ask(kit, 'C', "register password=" ANOTHER), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'C', "password password=" ANOTHER " new_password=" PASSWORD);
    for (int i = 1; i < LIMIT_HASHES_PER_PLACE; i++) {
        char request[96];
        snprintf(request, sizeof request,
                 "hello sid=%d nick=who%d address=192.0.2.1 password=" ANOTHER, i, i);
        (void)kit_send(kit, 'D', request);
    }
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "error=busy retry_ms");
    ASSERT_HAS(kit_ask(kit, 'D', TRY_FROM("192.0.2.1", PASSWORD)), "error=busy retry_ms");
    kit_under_key(kit, 'O', 'k', true); /* but an operator */
    uint64_t operators = kit_send(kit, 'O', "account_password account=ada new_password=" PASSWORD);
    uint64_t elsewhere = kit_send(kit, 'E', TRY_FROM("192.0.2.2", PASSWORD));
    assert_int_equal(kit_hashes(kit), LIMIT_HASHES_PER_PLACE + 2);
    kit_hash(kit, HUB_OK); /* the old password is right, and the new one's turn has come */
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "error=busy");
    kit_delay_hashes(kit, false);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'C', change), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'O', operators), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'E', elsewhere), "ok=true");
    kit_destroy(&kit);
}

static void p118_wrong_passwords_for_a_nick_are_to_wait_longer_each_time(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'C', "hello nick=carol");
    for (int i = 0; i < LIMIT_LOGIN_TRIES; i++)
        ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" ANOTHER), "error=denied");
    size_t hashes = kit_hashes(kit);
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ADA password=" PASSWORD),
               "error=flood retry_ms=1000 hint='too many wrong passwords: wait'");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=ada password=" PASSWORD), "error=flood retry_ms=1000");
    assert_int_equal(kit_hashes(kit), hashes); /* nothing was hashed */
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" ANOTHER), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "error=flood retry_ms=2000");
    kit_pass(kit, 2000);
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=ada password=" ANOTHER), "error=denied"); /* anew */
    assert_int_equal(kit_counter(kit, "logins_delayed"), 3);
    kit_destroy(&kit);
}

static void p118_an_unknown_nick_waits_like_a_registered_one(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'C', "hello nick=carol");
    for (int i = 0; i < LIMIT_LOGIN_TRIES; i++)
        ASSERT_HAS(kit_ask(kit, 'C', "login nick=nobody password=" ANOTHER), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=nobody password=" ANOTHER),
               "error=flood retry_ms=1000");
    kit_destroy(&kit);
}

static void p118_many_at_a_time_are_counted_before_they_are_known_to_be_wrong(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    for (int i = 0; i < LIMIT_LOGIN_TRIES; i++)
        (void)kit_send(kit, 'C', "login nick=ada password=" ANOTHER);
    ASSERT_HAS(kit_ask(kit, 'C', "login nick=ada password=" ANOTHER), "error=flood retry_ms=1000");
    kit_delay_hashes(kit, false);
    kit_turn(kit);
    kit_destroy(&kit);
}

static void p118_changing_a_password_is_no_way_to_guess_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD);
    for (int i = 0; i < LIMIT_LOGIN_TRIES; i++)
        ASSERT_HAS(kit_ask(kit, 'A', "password password=" ANOTHER " new_password=" ANOTHER),
                   "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "password password=" PASSWORD " new_password=" ANOTHER),
               "error=flood retry_ms=1000");
    kit_destroy(&kit);
}

static void p119_where_the_owner_was_last_others_do_not_keep_them_waiting(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', TRY_FROM("192.0.2.1", PASSWORD)), "ok=true");
    kit_ask(kit, 'A', "bye");
    for (int i = 0; i < LIMIT_LOGIN_TRIES; i++)
        ASSERT_HAS(kit_ask(kit, 'C', TRY_FROM("192.0.2.2", ANOTHER)), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'C', TRY_FROM("192.0.2.3", PASSWORD)), "error=flood retry_ms=1000");
    ASSERT_HAS(kit_ask(kit, 'A', TRY_FROM("192.0.2.1", PASSWORD)), "ok=true");
    kit_destroy(&kit);
}

static void p119_an_address_that_tries_many_nicks_is_to_wait(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    for (int i = 0; i < LIMIT_LOGIN_TRIES_ADDRESS; i++) {
        char request[96];
        snprintf(request, sizeof request, "hello nick=who%d address=192.0.2.2 password=" ANOTHER,
                 i);
        ASSERT_HAS(kit_ask(kit, 'C', request), "error=denied");
    }
    ASSERT_HAS(kit_ask(kit, 'C', TRY_FROM("192.0.2.2", PASSWORD)), "error=flood retry_ms=1000");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=eve address=192.0.2.2"), "ok=true"); /* as a guest */
    ASSERT_HAS(kit_ask(kit, 'D', "login nick=ada password=" PASSWORD), "error=flood retry_ms=1000");
    ASSERT_HAS(kit_ask(kit, 'E', TRY_FROM("192.0.2.1", PASSWORD)), "ok=true");
    kit_destroy(&kit);
}

static void who_is_refused_for_their_address_ends_nobodys_session(void **state)
{
    (void)state;
    core_settings_t settings = account_settings(2);
    settings.sessions_per_address = 1;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada address=192.0.2.1");
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_ask(kit, 'B', "hello nick=bob address=192.0.2.2");
    ASSERT_HAS(kit_ask(kit, 'C', TRY_FROM("192.0.2.2", PASSWORD)), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "ok=true"); /* was not made to go */
    ASSERT_HAS(kit_ask(kit, 'C', TRY_FROM("192.0.2.1", PASSWORD)), "ok=true"); /* instead of A */
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=login");
    ASSERT_HAS(kit_ask(kit, 'D', "hello address=192.0.2.1"), "error=full");
    kit_destroy(&kit);
}

static void a_core_may_end_while_passwords_are_looked_at(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_delay_hashes(kit, true);
    kit_ask(kit, 'C', "hello nick=carol");
    (void)kit_send(kit, 'C', "login nick=ada password=" ANOTHER);
    kit_restart(kit, NULL, CRASHED);
    kit_hash(kit, HUB_OK); /* of the one that is no more */
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p110_registering_makes_an_account_of_the_nick_and_keeps_the_uid),
        cmocka_unit_test(passwords_have_their_bounds),
        cmocka_unit_test(p59_without_accounts_all_of_it_is_unsupported),
        cmocka_unit_test(p111_login_takes_up_the_account_on_the_same_session),
        cmocka_unit_test(p120_the_answer_says_which_of_the_accounts_rooms_are_private),
        cmocka_unit_test(what_waited_for_the_account_is_read_after_the_login),
        cmocka_unit_test(p112_an_older_session_of_the_account_is_kicked),
        cmocka_unit_test(an_accounts_rooms_are_entered_again),
        cmocka_unit_test(p113_a_wrong_password_and_an_unknown_nick_look_the_same),
        cmocka_unit_test(p114_the_password_is_changed_by_who_knows_it),
        cmocka_unit_test(p114_an_old_password_is_good_for_one_change),
        cmocka_unit_test(p114_a_new_password_is_for_the_account_whose_old_one_was_right),
        cmocka_unit_test(p110_it_is_the_nick_that_one_has_when_the_answer_comes),
        cmocka_unit_test(p115_accounts_survive_a_restart),
        cmocka_unit_test(p116_other_requests_go_on_while_a_password_is_looked_at),
        cmocka_unit_test(who_has_gone_meanwhile_is_not_logged_in),
        cmocka_unit_test(p113_a_password_counts_for_the_account_that_it_was_compared_with),
        cmocka_unit_test(
            p114_an_old_password_that_is_being_looked_at_is_no_good_once_it_is_changed),
        cmocka_unit_test(p117_too_many_passwords_at_once_are_busy),
        cmocka_unit_test(p117_one_place_has_so_many_passwords_looked_at_at_a_time),
        cmocka_unit_test(p118_wrong_passwords_for_a_nick_are_to_wait_longer_each_time),
        cmocka_unit_test(p118_an_unknown_nick_waits_like_a_registered_one),
        cmocka_unit_test(p118_many_at_a_time_are_counted_before_they_are_known_to_be_wrong),
        cmocka_unit_test(p118_changing_a_password_is_no_way_to_guess_it),
        cmocka_unit_test(p119_where_the_owner_was_last_others_do_not_keep_them_waiting),
        cmocka_unit_test(p119_an_address_that_tries_many_nicks_is_to_wait),
        cmocka_unit_test(who_is_refused_for_their_address_ends_nobodys_session),
        cmocka_unit_test(a_core_may_end_while_passwords_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
