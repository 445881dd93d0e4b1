/* What waits for the store, what becomes of it, and what is undone when the store cannot. */
#include "tests/unit/broker_kit.h"

static kit_t *kit_with_two(void)
{
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

/* Sends, ends the turn, and asserts that the answer waits. */
static uint64_t send_waiting(kit_t *kit, char link, const char *request)
{
    uint64_t id = kit_send(kit, link, request);
    kit_turn(kit);
    assert_null(kit_reply(kit, link, id));
    return id;
}

static void nothing_is_visible_before_the_commit(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    uint64_t said = send_waiting(kit, 'A', "say room=lobby text=x");
    uint64_t told = send_waiting(kit, 'A', "tell to=bob text=y");
    kit_quiet(kit, PUB);
    kit_quiet(kit, 'A');
    kit_quiet(kit, 'B');
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby"), "events.#=0 head=0");
    ASSERT_HAS(kit_ask(kit, 'B', "replay room=lobby first=1 last=1"), "events.#=0 head=0 !lost");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=@"), "events.#=0 head=0");
    ASSERT_HAS(kit_ask(kit, 'B', "ping sid=0"), "heads.lobby.1=0 heads.@.1=0");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.0.seq=0");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "heads.lobby.1=0");
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', said), "ok=true seq=1");
    ASSERT_HAS(kit_event(kit, PUB, "message"), "seq=1");
    kit_quiet(kit, 'B');
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', told), "ok=true seq=1");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "text=y");
    ASSERT_HAS(kit_ask(kit, 'B', "ping sid=0"), "heads.lobby.1=1 heads.@.1=1");
    kit_destroy(&kit);
}

static void p162_a_link_that_waits_for_an_answer_is_not_forgotten(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    uint64_t said = send_waiting(kit, 'A', "say room=lobby text=x");
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "ok=true");
    kit_pass(kit, 15000);
    assert_int_equal(kit_counter(kit, "links_bare"), 0);
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', said), "ok=true seq=1");
    kit_pass(kit, 10000);
    assert_int_equal(kit_counter(kit, "links_bare"), 1);
    kit_destroy(&kit);
}

static void a_turn_is_one_batch_and_an_idle_turn_is_none(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    (void)kit_send(kit, 'A', "say room=lobby text=1");
    (void)kit_send(kit, 'A', "say room=lobby text=2");
    (void)kit_send(kit, 'B', "tell to=ada text=3");
    kit_turn(kit);
    assert_int_equal(kit_held(kit), 1);
    kit_turn(kit);
    (void)kit_ask(kit, 'A', "rooms");
    assert_int_equal(kit_held(kit), 1);
    size_t count;
    const appended_t *appended = kit_appended(kit, &count);
    assert_int_equal(count, 4);
    for (size_t i = 1; i < count; i++)
        assert_int_equal(appended[i].batch, appended[0].batch);
    kit_hold(kit, false);
    kit_destroy(&kit);
}

static void the_event_goes_out_before_its_answer(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "join room=den private=true");
    kit_pass(kit, 1000);
    kit_forget(kit);
    (void)kit_ask(kit, 'A', "say room=den text=x");
    ASSERT_HAS(kit_event(kit, 'A', "message"), "seq=1");
    kit_destroy(&kit);
}

static void answers_with_a_cid_wait_behind_those_that_wait(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    uint64_t one = send_waiting(kit, 'A', "say room=lobby text=x cid=1");
    uint64_t two = send_waiting(kit, 'A', "say room=nowhere text=x cid=2");
    uint64_t again = send_waiting(kit, 'A', "say room=lobby text=x cid=1");
    uint64_t twice = send_waiting(kit, 'A', "say cid=2");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=4"), "error=out_of_order");
    assert_int_equal(kit_held(kit), 1); /* the refusals are no work for the store */
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', one), "ok=true seq=1 !dup");
    ASSERT_HAS(kit_reply(kit, 'A', two), "error=no_such_room !dup");
    ASSERT_HAS(kit_reply(kit, 'A', again), "ok=true seq=1 dup=true");
    ASSERT_HAS(kit_reply(kit, 'A', twice), "error=no_such_room dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=2"), "error=no_such_room dup=true"); /* at once now */
    kit_hold(kit, false);
    kit_destroy(&kit);
}

