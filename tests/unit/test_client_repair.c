/* Events in order and once: holes, replays, epochs, presence. */
#include "tests/unit/client_fixture.h"

WITH_ADA(messages_come_once_and_in_order)
{
    fixture_message(f, "lobby", 1, 6);
    fixture_message(f, "lobby", 1, 6);
    fixture_message(f, "lobby", 1, 5);
    fixture_message(f, "lobby", 1, 7);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7");
    assert_int_equal(client_link_counters(f->link)->duplicates, 2);
}

WITH_ADA(what_is_only_reordered_needs_no_replay)
{
    fixture_message(f, "lobby", 1, 8);
    fixture_message(f, "lobby", 1, 7);
    fixture_expect(f, "");
    fixture_message(f, "lobby", 1, 6);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7; message lobby 1.8");
    fixture_pass(f, 200);
    assert_int_equal(fixture_count(f, OP_replay), 0);
}

WITH_ADA(a_hole_is_replayed_once_and_what_came_early_follows)
{
    fixture_message(f, "lobby", 1, 8);
    fixture_message(f, "lobby", 1, 9);
    fixture_pass(f, 30);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_first), 6);
    assert_int_equal(message_uint(&f->request, KEY_last), 9);
    fixture_message(f, "lobby", 1, 10);
    fixture_pass(f, 500);
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_page(f, id, "lobby", 1, 6, 7, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7; message lobby 1.8; "
                      "message lobby 1.9; message lobby 1.10");
}

WITH_ADA(a_lost_last_message_is_found_by_the_heads_of_a_ping)
{
    fixture_pass(f, 9000);
    while (fixture_count(f, OP_ping) > 0)
        fixture_take(f, OP_ping);
    fixture_pass(f, 1000);
    fixture_pong(f, 1, &(head_t){"lobby", 1, 6, 50}, 1);
    fixture_pass(f, 99);
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_pass(f, 1);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 6, 0, 0, false);
    fixture_expect(f, "message lobby 1.6");
}

static void head(fixture_t *f, const char *room, uint64_t epoch, uint64_t seq, uint64_t pseq)
{
    fixture_event(f, "head");
    write_str(&f->writer, KEY_room, span_of(room));
    write_uint(&f->writer, KEY_epoch, epoch);
    write_uint(&f->writer, KEY_seq, seq);
    write_uint(&f->writer, KEY_pseq, pseq);
}

WITH_ADA(a_head_that_the_room_catches_up_with_needs_no_replay)
{
    head(f, "lobby", 1, 6, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 50);
    fixture_message(f, "lobby", 1, 6);
    fixture_pass(f, 500);
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_expect(f, "message lobby 1.6");
}

WITH_ADA(pages_are_asked_for_until_level)
{
    head(f, "lobby", 1, 9, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 7, 0, 0, true);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_first), 8);
    fixture_page(f, id, "lobby", 1, 8, 9, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7; message lobby 1.8; message lobby 1.9");
}

WITH_ADA(what_is_lost_is_told_and_skipped)
{
    fixture_message(f, "lobby", 1, 10);
    fixture_pass(f, 30);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 8, 9, 6, 7, false);
    fixture_expect(f, "lost lobby 6-7; message lobby 1.8; message lobby 1.9; message lobby 1.10");
}

WITH_ADA(a_replay_that_must_wait_waits)
{
    fixture_message(f, "lobby", 1, 7);
    fixture_pass(f, 30);
    fixture_error(f, fixture_take(f, OP_replay), "busy", 300);
    fixture_pass(f, 299);
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_pass(f, 1);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 6, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7");
}

WITH_ADA(a_replay_refused_for_good_does_not_hold_up_the_room)
{
    fixture_message(f, "lobby", 1, 7);
    fixture_pass(f, 30);
    fixture_error(f, fixture_take(f, OP_replay), "denied", 0);
    fixture_message(f, "lobby", 1, 8);
    fixture_expect(f, "lost lobby 6-7; message lobby 1.8");
}

/* Her part is on its way back; another may be in the room, who can ask as well. */
WITH_ADA(who_has_just_left_and_does_not_know_loses_nothing_for_the_others)
{
    fixture_message(f, "lobby", 1, 7);
    fixture_pass(f, 30);
    fixture_error(f, fixture_take(f, OP_replay), "no_such_room", 0);
    fixture_expect(f, "");
    fixture_pass(f, 100);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 6, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7");
}

