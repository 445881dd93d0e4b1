/* Registered nicks: whose they are, what waits for who is away, and that they last. */
#include "tests/unit/broker_kit.h"

#include "broker/core/accounts.h"
#include "broker/core/record.h"

static const origin_t CRASHED = {0};
static const char UID[] = "aaaaaaaaaaaaaaaa";

static core_settings_t kit_account_settings(void)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = 2;
    return settings;
}

static kit_t *kit_with_bob(void)
{
    core_settings_t settings = kit_account_settings();
    kit_t *kit = kit_new(&settings);
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob"), "token");
    return kit;
}

typedef struct {
    const char *nick, *uid, *hash, *room; /* room NULL: none */
    role_t role;
} stored_t;

/* Puts an account into the store, as a broker does when somebody registers. */
static void put_account(kit_t *kit, const stored_t *stored)
{
    account_t account = {.role = stored->role};
    inbox_t inbox = {.id = 1};
    room_t room = {.id = 1};
    const room_t *rooms[] = {&room};
    name_t identity;
    assert_true(name_fold(span_of(stored->nick), &identity));
    account_set_nick(&account, span_of(stored->nick), &identity);
    memcpy(account.uid, stored->uid, MINT_NAME_CHARS);
    snprintf(account.hash, sizeof account.hash, "%s", stored->hash);
    journal_init(&inbox.journal, 1760000000);
    account.inbox = &inbox;
    if (stored->room) {
        assert_int_equal(room_fold(span_of(stored->room), &room.name), HUB_OK);
        account_add_room(&account, room.id);
    }
    buffer_t record;
    buffer_init(&record, RECORD_BYTES);
    record_write_account(&record, &account, rooms);
    char key[RECORD_KEY_BYTES];
    outbox_t out;
    outbox_init(&out);
    outbox_put(&out, 1, record_account_key(&account, key), buffer_span(&record));
    kit_store_take(kit_store(kit), &out, &out.effects[0]);
    kit_store_commit(kit_store(kit), 1);
    outbox_fini(&out);
    buffer_fini(&record);
    account_fini(&account);
}

static const stored_t ADA = {"Ada", UID, "$hash$", NULL, ROLE_MEMBER};

static account_t *find(const kit_t *kit, const char *nick)
{
    return account_of_nick(kit_core(kit), span_of(nick));
}

static void a_registered_nick_is_nobody_elses(void **state)
{
    (void)state;
    kit_t *kit = kit_with_bob();
    put_account(kit, &ADA);
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'B', "resume token=$b");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ADA"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=ada"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=Bob"), "ok=true");
    assert_int_equal(kit_counter(kit, "accounts"), 1);
    kit_destroy(&kit);
}

/* By a broker that knew another Unicode, or other rules. */
static void p15_a_name_that_was_made_before_is_kept_and_reached(void **state)
{
    (void)state;
    kit_t *kit = kit_with_bob();
    stored_t odd = ADA;
    odd.nick = "ada\xe2\xa0\x80"; /* U+2800 */
    put_account(kit, &odd);
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'B', "resume token=$b");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada\xe2\xa0\x80 text=psst"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada\xe2\xa0\x80"), "error=nick_invalid");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada"), "ok=true");
    kit_destroy(&kit);
}

static void what_an_account_is_told_while_away_is_kept_for_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_bob();
    put_account(kit, &ADA);
    kit_restart(kit, NULL, CRASHED);
    kit_save(kit, 'b', kit_ask(kit, 'B', "resume token=$b"), "token");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ADA text=psst cid=1"), "ok=true seq=1 mid");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "to=Ada text=psst seq=1");
    assert_int_equal(find(kit, "ada")->inbox->journal.head, 1);
    assert_int_equal(kit_store_count(kit_store(kit), 'l'), 2);
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'B', "resume token=$b");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text='psst again' cid=2"), "ok=true seq=2");
    assert_int_equal(find(kit, "ada")->inbox->journal.head, 2);
    size_t count;
    const appended_t *appended = kit_appended(kit, &count);
    assert_int_equal(appended[count - 1].log[0], '@');
    assert_string_equal(appended[count - 1].log + 1, UID);
    kit_destroy(&kit);
}