static void a_failed_batch_is_undone_and_the_senders_told_to_try_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "say room=lobby text=zero cid=1");
    kit_forget(kit);
    kit_hold(kit, true);
    uint64_t ids[6];
    ids[0] = send_waiting(kit, 'A', "say room=lobby text=one cid=2");
    ids[1] = send_waiting(kit, 'A', "tell to=bob text=two cid=3");
    ids[2] = send_waiting(kit, 'A', "say room=nowhere text=x cid=4");
    ids[3] = send_waiting(kit, 'A', "say cid=2");
    ids[4] = kit_send(kit, 'A', "say room=lobby text=three cid=5"); /* in the open batch */
    ids[5] = kit_send(kit, 'B', "say room=lobby text=four");
    kit_fail(kit);
    for (int i = 0; i < 6; i++)
        ASSERT_HAS(kit_reply(kit, i < 5 ? 'A' : 'B', ids[i]),
                   "error=unavailable retry_ms=1000 !seq !dup");
    kit_quiet(kit, PUB);
    kit_quiet(kit, 'B');
    kit_turn(kit);
    assert_int_equal(kit_held(kit), 0);
    kit_hold(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=1"), "dup=true seq=1");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=3"), "error=out_of_order");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=one cid=2"), "ok=true seq=2 !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob text=two cid=3"), "ok=true seq=1 !dup");
    ASSERT_HAS(kit_event(kit, PUB, "message"), "seq=2 text=one");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "seq=1 text=two");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby"), "events.#=2 head=2 events.1.text=one");
    assert_int_equal(kit_counter(kit, "rolled_back"), 5);
    kit_destroy(&kit);
}

static void a_batch_number_is_not_used_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=lobby text=x");
    (void)kit_send(kit, 'A', "say room=lobby text=y"); /* the store has it, and it is void */
    kit_fail(kit);
    (void)send_waiting(kit, 'A', "say room=lobby text=z");
    kit_hold(kit, false);
    size_t count;
    const appended_t *appended = kit_appended(kit, &count);
    assert_int_equal(count, 3);
    assert_true(appended[0].batch < appended[1].batch && appended[1].batch < appended[2].batch);
    assert_int_equal(appended[2].seq, 1);
    assert_false(appended[1].is_committed);
    assert_true(appended[2].is_committed);
    kit_destroy(&kit);
}

/* A store that has several batches under way may report each of them. */
static void a_failure_that_is_told_twice_undoes_nothing_newer(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=lobby text=one");
    (void)send_waiting(kit, 'A', "say room=lobby text=two");
    size_t count;
    uint64_t second = kit_appended(kit, &count)[1].batch;
    kit_fail(kit);
    uint64_t id = send_waiting(kit, 'A', "say room=lobby text=three");
    kit_step(kit, (event_t){.kind = EVENT_APPEND_FAILED, .batch = second});
    assert_null(kit_reply(kit, 'A', id));
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', id), "ok=true seq=1");
    kit_destroy(&kit);
}

static void presence_is_told_either_way(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=lobby text=x");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "ok=true");
    kit_pass(kit, 60);
    kit_quiet(kit, PUB); /* behind the message: a room has one order */
    kit_fail(kit);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.nick=carl count=3");
    uint64_t id = send_waiting(kit, 'A', "say room=lobby text=y");
    ASSERT_HAS(kit_ask(kit, 'C', "bye"), "ok=true");
    kit_pass(kit, 60);
    kit_quiet(kit, PUB);
    kit_commit(kit);
    ASSERT_HAS(kit_event(kit, PUB, "message"), "seq=1 text=y");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=gone count=2");
    ASSERT_HAS(kit_reply(kit, 'A', id), "ok=true");
    kit_destroy(&kit);
}

/* Presence of the tea room waits behind a message of the first batch in the second, which the lobby
 * keeps open; once the first is stored, the room's next presence must not overtake it. */
static void what_waits_in_a_room_is_not_overtaken_by_what_need_not_wait(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "join room=tea");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=tea text=1");
    (void)kit_send(kit, 'B', "say room=lobby text=2");
    uint64_t joined = kit_send(kit, 'B', "join room=tea"), who = kit_send(kit, 'A', "who room=tea");
    assert_non_null(kit_reply(kit, 'B', joined));
    assert_non_null(kit_reply(kit, 'A', who));
    kit_turn(kit);
    kit_commit(kit);
    ASSERT_HAS(kit_event(kit, PUB, "message"), "room=tea");
    ASSERT_HAS(kit_ask(kit, 'B', "part room=tea"), "ok=true");
    kit_pass(kit, 100);
    kit_quiet(kit, PUB);
    kit_commit(kit);
    ASSERT_HAS(kit_event(kit, PUB, "message"), "room=lobby");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea changes.0.state=active count=2");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea changes.0.state=gone count=1");
    kit_destroy(&kit);
}

static void a_room_made_in_vain_by_who_has_left_is_forgotten(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    kit_ask(kit, 'A', "join room=tea");
    (void)kit_send(kit, 'A', "say room=tea text=1");
    (void)kit_send(kit, 'A', "say room=tea text=2");
    ASSERT_HAS(kit_ask(kit, 'A', "part room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.#=2");
    (void)kit_ask(kit, 'B', "who room=tea");
    kit_forget(kit);
    kit_fail(kit);
    kit_pass(kit, 0);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea count=0 changes.0.state=gone");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.#=1");
    kit_hold(kit, false);
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true count=1");
    kit_destroy(&kit);
}