WITH_ADA(a_broker_that_replays_nothing_is_asked_a_few_times_only)
{
    fixture_message(f, "lobby", 1, 7);
    fixture_pass(f, 30);
    for (int i = 0; i < 5; i++) {
        fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 7, 6, 0, 0, false);
        fixture_pass(f, 100);
    }
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_message(f, "lobby", 1, 8);
    fixture_expect(f, "lost lobby 6-7; message lobby 1.8");
}

WITH_ADA(a_new_epoch_that_goes_on_where_we_are_loses_nothing)
{
    fixture_message(f, "lobby", 2, 7);
    fixture_pass(f, 30);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_epoch), 1);
    assert_int_equal(message_uint(&f->request, KEY_first), 6);
    fixture_page(f, id, "lobby", 2, 6, 7, 0, 0, false);
    fixture_expect(f, "message lobby 2.6; message lobby 2.7");
    fixture_message(f, "lobby", 2, 8);
    fixture_expect(f, "message lobby 2.8");
}

WITH_ADA(a_new_epoch_that_begins_before_us_tells_what_is_undone)
{
    fixture_message(f, "lobby", 2, 5); /* began at 4: our 4 and 5 are gone */
    fixture_pass(f, 30);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 2, 4, 5, 4, 5, false);
    fixture_expect(f, "undone lobby 4-5; message lobby 2.4; message lobby 2.5");
}

/* Asked for from 6 on; 6 comes all the same; the broker comes back without it, and has said others. */
WITH_ADA(what_came_while_a_replay_was_out_is_undone_by_a_newer_epoch)
{
    head(f, "lobby", 1, 7, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    uint64_t id = fixture_take(f, OP_replay);
    fixture_message(f, "lobby", 1, 6);
    fixture_page(f, id, "lobby", 2, 6, 8, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; undone lobby 6-6; message lobby 2.6; message lobby 2.7; "
                      "message lobby 2.8");
}

/* The same where it has said nothing since. */
WITH_ADA(what_came_while_a_replay_was_out_is_undone_by_an_epoch_without_messages)
{
    head(f, "lobby", 2, 5, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    uint64_t id = fixture_take(f, OP_replay);
    fixture_message(f, "lobby", 1, 6); /* has been on its way for long */
    fixture_page(f, id, "lobby", 2, 6, 5, 0, 0, false);
    fixture_expect(f, "message lobby 1.6; undone lobby 6-6");
    fixture_message(f, "lobby", 2, 6);
    fixture_expect(f, "message lobby 2.6");
}

/* An answer that is older than the epoch says nothing about it: it is asked again. */
WITH_ADA(an_answer_from_before_a_new_epoch_does_not_bring_us_there)
{
    head(f, "lobby", 1, 6, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    uint64_t id = fixture_take(f, OP_replay);
    fixture_message(f, "lobby", 2, 5); /* began at 5 */
    fixture_page(f, id, "lobby", 1, 6, 6, 0, 0, false);
    fixture_expect(f, "message lobby 1.6");
    fixture_pass(f, 100);
    id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_epoch), 1);
    assert_int_equal(message_uint(&f->request, KEY_first), 7);
    fixture_page(f, id, "lobby", 2, 5, 5, 5, 6, false);
    fixture_expect(f, "undone lobby 5-6; message lobby 2.5");
}

WITH_ADA(an_epoch_that_the_broker_has_forgotten_starts_over)
{
    fixture_message(f, "lobby", 2, 3);
    fixture_pass(f, 30);
    fixture_error(f, fixture_take(f, OP_replay), "bad_request", 0);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_epoch), 2);
    assert_int_equal(message_uint(&f->request, KEY_first), 1);
    fixture_page(f, id, "lobby", 2, 1, 2, 0, 0, false);
    fixture_expect(f, "undone lobby 1-5; message lobby 2.1; message lobby 2.2; message lobby 2.3");
}

/* A broker put back from an older copy may have kept less of its epochs than of its messages. */
WITH_ADA(who_starts_over_takes_what_is_older_than_the_newest_epoch)
{
    head(f, "lobby", 9, 2, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    fixture_error(f, fixture_take(f, OP_replay), "bad_request", 0);
    fixture_expect(f, "undone lobby 1-5");
    fixture_pass(f, 100);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_epoch), 9);
    fixture_page(f, id, "lobby", 4, 1, 2, 0, 0, false);
    fixture_expect(f, "message lobby 4.1; message lobby 4.2");
    fixture_pass(f, 500);
    assert_int_equal(fixture_count(f, OP_replay), 0);
}

