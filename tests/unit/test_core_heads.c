#include "tests/unit/broker_kit.h"

static void a_head_follows_200_ms_after_the_last_message(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 1000);
    kit_forget(kit);
    for (int i = 0; i < 5; i++) {
        kit_ask(kit, 'A', "say room=lobby text=x");
        (void)kit_event(kit, PUB, "message");
        kit_pass(kit, 199);
        kit_quiet(kit, PUB);
    }
    kit_pass(kit, 1);
    const frame_t *head = kit_event(kit, PUB, "head");
    ASSERT_HAS(head, "room=lobby seq=5 !sid");
    const frame_t *ping = kit_ask(kit, 'A', "ping");
    assert_int_equal(frame_uint(head, "epoch"), frame_uint(ping, "heads.lobby.0"));
    assert_int_equal(frame_uint(head, "pseq"), frame_uint(ping, "heads.lobby.2"));
    kit_pass(kit, 20000);
    kit_quiet(kit, PUB); /* once */
    kit_destroy(&kit);
}

static void a_head_follows_presence_too(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 50);
    uint64_t pseq = frame_uint(kit_event(kit, PUB, "presence"), "pseq");
    kit_pass(kit, 199);
    kit_quiet(kit, PUB);
    kit_pass(kit, 1);
    const frame_t *head = kit_event(kit, PUB, "head");
    ASSERT_HAS(head, "seq=0");
    assert_int_equal(frame_uint(head, "pseq"), pseq);
    kit_destroy(&kit);
}

static void an_inbox_has_its_head_over_router(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=");
    kit_ask(kit, 'B', "hello nick=bob join= sid=2");
    kit_ask(kit, 'A', "tell to=bob text=1");
    kit_pass(kit, 150);
    kit_ask(kit, 'A', "tell to=bob text=2");
    for (const char *link = "AB"; *link; link++) {
        (void)kit_event(kit, *link, "private");
        (void)kit_event(kit, *link, "private");
    }
    kit_pass(kit, 199);
    kit_quiet(kit, 'A');
    kit_pass(kit, 1);
    ASSERT_HAS(kit_event(kit, 'A', "head"), "room=@ seq=2 pseq=0 !sid");
    ASSERT_HAS(kit_event(kit, 'B', "head"), "room=@ seq=2 pseq=0 sid=2");
    kit_quiet(kit, PUB);
    kit_pass(kit, 1000);
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void a_head_of_a_room_waits_behind_its_messages(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 100);
    kit_forget(kit);
    kit_hold(kit, true);
    (void)kit_send(kit, 'A', "say room=lobby text=x");
    kit_pass(kit, 1000);
    kit_quiet(kit, PUB);
    kit_hold(kit, false);
    ASSERT_HAS(kit_event(kit, PUB, "message"), "seq=1");
    const frame_t *event;
    while (kit_pass(kit, 100), (event = kit_any_event(kit, PUB)))
        ASSERT_HAS(event, "ev=head");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "heads.lobby.1=1");
    kit_destroy(&kit);
}

static void pseq_begins_at_the_clock_and_grows_by_one(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    uint64_t began = kit_wall_ms(kit);
    kit_ask(kit, 'A', "hello nick=ada join=");
    kit_pass(kit, 5000);
    uint64_t pseq = frame_uint(kit_ask(kit, 'A', "join room=tea"), "heads.tea.2");
    assert_true(pseq >= began);
    char request[32];
    for (unsigned i = 0; i < 20; i++) {
        snprintf(request, sizeof request, "status status=s%u", i);
        kit_ask(kit, 'A', request);
        if (i == 10)
            kit_set_wall_ms(kit, began - 1000000);
        kit_pass(kit, 60);
        assert_int_equal(frame_uint(kit_event(kit, PUB, "presence"), "pseq"), ++pseq);
    }
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_follows_200_ms_after_the_last_message),
        cmocka_unit_test(a_head_follows_presence_too),
        cmocka_unit_test(an_inbox_has_its_head_over_router),
        cmocka_unit_test(a_head_of_a_room_waits_behind_its_messages),
        cmocka_unit_test(pseq_begins_at_the_clock_and_grows_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
