#include "tests/unit/broker_kit.h"

/* Ada over A in the lobby, her coming told. */
static kit_t *kit_with_ada(void)
{
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

/* Many sessions over one link, in the lobby. */
static void greet_many(kit_t *kit, char link, unsigned first, unsigned count)
{
    char request[64];
    for (unsigned i = first; i < first + count; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u", i, i);
        (void)kit_send(kit, link, request);
    }
    kit_turn(kit);
}

static void an_arrival_is_told_within_50_ms(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    uint64_t pseq = frame_uint(kit_ask(kit, 'B', "hello nick=Bob"), "heads.lobby.2");
    kit_pass(kit, 49);
    kit_quiet(kit, PUB);
    kit_pass(kit, 1);
    const frame_t *event = kit_event(kit, PUB, "presence");
    ASSERT_HAS(event, "room=lobby count=2 changes.#=1 changes.0.nick=Bob changes.0.state=active "
                      "changes.0.uid !changes.0.was !changes.0.status");
    assert_int_equal(frame_uint(event, "pseq"), pseq + 1);
    assert_int_equal(frame_uint(event, "at"), kit_wall_ms(kit));
    kit_destroy(&kit);
}

static void changes_are_gathered_into_one_event(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    greet_many(kit, 'B', 1, 100);
    kit_pass(kit, 40);
    greet_many(kit, 'B', 101, 100);
    kit_pass(kit, 10);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=201 changes.#=200 changes.199.nick=user200");
    kit_pass(kit, 150);
    kit_quiet(kit, PUB);
    kit_destroy(&kit);
}

static void a_later_change_of_the_same_member_replaces_the_earlier(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'C', "hello nick=carl");
    kit_ask(kit, 'B', "status status=tea");
    kit_ask(kit, 'B', "status status=coffee");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "changes.#=2 changes.0.nick=carl changes.1.nick=bob changes.1.status=coffee "
               "changes.1.state=active count=3");
    kit_destroy(&kit);
}

static void a_rename_tells_the_name_before(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=Countess"), "ok=true nick=Countess");
    kit_ask(kit, 'A', "nick nick=duchess");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "changes.#=1 changes.0.nick=duchess changes.0.was=ada changes.0.state=active");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=Duchess"), "nick=Duchess"); /* another spelling */
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.nick=Duchess changes.0.was=duchess");
    kit_pass(kit, 1000);
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=Duchess"), "nick=Duchess"); /* the very same */
    kit_pass(kit, 1000);
    kit_quiet(kit, PUB);
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=a/b"), "error=nick_invalid");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=ada"), "ok=true"); /* free at once */
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=ADA"), "error=nick_taken");
    kit_destroy(&kit);
}

static void a_name_that_changes_hands_is_told_in_order(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'B', "nick nick=robert");
    kit_ask(kit, 'C', "hello nick=bob");
    kit_ask(kit, 'C', "bye");
    kit_ask(kit, 'D', "hello nick=bob");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "count=3 changes.#=3 changes.0.nick=robert changes.0.was=bob changes.1.nick=bob "
               "changes.1.state=gone changes.2.nick=bob changes.2.state=active");
    kit_destroy(&kit);
}

static void two_who_swap_names_are_told_one_after_the_other(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "nick nick=tmp");
    kit_ask(kit, 'B', "nick nick=ada");
    kit_ask(kit, 'A', "nick nick=bob");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "changes.#=2 changes.0.nick=tmp changes.0.was=ada changes.1.nick=ada "
               "changes.1.was=bob");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.#=1 changes.0.nick=bob changes.0.was=tmp");
    kit_destroy(&kit);
}

static void who_leaves_and_comes_back_at_once_is_there(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'B', "part room=lobby");
    kit_ask(kit, 'B', "join room=lobby");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "count=2 changes.#=2 changes.0.state=gone changes.1.state=active");
    kit_destroy(&kit);
}