WITH_ADA(an_older_epoch_is_a_duplicate)
{
    fixture_message(f, "lobby", 0, 99);
    fixture_pass(f, 100);
    fixture_expect(f, "");
    assert_int_equal(fixture_count(f, OP_replay), 0);
}

WITH_ADA(an_event_of_a_later_version_counts_its_number)
{
    fixture_event(f, "poll");
    write_uint(&f->writer, KEY_epoch, 1);
    write_uint(&f->writer, KEY_seq, 6);
    fixture_publish(f, "lobby");
    fixture_event(f, "typing");
    fixture_publish(f, "lobby");
    fixture_message(f, "lobby", 1, 7);
    fixture_expect(f, "message lobby 1.6; message lobby 1.7");
}

WITH_ADA(what_is_held_is_bounded_and_replayed_later)
{
    for (uint64_t seq = 7; seq < 7 + 300; seq++)
        fixture_message(f, "lobby", 1, seq);
    assert_int_equal(client_link_counters(f->link)->held_dropped, 300 - 256);
    fixture_pass(f, 30);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 6, 0, 0, true);
    uint64_t id = fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_first), 7 + 256);
    fixture_page(f, id, "lobby", 1, 7 + 256, 306, 0, 0, false);
    assert_int_equal(client_link_counters(f->link)->events, 301);
}

WITH_ADA(the_inbox_repairs_its_holes_under_its_own_session)
{
    fixture_private(f, ada, 1, 1);
    fixture_private(f, ada, 1, 3);
    fixture_private(f, ada, 1, 3);
    fixture_expect(f, "private 0 1.1");
    fixture_pass(f, 30);
    uint64_t id = fixture_take(f, OP_replay);
    assert_true(span_is(message_span(&f->request, KEY_room), "@"));
    assert_int_equal(message_uint(&f->request, KEY_sid), ada);
    fixture_page(f, id, "@", 1, 2, 2, 0, 0, false);
    fixture_expect(f, "private 0 1.2; private 0 1.3");
}

WITH_ADA(a_lost_last_private_message_is_found_by_its_head)
{
    head(f, "@", 1, 1, 0);
    write_uint(&f->writer, KEY_sid, ada);
    fixture_send(f);
    fixture_pass(f, 100);
    fixture_page(f, fixture_take(f, OP_replay), "@", 1, 1, 1, 0, 0, false);
    fixture_expect(f, "private 0 1.1");
}

static void join_den(fixture_t *f, uint32_t sid)
{
    client_request_t join = {.op = OP_join, .room = span_of("den"), .is_private = true};
    assert_int_equal(client_link_request(f->link, sid, &join, f->now_ms), HUB_OK);
    uint64_t id = fixture_take(f, OP_join);
    assert_true(message_bool(&f->request, KEY_private));
    fixture_reply(f, id);
    write_bool(&f->writer, KEY_ok, true);
    write_str(&f->writer, KEY_room, span_of("den"));
    write_bool(&f->writer, KEY_private, true);
    fixture_heads(f, &(head_t){"den", 1, 0, 1}, 1);
    fixture_send(f);
}

/* A broker that has forgotten the room would make it again for all to read. */
WITH_ADA(who_says_hello_again_does_not_ask_for_their_private_rooms)
{
    join_den(f, ada);
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    uint64_t id = fixture_take(f, OP_hello);
    size_t count;
    const msgpack_object *rooms = message_list(&f->request, KEY_join, &count);
    span_t name;
    assert_int_equal(count, 1);
    assert_true(object_span(&rooms[0], &name) && span_is(name, "lobby"));
    fixture_clear(f);
    fixture_welcome(f, id, "ada", 0, &(head_t){"lobby", 1, 5, 50}, 1);
    fixture_expect(f, "ready 0 renewed; parted 0 den");
}

WITH_ADA(a_private_room_comes_over_the_dealer)
{
    join_den(f, ada);
    fixture_expect(f, "subscribe den; unsubscribe den; joined 0 den; reply 0 join 0 ok");
    fixture_event(f, "message");
    write_str(&f->writer, KEY_room, span_of("den"));
    write_uint(&f->writer, KEY_epoch, 1);
    write_uint(&f->writer, KEY_seq, 1);
    fixture_send(f);
    fixture_expect(f, "message den 1.1");
}

