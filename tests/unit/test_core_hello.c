#include "tests/unit/broker_kit.h"

static void a_welcome_says_all_there_is_to_know(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    const frame_t *welcome = kit_ask(kit, 'A', "hello nick=Ada agent=test/1 address=10.0.0.1:5");
    ASSERT_HAS(welcome, "ok=true nick=Ada version=1 caps.#=0 heartbeat_ms=10000 idle_ms=300000 "
                        "resume_ms=30000 pub.#=1 pub.0=tcp://127.0.0.1:5681 cid=0 heads.#=2 "
                        "heads.lobby.1=0 heads.@.1=0 heads.@.2=0 limits.#=51 "
                        "limits.frame_bytes=65536 limits.text_bytes=4096 limits.nick_bytes=32 "
                        "limits.rooms_per_session=32 limits.rate_per_s=0 limits.rate_burst=200");
    assert_int_equal(strlen(frame_get(welcome, "uid")), 16);
    assert_int_equal(strlen(frame_get(welcome, "session")), 16);
    assert_string_not_equal(frame_get(welcome, "uid"), frame_get(welcome, "session"));
    assert_true(frame_uint(welcome, "heads.lobby.0") >= kit_wall_ms(kit) / 1000);
    assert_true(frame_uint(welcome, "heads.lobby.2") >= kit_wall_ms(kit));
    assert_true(frame_uint(welcome, "heads.@.0") >= kit_wall_ms(kit) / 1000);
    assert_int_equal(core_session_count(kit_core(kit)), 1);
    kit_destroy(&kit);
}

static void a_guest_gets_a_name_of_hex_digits_that_nobody_has(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    char request[32], seen[300][32];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(request, sizeof request, "hello sid=%u", i);
        const char *nick = frame_get(kit_ask(kit, 'A', request), "nick");
        assert_memory_equal(nick, "guest-", 6);
        assert_true(strlen(nick) >= 10 && strspn(nick + 6, "0123456789abcdef") == strlen(nick) - 6);
        snprintf(seen[i], sizeof seen[i], "%s", nick);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
    kit_destroy(&kit);
}

static void a_name_that_somebody_has_is_taken_in_any_spelling(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=Ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada"), "error=nick_taken !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ADA"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=Ａｄａ"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=5 nick=ada"), "error=nick_taken");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=adam"), "ok=true");
    kit_destroy(&kit);
}

static void a_name_that_cannot_be_one_is_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"''", "'a b'", "a|b",  "a/b",   "[a",   "a]",       "a@b",
                                        "#a", "*33",   "'\t'", "a\x7f", "\xff", "a\u200bb", "／"};
    kit_t *kit = kit_new(NULL);
    char request[64];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        snprintf(request, sizeof request, "hello nick=%s", NAMES[i]);
        ASSERT_HAS(kit_ask(kit, 'A', request), "error=nick_invalid");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=*32"), "ok=true");
    kit_destroy(&kit);
}

static void only_rooms_that_can_be_joined_are_in_the_heads(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den private=true"), "ok=true private=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob join=Tea,TEA,den,$x,!y,a/b,tea"),
               "ok=true heads.#=2 heads.tea heads.@");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl join="), "heads.#=1 heads.@");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan join:=[\"tea\",7]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan join:=\"tea\""), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan caps:=[1]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dan caps=later,never"), "ok=true caps.#=0");
    kit_destroy(&kit);
}

static void no_more_than_32_rooms_are_joined_at_once(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    char request[1024] = "hello nick=ada join=r0";
    for (unsigned i = 1; i < 40; i++)
        snprintf(request + strlen(request), sizeof request - strlen(request), ",r%u", i);
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true heads.#=33 heads.r0 heads.r31 !heads.r32");
    uint64_t left_out = kit_counter(kit, "full_memberships");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=r32"), "error=full");
    assert_int_equal(kit_counter(kit, "full_memberships"), left_out + 1);
    kit_destroy(&kit);
}

