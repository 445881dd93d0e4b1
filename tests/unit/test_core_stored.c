/* A broker with a store: what waits for it, what is done again when it could not, what is asked of it. */
#include "tests/unit/broker_kit.h"

#include <inttypes.h>

static const origin_t CRASHED = {0};

static kit_t *kit_stored(void)
{
    core_settings_t settings = kit_stored_settings();
    return kit_new(&settings);
}

static uint64_t send_waiting(kit_t *kit, char link, const char *request)
{
    uint64_t id = kit_send(kit, link, request);
    kit_turn(kit);
    assert_null(kit_reply(kit, link, id));
    return id;
}

static void p95_what_changes_a_record_is_answered_once_it_is_stored(void **state)
{
    (void)state;
    static const char *const CHANGES[] = {"join room=tea",
                                          "nick nick=countess",
                                          "status status=x",
                                          "join room=den private=true",
                                          "invite room=den nick=bob",
                                          "part room=tea",
                                          "bye"};
    kit_t *kit = kit_stored();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_hold(kit, true);
    uint64_t id = send_waiting(kit, 'A', "hello nick=ada");
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', id), "ok=true");
    for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
        id = send_waiting(kit, 'A', CHANGES[i]);
        kit_commit(kit);
        ASSERT_HAS(kit_reply(kit, 'A', id), "ok=true");
    }
    kit_hold(kit, false);
    kit_destroy(&kit);
}

/* Whatever order the shell has: the answer to a join waits for the join, not for what was before it. */
static void a_commit_within_the_turn_does_not_answer_what_the_turn_has_yet_to_write(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    uint64_t said = send_waiting(kit, 'A', "say room=lobby text=x");
    uint64_t join = kit_send(kit, 'A', "join room=tea");
    uint64_t refused = kit_send(kit, 'A', "say room=nowhere text=x cid=1");
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', said), "ok=true");
    assert_null(kit_reply(kit, 'A', join));
    assert_null(kit_reply(kit, 'A', refused));
    kit_turn(kit);
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', join), "ok=true");
    ASSERT_HAS(kit_reply(kit, 'A', refused), "error=no_such_room");
    kit_hold(kit, false);
    kit_destroy(&kit);
}

static void what_changes_nothing_is_answered_at_once(void **state)
{
    (void)state;
    static const char *const LOOKS[] = {
        "ping",          "ping sid=0",         "who room=lobby",
        "rooms",         "history room=lobby", "join room=lobby",
        "nick nick=ada", "status status=''",   "replay room=lobby first=1 last=2"};
    kit_t *kit = kit_stored();
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    for (size_t i = 0; i < sizeof LOOKS / sizeof LOOKS[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'A', LOOKS[i]), "ok=true");
    assert_int_equal(kit_held(kit), 0);
    kit_hold(kit, false);
    kit_destroy(&kit);
}

static void who_comes_while_too_much_waits_is_told_to_try_again_and_who_goes_may_go(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.pending_max = 8;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    for (int i = 0; i < 4; i++)
        (void)send_waiting(kit, 'A', "say room=lobby text=x");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "error=busy retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=countess"), "error=busy retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=0"), "ok=true");
    uint64_t bye = send_waiting(kit, 'A', "bye");
    kit_hold(kit, false);
    ASSERT_HAS(kit_reply(kit, 'A', bye), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true");
    kit_destroy(&kit);
}

static void a_refusal_for_good_is_answered_once_its_cid_is_stored(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_ask(kit, 'A', "hello nick=ada");
    kit_hold(kit, true);
    uint64_t id = send_waiting(kit, 'A', "say room=nowhere text=x cid=1");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x"), "error=no_such_room");
    kit_commit(kit);
    ASSERT_HAS(kit_reply(kit, 'A', id), "error=no_such_room");
    kit_hold(kit, false);
    kit_destroy(&kit);
}

