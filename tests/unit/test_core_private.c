#include "tests/unit/broker_kit.h"

#include <inttypes.h>

/* Ada (A) in the private room den; Bob (B) and Carl (C) outside. */
static kit_t *kit_with_den(void)
{
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada join=");
    kit_ask(kit, 'B', "hello nick=bob join=");
    kit_ask(kit, 'C', "hello nick=carl join=");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=Den private=true"), "room=den private=true count=1");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void for_strangers_it_does_not_exist(void **state)
{
    (void)state;
    static const char *const REQUESTS[] = {
        "join room=den", "join room=den private=true", "say room=den text=x",
        "who room=den",  "history room=den",           "replay room=den first=1 last=2",
        "part room=den", "invite room=den nick=carl",  "invite room=den nick=bob",
    };
    kit_t *kit = kit_with_den();
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'B', REQUESTS[i]), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=1");
    ASSERT_HAS(kit_ask(kit, 'D', "hello join=den"), "heads.#=1");
    kit_destroy(&kit);
}

static void who_is_invited_may_join_and_nothing_else(void **state)
{
    (void)state;
    static const char *const REQUESTS[] = {
        "say room=den text=x", "who room=den",
        "history room=den",    "replay room=den first=1 last=2",
        "part room=den",       "invite room=den nick=carl",
    };
    kit_t *kit = kit_with_den();
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=BOB"), "ok=true");
    kit_quiet(kit, 'B');
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'B', REQUESTS[i]), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'B', "rooms"), "rooms.#=0");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=DEN"), "ok=true private=true count=2");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=den"), "count=2");
    ASSERT_HAS(kit_ask(kit, 'B', "part room=den"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room"); /* used up */
    kit_destroy(&kit);
}

static void inviting_has_its_errors(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'A', "join room=tea");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=tea nick=bob"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'B', "invite room=tea nick=carl"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=nobody"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=a/b"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=ada"), "error=exists");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=nowhere nick=bob"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true"); /* again */
    ASSERT_HAS(kit_ask(kit, 'A', "join room=tea private=true"), "error=exists");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den private=true"), "ok=true private=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den private=false"), "ok=true private=true");
    kit_destroy(&kit);
}

static void sixty_four_invitations_are_open_and_who_has_gone_frees_theirs(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    char request[64];
    for (unsigned i = 0; i <= LIMIT_INVITES_PER_ROOM; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u join=", 10 + i, i);
        kit_ask(kit, 'B', request);
        snprintf(request, sizeof request, "invite room=den nick=user%u", i);
        ASSERT_HAS(kit_ask(kit, 'A', request),
                   i < LIMIT_INVITES_PER_ROOM ? "ok=true" : "error=full !retry_ms");
    }
    kit_ask(kit, 'B', "bye sid=15");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=user64"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "error=full");
    kit_ask(kit, 'B', "join sid=16 room=den");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true");
    kit_destroy(&kit);
}

/* Whoever is in may invite, but nobody can keep those who look after the room from inviting. */
static void p58_members_leave_room_for_the_invitations_of_owner_and_moderators(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'A', "invite room=den nick=bob");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true");
    char request[64];
    for (unsigned i = 1; i <= LIMIT_INVITES_BY_MEMBERS + 3; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u join=", i, i);
        kit_ask(kit, 'U', request);
        snprintf(request, sizeof request, "invite room=den nick=user%u", i);
        if (i <= LIMIT_INVITES_BY_MEMBERS + 1)
            ASSERT_HAS(kit_ask(kit, 'B', request),
                       i <= LIMIT_INVITES_BY_MEMBERS ? "ok=true" : "error=full hint !retry_ms");
    }
    ASSERT_HAS(kit_ask(kit, 'B', "invite room=den nick=user1"), "ok=true"); /* it stands */
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "invite room=den nick=user49"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=den nick=bob role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "invite room=den nick=user49"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=den nick=bob role=member"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "invite room=den nick=user50"), "error=full");
    kit_destroy(&kit);
}