WITH_ADA(what_is_published_before_the_welcome_is_not_missed)
{
    client_request_t join = {.op = OP_join, .room = span_of("tea")};
    assert_int_equal(client_link_request(f->link, ada, &join, f->now_ms), HUB_OK);
    fixture_message(f, "tea", 1, 9);
    fixture_message(f, "tea", 1, 10);
    fixture_message(f, "tea", 1, 11);
    fixture_reply(f, fixture_take(f, OP_join));
    write_bool(&f->writer, KEY_ok, true);
    fixture_heads(f, &(head_t){"tea", 1, 9, 1}, 1);
    fixture_send(f);
    fixture_expect(f, "subscribe tea; joined 0 tea; message tea 1.10; message tea 1.11; "
                      "reply 0 join 0 ok");
}

/* With a join under way the link keeps its subscription, but what is said meanwhile is for nobody. */
WITH_ADA(what_is_said_between_parting_and_joining_again_is_not_told)
{
    client_request_t part = {.op = OP_part, .tag = 1, .room = span_of("lobby")};
    client_request_t join = {.op = OP_join, .tag = 2, .room = span_of("lobby")};
    assert_int_equal(client_link_request(f->link, ada, &part, f->now_ms), HUB_OK);
    assert_int_equal(client_link_request(f->link, ada, &join, f->now_ms), HUB_OK);
    fixture_ok(f, fixture_take(f, OP_part));
    fixture_expect(f, "parted 0 lobby; reply 0 part 1 ok");
    uint64_t id = fixture_take(f, OP_join);
    fixture_message(f, "lobby", 1, 6);
    fixture_message(f, "lobby", 1, 8);
    fixture_expect(f, "");
    fixture_reply(f, id);
    write_bool(&f->writer, KEY_ok, true);
    write_str(&f->writer, KEY_room, span_of("lobby"));
    fixture_heads(f, &(head_t){"lobby", 1, 7, 50}, 1);
    fixture_send(f);
    fixture_expect(f, "joined 0 lobby; message lobby 1.8; reply 0 join 2 ok");
}

static void presence(fixture_t *f, uint64_t pseq)
{
    fixture_event(f, "presence");
    write_uint(&f->writer, KEY_pseq, pseq);
    fixture_publish(f, "lobby");
}

/* The link is lost, and the broker that welcomes ada again is at this head of the lobby. */
static void comes_back_at(fixture_t *f, uint64_t epoch, uint64_t seq, uint64_t pseq)
{
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_clear(f);
    const head_t heads[] = {{"lobby", epoch, seq, pseq}, {"@", 1, 0, 0}};
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, heads, 2);
}

WITH_ADA(a_broker_that_began_anew_by_an_earlier_clock_is_followed)
{
    fixture_message(f, "lobby", 9, 1);
    fixture_pass(f, 30);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 9, 6, 6, 0, 0, false);
    fixture_message(f, "lobby", 9, 7);
    fixture_message(f, "lobby", 9, 9); /* held: it never becomes next */
    comes_back_at(f, 3, 2, 50);
    fixture_expect(f, "ready 0 resumed; undone lobby 1-7");
    fixture_pass(f, 100);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 3, 1, 2, 0, 0, false);
    fixture_message(f, "lobby", 3, 3);
    fixture_expect(f, "message lobby 3.1; message lobby 3.2; message lobby 3.3");
}

WITH_ADA(a_broker_that_is_behind_in_the_same_epoch_is_followed)
{
    comes_back_at(f, 1, 3, 50);
    fixture_expect(f, "ready 0 resumed; undone lobby 4-5");
    fixture_message(f, "lobby", 1, 4);
    fixture_expect(f, "message lobby 1.4");
}

WITH_ADA(a_welcome_that_a_message_has_overtaken_undoes_nothing)
{
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    fixture_message(f, "lobby", 1, 6);
    fixture_clear(f);
    const head_t heads[] = {{"lobby", 1, 5, 50}, {"@", 1, 0, 0}};
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, heads, 2);
    fixture_expect(f, "ready 0 resumed");
}