/* The disk is full: people come and go all the same, and are stored when there is room. */
static void p95_records_that_failed_are_written_again(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_ask(kit, 'C', "hello nick=carl");
    kit_ask(kit, 'C', "tell to=carl text=x");
    kit_hold(kit, true);
    uint64_t hello = send_waiting(kit, 'A', "hello nick=ada join=lobby,tea");
    uint64_t bye = send_waiting(kit, 'C', "bye");
    kit_fail(kit);
    ASSERT_HAS(kit_reply(kit, 'A', hello), "ok=true heads.tea");
    ASSERT_HAS(kit_reply(kit, 'C', bye), "ok=true");
    kit_turn(kit);
    assert_int_equal(kit_held(kit), 0); /* it waits before it tries again by itself */
    kit_pass(kit, 1000);
    kit_turn(kit);
    assert_int_equal(kit_held(kit), 1);
    kit_fail(kit);
    kit_pass(kit, 1000);
    kit_turn(kit);
    kit_hold(kit, false);
    assert_int_equal(kit_store_count(kit_store(kit), 'l'), 0); /* carl's inbox went */
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=carl"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=tea"), "count=1 members.0.nick=ada");
    kit_destroy(&kit);
}

static void records_that_failed_go_with_the_next_message(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_hold(kit, true);
    uint64_t hello = send_waiting(kit, 'A', "hello nick=ada");
    kit_fail(kit);
    const frame_t *welcome = kit_reply(kit, 'A', hello);
    kit_save(kit, 'a', welcome, "token");
    kit_hold(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=1"), "seq=1");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true cid=1 heads.lobby.1=1");
    kit_destroy(&kit);
}

static void a_room_forgotten_while_the_store_fails_may_be_made_again_at_once(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.history_keep_ms = 60000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_ask(kit, 'A', "say room=tea text=old");
    kit_ask(kit, 'A', "part room=tea");
    kit_hold(kit, true);
    for (int i = 0; i < 8; i++) { /* what is said is trimmed, so the room is forgotten */
        kit_pass(kit, 9000);
        kit_ask(kit, 'A', "ping");
    }
    assert_int_equal(kit_counter(kit, "rooms"), 0);
    assert_true(kit_counter(kit, "trims_asked") > 0);
    kit_fail(kit);
    uint64_t join = kit_send(kit, 'A', "join room=tea");
    uint64_t say = kit_send(kit, 'A', "say room=tea text=new");
    kit_turn(kit);
    kit_hold(kit, false);
    ASSERT_HAS(kit_reply(kit, 'A', join), "heads.tea.1=0");
    ASSERT_HAS(kit_reply(kit, 'A', say), "seq=1");
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=tea"), "events.#=1 events.0.text=new");
    kit_destroy(&kit);
}

static void p97_a_cid_undone_is_not_known_to_the_next_broker(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_hold(kit, true);
    uint64_t said = send_waiting(kit, 'A', "say room=lobby text=x cid=1");
    kit_fail(kit);
    ASSERT_HAS(kit_reply(kit, 'A', said), "error=unavailable retry_ms");
    kit_hold(kit, false);
    kit_pass(kit, 2000);
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "cid=0 heads.lobby.1=0");
    kit_destroy(&kit);
}

