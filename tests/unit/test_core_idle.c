/* Who is inactive, warned, kicked. idle_ms is 300 000. */
#include "tests/unit/broker_kit.h"

static kit_t *kit_with_kick(uint64_t kick_ms)
{
    core_settings_t settings = kit_settings();
    settings.kick_ms = kick_ms;
    settings.heartbeat_ms = 10000000; /* links stay */
    return kit_new(&settings);
}

/* Asserts what presence tells next about one member. */
static void assert_state(kit_t *kit, const char *expected)
{
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), expected);
    kit_pass(kit, 200);
    ASSERT_HAS(kit_event(kit, PUB, "head"), "room=lobby");
}

static void who_says_nothing_for_idle_ms_is_inactive(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(0);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 299999);
    kit_forget(kit);
    kit_pass(kit, 1);
    assert_state(kit, "changes.0.nick=ada changes.0.state=inactive count=1");
    const frame_t *who = kit_ask(kit, 'A', "who room=lobby"); /* a command: active again */
    ASSERT_HAS(who, "members.0.state=active");
    (void)kit_event(kit, PUB, "presence");
    kit_pass(kit, 299999);
    kit_forget(kit);
    kit_pass(kit, 1);
    assert_state(kit, "changes.0.state=inactive");
    kit_pass(kit, 20000000); /* never kicked */
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "count=1");
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void only_a_plain_ping_is_no_sign_of_life(void **state)
{
    (void)state;
    static const char *const LIVELY[] = {"rooms", "ping sid=0 active=true", "say room=lobby text=x",
                                         "say",   "hello nick=ada",         "kick nick=x"};
    for (size_t i = 0; i < sizeof LIVELY / sizeof LIVELY[0]; i++) {
        kit_t *kit = kit_with_kick(0);
        kit_ask(kit, 'A', "hello nick=ada");
        kit_pass(kit, 200000);
        kit_ask(kit, 'A', "ping");
        kit_ask(kit, 'A', "ping active=true"); /* of the link */
        kit_ask(kit, 'A', "ping sid=0");
        kit_pass(kit, 99000);
        kit_ask(kit, 'B', "hello nick=bob");
        ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=active");
        kit_ask(kit, 'A', LIVELY[i]);
        kit_pass(kit, 299999);
        ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=active");
        kit_pass(kit, 1);
        ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=inactive");
        kit_ask(kit, 'A', LIVELY[i]);
        ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=active");
        kit_destroy(&kit);
    }
}

static void since_is_the_time_of_the_last_change_of_state(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(0);
    uint64_t began = kit_wall_ms(kit);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_ask(kit, 'A', "rooms");
    assert_int_equal(frame_uint(kit_ask(kit, 'B', "who room=lobby"), "members.0.since"), began);
    kit_pass(kit, 301000);
    const frame_t *who = kit_ask(kit, 'B', "who room=lobby");
    ASSERT_HAS(who, "members.0.state=inactive");
    assert_int_equal(frame_uint(who, "members.0.since"), began + 301000);
    kit_destroy(&kit);
}

static void who_asked_for_it_is_kicked_at_idle_ms_after_a_warning(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(0);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada sid=3 kick=true"), "token");
    kit_pass(kit, 149999);
    kit_forget(kit);
    kit_pass(kit, 1);
    assert_state(kit, "changes.0.state=inactive");
    kit_pass(kit, 270000 - 150000 - 250 - 1);
    kit_quiet(kit, 'A');
    kit_pass(kit, 1);
    ASSERT_HAS(kit_event(kit, 'A', "warning"), "idle_in_ms=30000 sid=3");
    kit_pass(kit, 29999);
    kit_quiet(kit, 'A');
    kit_pass(kit, 1);
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=idle sid=3");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=gone count=0");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms sid=3"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada sid=3"), "ok=true");
    assert_int_equal(kit_counter(kit, "sessions_kicked"), 1);
    kit_destroy(&kit);
}

