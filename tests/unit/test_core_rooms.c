/* Joining, leaving, and how rooms are made and forgotten. */
#include "tests/unit/broker_kit.h"

static void joining_makes_a_room_under_its_folded_name(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=Tea"),
               "ok=true room=tea private=false heads.#=1 heads.tea.1=0 count=1");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=TEA"), "ok=true room=tea count=1"); /* again */
    kit_ask(kit, 'B', "hello nick=bob join=");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true count=2");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.#=1 rooms.0.room=tea rooms.0.count=2");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=$x"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=!x"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=''"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=*33"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=*32"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join"), "error=bad_request");
    kit_destroy(&kit);
}

static void thirty_two_rooms_are_the_limit(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    char request[64];
    kit_ask(kit, 'A', "hello nick=ada join=");
    for (unsigned i = 0; i < LIMIT_ROOMS_PER_SESSION; i++) {
        snprintf(request, sizeof request, "join room=r%u", i);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "join room=more"), "error=full !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=r5"), "ok=true"); /* in it already */
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=32");     /* none was made in vain */
    ASSERT_HAS(kit_ask(kit, 'A', "part room=r5"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=more"), "ok=true");
    kit_destroy(&kit);
}

static void leaving_is_for_members(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'B', "hello nick=bob join=");
    ASSERT_HAS(kit_ask(kit, 'B', "part room=lobby"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'B', "part room=nowhere"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "part room=a/b"), "error=room_invalid");
    ASSERT_HAS(kit_ask(kit, 'A', "part room=Lobby"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "part room=lobby"), "error=no_such_room");
    kit_destroy(&kit);
}

static void an_emptied_room_without_history_is_forgotten_at_once(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "part room=tea");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea count=0 changes.0.state=gone");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=tea"), "error=no_such_room");
    kit_pass(kit, 1000);
    kit_quiet(kit, PUB); /* no head of what is not there */
    kit_destroy(&kit);
}

static void a_room_made_again_has_a_higher_epoch_and_its_presence_goes_on(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.room_keep_ms = 0;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=");
    uint64_t epoch = 0, pseq = 0;
    for (int i = 0; i < 10; i++) {
        const frame_t *joined = kit_ask(kit, 'A', "join room=tea");
        ASSERT_HAS(joined, "heads.tea.1=0");
        assert_true(frame_uint(joined, "heads.tea.0") > epoch);
        assert_true(frame_uint(joined, "heads.tea.2") >= pseq);
        epoch = frame_uint(joined, "heads.tea.0");
        kit_ask(kit, 'A', "say room=tea text=x");
        kit_ask(kit, 'A', "part room=tea");
        const frame_t *event;
        kit_pass(kit, 0);
        while ((event = kit_any_event(kit, PUB)))
            if (frame_has(event, "ev=presence"))
                pseq = frame_uint(event, "pseq");
        assert_true(pseq > frame_uint(joined, "heads.tea.2"));
        if (i == 5)
            kit_set_wall_ms(kit, kit_wall_ms(kit) - 3600000); /* the clock may jump */
        kit_forget(kit);
    }
    kit_destroy(&kit);
}

static void a_room_with_history_is_kept_for_its_time(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.room_keep_ms = 10000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    uint64_t epoch = frame_uint(kit_ask(kit, 'A', "say room=tea text=x"), "epoch");
    kit_ask(kit, 'A', "part room=tea");
    kit_pass(kit, 9999);
    ASSERT_HAS(kit_ask(kit, 'A', "history room=tea"), "events.#=1");
    const frame_t *joined = kit_ask(kit, 'A', "join room=tea");
    ASSERT_HAS(joined, "heads.tea.1=1 count=1");
    assert_int_equal(frame_uint(joined, "heads.tea.0"), epoch);
    kit_pass(kit, 20000);
    kit_ask(kit, 'A', "part room=tea");
    kit_pass(kit, 9999);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=1");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=0");
    joined = kit_ask(kit, 'A', "join room=tea");
    ASSERT_HAS(joined, "heads.tea.1=0");
    assert_true(frame_uint(joined, "heads.tea.0") > epoch);
    assert_int_equal(kit_counter(kit, "rooms_made"), 2);
    assert_int_equal(kit_counter(kit, "rooms_forgotten"), 1);
    kit_destroy(&kit);
}

static void in_a_full_directory_the_room_longest_empty_makes_way(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.rooms_max = 3;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=one,two,three");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=four"), "error=full !retry_ms");
    kit_ask(kit, 'A', "say room=two text=x");
    kit_pass(kit, 10);
    kit_ask(kit, 'A', "say room=one text=x");
    kit_ask(kit, 'A', "part room=one");
    kit_ask(kit, 'A', "part room=two");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=3");
    kit_pass(kit, 100);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=three text=x"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=four"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=three"), "ok=true"); /* somebody is in it */
    ASSERT_HAS(kit_ask(kit, 'A', "join room=five"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=six"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true heads.#=1"); /* no lobby */
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining_makes_a_room_under_its_folded_name),
        cmocka_unit_test(thirty_two_rooms_are_the_limit),
        cmocka_unit_test(leaving_is_for_members),
        cmocka_unit_test(an_emptied_room_without_history_is_forgotten_at_once),
        cmocka_unit_test(a_room_made_again_has_a_higher_epoch_and_its_presence_goes_on),
        cmocka_unit_test(a_room_with_history_is_kept_for_its_time),
        cmocka_unit_test(in_a_full_directory_the_room_longest_empty_makes_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