WITH_ADA(presence_that_began_anew_by_an_earlier_clock_is_asked_for_and_followed)
{
    comes_back_at(f, 1, 5, 20);
    fixture_expect(f, "ready 0 resumed; gap lobby");
    presence(f, 21);
    fixture_expect(f, "presence lobby 21");
}

WITH_ADA(a_hole_in_presence_is_told_never_replayed)
{
    presence(f, 51);
    presence(f, 51);
    fixture_expect(f, "presence lobby 51");
    presence(f, 53);
    fixture_expect(f, "presence lobby 53; gap lobby");
    head(f, "lobby", 1, 5, 54);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    fixture_expect(f, "gap lobby");
    assert_int_equal(fixture_count(f, OP_replay), 0);
}

WITH_ADA(holes_in_presence_one_after_another_are_told_at_longer_and_longer_pauses)
{
    unsigned gaps = 0;
    for (uint64_t i = 1; i <= 700; i++) {
        presence(f, 50 + 2 * i);
        fixture_pass(f, 10);
        gaps += strstr(f->log, "gap lobby") != NULL;
        fixture_clear(f);
    }
    assert_int_equal(gaps, 7); /* at once, then after 100, 200 ... 3200 ms */
}

WITH_ADA(a_hole_in_presence_soon_after_another_is_told_later_and_not_forgotten)
{
    presence(f, 52);
    presence(f, 54);
    fixture_expect(f, "presence lobby 52; gap lobby; presence lobby 54");
    fixture_pass(f, 99);
    fixture_expect(f, "");
    fixture_pass(f, 1);
    fixture_expect(f, "gap lobby");
    fixture_pass(f, 1000);
    fixture_expect(f, ""); /* that was all, and it is calm */
    presence(f, 60);
    presence(f, 62);
    fixture_expect(f, "presence lobby 60; gap lobby; presence lobby 62");
    fixture_pass(f, 100);
    fixture_expect(f, "gap lobby");
}

WITH_ADA(a_hole_in_presence_that_is_yet_to_be_told_outlives_the_link)
{
    presence(f, 52);
    presence(f, 54);
    fixture_clear(f);
    comes_back_at(f, 1, 5, 54);
    fixture_expect(f, "ready 0 resumed; gap lobby");
}

static void page_of_one(fixture_t *f, uint64_t seq)
{
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, seq, seq, 0, 0, true);
    fixture_clear(f);
}

WITH_ADA(a_replay_that_has_always_more_and_brings_little_is_asked_for_ever_more_slowly)
{
    head(f, "lobby", 1, 1000000, 50);
    fixture_publish(f, "lobby");
    fixture_pass(f, 100);
    uint64_t seq = 6;
    while (seq < 6 + 17)
        page_of_one(f, seq++); /* each at once */
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_pass(f, 100);
    page_of_one(f, seq++);
    fixture_pass(f, 199);
    assert_int_equal(fixture_count(f, OP_replay), 0);
    fixture_pass(f, 1);
    page_of_one(f, seq++);
    fixture_pass(f, 400);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, seq, seq + 30, 0, 0, true);
    assert_int_equal(fixture_count(f, OP_replay), 1); /* a full one: at once again */
}

WITH_ADA(one_replay_serves_all_sessions_of_the_link)
{
    uint32_t bob;
    span_t rooms[] = {span_of("lobby")};
    client_hello_t hello = {.nick = span_of("bob"), .rooms = rooms, .room_count = 1};
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &bob), HUB_OK);
    const head_t heads[] = {{"lobby", 1, 5, 51}, {"@", 1, 0, 0}};
    fixture_welcome(f, fixture_take(f, OP_hello), "bob", 0, heads, 2);
    fixture_expect(f, "ready 1 new; joined 1 lobby");
    client_link_disconnected(f->link, f->now_ms);
    fixture_pass(f, 100);
    fixture_pong(f, 0, NULL, 0);
    const head_t later[] = {{"lobby", 1, 8, 51}, {"@", 1, 0, 0}};
    fixture_welcome(f, fixture_take(f, OP_resume), "ada", 0, later, 2);
    fixture_welcome(f, fixture_take(f, OP_resume), "bob", 0, later, 2);
    fixture_clear(f);
    fixture_pass(f, 100);
    assert_int_equal(fixture_count(f, OP_replay), 1);
    fixture_page(f, fixture_take(f, OP_replay), "lobby", 1, 6, 8, 0, 0, false);
    fixture_expect(f, "gap lobby; message lobby 1.6; message lobby 1.7; message lobby 1.8");
}

