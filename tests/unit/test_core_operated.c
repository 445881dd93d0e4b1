/* What operators do to accounts, and a broker without guests: P-124, P-200 to P-203. */
#include "tests/unit/broker_kit.h"

#include "broker/core/accounts.h"

static const origin_t CRASHED = {0};

#define PASSWORD "'correct horse'"
#define ANOTHER  "'battery staple'"

static kit_t *kit_of(bool refuses_guests)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = 3;
    settings.refuses_guests = refuses_guests;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    return kit;
}

static void p124_without_guests_a_password_is_needed_and_operators_make_accounts(void **state)
{
    (void)state;
    kit_t *kit = kit_of(true);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "error=denied hint !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "hello"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=Ada password=" PASSWORD), "ok=true");
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "token");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true nick=Ada");
    kit_destroy(&kit);
}

static void p200_an_operator_registers_a_nick(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "account_add nick=eve password=" PASSWORD), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=Ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ADA password=" PASSWORD), "error=exists");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=bob password=" PASSWORD), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick='a b' password=" PASSWORD),
               "error=nick_invalid");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=eve password=short"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=eve role=king password=" PASSWORD),
               "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=root role=operator password=" PASSWORD),
               "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text='before she ever came'"), "ok=true");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true heads.@.1=1");
    ASSERT_HAS(kit_ask(kit, 'R', "hello nick=root password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'R', "accounts limit=1"),
               "accounts.#=1 accounts.0.nick accounts.0.role accounts.0.uid "
               "accounts.0.state=active next=1");
    ASSERT_HAS(kit_ask(kit, 'R', "accounts page=1"), "accounts.#=1 !next");
    ASSERT_HAS(kit_ask(kit, 'R', "account_add nick=eve password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'R', "account_add nick=mallory password=" PASSWORD), "error=full");
    kit_destroy(&kit);
}

static void p201_an_account_that_is_removed_is_nobodys(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD);
    kit_ask(kit, 'A', "hello nick=ada join=tea password=" PASSWORD);
    kit_ask(kit, 'A', "say room=tea text='kept'");
    kit_ask(kit, 'A', "tell to=ada text='a note'");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "account_remove account=nobody"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'O', "account_remove account=ADA"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=kicked");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true heads.@.1=0");
    ASSERT_HAS(kit_ask(kit, 'A', "register password=" ANOTHER), "ok=true");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada password=" ANOTHER), "ok=true heads.@.1=0");
    assert_int_equal(kit_counter(kit, "accounts"), 1);
    kit_destroy(&kit);
}

static void p214_a_room_that_is_removed_is_nobodys_and_nothing_of_it_is_left(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_ask(kit, 'B', "hello nick=bob join=tea,lobby");
    kit_ask(kit, 'A', "say room=tea text=junk");
    kit_ask(kit, 'A', "slow room=tea slow_ms=1000");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "room_remove room=tea"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "room_remove room=nowhere"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'O', "room_remove room=!audit"), "error=room_invalid");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "room_remove room=TEA reason='no junk here'"), "ok=true count=2");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"),
               "room=tea reason=kicked by=@operator text='no junk here'");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "room=tea");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=tea"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text='still here'"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"),
               "events.0.op=room_remove events.0.in=tea events.0.count=2 events.0.by=@operator");
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'C', "hello nick=carl");
    ASSERT_HAS(kit_ask(kit, 'C', "join room=tea"), "ok=true heads.tea.1=0 count=1 !slow_ms");
    ASSERT_HAS(kit_ask(kit, 'C', "history room=tea"), "events.#=0");
    kit_destroy(&kit);
}

static void p214_while_something_of_it_waits_for_the_store_nobody_gets_in(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_ask(kit, 'B', "hello nick=bob join=lobby");
    kit_hold(kit, true);
    uint64_t said = kit_send(kit, 'A', "say room=tea text='the last word'");
    kit_turn(kit);
    uint64_t removed = kit_send(kit, 'O', "room_remove room=tea");
    uint64_t again = kit_send(kit, 'O', "room_remove room=tea");
    uint64_t joined = kit_send(kit, 'B', "join room=tea");
    kit_turn(kit);
    kit_hold(kit, false);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', said), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'O', removed), "error=busy retry_ms=100");
    ASSERT_HAS(kit_reply(kit, 'O', again), "error=busy");
    ASSERT_HAS(kit_reply(kit, 'B', joined), "error=busy");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "room=tea");
    ASSERT_HAS(kit_ask(kit, 'O', "room_remove room=tea"), "ok=true count=0");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true heads.tea.1=0");
    /* Who was put out, and the end; not each time that it was asked. */
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "events.#=2 events.0.count=1 events.1.op=room_remove");
    kit_destroy(&kit);
}

static void p202_a_role_is_given_and_taken(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD);
    kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'A', "bans"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=ada role=guest"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=ada role=operator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "bans"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "account_remove account=ada"), "error=denied hint");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "bans"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=ada role=member"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "bans"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"),
               "events.#=3 events.0.op=account_add events.2.op=account_role events.2.account=ada "
               "events.2.role=member events.1.role=operator");
    kit_destroy(&kit);
}

static void p203_another_password_ends_who_is_in(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "token");
    ASSERT_HAS(kit_ask(kit, 'O', "account_password account=ada new_password=short"),
               "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'O', "account_password account=ada new_password=" ANOTHER), "ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=kicked");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" ANOTHER), "ok=true");
    kit_destroy(&kit);
}