static void what_an_absent_account_is_told_is_undone_with_its_batch(void **state)
{
    (void)state;
    kit_t *kit = kit_with_bob();
    put_account(kit, &ADA);
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'B', "resume token=$b");
    kit_hold(kit, true);
    uint64_t id = kit_send(kit, 'B', "tell to=ada text=psst");
    kit_turn(kit);
    kit_fail(kit);
    ASSERT_HAS(kit_reply(kit, 'B', id), "error=unavailable retry_ms");
    assert_int_equal(find(kit, "ada")->inbox->journal.tail, 0);
    kit_hold(kit, false);
    kit_destroy(&kit);
}

/* ada, in the lobby and in den, with a message in each, has registered; bob is in the lobby. Her token is $a. */
static kit_t *kit_with_ada_and_bob(void)
{
    kit_t *kit = kit_with_bob();
    const frame_t *welcome = kit_ask(kit, 'A', "hello nick=Ada");
    kit_save(kit, 'a', welcome, "token");
    stored_t ada = ADA;
    ada.uid = frame_get(welcome, "uid");
    put_account(kit, &ada);
    kit_restart(kit, NULL, CRASHED);
    kit_save(kit, 'b', kit_ask(kit, 'B', "resume token=$b"), "token");
    kit_save(kit, 'a', kit_ask(kit, 'A', "resume token=$a"), "token");
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'A', "say room=den text=x");
    kit_ask(kit, 'A', "tell to=ada text='dear diary'");
    return kit;
}

static void the_session_of_an_account_is_known_after_a_restart(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    const core_t *core = kit_core(kit);
    const session_t *ada = lookup_find(core->identities, span_of("ada"));
    const session_t *bob = lookup_find(core->identities, span_of("bob"));
    assert_int_equal(session_role(core, ada), ROLE_MEMBER);
    assert_int_equal(session_role(core, bob), ROLE_GUEST);
    assert_ptr_equal(ada->inbox, find(kit, "ada")->inbox);
    assert_int_equal(ada->inbox->journal.head, 1);
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "nick=Ada heads.@.1=1 heads.den.1=1");
    assert_int_equal(find(kit, "ada")->room_count, 0); /* the session has them */
    kit_destroy(&kit);
}

static void who_leaves_an_account_leaves_it_inbox_and_rooms(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "ok=true");
    for (int i = 0; i < 2; i++) {
        ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "error=nick_taken");
        ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "count=1 members.0.nick=bob");
        assert_int_equal(find(kit, "ada")->session, 0);
        assert_int_equal(find(kit, "ada")->room_count, 2);
        assert_int_equal(find(kit, "ada")->inbox->journal.head, 1 + i);
        ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text=psst"), "ok=true");
        kit_restart(kit, NULL, CRASHED);
        kit_save(kit, 'b', kit_ask(kit, 'B', "resume token=$b"), "token");
    }
    kit_destroy(&kit);
}

static void a_rename_is_one_of_the_account_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=Countess"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=BOB"), "error=nick_taken");
    assert_null(find(kit, "ada"));
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "nick=Countess");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=countess"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true");
    kit_destroy(&kit);
}

/* tea has no history, so it ends with its last member; another one of that name is not hers. */
static void a_room_that_is_forgotten_is_forgotten_by_the_account_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    kit_ask(kit, 'A', "join room=tea private=true");
    kit_ask(kit, 'A', "bye");
    assert_int_equal(find(kit, "ada")->room_count, 2);
    kit_ask(kit, 'B', "join room=tea private=true");
    kit_restart(kit, NULL, CRASHED);
    assert_int_equal(find(kit, "ada")->room_count, 2);
    kit_ask(kit, 'B', "resume token=$b");
    kit_ask(kit, 'B', "bye");
    assert_int_equal(find(kit, "ada")->room_count,
                     1); /* the lobby went with bob, den has its history */
    kit_restart(kit, NULL, CRASHED);
    assert_int_equal(find(kit, "ada")->room_count, 1);
    kit_destroy(&kit);
}