static void a_sign_of_life_after_the_warning_starts_all_over(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(0);
    kit_ask(kit, 'A', "hello nick=ada kick=true");
    for (int i = 0; i < 3; i++) {
        kit_pass(kit, 270000);
        ASSERT_HAS(kit_event(kit, 'A', "warning"), "idle_in_ms=30000 !sid");
        kit_pass(kit, 29999);
        kit_ask(kit, 'A', "ping sid=0"); /* no sign of life */
        kit_ask(kit, 'A', "ping sid=0 active=true");
    }
    kit_pass(kit, 100000);
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void a_short_time_has_a_warning_at_nine_tenths(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.idle_ms = 1000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada kick=true");
    kit_pass(kit, 899);
    kit_quiet(kit, 'A');
    kit_pass(kit, 1);
    ASSERT_HAS(kit_event(kit, 'A', "warning"), "idle_in_ms=100");
    kit_pass(kit, 100);
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=idle");
    kit_destroy(&kit);
}

static void others_are_kicked_where_the_operator_says(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(1000000);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 299999);
    kit_forget(kit);
    kit_pass(kit, 1);
    assert_state(kit, "changes.0.state=inactive");
    kit_pass(kit, 970000 - 300000 - 250 - 1);
    kit_quiet(kit, 'A');
    kit_pass(kit, 1);
    ASSERT_HAS(kit_event(kit, 'A', "warning"), "idle_in_ms=30000");
    kit_pass(kit, 30000);
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=idle");
    kit_destroy(&kit);
}

static void the_warning_comes_in_time_whenever_the_kick_is(void **state)
{
    (void)state;
    static const uint64_t KICKS[] = {100,    1000,   100000, 290000, 300000,
                                     300001, 310000, 329999, 330000, 400000};
    for (size_t i = 0; i < sizeof KICKS / sizeof KICKS[0]; i++) {
        uint64_t before = KICKS[i] / 10 < 30000 ? KICKS[i] / 10 : 30000;
        kit_t *kit = kit_with_kick(KICKS[i]);
        kit_ask(kit, 'A', "hello nick=ada");
        kit_pass(kit, KICKS[i] - before - 1);
        kit_quiet(kit, 'A');
        kit_pass(kit, 1);
        assert_int_equal(frame_uint(kit_event(kit, 'A', "warning"), "idle_in_ms"), before);
        kit_pass(kit, before - 1);
        kit_quiet(kit, 'A');
        kit_pass(kit, 1);
        ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=idle");
        kit_destroy(&kit);
    }
}

static void a_warned_session_that_was_never_inactive_goes_on_as_active(void **state)
{
    (void)state;
    kit_t *kit = kit_with_kick(310000); /* warned at 280 000, inactive at 300 000 */
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 290000);
    (void)kit_event(kit, 'A', "warning");
    kit_ask(kit, 'A', "rooms");
    kit_pass(kit, 279999);
    kit_quiet(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "members.0.state=active");
    kit_pass(kit, 309999);
    (void)kit_event(kit, 'A', "warning");
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void who_is_detached_is_neither_warned_nor_kicked(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.resume_ms = 1000000;
    kit_t *kit = kit_new(&settings);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada kick=true"), "token");
    kit_lose(kit, 'A');
    kit_pass(kit, 999999);
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true");
    kit_forget(kit);
    for (int i = 0; i < 14; i++) { /* the clock starts anew */
        kit_pass(kit, 10000);
        kit_ask(kit, 'B', "ping");
    }
    kit_quiet(kit, 'B');
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "ok=true");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_nothing_for_idle_ms_is_inactive),
        cmocka_unit_test(only_a_plain_ping_is_no_sign_of_life),
        cmocka_unit_test(since_is_the_time_of_the_last_change_of_state),
        cmocka_unit_test(who_asked_for_it_is_kicked_at_idle_ms_after_a_warning),
        cmocka_unit_test(a_sign_of_life_after_the_warning_starts_all_over),
        cmocka_unit_test(a_short_time_has_a_warning_at_nine_tenths),
        cmocka_unit_test(others_are_kicked_where_the_operator_says),
        cmocka_unit_test(the_warning_comes_in_time_whenever_the_kick_is),
        cmocka_unit_test(a_warned_session_that_was_never_inactive_goes_on_as_active),
        cmocka_unit_test(who_is_detached_is_neither_warned_nor_kicked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
