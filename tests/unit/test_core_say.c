#include "tests/unit/broker_kit.h"

/* Ada over A and Bob over B in the lobby, their coming told. */
static kit_t *kit_with_two(void)
{
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=Ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void the_event_has_what_the_answer_says(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    const frame_t *answer = kit_ask(kit, 'A', "say room=Lobby text='hello there'");
    ASSERT_HAS(answer, "ok=true seq=1 !dup !mid");
    assert_int_equal(frame_uint(answer, "at"), kit_wall_ms(kit));
    const frame_t *event = kit_event(kit, PUB, "message");
    assert_true(span_is(event->topic, "lobby"));
    ASSERT_HAS(event, "room=lobby seq=1 from=Ada text='hello there' !cid !sid !to");
    assert_int_equal(frame_uint(event, "epoch"), frame_uint(answer, "epoch"));
    assert_int_equal(frame_uint(event, "at"), frame_uint(answer, "at"));
    assert_int_equal(strlen(frame_get(event, "uid")), 16);
    kit_quiet(kit, 'A');
    kit_quiet(kit, 'B');
    size_t count;
    const appended_t *appended = kit_appended(kit, &count);
    assert_int_equal(count, 1);
    assert_string_equal(appended->log, "lobby");
    assert_true(appended->is_committed);
    kit_destroy(&kit);
}

static void what_is_carried_comes_as_it_was(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A',
            "say room=lobby text=x cid=1 type=image/png data=abc ref=7 rel=reply "
            "thread=3 x:={\"a\":[1,-2,nil,true,1.5,\"s\"],\"b\":{\"c\":\"d\"}}");
    ASSERT_HAS(kit_event(kit, PUB, "message"),
               "cid=1 type=image/png data=616263 ref=7 rel=reply thread=3 x.a.#=6 x.a.1=-2 "
               "x.a.2=nil x.b.c=d");
    kit_destroy(&kit);
}

static void who_may_not_speak_is_told_why(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "join room=tea");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "error=not_member !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=nowhere text=x"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=a/b text=x"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=@ text=x"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "say room='' text=x"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=*33 text=x"), "error=room_invalid");
    kit_destroy(&kit);
}

static void texts_have_rules(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=''"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=*4097"), "error=too_long");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=a\x1b[2J"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=a\r"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=\xff"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=\xc2\x80"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=*4096"), "ok=true seq=1");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text='a\tb\nc'"), "ok=true seq=2");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x rel=hates"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x data=*32769"), "error=too_long");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=*4096 data=*32768 type=*64 rel=redact"),
               "ok=true seq=3");
    kit_destroy(&kit);
}

static void a_known_cid_gets_the_first_answer_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    const frame_t *first = kit_ask(kit, 'A', "say room=lobby text=one cid=1");
    kit_pass(kit, 500);
    kit_forget(kit);
    first = kit_ask(kit, 'A', "say room=lobby text=two cid=2");
    kit_pass(kit, 100);
    const frame_t *again = kit_ask(kit, 'A', "say room=lobby text=another cid=2");
    ASSERT_HAS(again, "ok=true dup=true seq=2");
    assert_int_equal(frame_uint(first, "at"), frame_uint(again, "at"));
    assert_int_equal(frame_uint(first, "epoch"), frame_uint(again, "epoch"));
    /* before room and arguments are looked at */
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=1"), "ok=true dup=true seq=1");
    ASSERT_HAS(kit_ask(kit, 'A', "tell cid=1"), "ok=true dup=true seq=1 !mid");
    (void)kit_event(kit, PUB, "message");
    kit_quiet(kit, PUB);
    assert_int_equal(kit_counter(kit, "duplicates"), 3);
    kit_destroy(&kit);
}

static void a_permanent_refusal_takes_the_cid_and_is_given_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=1"), "error=no_such_room !dup");
    kit_ask(kit, 'A', "join room=nowhere");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=1"), "error=no_such_room dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby cid=2"), "error=bad_request !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=2"),
               "error=bad_request dup=true hint='the key text is missing'");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=nobody text=x cid=3"), "error=no_such_nick !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=3"), "error=no_such_nick dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=4"), "ok=true seq=1");
    kit_destroy(&kit);
}

static void cids_have_no_gaps_and_what_waits_takes_none(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.rate_per_s = 1;
    settings.rate_burst = 10;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=2"), "error=out_of_order !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=3"), "error=out_of_order");
    while (!frame_has(kit_ask(kit, 'A', "say room=lobby text=x cid=2"), "error=flood"))
        ;
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=3"), "error=flood");
    kit_pass(kit, 10000);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=3"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid:=-1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=4"), "ok=true");
    kit_destroy(&kit);
}

static void the_last_1024_cids_are_remembered(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    char request[64];
    for (unsigned cid = 1; cid <= LIMIT_CID_WINDOW + 1; cid++) {
        snprintf(request, sizeof request, "say room=lobby text=x cid=%u", cid);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true !dup");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=2"), "dup=true seq=2");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=1"), "error=bad_request !dup");
    kit_destroy(&kit);
}

static void sessions_have_cids_of_their_own_and_without_cid_nothing_is_remembered(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=1"), "seq=1 !dup");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x cid=1"), "seq=2 !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "seq=3");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "seq=4");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x cid=2"), "seq=5");
    kit_destroy(&kit);
}

static void times_do_not_go_back_within_a_room(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t before = frame_uint(kit_ask(kit, 'A', "say room=lobby text=x"), "at");
    kit_set_wall_ms(kit, kit_wall_ms(kit) - 3600000);
    assert_int_equal(frame_uint(kit_ask(kit, 'A', "say room=lobby text=x"), "at"), before);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_event_has_what_the_answer_says),
        cmocka_unit_test(what_is_carried_comes_as_it_was),
        cmocka_unit_test(who_may_not_speak_is_told_why),
        cmocka_unit_test(texts_have_rules),
        cmocka_unit_test(a_known_cid_gets_the_first_answer_again),
        cmocka_unit_test(a_permanent_refusal_takes_the_cid_and_is_given_again),
        cmocka_unit_test(cids_have_no_gaps_and_what_waits_takes_none),
        cmocka_unit_test(the_last_1024_cids_are_remembered),
        cmocka_unit_test(sessions_have_cids_of_their_own_and_without_cid_nothing_is_remembered),
        cmocka_unit_test(times_do_not_go_back_within_a_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