static void the_versions_have_to_hold_ours(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[2,9]"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[0,0]"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[1]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[1,1,1]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[-1,1]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello password=x"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "hello proto:=[0,9]"), "ok=true version=1");
    kit_destroy(&kit);
}

static void the_time_to_resume_is_cut_to_the_operators(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=1 resume_ms=5000"), "resume_ms=5000");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=2 resume_ms=86400000"), "resume_ms=30000");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=3 resume_ms=0"), "resume_ms=0");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=4 resume_ms=86400001"), "error=bad_request");
    kit_destroy(&kit);
}

static void hello_again_is_the_same_session_with_a_new_token(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    const frame_t *first = kit_ask(kit, 'A', "hello nick=Ada");
    const frame_t *again = kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(again, "ok=true nick=Ada heads.#=2");
    assert_string_equal(frame_get(first, "session"), frame_get(again, "session"));
    assert_string_not_equal(frame_get(first, "token"), frame_get(again, "token"));
    assert_int_equal(core_session_count(kit_core(kit)), 1);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=bob"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=a/b"), "error=bad_request");
    kit_destroy(&kit);
}

static void a_link_carries_many_sessions(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    char request[64];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u", i, i);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=1000");
    ASSERT_HAS(kit_ask(kit, 'A', "bye sid=500"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=999");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=500 nick=user500"), "ok=true");
    kit_destroy(&kit);
}

static void a_link_has_room_for_its_limit_of_sessions(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.sessions_max = LIMIT_SESSIONS_PER_LINK + 10;
    kit_t *kit = kit_new(&settings);
    char request[64];
    for (unsigned i = 0; i < LIMIT_SESSIONS_PER_LINK; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=u%u join=", i, i);
        (void)kit_send(kit, 'A', request);
        if (i % 1000 == 0)
            kit_forget(kit);
    }
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=32768");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=40000"), "error=full !retry_ms");
    assert_int_equal(kit_counter(kit, "full_link"), 1);
    ASSERT_HAS(kit_ask(kit, 'B', "hello"), "ok=true");
    kit_destroy(&kit);
}

static void a_full_broker_says_so(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.links_max = 2;
    settings.sessions_max = 3;
    kit_t *kit = kit_new(&settings);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'C', "ping"), "ok=true sessions=0");
    ASSERT_HAS(kit_ask(kit, 'B', "hello sid=1 nick=carl"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello sid=2 nick=dan"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'B', "bye sid=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello sid=2 nick=dan"), "ok=true");
    kit_destroy(&kit);
}

static void bye_frees_the_name_the_sid_and_the_token_at_once(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_save(kit, 't', kit_ask(kit, 'A', "hello nick=ada"), "token");
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$t"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=bob"), "ok=true");
    assert_int_equal(kit_counter(kit, "sessions_left"), 1);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_welcome_says_all_there_is_to_know),
        cmocka_unit_test(a_guest_gets_a_name_of_hex_digits_that_nobody_has),
        cmocka_unit_test(a_name_that_somebody_has_is_taken_in_any_spelling),
        cmocka_unit_test(a_name_that_cannot_be_one_is_refused),
        cmocka_unit_test(only_rooms_that_can_be_joined_are_in_the_heads),
        cmocka_unit_test(no_more_than_32_rooms_are_joined_at_once),
        cmocka_unit_test(the_versions_have_to_hold_ours),
        cmocka_unit_test(the_time_to_resume_is_cut_to_the_operators),
        cmocka_unit_test(hello_again_is_the_same_session_with_a_new_token),
        cmocka_unit_test(a_link_carries_many_sessions),
        cmocka_unit_test(a_link_has_room_for_its_limit_of_sessions),
        cmocka_unit_test(a_full_broker_says_so),
        cmocka_unit_test(bye_frees_the_name_the_sid_and_the_token_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