static void a_members_pending_change_goes_out_before_their_next_message(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    kit_ask(kit, 'A', "say room=lobby text=1"); /* of somebody else: nothing hurries */
    ASSERT_HAS(kit_event(kit, PUB, "message"), "text=1");
    kit_ask(kit, 'B', "say room=lobby text=2");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.nick=bob");
    ASSERT_HAS(kit_event(kit, PUB, "message"), "text=2");
    kit_pass(kit, 100);
    kit_quiet(kit, PUB);
    kit_destroy(&kit);
}

static void pending_changes_are_told_before_who_is_answered(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob");
    const frame_t *who = kit_ask(kit, 'A', "who room=lobby");
    ASSERT_HAS(who, "count=2 members.#=2");
    const frame_t *event = kit_event(kit, PUB, "presence");
    assert_int_equal(frame_uint(who, "pseq"), frame_uint(event, "pseq"));
    kit_pass(kit, 100);
    kit_quiet(kit, PUB);
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "count=2");
    kit_quiet(kit, PUB); /* nothing was pending */
    kit_destroy(&kit);
}

static void a_status_is_told_shown_and_cleared(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    ASSERT_HAS(kit_ask(kit, 'A', "status status='tea time'"), "ok=true");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "changes.0.nick=ada changes.0.status='tea time' changes.0.state=active");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "members.0.status='tea time'");
    kit_ask(kit, 'A', "join room=tea"); /* who comes with one */
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea changes.0.status='tea time'");
    kit_pass(kit, 500);
    kit_forget(kit);
    kit_ask(kit, 'A', "status status='tea time'"); /* nothing new */
    kit_pass(kit, 500);
    kit_quiet(kit, PUB);
    ASSERT_HAS(kit_ask(kit, 'A', "status status=''"), "ok=true");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.status=''");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "!members.0.status");
    ASSERT_HAS(kit_ask(kit, 'A', "status status=*129"), "error=too_long");
    ASSERT_HAS(kit_ask(kit, 'A', "status status='a\tb'"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "status status='a\nb'"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "status status=*128"), "ok=true");
    kit_destroy(&kit);
}

static void a_change_tells_the_status_that_there_is(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    kit_ask(kit, 'B', "hello nick=bob join=");
    kit_ask(kit, 'B', "status status=busy");
    kit_ask(kit, 'B', "join room=lobby");
    kit_lose(kit, 'B'); /* supersedes the arrival */
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "changes.#=1 changes.0.state=detached changes.0.status=busy");
    kit_pass(kit, 30000);
    ASSERT_HAS(kit_event(kit, PUB, "head"), "room=lobby");
    kit_destroy(&kit);
}

static void over_500_members_presence_is_a_count(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    greet_many(kit, 'B', 1, 499);
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=500 changes.#=499");
    greet_many(kit, 'B', 500, 1); /* more members after */
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=501 !changes");
    kit_ask(kit, 'B', "bye sid=500"); /* more before */
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=500 !changes");
    kit_ask(kit, 'B', "bye sid=499");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=499 changes.#=1 changes.0.nick=user499");
    assert_int_equal(kit_counter(kit, "presence_counts"), 2);
    kit_destroy(&kit);
}

static void over_500_at_any_time_in_between_is_a_count_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    char request[32];
    greet_many(kit, 'B', 1, 498);
    kit_pass(kit, 50);
    kit_forget(kit);
    greet_many(kit, 'B', 600, 3);
    for (unsigned sid = 600; sid < 603; sid++) {
        snprintf(request, sizeof request, "bye sid=%u", sid);
        kit_ask(kit, 'B', request);
    }
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=499 !changes");
    kit_ask(kit, 'B', "status sid=1 status=x");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=499 changes.#=1");
    kit_destroy(&kit);
}

static void more_than_500_changes_are_a_count(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    char request[64];
    for (unsigned i = 0; i < 251; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u", i, i);
        kit_ask(kit, 'B', request);
        snprintf(request, sizeof request, "bye sid=%u", i);
        kit_ask(kit, 'B', request);
    }
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=1 changes.#=251"); /* coming is superseded */
    for (unsigned i = 0; i < 501; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u", i, i);
        kit_ask(kit, 'B', request);
        snprintf(request, sizeof request, "bye sid=%u", i);
        kit_ask(kit, 'B', request);
    }
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "count=1 !changes");
    kit_destroy(&kit);
}