/* A ring of 16 events; what is older comes from the store, and every page is as if it were all in one. */
static void pages_from_ring_and_store_are_one_history(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.ring_events = 16;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    uint64_t at[51];
    char request[160], expected[160];
    for (int i = 1; i <= 50; i++) {
        at[i] = frame_uint(kit_ask(kit, 'A', "say room=lobby text=x"), "at");
        kit_pass(kit, 10);
    }
    for (int first = 1; first <= 50; first++) {
        snprintf(request, sizeof request, "replay room=lobby first=%d last=60", first);
        snprintf(expected, sizeof expected, "events.#=%d events.0.seq=%d more=false !lost oldest=1",
                 51 - first, first);
        ASSERT_HAS(kit_ask(kit, 'A', request), expected);
        snprintf(request, sizeof request, "history room=lobby before=%d limit=7", first + 1);
        snprintf(expected, sizeof expected, "events.#=%d events.0.seq=%d more=%s !lost",
                 first < 7 ? first : 7, first < 7 ? 1 : first - 6, first > 7 ? "true" : "false");
        ASSERT_HAS(kit_ask(kit, 'A', request), expected);
        snprintf(request, sizeof request, "history room=lobby since=%" PRIu64 " limit=5",
                 at[first]);
        snprintf(expected, sizeof expected, "events.#=%d more=%s !lost",
                 first > 45 ? 50 - first : 5, first < 45 ? "true" : "false");
        ASSERT_HAS(kit_ask(kit, 'A', request), expected);
        snprintf(request, sizeof request, "history room=lobby until=%" PRIu64 " limit=5",
                 at[first]);
        snprintf(expected, sizeof expected, "events.#=%d more=%s !lost", first < 6 ? first - 1 : 5,
                 first > 6 ? "true" : "false");
        ASSERT_HAS(kit_ask(kit, 'A', request), expected);
    }
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby limit=20"), "events.#=20 events.19.seq=50");
    assert_true(kit_counter(kit, "pages_asked") > 0);
    kit_destroy(&kit);
}

static void the_notes_of_cids_are_swept_and_no_answer_is_lost(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    char request[80];
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=ada"), "token");
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob"), "token");
    kit_ask(kit, 'B', "say room=nowhere text=x cid=1");
    kit_ask(kit, 'B', "say room=nowhere text=x cid=2");
    unsigned cid = 0;
    while (cid < 70000) {
        for (int i = 0; i < 500; i++) {
            snprintf(request, sizeof request, "say room=nowhere text=x cid=%u", ++cid);
            (void)kit_send(kit, 'A', request);
        }
        kit_turn(kit);
        kit_forget(kit);
    }
    assert_int_equal(kit_counter(kit, "sweeps"), 1);
    assert_true(kit_store_count(kit_store(kit), 'n') < 20);
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "cid=70000");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=68976"), "error=bad_request !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=68977"),
               "error=no_such_room dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=70001"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "cid=2");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=nowhere text=x cid=1"), "error=no_such_room dup=true");
    kit_destroy(&kit);
}

static void history_is_bounded_by_number_and_bytes(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.history_events = 400;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    for (int i = 0; i < 1500; i++)
        kit_ask(kit, 'A', "say room=lobby text=x");
    const frame_t *page = kit_ask(kit, 'A', "replay room=lobby first=1 last=1500");
    uint64_t oldest = frame_uint(page, "oldest");
    assert_in_range(oldest, 1500 - 400 - 256 + 1, 1500 - 400 + 1);
    char expected[80];
    snprintf(expected, sizeof expected, "events.0.seq=%" PRIu64 " lost.0=1 lost.1=%" PRIu64, oldest,
             oldest - 1);
    ASSERT_HAS(page, expected);
    settings.history_events = 0;
    settings.history_bytes = 100000;
    kit_restart(kit, &settings, CRASHED);
    kit_ask(kit, 'A', "hello nick=bob");
    for (int i = 0; i < 60; i++)
        kit_ask(kit, 'A', "say room=lobby text=*4000");
    oldest = frame_uint(kit_ask(kit, 'A', "history room=lobby"), "oldest");
    assert_in_range(oldest, 1500, 1560 - 24);
    kit_destroy(&kit);
}

