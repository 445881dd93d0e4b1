#include "tests/unit/broker_kit.h"

static kit_t *kit_with_ada(void)
{
    kit_t *kit = kit_new(NULL);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=Ada join=lobby,tea"), "token");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void a_session_keeps_what_it_has(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    char uid[32];
    snprintf(uid, sizeof uid, "%s", frame_get(kit_ask(kit, 'A', "who room=tea"), "members.0.uid"));
    kit_ask(kit, 'A', "say room=lobby text=x cid=1");
    kit_ask(kit, 'A', "say room=lobby text=y cid=2");
    kit_lose(kit, 'A');
    kit_pass(kit, 29000);
    const frame_t *welcome = kit_ask(kit, 'B', "resume token=$a sid=4");
    ASSERT_HAS(welcome, "sid=4 ok=true nick=Ada cid=2 resume_ms=30000 heads.#=3 heads.lobby.1=2 "
                        "heads.tea heads.@ pub limits");
    assert_string_equal(frame_get(welcome, "uid"), uid);
    ASSERT_HAS(kit_ask(kit, 'B', "say sid=4 room=lobby text=y cid=2"), "dup=true seq=2");
    ASSERT_HAS(kit_ask(kit, 'B', "say sid=4 room=lobby text=z cid=3"), "seq=3 !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=z"), "error=no_session");
    assert_int_equal(kit_counter(kit, "sessions_resumed"), 1);
    kit_destroy(&kit);
}

static void while_the_old_link_lives_it_is_told_and_the_session_moves(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=resumed !sid");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=0");
    ASSERT_HAS(kit_ask(kit, 'B', "ping"), "sessions=1");
    kit_pass(kit, 100);
    kit_quiet(kit, PUB); /* it was active and is active */
    kit_destroy(&kit);
}

static void within_one_link_it_moves_to_another_sid(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "resume sid=9 token=$a"), "sid=9 ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=resumed");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms sid=9"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=1");
    kit_destroy(&kit);
}

static void in_its_own_place_it_gets_a_new_token_and_nobody_is_kicked(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_save(kit, 'b', kit_ask(kit, 'A', "resume token=$a"), "token");
    kit_quiet(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true"); /* until $b is used */
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$b"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=1");
    kit_destroy(&kit);
}

static void using_a_token_ends_all_issued_before_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_save(kit, 'b', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_save(kit, 'c', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_save(kit, 'd', kit_ask(kit, 'B', "resume token=$b"), "token");
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$a"), "error=expired !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$b"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$c"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$d"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$c"), "error=expired");
    kit_destroy(&kit);
}

static void eight_tokens_are_live_and_the_oldest_ends_first(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    for (char name = 'b'; name <= 'h'; name++)
        kit_save(kit, name, kit_ask(kit, 'A', "hello nick=ada"), "token");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true"); /* makes the ninth */
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$b"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$h"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$g"), "error=expired");
    kit_destroy(&kit);
}

static void a_token_that_is_none_is_expired(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'B', "resume"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token:=\"a string\""), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=''"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=*31"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=*32"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=*33"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a proto:=[2,3]"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true");
    kit_destroy(&kit);
}

static void the_sid_of_another_session_is_refused(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a sid=1"), "ok=true");
    kit_destroy(&kit);
}

static void a_lost_session_is_detached_and_gone_when_its_time_is_over(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_lose(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=detached count=2");
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "room=lobby count=2 changes.#=1 changes.0.nick=Ada changes.0.state=detached");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=ada"), "error=nick_taken");
    kit_forget(kit);
    kit_pass(kit, 29999);
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "count=2");
    kit_ask(kit, 'B', "ping");
    kit_forget(kit);
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "count=1");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea count=0 changes.0.state=gone");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=lobby count=1 changes.0.state=gone");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    assert_int_equal(kit_counter(kit, "sessions_expired"), 1);
    kit_destroy(&kit);
}

static void each_session_keeps_the_time_it_agreed(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello sid=1 nick=ada resume_ms=5000"), "token");
    kit_save(kit, 'b', kit_ask(kit, 'A', "hello sid=2 nick=bob"), "token");
    kit_save(kit, 'c', kit_ask(kit, 'A', "hello sid=3 nick=carl resume_ms=0"), "token");
    kit_lose(kit, 'A');
    kit_pass(kit, 0);
    ASSERT_HAS(kit_ask(kit, 'B', "resume sid=3 token=$c"), "error=expired");
    kit_pass(kit, 4000);
    kit_save(kit, 'a', kit_ask(kit, 'B', "resume sid=1 token=$a"), "token");
    kit_lose(kit, 'B');
    kit_pass(kit, 5000);
    ASSERT_HAS(kit_ask(kit, 'B', "resume sid=1 token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "resume sid=2 token=$b"), "ok=true");
    kit_destroy(&kit);
}

static void who_resumes_is_active_again_and_the_room_is_told(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_lose(kit, 'A');
    kit_pass(kit, 1000);
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true");
    kit_pass(kit, 60);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=active changes.0.nick=Ada");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=active");
    kit_destroy(&kit);
}

static void a_full_link_takes_nobody_over(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.links_max = 1;
    kit_t *kit = kit_new(&settings);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada"), "token");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "error=full");
    kit_quiet(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "ok=true");
    kit_lose(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$a"), "ok=true");
    kit_destroy(&kit);
}

static void private_rooms_follow_the_session_to_its_new_link(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'A', "join room=den private=true");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'B', "resume token=$a");
    (void)kit_event(kit, 'A', "kicked");
    kit_ask(kit, 'B', "say room=den text=x");
    ASSERT_HAS(kit_event(kit, 'B', "message"), "room=den text=x !sid");
    kit_quiet(kit, 'A');
    kit_lose(kit, 'B');
    kit_pass(kit, 1000);
    kit_quiet(kit, 'B');
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_keeps_what_it_has),
        cmocka_unit_test(while_the_old_link_lives_it_is_told_and_the_session_moves),
        cmocka_unit_test(within_one_link_it_moves_to_another_sid),
        cmocka_unit_test(in_its_own_place_it_gets_a_new_token_and_nobody_is_kicked),
        cmocka_unit_test(using_a_token_ends_all_issued_before_it),
        cmocka_unit_test(eight_tokens_are_live_and_the_oldest_ends_first),
        cmocka_unit_test(a_token_that_is_none_is_expired),
        cmocka_unit_test(the_sid_of_another_session_is_refused),
        cmocka_unit_test(a_lost_session_is_detached_and_gone_when_its_time_is_over),
        cmocka_unit_test(each_session_keeps_the_time_it_agreed),
        cmocka_unit_test(who_resumes_is_active_again_and_the_room_is_told),
        cmocka_unit_test(a_full_link_takes_nobody_over),
        cmocka_unit_test(private_rooms_follow_the_session_to_its_new_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