/* Who knows the old password may be about to log in, again and again. */
static void p203_nobody_comes_in_by_the_old_password_after_it(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD), "ok=true");
    kit_ask(kit, 'C', "hello nick=carol");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'O', "account_password account=ada new_password=" ANOTHER);
    uint64_t login = kit_send(kit, 'C', "login nick=ada password=" PASSWORD);
    uint64_t hello = kit_send(kit, 'D', "hello nick=ada password=" PASSWORD);
    for (int i = 0; i < 3; i++)
        kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'O', change), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'C', login), "error=denied");
    ASSERT_HAS(kit_reply(kit, 'D', hello), "error=denied");
    kit_delay_hashes(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" ANOTHER), "ok=true");
    kit_destroy(&kit);
}

/* An operator who is in under that account is not put out by it: what the session asked before is still under way. */
static void p203_nor_does_a_change_that_was_under_way_undo_it(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ada role=operator password=" PASSWORD),
               "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t own =
        kit_send(kit, 'A', "password password=" PASSWORD " new_password='what eve typed'");
    uint64_t given = kit_send(kit, 'A', "account_password account=ada new_password=" ANOTHER);
    for (int i = 0; i < 3; i++)
        kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', given), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'A', own), "error=denied");
    kit_delay_hashes(kit, false);
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada password=" ANOTHER), "ok=true");
    kit_destroy(&kit);
}

/* Accounts whose session is away when a room is being removed were in it like others: P-214. */
static void p214_nor_does_an_account_that_was_in_it_come_back_by_logging_in(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=eve password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=eve join=tea password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada join=tea"), "ok=true");
    kit_ask(kit, 'E', "bye");
    kit_hold(kit, true);
    kit_send(kit, 'A', "say room=tea text='the last word'");
    kit_turn(kit);
    uint64_t removed = kit_send(kit, 'O', "room_remove room=tea");
    uint64_t hello = kit_send(kit, 'E', "hello nick=eve join=tea password=" PASSWORD);
    kit_turn(kit);
    kit_hold(kit, false);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'O', removed), "error=busy");
    ASSERT_HAS(kit_reply(kit, 'E', hello), "ok=true !heads.tea");
    kit_pass(kit, 20000); /* nobody asks again: the room goes on, without who was in it */
    kit_ask(kit, 'E', "bye");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=eve join=lobby password=" PASSWORD),
               "ok=true heads.lobby !heads.tea");
    kit_destroy(&kit);
}

/* The new password is for whose nick it was when it was asked for, not for who has that nick once it is hashed. */
static void p203_another_password_is_for_the_account_that_had_the_nick(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=eve password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=eve password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'O', "account_password account=ada new_password=" ANOTHER);
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=countess"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "nick nick=ada"), "ok=true");
    kit_forget(kit);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'O', change), "ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=kicked");
    kit_quiet(kit, 'E');
    ASSERT_HAS(kit_ask(kit, 'O', "audit limit=1"), "events.0.account=countess");
    kit_delay_hashes(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=countess password=" ANOTHER), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "bye"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=ada password=" PASSWORD), "ok=true");
    kit_destroy(&kit);
}

static void p203_an_account_that_is_gone_by_then_gets_no_password(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=eve password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=eve password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t change = kit_send(kit, 'O', "account_password account=ada new_password=" ANOTHER);
    ASSERT_HAS(kit_ask(kit, 'O', "account_remove account=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "nick nick=ada"), "ok=true");
    kit_forget(kit);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'O', change), "error=no_such_nick");
    kit_quiet(kit, 'E');
    kit_destroy(&kit);
}

static void p202_what_an_operator_asked_is_not_done_once_they_are_none(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=root role=operator password=" PASSWORD),
               "ok=true");
    ASSERT_HAS(kit_ask(kit, 'R', "hello nick=root password=" PASSWORD), "ok=true");
    kit_delay_hashes(kit, true);
    uint64_t id = kit_send(kit, 'R', "account_add nick=eve role=operator password=" ANOTHER);
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=root role=member"), "ok=true");
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'R', id), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "accounts"), "accounts.#=1");
    kit_destroy(&kit);
}

/* Longer than a link without a session is remembered. */
static void p134_an_operators_answer_waits_for_the_store_however_late_the_hash_is(void **state)
{
    (void)state;
    kit_t *kit = kit_of(false);
    kit_delay_hashes(kit, true);
    uint64_t id = kit_send(kit, 'O', "account_add nick=ada password=" PASSWORD);
    kit_turn(kit);
    kit_pass(kit, 15000);
    kit_hold(kit, true);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    assert_null(kit_reply(kit, 'O', id));
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'O', id), "ok=true");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p124_without_guests_a_password_is_needed_and_operators_make_accounts),
        cmocka_unit_test(p200_an_operator_registers_a_nick),
        cmocka_unit_test(p201_an_account_that_is_removed_is_nobodys),
        cmocka_unit_test(p214_a_room_that_is_removed_is_nobodys_and_nothing_of_it_is_left),
        cmocka_unit_test(p214_while_something_of_it_waits_for_the_store_nobody_gets_in),
        cmocka_unit_test(p202_a_role_is_given_and_taken),
        cmocka_unit_test(p203_another_password_ends_who_is_in),
        cmocka_unit_test(p203_nobody_comes_in_by_the_old_password_after_it),
        cmocka_unit_test(p203_nor_does_a_change_that_was_under_way_undo_it),
        cmocka_unit_test(p214_nor_does_an_account_that_was_in_it_come_back_by_logging_in),
        cmocka_unit_test(p203_another_password_is_for_the_account_that_had_the_nick),
        cmocka_unit_test(p203_an_account_that_is_gone_by_then_gets_no_password),
        cmocka_unit_test(p202_what_an_operator_asked_is_not_done_once_they_are_none),
        cmocka_unit_test(p134_an_operators_answer_waits_for_the_store_however_late_the_hash_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
