/* Keys: a session lives and dies with the one it was made under. */
#include "tests/unit/broker_kit.h"

static core_settings_t keyed_settings(void)
{
    static const char *const KEYED[] = {"tcp://*:5691"};
    core_settings_t settings = kit_settings();
    settings.keyed_pub = KEYED;
    settings.keyed_pub_count = 1;
    settings.has_store = true;
    return settings;
}

/* ada over A under key x, her token kept as $a; B comes under y, C under x too, D under none. */
static kit_t *kit_with_keys(void)
{
    core_settings_t settings = keyed_settings();
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'A', 'x', false);
    kit_under_key(kit, 'B', 'y', false);
    kit_under_key(kit, 'C', 'x', false);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void a_token_is_good_under_its_own_key_only(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'D', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, LOCAL, "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text='still here'"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$a"), "ok=true nick=ada");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=resumed");
    kit_destroy(&kit);
}

static void a_token_from_a_door_without_keys_is_no_good_under_one(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_save(kit, 'd', kit_ask(kit, 'D', "hello nick=dan"), "token");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$d"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'E', "resume token=$d"), "ok=true nick=dan");
    kit_destroy(&kit);
}

static void a_session_keeps_its_key_over_a_restart(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_save(kit, 'd', kit_ask(kit, 'D', "hello nick=dan"), "token");
    kit_restart(kit, NULL, (origin_t){0});
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$d"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true nick=ada");
    ASSERT_HAS(kit_ask(kit, 'D', "resume token=$d"), "ok=true nick=dan");
    kit_destroy(&kit);
}

static void a_routing_id_that_comes_under_another_key_is_another_link(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_under_key(kit, 'A', 'y', false);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text='I am ada'"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'D', "who room=lobby"), "members.0.nick=ada members.0.state=detached");
    kit_under_key(kit, 'A', 0, false);
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=0");
    kit_destroy(&kit);
}

static void a_revoked_key_ends_its_sessions_at_once(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'C', "hello sid=7 nick=cyd");
    kit_revoke(kit, "x");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=revoked !sid");
    ASSERT_HAS(kit_event(kit, 'C', "kicked"), "reason=revoked sid=7");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "count=1 members.0.nick=bob");
    kit_quiet(kit, 'B');
    assert_int_equal(kit_counter(kit, "sessions_revoked"), 2);
    assert_int_equal(kit_counter(kit, "links_revoked"), 2);
    kit_destroy(&kit);
}

static void who_is_away_when_the_key_is_revoked_is_gone_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_lose(kit, 'A');
    kit_revoke(kit, "x");
    kit_under_key(kit, 'A', 'x', false); /* enrolled again */
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    assert_int_equal(core_session_count(kit_core(kit)), 0);
    kit_destroy(&kit);
}

static void what_waits_for_a_revoked_key_is_dropped(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_waits(kit, 'A', 5000);
    kit_revoke(kit, "xz");
    assert_int_equal(kit_dropped(kit, 'A'), 1);
    assert_int_equal(kit_dropped(kit, 'B'), 0);
    kit_destroy(&kit);
}

static void an_answer_that_waits_is_not_given_to_a_revoked_key(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_hold(kit, true);
    kit_send(kit, 'A', "say room=lobby text='last words' cid=1");
    kit_turn(kit);
    kit_revoke(kit, "x");
    while (kit_held(kit) > 0)
        kit_commit(kit);
    ASSERT_HAS(kit_event(kit, PUB, "message"), "text='last words'"); /* it was stored */
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=revoked");
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void many_keys_are_revoked_in_one_go(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'D', "hello nick=dan");
    kit_revoke(kit, "awxy");
    assert_int_equal(core_session_count(kit_core(kit)), 1);
    ASSERT_HAS(kit_ask(kit, 'D', "who room=lobby"), "count=1 members.0.nick=dan");
    kit_destroy(&kit);
}

