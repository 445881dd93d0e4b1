/* The link: connecting, sessions, requests. */
#include "tests/unit/client_fixture.h"

#define WITH_LINK(name)                                                                            \
    static void name##_body(fixture_t *f);                                                         \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        static fixture_t fixture;                                                                  \
        fixture_init(&fixture, NULL);                                                              \
        name##_body(&fixture);                                                                     \
        fixture_fini(&fixture);                                                                    \
    }                                                                                              \
    static void name##_body(fixture_t *f)

static const head_t HEADS[] = {{"lobby", 1, 5, 50}, {"@", 1, 0, 0}};

WITH_LINK(a_link_comes_up_with_the_first_pong_and_listens_where_the_broker_says)
{
    fixture_expect(f, "open");
    assert_false(client_link_is_up(f->link));
    fixture_pong(f, 0, NULL, 0);
    fixture_expect(f, "listen tcp://broker:5681; up");
    assert_true(client_link_is_up(f->link));
}

WITH_LINK(a_session_made_early_says_hello_when_the_link_is_up_after_subscribing)
{
    uint32_t sid;
    span_t rooms[] = {span_of("Lobby"), span_of("LOBBY")};
    client_hello_t hello = {.nick = span_of("ada"), .rooms = rooms, .room_count = 2};
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &sid), HUB_OK);
    assert_int_equal(fixture_count(f, OP_hello), 0);
    fixture_pong(f, 0, NULL, 0);
    fixture_expect(f, "open; subscribe lobby; listen tcp://broker:5681; up");
    uint64_t id = fixture_take(f, OP_hello);
    size_t count;
    (void)message_list(&f->request, KEY_join, &count);
    assert_int_equal(count, 1);
    fixture_welcome(f, id, "ada", 0, HEADS, 2);
    fixture_expect(f, "ready 0 new; joined 0 lobby");
    assert_true(span_is(client_link_nick(f->link, sid), "ada"));
}

WITH_LINK(a_room_of_hello_that_the_welcome_lacks_is_told_once)
{
    uint32_t sid;
    span_t rooms[] = {span_of("lobby"), span_of("tea")};
    client_hello_t hello = {.nick = span_of("ada"), .rooms = rooms, .room_count = 2};
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &sid), HUB_OK);
    fixture_clear(f);
    fixture_welcome(f, fixture_take(f, OP_hello), "ada", 0, HEADS, 2);
    fixture_expect(f, "ready 0 new; joined 0 lobby; left_out 0 tea; unsubscribe tea");
}

WITH_LINK(who_is_banned_for_a_while_is_told_and_not_kept_waiting)
{
    uint32_t sid;
    client_hello_t hello = {.nick = span_of("ada")};
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &sid), HUB_OK);
    fixture_clear(f);
    fixture_error(f, fixture_take(f, OP_hello), "banned", 7200000);
    fixture_expect(f, "refused 0 banned");
}

WITH_LINK(a_refused_hello_can_be_repeated_under_another_nick)
{
    uint32_t sid;
    client_hello_t hello = {.nick = span_of("ada")};
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &sid), HUB_OK);
    fixture_clear(f);
    fixture_error(f, fixture_take(f, OP_hello), "nick_taken", 0);
    fixture_expect(f, "refused 0 nick_taken");
    assert_int_equal(client_link_hello_as(f->link, sid, span_of("a|b"), f->now_ms),
                     HUB_NICK_INVALID);
    assert_int_equal(client_link_hello_as(f->link, sid, span_of("ada2"), f->now_ms), HUB_OK);
    uint64_t id = fixture_take(f, OP_hello);
    assert_true(span_is(message_span(&f->request, KEY_nick), "ada2"));
    fixture_welcome(f, id, "ada2", 0, HEADS + 1, 1);
    fixture_expect(f, "ready 0 new");
}

WITH_LINK(a_hello_with_retry_ms_is_repeated_after_it)
{
    uint32_t sid;
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &(client_hello_t){.user = f}, f->now_ms, &sid),
                     HUB_OK);
    fixture_error(f, fixture_take(f, OP_hello), "busy", 500);
    fixture_pass(f, 499);
    assert_int_equal(fixture_count(f, OP_hello), 0);
    fixture_pass(f, 1);
    fixture_take(f, OP_hello);
}