/* A storm costs O(n): each event once, none larger than a frame. */
static void ten_thousand_arrivals_take_a_few_events(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.sessions_max = 20000;
    kit_t *kit = kit_new(&settings);
    for (unsigned i = 0; i < 100; i++) {
        greet_many(kit, 'B', 1 + 100 * i, 100);
        kit_pass(kit, 5);
    }
    kit_pass(kit, 50);
    unsigned events = 0;
    while (kit_any_event(kit, PUB))
        events++;
    assert_in_range(events, 8, 12);
    kit_destroy(&kit);
}

static void what_does_not_fit_a_frame_is_told_in_several(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    greet_many(kit, 'B', 1, 499);
    kit_pass(kit, 1000);
    kit_forget(kit);
    char request[256];
    for (unsigned sid = 1; sid < 500; sid++) {
        snprintf(request, sizeof request, "status sid=%u status=*128", sid);
        (void)kit_send(kit, 'B', request);
    }
    kit_pass(kit, 50);
    unsigned changes = 0;
    const frame_t *event;
    while ((event = kit_any_event(kit, PUB)))
        changes += (unsigned)frame_uint(event, "changes.#");
    assert_int_equal(changes, 499);
    kit_destroy(&kit);
}

static void who_changes_a_thousand_times_is_one_change(void **state)
{
    (void)state;
    kit_t *kit = kit_with_ada();
    greet_many(kit, 'B', 1, 10);
    kit_pass(kit, 1000);
    kit_forget(kit);
    char request[64];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(request, sizeof request, "status sid=%u status=tea%u", 1 + i % 7, i);
        (void)kit_send(kit, 'B', request);
    }
    kit_ask(kit, 'B', "nick sid=3 nick=last");
    kit_pass(kit, 50);
    ASSERT_HAS(kit_event(kit, PUB, "presence"),
               "count=11 changes.#=7 changes.0.nick=user4 changes.0.status=tea4994 "
               "changes.6.nick=last changes.6.was=user3 changes.6.status=tea4993");
    kit_quiet(kit, PUB);
    kit_destroy(&kit);
}

static void it_goes_to_every_room_of_the_session(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=one,two,three");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=gone count=0");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=gone count=0");
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "changes.0.state=gone count=0");
    kit_pass(kit, 1000);
    kit_quiet(kit, PUB);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arrival_is_told_within_50_ms),
        cmocka_unit_test(changes_are_gathered_into_one_event),
        cmocka_unit_test(a_later_change_of_the_same_member_replaces_the_earlier),
        cmocka_unit_test(a_rename_tells_the_name_before),
        cmocka_unit_test(a_name_that_changes_hands_is_told_in_order),
        cmocka_unit_test(two_who_swap_names_are_told_one_after_the_other),
        cmocka_unit_test(who_leaves_and_comes_back_at_once_is_there),
        cmocka_unit_test(a_members_pending_change_goes_out_before_their_next_message),
        cmocka_unit_test(pending_changes_are_told_before_who_is_answered),
        cmocka_unit_test(a_status_is_told_shown_and_cleared),
        cmocka_unit_test(a_change_tells_the_status_that_there_is),
        cmocka_unit_test(over_500_members_presence_is_a_count),
        cmocka_unit_test(over_500_at_any_time_in_between_is_a_count_too),
        cmocka_unit_test(more_than_500_changes_are_a_count),
        cmocka_unit_test(ten_thousand_arrivals_take_a_few_events),
        cmocka_unit_test(what_does_not_fit_a_frame_is_told_in_several),
        cmocka_unit_test(who_changes_a_thousand_times_is_one_change),
        cmocka_unit_test(it_goes_to_every_room_of_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