static void p149_an_invitation_ends_in_time_also_over_a_restart(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.invite_ms = 8000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=");
    kit_ask(kit, 'A', "join room=den private:=true");
    kit_ask(kit, 'A', "say room=den text='or it would be forgotten'");
    kit_ask(kit, 'B', "hello nick=bob join=");
    kit_save(kit, 'c', kit_ask(kit, 'C', "hello nick=carl join="), "token");
    char request[64];
    snprintf(request, sizeof request, "invite room=den nick=carl until=%" PRIu64,
             kit_wall_ms(kit) + 20000);
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob until=1"), "error=bad_request hint");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=den"), "error=not_member");
    kit_pass(kit, 8000);
    ASSERT_HAS(kit_ask(kit, 'B', "who room=den"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room");
    kit_restart(kit, NULL, (origin_t){0});
    ASSERT_HAS(kit_ask(kit, 'C', "resume token=$c"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=den"), "error=not_member");
    kit_pass(kit, 6000);
    ASSERT_HAS(kit_ask(kit, 'C', "ping"), "ok=true");
    kit_pass(kit, 6000);
    ASSERT_HAS(kit_ask(kit, 'C', "join room=den"), "error=no_such_room");
    kit_destroy(&kit);
}

static void its_events_go_once_to_each_link_that_has_a_member(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'B', "hello sid=1 nick=bea join=");
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_ask(kit, 'A', "invite room=den nick=bea");
    kit_ask(kit, 'B', "join room=den");
    kit_ask(kit, 'B', "join sid=1 room=den");
    kit_pass(kit, 60);
    ASSERT_HAS(kit_event(kit, 'A', "presence"), "room=den count=3 changes.#=2 !sid");
    ASSERT_HAS(kit_event(kit, 'B', "presence"), "room=den count=3 changes.#=2 !sid");
    kit_ask(kit, 'A', "say room=den text=x");
    ASSERT_HAS(kit_event(kit, 'A', "message"), "room=den seq=1 !sid");
    ASSERT_HAS(kit_event(kit, 'B', "message"), "room=den seq=1 !sid");
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_event(kit, 'A', "head"), "room=den seq=1 !sid");
    ASSERT_HAS(kit_event(kit, 'B', "head"), "room=den seq=1 !sid");
    for (const char *link = "ABC*"; *link; link++)
        kit_quiet(kit, *link);
    kit_destroy(&kit);
}

static void who_has_left_hears_nothing_more(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_ask(kit, 'B', "join room=den");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_hold(kit, true);
    (void)kit_send(kit, 'A', "say room=den text=1"); /* before, but not stored yet */
    kit_ask(kit, 'B', "part room=den");
    (void)kit_send(kit, 'A', "say room=den text=2");
    kit_turn(kit);
    kit_hold(kit, false);
    kit_pass(kit, 1000);
    kit_quiet(kit, 'B');
    ASSERT_HAS(kit_event(kit, 'A', "message"), "text=1");
    kit_destroy(&kit);
}

static void a_name_is_free_again_when_the_room_is_forgotten(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'A', "part room=den");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true private=false");
    kit_destroy(&kit);
}

static void an_empty_one_with_history_stays_closed(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    kit_ask(kit, 'A', "say room=den text=x");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room");
    kit_ask(kit, 'A', "hello nick=ada join="); /* another ada */
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "error=no_such_room");
    kit_pass(kit, 86400000 + 1000);
    kit_ask(kit, 'B', "hello nick=bob join=");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true private=false heads.den.1=0");
    kit_destroy(&kit);
}

static void a_frame_to_many_links_is_kept_once(void **state)
{
    (void)state;
    kit_t *kit = kit_with_den();
    static const char LINKS[] = "DEFGHIJKLMNOPQRSTUVWXYZ";
    char request[64];
    for (const char *link = LINKS; *link; link++) {
        snprintf(request, sizeof request, "hello nick=user%c join=", *link);
        kit_ask(kit, *link, request);
        snprintf(request, sizeof request, "invite room=den nick=user%c", *link);
        kit_ask(kit, 'A', request);
        kit_ask(kit, *link, "join room=den");
    }
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "say room=den text=*4000 data=*30000");
    for (const char *link = LINKS; *link; link++)
        ASSERT_HAS(kit_event(kit, *link, "message"), "room=den seq=1 text=*4000");
    assert_true(kit_outbox_bytes(kit) < 4 * 34000); /* to the store, to the links */
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_strangers_it_does_not_exist),
        cmocka_unit_test(who_is_invited_may_join_and_nothing_else),
        cmocka_unit_test(inviting_has_its_errors),
        cmocka_unit_test(sixty_four_invitations_are_open_and_who_has_gone_frees_theirs),
        cmocka_unit_test(p58_members_leave_room_for_the_invitations_of_owner_and_moderators),
        cmocka_unit_test(p149_an_invitation_ends_in_time_also_over_a_restart),
        cmocka_unit_test(its_events_go_once_to_each_link_that_has_a_member),
        cmocka_unit_test(who_has_left_hears_nothing_more),
        cmocka_unit_test(a_name_is_free_again_when_the_room_is_forgotten),
        cmocka_unit_test(an_empty_one_with_history_stays_closed),
        cmocka_unit_test(a_frame_to_many_links_is_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