/* Or a broken broker and we would do nothing else. */
WITH_LINK(a_retry_ms_of_nothing_is_no_busy_loop)
{
    uint32_t sid;
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &(client_hello_t){.user = f}, f->now_ms, &sid),
                     HUB_OK);
    fixture_error(f, fixture_take(f, OP_hello), "busy", 1);
    fixture_pass(f, 9);
    assert_int_equal(fixture_count(f, OP_hello), 0);
    fixture_pass(f, 1);
    fixture_take(f, OP_hello);
}

/* The bridge has a place for each of them and no more. */
WITH_LINK(a_session_is_in_no_more_rooms_than_one_may_be_in)
{
    enum { MANY = LIMIT_ROOMS_PER_SESSION + 8 };
    uint32_t sid;
    char names[MANY][16];
    head_t heads[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "r%d", i);
        heads[i] = (head_t){names[i], 1, 0, 1};
    }
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(client_link_hello(f->link, &(client_hello_t){.user = f}, f->now_ms, &sid),
                     HUB_OK);
    fixture_welcome(f, fixture_take(f, OP_hello), "ada", 0, heads, MANY);
    assert_int_not_equal(client_link_room(f->link, span_of("r31")), CLIENT_NO_ROOM);
    assert_int_equal(client_link_room(f->link, span_of("r32")), CLIENT_NO_ROOM);
}

WITH_LINK(greetings_in_flight_are_bounded)
{
    uint32_t sid;
    for (int i = 0; i < 300; i++)
        assert_int_equal(client_link_hello(f->link, &(client_hello_t){.user = f}, f->now_ms, &sid),
                         HUB_OK);
    fixture_pong(f, 0, NULL, 0);
    assert_int_equal(fixture_count(f, OP_hello), 256);
    fixture_welcome(f, fixture_take(f, OP_hello), "guest", 0, NULL, 0);
    assert_int_equal(fixture_count(f, OP_hello), 256);
}

WITH_LINK(attempts_back_off_with_jitter)
{
    uint64_t opened_ms = f->now_ms;
    fixture_expect(f, "open");
    for (uint64_t pause = 100; pause <= 800; pause *= 2) {
        client_link_disconnected(f->link, f->now_ms);
        fixture_expect(f, "down");
        uint64_t wait = client_link_next_ms(f->link) - f->now_ms;
        assert_in_range(wait, pause / 2, pause);
        fixture_pass(f, wait);
        fixture_expect(f, "open");
    }
    assert_true(f->now_ms > opened_ms);
}

WITH_LINK(an_attempt_without_an_answer_is_given_up)
{
    fixture_clear(f);
    fixture_pass(f, 3000);
    fixture_expect(f, "down");
    fixture_pass(f, 100);
    fixture_expect(f, "open");
}

WITH_ADA(a_link_that_comes_up_again_listens_by_a_fresh_connection)
{
    (void)ada;
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_clear(f);
    fixture_pong(f, 0, NULL, 0);
    fixture_expect(f, "listen tcp://broker:5681; up");
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, HEADS, 2);
    fixture_expect(f, "ready 0 resumed");
}

WITH_ADA(three_unanswered_heartbeats_end_the_link)
{
    (void)ada;
    fixture_pass(f, 39999);
    fixture_expect(f, "");
    fixture_pass(f, 1);
    fixture_expect(f, "down");
}

WITH_ADA(a_dealer_that_takes_nothing_is_given_up)
{
    f->is_full = true;
    fixture_say(f, ada, 1);
    f->is_full = false;
    fixture_pass(f, 0);
    fixture_expect(f, "down");
    assert_int_equal(client_link_unacknowledged(f->link, ada), 1);
}