WITH_ADA(another_member_asks_when_the_last_one_to_join_has_left)
{
    uint32_t bob;
    span_t rooms[] = {span_of("lobby")};
    client_hello_t hello = {.nick = span_of("bob"), .rooms = rooms, .room_count = 1};
    assert_int_equal(client_link_hello(f->link, &hello, f->now_ms, &bob), HUB_OK);
    const head_t heads[] = {{"lobby", 1, 5, 50}, {"@", 1, 0, 0}};
    fixture_welcome(f, fixture_take(f, OP_hello), "bob", 0, heads, 2);
    client_link_bye(f->link, bob, f->now_ms);
    fixture_message(f, "lobby", 1, 7);
    fixture_pass(f, 30);
    fixture_take(f, OP_replay);
    assert_int_equal(message_uint(&f->request, KEY_sid), ada);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_began_anew_by_an_earlier_clock_is_followed),
        cmocka_unit_test(a_broker_that_is_behind_in_the_same_epoch_is_followed),
        cmocka_unit_test(a_welcome_that_a_message_has_overtaken_undoes_nothing),
        cmocka_unit_test(presence_that_began_anew_by_an_earlier_clock_is_asked_for_and_followed),
        cmocka_unit_test(messages_come_once_and_in_order),
        cmocka_unit_test(what_is_said_between_parting_and_joining_again_is_not_told),
        cmocka_unit_test(what_is_only_reordered_needs_no_replay),
        cmocka_unit_test(a_hole_is_replayed_once_and_what_came_early_follows),
        cmocka_unit_test(a_lost_last_message_is_found_by_the_heads_of_a_ping),
        cmocka_unit_test(a_head_that_the_room_catches_up_with_needs_no_replay),
        cmocka_unit_test(pages_are_asked_for_until_level),
        cmocka_unit_test(what_is_lost_is_told_and_skipped),
        cmocka_unit_test(a_replay_that_must_wait_waits),
        cmocka_unit_test(a_replay_refused_for_good_does_not_hold_up_the_room),
        cmocka_unit_test(who_has_just_left_and_does_not_know_loses_nothing_for_the_others),
        cmocka_unit_test(a_broker_that_replays_nothing_is_asked_a_few_times_only),
        cmocka_unit_test(a_new_epoch_that_goes_on_where_we_are_loses_nothing),
        cmocka_unit_test(a_new_epoch_that_begins_before_us_tells_what_is_undone),
        cmocka_unit_test(what_came_while_a_replay_was_out_is_undone_by_a_newer_epoch),
        cmocka_unit_test(what_came_while_a_replay_was_out_is_undone_by_an_epoch_without_messages),
        cmocka_unit_test(an_answer_from_before_a_new_epoch_does_not_bring_us_there),
        cmocka_unit_test(an_epoch_that_the_broker_has_forgotten_starts_over),
        cmocka_unit_test(who_starts_over_takes_what_is_older_than_the_newest_epoch),
        cmocka_unit_test(an_older_epoch_is_a_duplicate),
        cmocka_unit_test(an_event_of_a_later_version_counts_its_number),
        cmocka_unit_test(what_is_held_is_bounded_and_replayed_later),
        cmocka_unit_test(the_inbox_repairs_its_holes_under_its_own_session),
        cmocka_unit_test(a_lost_last_private_message_is_found_by_its_head),
        cmocka_unit_test(who_says_hello_again_does_not_ask_for_their_private_rooms),
        cmocka_unit_test(a_private_room_comes_over_the_dealer),
        cmocka_unit_test(what_is_published_before_the_welcome_is_not_missed),
        cmocka_unit_test(a_hole_in_presence_is_told_never_replayed),
        cmocka_unit_test(holes_in_presence_one_after_another_are_told_at_longer_and_longer_pauses),
        cmocka_unit_test(a_hole_in_presence_soon_after_another_is_told_later_and_not_forgotten),
        cmocka_unit_test(a_hole_in_presence_that_is_yet_to_be_told_outlives_the_link),
        cmocka_unit_test(
            a_replay_that_has_always_more_and_brings_little_is_asked_for_ever_more_slowly),
        cmocka_unit_test(one_replay_serves_all_sessions_of_the_link),
        cmocka_unit_test(another_member_asks_when_the_last_one_to_join_has_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