static void a_room_left_while_its_message_waits_is_kept_for_its_time(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.room_keep_ms = 5000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_hold(kit, true);
    (void)kit_send(kit, 'A', "say room=tea text=1");
    kit_ask(kit, 'A', "part room=tea");
    kit_pass(kit, 10000);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=1");
    kit_commit(kit);
    kit_pass(kit, 4999);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=1 rooms.0.count=0 rooms.0.seq=1");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=0");
    kit_destroy(&kit);
}

static void who_goes_while_it_waits_harms_nobody(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        kit_t *kit = kit_with_two();
        kit_hold(kit, true);
        (void)kit_send(kit, 'A', "say room=lobby text=1 cid=1");
        (void)kit_send(kit, 'A', "tell to=bob text=2 cid=2");
        (void)kit_send(kit, 'B', "tell to=ada text=3");
        uint64_t bye = kit_send(kit, 'A', "bye");
        kit_turn(kit);
        ASSERT_HAS(kit_reply(kit, 'A', bye), "ok=true");
        kit_lose(kit, 'A');
        if (fails)
            kit_fail(kit);
        else
            kit_commit(kit);
        assert_null(kit_any_event(kit, 'A'));
        kit_hold(kit, false);
        ASSERT_HAS(kit_ask(kit, 'B', "history room=@"), fails ? "events.#=0" : "events.#=2");
        ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=4"), fails ? "seq=1" : "seq=2");
        kit_destroy(&kit);
    }
}

static void who_resumes_elsewhere_while_it_waits_loses_nothing(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=lobby text=1 cid=1");
    kit_lose(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$a"), "ok=true cid=1");
    uint64_t again = send_waiting(kit, 'C', "say room=lobby text=1 cid=1");
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'C', again), "ok=true dup=true seq=1");
    kit_destroy(&kit);
}

static void too_much_waiting_is_busy_and_takes_no_cid(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.pending_max = 16;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    char request[64];
    for (unsigned cid = 1; cid <= 8; cid++) { /* each is held with its answer */
        snprintf(request, sizeof request, "say room=lobby text=x cid=%u", cid);
        (void)send_waiting(kit, 'A', request);
    }
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=9"), "error=busy retry_ms=100");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=ada text=x cid=9"), "error=busy retry_ms=100");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=10"), "error=out_of_order");
    kit_commit(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "ok=true"); /* all else goes on */
    (void)send_waiting(kit, 'A', "say room=lobby text=x cid=9");
    kit_hold(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=9"), "dup=true seq=9");
    kit_destroy(&kit);
}

/* Whatever is held counts: who repeats or errs for ever does not fill our memory. */
static void answers_that_wait_are_bounded_too(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.pending_max = 16;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    (void)send_waiting(kit, 'A', "say room=lobby text=x cid=1");
    for (int i = 0; i < 14; i++)
        (void)send_waiting(kit, 'A', "say cid=1");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=1"), "error=busy retry_ms=100 !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=2"), "error=busy retry_ms=100");
    kit_hold(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=2"), "error=no_such_room !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=1"), "dup=true seq=1");
    kit_destroy(&kit);
}

static void numbers_have_no_holes_whatever_fails(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_hold(kit, true);
    for (int round = 0; round < 20; round++) {
        (void)kit_send(kit, 'A', "say room=lobby text=x");
        (void)kit_send(kit, 'B', "say room=lobby text=y");
        kit_turn(kit);
        (void)kit_send(kit, 'A', "say room=lobby text=z");
        kit_turn(kit);
        kit_commit(kit);
        kit_fail(kit);
    }
    kit_hold(kit, false);
    for (unsigned seq = 1; seq <= 40; seq++)
        assert_int_equal(frame_uint(kit_event(kit, PUB, "message"), "seq"), seq);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_visible_before_the_commit),
        cmocka_unit_test(p162_a_link_that_waits_for_an_answer_is_not_forgotten),
        cmocka_unit_test(a_turn_is_one_batch_and_an_idle_turn_is_none),
        cmocka_unit_test(the_event_goes_out_before_its_answer),
        cmocka_unit_test(answers_with_a_cid_wait_behind_those_that_wait),
        cmocka_unit_test(a_failed_batch_is_undone_and_the_senders_told_to_try_again),
        cmocka_unit_test(a_batch_number_is_not_used_again),
        cmocka_unit_test(a_failure_that_is_told_twice_undoes_nothing_newer),
        cmocka_unit_test(presence_is_told_either_way),
        cmocka_unit_test(what_waits_in_a_room_is_not_overtaken_by_what_need_not_wait),
        cmocka_unit_test(a_room_made_in_vain_by_who_has_left_is_forgotten),
        cmocka_unit_test(a_room_left_while_its_message_waits_is_kept_for_its_time),
        cmocka_unit_test(who_goes_while_it_waits_harms_nobody),
        cmocka_unit_test(who_resumes_elsewhere_while_it_waits_loses_nothing),
        cmocka_unit_test(too_much_waiting_is_busy_and_takes_no_cid),
        cmocka_unit_test(answers_that_wait_are_bounded_too),
        cmocka_unit_test(numbers_have_no_holes_whatever_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