WITH_ADA(after_the_link_is_lost_the_session_resumes_and_repeats_with_the_same_cid)
{
    fixture_say(f, ada, 7);
    fixture_take(f, OP_say);
    assert_int_equal(message_uint(&f->request, KEY_cid), 1);
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_expect(f, "down; open");
    fixture_pong(f, 0, NULL, 0);
    uint64_t id = fixture_take(f, OP_resume);
    assert_true(span_is(message_span(&f->request, KEY_token), "secret"));
    fixture_welcome(f, id, "ada", 0, HEADS, 2);
    fixture_expect(f, "listen tcp://broker:5681; up; ready 0 resumed");
    id = fixture_take(f, OP_say);
    assert_int_equal(message_uint(&f->request, KEY_cid), 1);
    fixture_ok(f, id);
    fixture_expect(f, "reply 0 say 7 ok");
    assert_int_equal(client_link_counters(f->link)->repeated, 1);
}

WITH_ADA(an_expired_session_says_hello_again_and_its_unacknowledged_says_fail)
{
    fixture_say(f, ada, 1);
    client_link_disconnected(f->link, f->now_ms);
    fixture_say(f, ada, 2); /* never sent: keeps its chance */
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_clear(f);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    fixture_expect(f, "reply 0 say 1 expired");
    uint64_t id = fixture_take(f, OP_hello);
    assert_true(span_is(message_span(&f->request, KEY_nick), "ada"));
    size_t count;
    (void)message_list(&f->request, KEY_join, &count);
    assert_int_equal(count, 1);
    const head_t heads[] = {{"lobby", 1, 7, 50}, {"@", 9, 0, 0}};
    fixture_welcome(f, id, "ada", 0, heads, 2);
    fixture_expect(f, "ready 0 renewed");
    fixture_take(f, OP_say);
    assert_int_equal(message_uint(&f->request, KEY_cid), 1);
    fixture_pass(f, 100);
    fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_first), 6);
}

WITH_ADA(what_an_expired_session_said_to_nobody_is_said_by_the_new_one)
{
    fixture_say(f, ada, 1);
    fixture_say(f, ada, 2);
    fixture_error(f, fixture_take(f, OP_say), "no_session", 0);
    fixture_error(f, fixture_take(f, OP_say), "no_session", 0);
    fixture_clear(f);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    fixture_expect(f, "");
    fixture_welcome(f, fixture_take(f, OP_hello), "ada", 0, HEADS, 2);
    fixture_expect(f, "ready 0 renewed");
    for (uint64_t cid = 1; cid <= 2; cid++) {
        fixture_take(f, OP_say);
        assert_int_equal(message_uint(&f->request, KEY_cid), cid);
    }
}

/* A broker that was put back to an earlier state knows ada, but not her token. */
static void lose_the_token(fixture_t *f, uint32_t ada)
{
    fixture_say(f, ada, 1);
    fixture_error(f, fixture_take(f, OP_say), "no_session", 0);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    fixture_clear(f);
}

WITH_ADA(who_finds_the_name_taken_by_the_own_old_session_waits_until_it_has_gone)
{
    lose_the_token(f, ada);
    fixture_error(f, fixture_take(f, OP_hello), "nick_taken", 0);
    fixture_pass(f, 1000);
    fixture_expect(f, "");
    fixture_welcome(f, fixture_take(f, OP_hello), "ada", 0, HEADS, 2);
    fixture_expect(f, "ready 0 renewed");
}

WITH_ADA(who_finds_the_name_taken_for_longer_is_refused)
{
    lose_the_token(f, ada);
    for (uint64_t passed = 0; passed <= 5000; passed += 500) {
        fixture_error(f, fixture_take(f, OP_hello), "nick_taken", 0);
        fixture_expect(f, "");
        fixture_pass(f, 500);
    }
    fixture_error(f, fixture_take(f, OP_hello), "nick_taken", 0);
    fixture_expect(f, "refused 0 nick_taken");
}

WITH_ADA(what_an_earlier_link_may_have_delivered_is_not_said_again_by_a_new_session)
{
    fixture_say(f, ada, 1);
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, HEADS, 2);
    fixture_error(f, fixture_take(f, OP_say), "no_session", 0);
    fixture_clear(f);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    fixture_expect(f, "reply 0 say 1 expired");
}

WITH_ADA(a_room_the_welcome_does_not_name_is_left)
{
    (void)ada;
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_clear(f);
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, HEADS + 1, 1);
    fixture_expect(f, "ready 0 resumed; parted 0 lobby; unsubscribe lobby");
}