static void who_has_a_key_is_told_the_endpoints_that_take_one(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "pub.#=1 pub.0=tcp://*:5691");
    ASSERT_HAS(kit_ask(kit, 'B', "ping"), "pub.#=1 pub.0=tcp://*:5691");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan"), "pub.#=1 pub.0=tcp://127.0.0.1:5681");
    kit_destroy(&kit);
}

static void stats_are_told_to_an_operators_key(void **state)
{
    (void)state;
    kit_t *kit = kit_with_keys();
    ASSERT_HAS(kit_ask(kit, 'B', "stats"), "error=no_session");
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "stats"), "error=denied");
    kit_under_key(kit, 'B', 'y', true);
    ASSERT_HAS(kit_ask(kit, 'B', "stats"), "ok=true counters");
    kit_under_key(kit, 'B', 'y', false);
    ASSERT_HAS(kit_ask(kit, 'B', "stats"), "error=denied");
    kit_destroy(&kit);
}

/* A password takes its time: what is asked with one may outlive the key that it came under. */
static void p103_what_waits_for_a_password_is_not_done_for_a_revoked_key(void **state)
{
    (void)state;
    core_settings_t settings = keyed_settings();
    settings.accounts_max = 4;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'A', 'x', true);
    kit_under_key(kit, 'B', 'x', false);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'O', "account_add nick=ada password='correct horse'"), "ok=true");
    kit_delay_hashes(kit, true);
    kit_send(kit, 'A', "account_add nick=eve role=operator password='battery staple'");
    kit_send(kit, 'A', "account_password account=ada new_password='battery staple'");
    kit_send(kit, 'B', "hello nick=ada password='correct horse'");
    kit_revoke(kit, "x");
    while (kit_hashes(kit) > 0)
        kit_hash(kit, HUB_OK);
    kit_turn(kit);
    assert_null(kit_next(kit)); /* and no answer either */
    assert_int_equal(core_session_count(kit_core(kit)), 0);
    kit_delay_hashes(kit, false);
    ASSERT_HAS(kit_ask(kit, 'O', "accounts"), "accounts.#=1 accounts.0.nick=ada !accounts.0.state");
    kit_under_key(kit, 'C', 'y', false);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password='correct horse'"), "ok=true");
    kit_destroy(&kit);
}

static void what_waits_for_a_password_goes_to_nobody_who_has_its_routing_id_by_now(void **state)
{
    (void)state;
    core_settings_t settings = keyed_settings();
    settings.accounts_max = 4;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'M', 'x', false);
    kit_delay_hashes(kit, true);
    kit_send(kit, 'M', "hello nick=mallory password='battery staple'");
    kit_lose(kit, 'M');
    kit_under_key(kit, 'M', 'y', false);
    ASSERT_HAS(kit_ask(kit, 'M', "hello nick=bob"), "ok=true");
    kit_forget(kit);
    kit_hash(kit, HUB_OK);
    kit_turn(kit);
    assert_null(kit_next(kit));
    ASSERT_HAS(kit_ask(kit, 'M', "say room=lobby text='still bob'"), "ok=true");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_good_under_its_own_key_only),
        cmocka_unit_test(a_token_from_a_door_without_keys_is_no_good_under_one),
        cmocka_unit_test(a_session_keeps_its_key_over_a_restart),
        cmocka_unit_test(a_routing_id_that_comes_under_another_key_is_another_link),
        cmocka_unit_test(a_revoked_key_ends_its_sessions_at_once),
        cmocka_unit_test(who_is_away_when_the_key_is_revoked_is_gone_too),
        cmocka_unit_test(what_waits_for_a_revoked_key_is_dropped),
        cmocka_unit_test(an_answer_that_waits_is_not_given_to_a_revoked_key),
        cmocka_unit_test(many_keys_are_revoked_in_one_go),
        cmocka_unit_test(who_has_a_key_is_told_the_endpoints_that_take_one),
        cmocka_unit_test(stats_are_told_to_an_operators_key),
        cmocka_unit_test(p103_what_waits_for_a_password_is_not_done_for_a_revoked_key),
        cmocka_unit_test(what_waits_for_a_password_goes_to_nobody_who_has_its_routing_id_by_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