static void history_is_bounded_by_age_and_an_empty_room_ends_with_it(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.history_keep_ms = 100000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=lobby,tea");
    kit_ask(kit, 'A', "say room=lobby text=old");
    kit_ask(kit, 'A', "say room=tea text=old");
    kit_ask(kit, 'A', "tell to=ada text=old");
    kit_ask(kit, 'A', "part room=tea");
    for (int i = 0; i < 8; i++) {
        kit_pass(kit, 9000);
        kit_ask(kit, 'A', "ping");
    }
    kit_ask(kit, 'A', "say room=lobby text=new");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=tea"), "events.#=1");
    for (int i = 0; i < 4; i++) {
        kit_pass(kit, 9000);
        kit_ask(kit, 'A', "ping");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby"), "events.#=1 events.0.text=new oldest=2");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=@"), "events.#=0 oldest=2 head=1");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=tea"), "error=no_such_room");
    assert_int_equal(kit_store_count(kit_store(kit), 'l'), 2);
    kit_restart(kit, &settings, CRASHED);
    kit_ask(kit, 'A', "hello nick=bob join=tea");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby"), "events.#=1 oldest=2");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=tea text=again"), "seq=1");
    kit_destroy(&kit);
}

static void a_full_house_keeps_the_rooms_with_history(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.rooms_max = 2;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=lobby,tea");
    kit_ask(kit, 'A', "say room=tea text=x");
    kit_ask(kit, 'A', "part room=tea");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=tea"), "events.#=1");
    kit_destroy(&kit);
}

static void a_replay_has_a_budget_that_grows_with_its_room(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.replay_per_s = 100;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob");
    for (int i = 0; i < 500; i++)
        kit_ask(kit, 'A', "say room=lobby text=x"); /* 500 within the second */
    kit_pass(kit, 5000);
    for (int i = 0; i < 4; i++)
        ASSERT_HAS(kit_ask(kit, 'B', "replay room=lobby first=1 last=500"), "events.#=500");
    const frame_t *refused = kit_ask(kit, 'B', "replay room=lobby first=1 last=500");
    ASSERT_HAS(refused, "error=flood");
    assert_true(frame_uint(refused, "retry_ms") <= 500);
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby first=1 last=500"), "events.#=500");
    kit_pass(kit, 500);
    ASSERT_HAS(kit_ask(kit, 'B', "replay room=lobby first=1 last=500"), "events.#=500");
    kit_destroy(&kit);
}

static void a_turn_hands_out_so_many_bytes_of_pages(void **state)
{
    (void)state;
    kit_t *kit = kit_stored();
    kit_ask(kit, 'A', "hello nick=ada");
    for (int i = 0; i < 15; i++)
        kit_ask(kit, 'A', "say room=lobby text=*4000");
    uint64_t ids[100], busy = 0;
    for (int i = 0; i < 100; i++)
        ids[i] = kit_send(kit, 'A', "replay room=lobby first=1 last=15");
    kit_turn(kit);
    for (int i = 0; i < 100; i++) {
        const frame_t *reply = kit_reply(kit, 'A', ids[i]);
        busy += frame_get(reply, "error") != NULL;
        ASSERT_HAS(reply, frame_get(reply, "error") ? "error=busy retry_ms" : "events.#=15");
    }
    assert_in_range(busy, 50, 80);
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby first=1 last=15"), "events.#=15");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p95_what_changes_a_record_is_answered_once_it_is_stored),
        cmocka_unit_test(a_commit_within_the_turn_does_not_answer_what_the_turn_has_yet_to_write),
        cmocka_unit_test(what_changes_nothing_is_answered_at_once),
        cmocka_unit_test(who_comes_while_too_much_waits_is_told_to_try_again_and_who_goes_may_go),
        cmocka_unit_test(a_refusal_for_good_is_answered_once_its_cid_is_stored),
        cmocka_unit_test(p95_records_that_failed_are_written_again),
        cmocka_unit_test(records_that_failed_go_with_the_next_message),
        cmocka_unit_test(a_room_forgotten_while_the_store_fails_may_be_made_again_at_once),
        cmocka_unit_test(p97_a_cid_undone_is_not_known_to_the_next_broker),
        cmocka_unit_test(pages_from_ring_and_store_are_one_history),
        cmocka_unit_test(the_notes_of_cids_are_swept_and_no_answer_is_lost),
        cmocka_unit_test(history_is_bounded_by_number_and_bytes),
        cmocka_unit_test(history_is_bounded_by_age_and_an_empty_room_ends_with_it),
        cmocka_unit_test(a_full_house_keeps_the_rooms_with_history),
        cmocka_unit_test(a_replay_has_a_budget_that_grows_with_its_room),
        cmocka_unit_test(a_turn_hands_out_so_many_bytes_of_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