WITH_ADA(no_session_resumes_and_then_repeats)
{
    fixture_say(f, ada, 1);
    fixture_say(f, ada, 2);
    uint64_t first = fixture_take(f, OP_say), second = fixture_take(f, OP_say);
    fixture_error(f, first, "no_session", 0);
    fixture_error(f, second, "no_session", 0);
    assert_int_equal(fixture_count(f, OP_say), 0);
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, HEADS, 2);
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_expect(f, "ready 0 resumed; reply 0 say 1 ok; reply 0 say 2 ok");
}

WITH_ADA(fewer_sessions_than_we_think_makes_all_resume)
{
    (void)ada;
    fixture_pass(f, 10000);
    fixture_pong(f, 0, NULL, 0);
    fixture_take(f, OP_resume);
}

WITH_ADA(p213_for_one_more_room_nobody_is_kept_waiting)
{
    client_request_t join = {.op = OP_join, .room = span_of("tea"), .tag = 3};
    assert_int_equal(client_link_request(f->link, ada, &join, f->now_ms), HUB_OK);
    fixture_error(f, fixture_take(f, OP_join), "flood", 200);
    fixture_pass(f, 200);
    fixture_error(f, fixture_take(f, OP_join), "flood", 36000);
    fixture_expect(f, "subscribe tea; unsubscribe tea; reply 0 join 3 flood");
    fixture_pass(f, 40000);
    assert_int_equal(fixture_count(f, OP_join), 0);
}

WITH_ADA(a_flood_is_waited_out_and_the_order_kept)
{
    for (uint64_t tag = 1; tag <= 3; tag++)
        fixture_say(f, ada, tag);
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_error(f, fixture_take(f, OP_say), "flood", 200);
    fixture_error(f, fixture_take(f, OP_say), "out_of_order", 0);
    fixture_say(f, ada, 4);
    fixture_pass(f, 199);
    assert_int_equal(fixture_count(f, OP_say), 0);
    fixture_pass(f, 1);
    for (uint64_t cid = 2; cid <= 4; cid++) {
        uint64_t id = fixture_take(f, OP_say);
        assert_int_equal(message_uint(&f->request, KEY_cid), cid);
        fixture_ok(f, id);
    }
    fixture_expect(f, "reply 0 say 1 ok; reply 0 say 2 ok; reply 0 say 3 ok; reply 0 say 4 ok");
}

WITH_ADA(what_has_to_wait_long_is_told_and_holds_nothing_back)
{
    for (uint64_t tag = 1; tag <= 3; tag++)
        fixture_say(f, ada, tag);
    fixture_error(f, fixture_take(f, OP_say), "flood", 60000);
    fixture_expect(f, "reply 0 say 1 flood");
    fixture_error(f, fixture_take(f, OP_say), "out_of_order", 0);
    fixture_error(f, fixture_take(f, OP_say), "out_of_order", 0);
    fixture_say(f, ada, 4);
    fixture_pass(f, 1000);
    for (uint64_t cid = 1; cid <= 3; cid++) {
        uint64_t id = fixture_take(f, OP_say);
        assert_int_equal(message_uint(&f->request, KEY_cid), cid);
        fixture_ok(f, id);
    }
    fixture_expect(f, "reply 0 say 2 ok; reply 0 say 3 ok; reply 0 say 4 ok");
}

WITH_ADA(who_is_banned_from_a_room_for_a_while_is_told_and_may_go_on)
{
    client_request_t join = {.op = OP_join, .room = span_of("Tea"), .tag = 1};
    client_request_t nick = {.op = OP_nick, .nick = span_of("eve"), .tag = 2};
    assert_int_equal(client_link_request(f->link, ada, &join, f->now_ms), HUB_OK);
    assert_int_equal(client_link_request(f->link, ada, &nick, f->now_ms), HUB_OK);
    fixture_say(f, ada, 3);
    fixture_error(f, fixture_take(f, OP_join), "banned", 7200000);
    fixture_error(f, fixture_take(f, OP_nick), "banned", 7200000);
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_expect(f,
                   "subscribe tea; unsubscribe tea; reply 0 join 1 banned; reply 0 nick 2 banned; "
                   "reply 0 say 3 ok");
}

