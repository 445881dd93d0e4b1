#include "tests/unit/broker_kit.h"

static kit_t *kit_with_two(void)
{
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=Ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void both_sides_get_their_copy_with_a_common_mid(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'B', "tell to=bob text=note"); /* so that the numbers differ */
    kit_pass(kit, 1000);
    kit_forget(kit);
    const frame_t *answer = kit_ask(kit, 'A', "tell to=BOB text='a b' cid=1 type=t");
    ASSERT_HAS(answer, "ok=true seq=1 mid at");
    const frame_t *own = kit_event(kit, 'A', "private"), *theirs = kit_event(kit, 'B', "private");
    ASSERT_HAS(own, "room=@ from=Ada to=bob text='a b' seq=1 cid=1 type=t !sid");
    ASSERT_HAS(theirs, "room=@ from=Ada to=bob text='a b' seq=2 cid=1 type=t !sid");
    assert_string_equal(frame_get(own, "mid"), frame_get(theirs, "mid"));
    assert_string_equal(frame_get(own, "mid"), frame_get(answer, "mid"));
    assert_int_equal(frame_uint(own, "at"), frame_uint(answer, "at"));
    assert_int_equal(frame_uint(own, "epoch"), frame_uint(answer, "epoch"));
    kit_quiet(kit, PUB);
    kit_quiet(kit, 'A');
    kit_quiet(kit, 'B');
    size_t count;
    const appended_t *appended = kit_appended(kit, &count);
    assert_int_equal(count, 3);
    assert_int_equal(appended[1].log[0], '@');
    assert_string_not_equal(appended[1].log, appended[2].log);
    kit_destroy(&kit);
}

static void to_oneself_it_is_one_copy(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=ada text=x"), "ok=true seq=1");
    ASSERT_HAS(kit_event(kit, 'A', "private"), "to=Ada from=Ada seq=1");
    kit_quiet(kit, 'A');
    ASSERT_HAS(kit_ask(kit, 'A', "history room=@"), "events.#=1 head=1");
    kit_destroy(&kit);
}

static void nobody_of_that_name_is_said_whatever_the_name(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=carl text=x"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=a/b text=x"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to='' text=x"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=*33 text=x"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob text=''"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob text=*4097"), "error=too_long");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob"), "error=bad_request");
    kit_quiet(kit, 'B');
    kit_destroy(&kit);
}

static void the_sid_is_named_where_the_link_has_carried_one(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'B', "hello sid=7 nick=carl");
    kit_ask(kit, 'A', "tell to=bob text=x");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "sid=0 to=bob");
    ASSERT_HAS(kit_event(kit, 'A', "private"), "!sid");
    kit_ask(kit, 'A', "tell to=carl text=x");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "sid=7 to=carl");
    kit_ask(kit, 'B', "bye sid=7");
    kit_ask(kit, 'A', "tell to=bob text=x");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "sid=0"); /* it has carried one */
    ASSERT_HAS(kit_ask(kit, 'B', "history room=@"), "events.#=2 !events.0.sid");
    kit_destroy(&kit);
}

static void who_is_detached_finds_it_in_the_inbox(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob"), "token");
    kit_lose(kit, 'B');
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob text=one"), "ok=true");
    kit_ask(kit, 'A', "tell to=bob text=two");
    kit_pass(kit, 1000);
    kit_forget(kit);
    const frame_t *welcome = kit_ask(kit, 'C', "resume token=$b");
    ASSERT_HAS(welcome, "heads.@.1=2");
    kit_quiet(kit, 'C');
    const frame_t *page = kit_ask(kit, 'C', "replay room=@ first=1 last=9");
    ASSERT_HAS(page, "events.#=2 events.0.text=one events.1.text=two more=false head=2 oldest=1");
    assert_int_equal(frame_uint(page, "events.0.epoch"), frame_uint(welcome, "heads.@.0"));
    kit_destroy(&kit);
}

static void an_inbox_is_its_owners(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    ASSERT_HAS(kit_ask(kit, 'A', "history room=@"), "events.#=0 head=0 oldest=1 more=false !lost");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=@ first=1 last=5"), "events.#=0 head=0 more=false");
    kit_ask(kit, 'A', "tell to=bob text=secret");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=@"), "events.#=1");
    kit_ask(kit, 'C', "hello nick=carl");
    ASSERT_HAS(kit_ask(kit, 'C', "history room=@"), "events.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "ok=true");
    kit_ask(kit, 'A', "hello nick=Ada"); /* somebody else of that name */
    ASSERT_HAS(kit_ask(kit, 'A', "history room=@"), "events.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=@"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=@"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'A', "part room=@"), "error=room_invalid");
    kit_destroy(&kit);
}

static void the_answer_of_a_known_cid_has_the_same_mid(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    const frame_t *first = kit_ask(kit, 'A', "tell to=bob text=x cid=1");
    const frame_t *again = kit_ask(kit, 'A', "tell to=bob text=x cid=1");
    ASSERT_HAS(again, "dup=true seq=1 ok=true");
    assert_string_equal(frame_get(first, "mid"), frame_get(again, "mid"));
    (void)kit_event(kit, 'B', "private");
    kit_quiet(kit, 'B');
    kit_destroy(&kit);
}

static void who_says_bye_at_once_still_gets_the_whole_answer(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t told = kit_send(kit, 'A', "tell to=bob text=x"), bye = kit_send(kit, 'A', "bye");
    kit_turn(kit);
    ASSERT_HAS(kit_reply(kit, 'A', told), "ok=true seq=1 epoch at mid");
    ASSERT_HAS(kit_reply(kit, 'A', bye), "ok=true");
    ASSERT_HAS(kit_event(kit, 'B', "private"), "text=x from=Ada");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_get_their_copy_with_a_common_mid),
        cmocka_unit_test(to_oneself_it_is_one_copy),
        cmocka_unit_test(nobody_of_that_name_is_said_whatever_the_name),
        cmocka_unit_test(the_sid_is_named_where_the_link_has_carried_one),
        cmocka_unit_test(who_is_detached_finds_it_in_the_inbox),
        cmocka_unit_test(an_inbox_is_its_owners),
        cmocka_unit_test(the_answer_of_a_known_cid_has_the_same_mid),
        cmocka_unit_test(who_says_bye_at_once_still_gets_the_whole_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
