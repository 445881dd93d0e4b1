/* How links are kept, lost and watched. */
#include "tests/unit/broker_kit.h"

static void a_link_is_lost_after_three_heartbeats_and_not_earlier(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 29999);
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=active");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=detached");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "ok=true sessions=0");
    assert_int_equal(kit_counter(kit, "links_silent"), 1);
    kit_destroy(&kit);
}

static void anything_that_comes_keeps_a_link(void **state)
{
    (void)state;
    static const char *const SIGNS[] = {"ping", "ping sid=5", "rooms", "dance", "hello sid=1"};
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
        kit_pass(kit, 29000);
        kit_ask(kit, 'A', SIGNS[i]);
    }
    kit_pass(kit, 29000);
    kit_send_bytes(kit, 'A', span_of("garbage"));
    kit_pass(kit, 29000);
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=2");
    kit_destroy(&kit);
}

static void a_ping_of_the_link_needs_no_session(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "ok=true heads.#=0 pub.#=1 sessions=0 !left");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=0"), "error=no_session");
    assert_int_equal(core_session_count(kit_core(kit)), 0);
    kit_destroy(&kit);
}

static void a_ping_tells_the_heads_of_rooms_that_moved_within_three_heartbeats(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello sid=1 nick=ada join=one,two");
    kit_ask(kit, 'A', "hello sid=2 nick=bob join=two,three");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.#=3 heads.one heads.two heads.three !heads.@");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=1"), "heads.#=3 heads.one heads.two heads.@");
    kit_pass(kit, 50); /* presence is told: the last move */
    for (int i = 0; i < 3; i++) {
        kit_pass(kit, 10000);
        kit_ask(kit, 'A', "ping");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.#=3");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.#=0 sessions=2");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=2"), "heads.#=1 heads.@.1=0");
    kit_ask(kit, 'A', "say sid=2 room=three text=x");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.#=1 heads.three.1=1");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=1"), "heads.#=1 heads.@");
    kit_destroy(&kit);
}

static void a_ping_tells_at_most_512_rooms(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.rooms_max = 2000;
    kit_t *kit = kit_new(&settings);
    char request[1024];
    for (unsigned sid = 0; sid < 20; sid++) {
        snprintf(request, sizeof request, "hello sid=%u join=r%u", sid, 100 * sid);
        for (unsigned i = 1; i < 32; i++)
            snprintf(request + strlen(request), sizeof request - strlen(request), ",r%u",
                     100 * sid + i);
        ASSERT_HAS(kit_ask(kit, 'A', request), "heads.#=33");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.#=512 sessions=20");
    kit_destroy(&kit);
}

static void sessions_of_a_lost_link_are_all_detached(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello sid=1 nick=ada");
    kit_ask(kit, 'A', "hello sid=2 nick=bob");
    kit_ask(kit, 'A', "hello sid=3 nick=carl");
    kit_ask(kit, 'B', "hello nick=dan");
    kit_ask(kit, 'A', "bye sid=2");
    kit_lose(kit, 'A');
    kit_lose(kit, 'A'); /* nothing more */
    kit_lose(kit, 'Z');
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"),
               "count=3 members.0.state=detached members.1.state=detached members.2.state=active");
    assert_int_equal(kit_counter(kit, "links_gone"), 1);
    kit_destroy(&kit);
}

static void a_link_with_too_much_unread_is_dropped(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_waits(kit, 'A', 1 << 20);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "ok=true");
    kit_waits(kit, 'A', (1 << 20) + 1);
    assert_int_equal(kit_dropped(kit, 'A'), 1);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
    kit_waits(kit, 'A', 0); /* nobody's any more */
    assert_int_equal(kit_counter(kit, "links_slow"), 1);
    kit_destroy(&kit);
}

static void p78_a_peer_without_a_link_may_leave_a_frame_unread(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
    kit_waits(kit, 'A', LIMIT_FRAME_BYTES);
    assert_int_equal(kit_dropped(kit, 'A'), 0);
    for (size_t i = 1; i <= 3; i++) {
        ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
        kit_waits(kit, 'A', LIMIT_FRAME_BYTES + 1);
        assert_int_equal(kit_dropped(kit, 'A'), i);
    }
    assert_int_equal(kit_counter(kit, "peers_slow"), 3);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true");
    kit_waits(kit, 'A', 1 << 20); /* it has a link now */
    assert_int_equal(kit_dropped(kit, 'A'), 3);
    kit_destroy(&kit);
}

static void a_link_that_makes_no_progress_for_ten_seconds_is_dropped(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_waits(kit, 'A', 1000);
    kit_waits(kit, 'B', 1000);
    kit_pass(kit, 9000);
    kit_waits(kit, 'A', 2000); /* more, no progress */
    kit_waits(kit, 'B', 900);  /* less: progress */
    kit_pass(kit, 1000);
    assert_int_equal(kit_dropped(kit, 'A'), 1);
    assert_int_equal(kit_dropped(kit, 'B'), 0);
    kit_pass(kit, 8000);
    kit_waits(kit, 'B', 0); /* all taken */
    kit_pass(kit, 10000);
    assert_int_equal(kit_dropped(kit, 'B'), 0);
    ASSERT_HAS(kit_ask(kit, 'B', "who room=lobby"), "members.0.state=detached");
    kit_destroy(&kit);
}

static void two_doors_have_links_of_their_own(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, LOCAL, "hello nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, LOCAL, "rooms"), "ok=true");
    kit_destroy(&kit);
}

static void a_stop_is_told_once_over_every_link(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello sid=1 nick=ada");
    kit_ask(kit, 'A', "hello sid=2 nick=bob");
    kit_ask(kit, 'B', "hello nick=carl");
    kit_step(kit, (event_t){.kind = EVENT_STOP, .after_ms = 200});
    ASSERT_HAS(kit_event(kit, 'A', "shutdown"), "after_ms=200 !sid");
    ASSERT_HAS(kit_event(kit, 'B', "shutdown"), "after_ms=200 !sid");
    kit_quiet(kit, 'A');
    kit_quiet(kit, 'B');
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_lost_after_three_heartbeats_and_not_earlier),
        cmocka_unit_test(anything_that_comes_keeps_a_link),
        cmocka_unit_test(a_ping_of_the_link_needs_no_session),
        cmocka_unit_test(a_ping_tells_the_heads_of_rooms_that_moved_within_three_heartbeats),
        cmocka_unit_test(a_ping_tells_at_most_512_rooms),
        cmocka_unit_test(sessions_of_a_lost_link_are_all_detached),
        cmocka_unit_test(a_link_with_too_much_unread_is_dropped),
        cmocka_unit_test(p78_a_peer_without_a_link_may_leave_a_frame_unread),
        cmocka_unit_test(a_link_that_makes_no_progress_for_ten_seconds_is_dropped),
        cmocka_unit_test(two_doors_have_links_of_their_own),
        cmocka_unit_test(a_stop_is_told_once_over_every_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