WITH_ADA(what_changes_the_meaning_of_later_requests_is_waited_for)
{
    client_request_t join = {.op = OP_join, .room = span_of("Tea"), .tag = 2};
    fixture_say(f, ada, 1);
    assert_int_equal(client_link_request(f->link, ada, &join, f->now_ms), HUB_OK);
    fixture_say(f, ada, 3);
    assert_int_equal(fixture_count(f, OP_join), 0);
    fixture_ok(f, fixture_take(f, OP_say));
    uint64_t id = fixture_take(f, OP_join);
    assert_int_equal(fixture_count(f, OP_say), 0);
    fixture_clear(f);
    fixture_reply(f, id);
    write_bool(&f->writer, KEY_ok, true);
    write_str(&f->writer, KEY_room, span_of("tea"));
    fixture_heads(f, &(head_t){"tea", 3, 9, 9}, 1);
    fixture_send(f);
    fixture_expect(f, "joined 0 tea; reply 0 join 2 ok");
    assert_int_equal(fixture_count(f, OP_say), 1);
    fixture_message(f, "tea", 3, 10);
    fixture_expect(f, "message tea 3.10");
}

WITH_ADA(the_last_to_part_unsubscribes)
{
    client_request_t part = {.op = OP_part, .room = span_of("lobby"), .tag = 2};
    assert_int_equal(client_link_request(f->link, ada, &part, f->now_ms), HUB_OK);
    fixture_ok(f, fixture_take(f, OP_part));
    fixture_expect(f, "parted 0 lobby; unsubscribe lobby; reply 0 part 2 ok");
    fixture_message(f, "lobby", 1, 6);
    fixture_expect(f, "");
}

WITH_ADA(bye_is_sent_once_and_the_session_forgotten_at_once)
{
    fixture_say(f, ada, 1);
    uint64_t id = fixture_take(f, OP_say);
    client_link_bye(f->link, ada, f->now_ms);
    client_link_bye(f->link, ada, f->now_ms);
    assert_int_equal(fixture_count(f, OP_bye), 1);
    fixture_ok(f, id); /* too late for anybody */
    fixture_expect(f, "unsubscribe lobby");
    assert_int_equal(client_link_sessions(f->link), 0);
}

WITH_LINK(a_welcome_that_comes_after_bye_is_not_taken_for_that_of_the_next_on_the_sid)
{
    uint32_t ada, bob;
    fixture_pong(f, 0, NULL, 0);
    client_hello_t hello = {.nick = span_of("ada")};
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &ada), HUB_OK);
    uint64_t first = fixture_take(f, OP_hello);
    client_link_bye(f->link, ada, f->now_ms);
    hello.nick = span_of("bob");
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &bob), HUB_OK);
    assert_int_equal(bob, ada);
    uint64_t second = fixture_take(f, OP_hello);
    fixture_clear(f);
    fixture_welcome(f, first, "ada", 0, NULL, 0);
    fixture_expect(f, "");
    fixture_welcome(f, second, "bob", 0, NULL, 0);
    fixture_expect(f, "ready 0 new");
    assert_true(span_is(client_link_nick(f->link, bob), "bob"));
}

static void say_bye(fixture_t *f)
{
    client_link_bye(f->link, 0, f->now_ms);
}

WITH_ADA(bye_may_be_said_within_a_call)
{
    fixture_say(f, ada, 1);
    fixture_say(f, ada, 2);
    f->on_reply = say_bye;
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_expect(f, "reply 0 say 1 ok; unsubscribe lobby");
}

static void say_again(fixture_t *f)
{
    client_request_t request = {
        .op = OP_say, .room = span_of("lobby"), .text = span_of("hi"), .tag = 2};
    assert_int_equal(client_link_request(f->link, 0, &request, f->now_ms), HUB_NO_SESSION);
}

WITH_ADA(who_asks_again_while_being_kicked_is_refused_and_not_answered_for_ever)
{
    fixture_say(f, ada, 1);
    f->on_reply = say_again;
    fixture_event(f, "kicked");
    write_str(&f->writer, KEY_reason, span_of("idle"));
    fixture_send(f);
    fixture_expect(f, "reply 0 say 1 expired; kicked 0 idle; unsubscribe lobby");
}