static void an_account_that_could_not_be_stored_is_written_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    kit_hold(kit, true);
    uint64_t bye = kit_send(kit, 'A', "bye");
    kit_turn(kit);
    kit_fail(kit);
    ASSERT_HAS(kit_reply(kit, 'A', bye), "ok=true");
    kit_hold(kit, false);
    kit_pass(kit, 1000);
    kit_restart(kit, NULL, CRASHED);
    assert_int_equal(find(kit, "ada")->session, 0);
    assert_int_equal(find(kit, "ada")->room_count, 2);
    kit_destroy(&kit);
}

static void another_epoch_begins_for_those_who_are_away_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada_and_bob();
    kit_ask(kit, 'A', "bye");
    uint64_t epoch = find(kit, "ada")->inbox->journal.epoch;
    for (int i = 0; i < 2; i++) {
        kit_pass(kit, 2000);
        kit_restart(kit, NULL, (origin_t){.is_restored = i == 0});
        assert_true(find(kit, "ada")->inbox->journal.epoch > epoch);
        assert_int_equal(find(kit, "ada")->inbox->journal.epochs.count, 2);
    }
    kit_destroy(&kit);
}

static void accounts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const stored_t WRONG[] = {
        {"Ada", UID, "$hash$", NULL, ROLE_GUEST},
        {"Ada", UID, "", NULL, ROLE_MEMBER},
        {"Ada", UID, "$hash$", "nowhere", ROLE_MEMBER},
        {"bob", UID, "$hash$", NULL, ROLE_MEMBER}, /* somebody else is in as bob */
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        kit_t *kit = kit_with_bob();
        put_account(kit, &WRONG[i]);
        kit_restart(kit, NULL, CRASHED);
        if (core_restored(kit_core(kit)) != HUB_MALFORMED)
            fail_msg("account %zu was taken", i);
        kit_destroy(&kit);
    }
}

static void more_accounts_than_the_settings_permit_are_said_to_be_too_many(void **state)
{
    (void)state;
    static const char *const NICKS[] = {"ada", "carl", "dora"};
    kit_t *kit = kit_with_bob();
    char uid[] = "aaaaaaaaaaaaaaaa";
    for (size_t i = 0; i < 3; i++, uid[0]++) {
        put_account(kit, &(stored_t){NICKS[i], uid, "$hash$", "lobby", ROLE_OPERATOR});
        kit_restart(kit, NULL, CRASHED);
        assert_int_equal(core_restored(kit_core(kit)), i < 2 ? HUB_OK : HUB_FULL);
    }
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_nick_is_nobody_elses),
        cmocka_unit_test(p15_a_name_that_was_made_before_is_kept_and_reached),
        cmocka_unit_test(what_an_account_is_told_while_away_is_kept_for_it),
        cmocka_unit_test(what_an_absent_account_is_told_is_undone_with_its_batch),
        cmocka_unit_test(the_session_of_an_account_is_known_after_a_restart),
        cmocka_unit_test(who_leaves_an_account_leaves_it_inbox_and_rooms),
        cmocka_unit_test(a_rename_is_one_of_the_account_too),
        cmocka_unit_test(a_room_that_is_forgotten_is_forgotten_by_the_account_too),
        cmocka_unit_test(an_account_that_could_not_be_stored_is_written_again),
        cmocka_unit_test(another_epoch_begins_for_those_who_are_away_too),
        cmocka_unit_test(accounts_that_make_no_sense_are_refused),
        cmocka_unit_test(more_accounts_than_the_settings_permit_are_said_to_be_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