WITH_ADA(who_is_put_out_of_a_room_leaves_it_and_the_session_goes_on)
{
    (void)ada;
    fixture_event(f, "kicked");
    write_str(&f->writer, KEY_room, span_of("lobby"));
    write_str(&f->writer, KEY_reason, span_of("banned"));
    fixture_send(f);
    fixture_expect(f, "parted 0 lobby banned; unsubscribe lobby");
    assert_int_equal(client_link_sessions(f->link), 1);
    fixture_event(f, "kicked"); /* of a room that one is not in */
    write_str(&f->writer, KEY_room, span_of("lobby"));
    write_str(&f->writer, KEY_reason, span_of("kicked"));
    fixture_send(f);
    fixture_expect(f, "");
}

WITH_ADA(a_session_taken_over_elsewhere_is_gone)
{
    fixture_say(f, ada, 1);
    fixture_event(f, "kicked");
    write_str(&f->writer, KEY_reason, span_of("resumed"));
    fixture_send(f);
    fixture_expect(f, "reply 0 say 1 expired; kicked 0 resumed; unsubscribe lobby");
    assert_int_equal(client_link_sessions(f->link), 0);
}

WITH_ADA(warnings_and_shutdown_are_passed_on)
{
    (void)ada;
    fixture_event(f, "warning");
    write_uint(&f->writer, KEY_idle_in_ms, 30000);
    fixture_send(f);
    fixture_event(f, "shutdown");
    write_uint(&f->writer, KEY_after_ms, 2000);
    fixture_send(f);
    fixture_expect(f, "warning 0 30000; shutdown 2000");
}

WITH_ADA(what_is_done_to_a_session_or_a_room_is_passed_on)
{
    (void)ada;
    fixture_event(f, "muted");
    write_str(&f->writer, KEY_room, span_of("lobby"));
    write_str(&f->writer, KEY_by, span_of("bob"));
    write_uint(&f->writer, KEY_at, 1000);
    fixture_send(f);
    fixture_event(f, "unmuted");
    fixture_send(f);
    fixture_event(f, "role");
    write_str(&f->writer, KEY_room, span_of("lobby"));
    write_str(&f->writer, KEY_by, span_of("bob"));
    write_str(&f->writer, KEY_role, span_of("owner"));
    fixture_send(f);
    fixture_event(f, "slow");
    write_str(&f->writer, KEY_room, span_of("lobby"));
    write_uint(&f->writer, KEY_slow_ms, 10000);
    fixture_send(f);
    fixture_expect(f, "muted 0 lobby bob; unmuted 0  ; role 0 lobby bob; slow 0 10000");
    fixture_event(f, "muted"); /* of a session that is not ours, and of a room that we are not in */
    write_uint(&f->writer, KEY_sid, 7);
    fixture_send(f);
    fixture_event(f, "slow");
    write_str(&f->writer, KEY_room, span_of("tea"));
    write_uint(&f->writer, KEY_slow_ms, 10000);
    fixture_send(f);
    fixture_event(f, "of_a_later_version");
    write_str(&f->writer, KEY_room, span_of("lobby"));
    fixture_send(f);
    fixture_expect(f, "");
}

WITH_ADA(requests_of_one_session_are_bounded_and_checked)
{
    client_request_t request = {.op = OP_say, .room = span_of("lobby")};
    assert_int_equal(client_link_request(f->link, ada, &request, f->now_ms), HUB_BAD_REQUEST);
    request.text = span_of("hi");
    request.x = span_of("\xc0");
    assert_int_equal(client_link_request(f->link, ada, &request, f->now_ms), HUB_BAD_REQUEST);
    request.x = span_of("\x80");
    assert_int_equal(client_link_request(f->link, 9, &request, f->now_ms), HUB_NO_SESSION);
    for (int i = 0; i < 1024; i++)
        assert_int_equal(client_link_request(f->link, ada, &request, f->now_ms), HUB_OK);
    assert_int_equal(client_link_request(f->link, ada, &request, f->now_ms), HUB_BUSY);
    assert_int_equal(fixture_count(f, OP_say), 64);
}

WITH_ADA(garbage_is_counted_and_nothing_else)
{
    (void)ada;
    client_link_frame(f->link, "\xc1", 1, f->now_ms);
    client_link_frame(f->link, "", 0, f->now_ms);
    client_link_published(f->link, "lobby", 5, f->now_ms);
    client_link_published(f->link, "lobby\0\xc1", 7, f->now_ms);
    fixture_expect(f, "");
    assert_int_equal(client_link_counters(f->link)->frames_bad, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_comes_up_with_the_first_pong_and_listens_where_the_broker_says),
        cmocka_unit_test(a_session_made_early_says_hello_when_the_link_is_up_after_subscribing),
        cmocka_unit_test(a_room_of_hello_that_the_welcome_lacks_is_told_once),
        cmocka_unit_test(who_is_banned_for_a_while_is_told_and_not_kept_waiting),
        cmocka_unit_test(a_refused_hello_can_be_repeated_under_another_nick),
        cmocka_unit_test(a_hello_with_retry_ms_is_repeated_after_it),
        cmocka_unit_test(a_retry_ms_of_nothing_is_no_busy_loop),
        cmocka_unit_test(a_session_is_in_no_more_rooms_than_one_may_be_in),
        cmocka_unit_test(greetings_in_flight_are_bounded),
        cmocka_unit_test(attempts_back_off_with_jitter),
        cmocka_unit_test(an_attempt_without_an_answer_is_given_up),
        cmocka_unit_test(a_link_that_comes_up_again_listens_by_a_fresh_connection),
        cmocka_unit_test(three_unanswered_heartbeats_end_the_link),
        cmocka_unit_test(a_dealer_that_takes_nothing_is_given_up),
        cmocka_unit_test(after_the_link_is_lost_the_session_resumes_and_repeats_with_the_same_cid),
        cmocka_unit_test(an_expired_session_says_hello_again_and_its_unacknowledged_says_fail),
        cmocka_unit_test(what_an_expired_session_said_to_nobody_is_said_by_the_new_one),
        cmocka_unit_test(who_finds_the_name_taken_by_the_own_old_session_waits_until_it_has_gone),
        cmocka_unit_test(who_finds_the_name_taken_for_longer_is_refused),
        cmocka_unit_test(
            what_an_earlier_link_may_have_delivered_is_not_said_again_by_a_new_session),
        cmocka_unit_test(a_room_the_welcome_does_not_name_is_left),
        cmocka_unit_test(no_session_resumes_and_then_repeats),
        cmocka_unit_test(fewer_sessions_than_we_think_makes_all_resume),
        cmocka_unit_test(p213_for_one_more_room_nobody_is_kept_waiting),
        cmocka_unit_test(a_flood_is_waited_out_and_the_order_kept),
        cmocka_unit_test(what_has_to_wait_long_is_told_and_holds_nothing_back),
        cmocka_unit_test(who_is_banned_from_a_room_for_a_while_is_told_and_may_go_on),
        cmocka_unit_test(what_changes_the_meaning_of_later_requests_is_waited_for),
        cmocka_unit_test(the_last_to_part_unsubscribes),
        cmocka_unit_test(bye_is_sent_once_and_the_session_forgotten_at_once),
        cmocka_unit_test(
            a_welcome_that_comes_after_bye_is_not_taken_for_that_of_the_next_on_the_sid),
        cmocka_unit_test(bye_may_be_said_within_a_call),
        cmocka_unit_test(who_is_put_out_of_a_room_leaves_it_and_the_session_goes_on),
        cmocka_unit_test(who_asks_again_while_being_kicked_is_refused_and_not_answered_for_ever),
        cmocka_unit_test(a_session_taken_over_elsewhere_is_gone),
        cmocka_unit_test(warnings_and_shutdown_are_passed_on),
        cmocka_unit_test(what_is_done_to_a_session_or_a_room_is_passed_on),
        cmocka_unit_test(requests_of_one_session_are_bounded_and_checked),
        cmocka_unit_test(garbage_is_counted_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
