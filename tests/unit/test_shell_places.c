#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "client/shell/places.h"

static void about_room(places_t *places, hubbub_type_t type, const char *room)
{
    places_learn(places, &(hubbub_event_t){.type = type, .room = room});
}

static void about_member(places_t *places, hubbub_type_t type, const char *nick, const char *was,
                         const char *state, bool has_more)
{
    hubbub_member_t member = {.nick = nick, .uid = "u", .state = state, .status = "", .was = was};
    places_learn(places, &(hubbub_event_t){.type = type,
                                           .room = "tea",
                                           .members = &member,
                                           .member_count = 1,
                                           .has_more = has_more});
}

static bool knows(const places_t *places, const char *nick)
{
    const place_t *place = places_find(places, "tea");
    return place && names_has(&place->nicks, nick);
}

static void one_is_in_a_room_from_joining_to_leaving(void **state)
{
    (void)state;
    places_t places = {0};
    assert_null(places_find(&places, "tea"));
    about_room(&places, HUBBUB_JOINED, "tea");
    about_room(&places, HUBBUB_JOINED, "tea");
    about_room(&places, HUBBUB_JOINED, "attic");
    assert_string_equal(places_find(&places, "TEA")->room, "tea");
    about_room(&places, HUBBUB_PARTED, "tea");
    assert_null(places_find(&places, "tea"));
    assert_string_equal(places.first->room, "attic");
    assert_true(names_has(&places.rooms, "tea")); /* heard of */
    places_clear(&places);
}

static void presence_says_who_is_there(void **state)
{
    (void)state;
    places_t places = {0};
    about_room(&places, HUBBUB_JOINED, "tea");
    about_member(&places, HUBBUB_PRESENCE, "ada", "", "active", false);
    about_member(&places, HUBBUB_PRESENCE, "bob", "", "active", false);
    assert_true(knows(&places, "ada") && knows(&places, "bob"));
    about_member(&places, HUBBUB_PRESENCE, "eve", "ada", "active", false);
    assert_true(knows(&places, "eve") && !knows(&places, "ada"));
    about_member(&places, HUBBUB_PRESENCE, "bob", "", "gone", false);
    assert_false(knows(&places, "bob"));
    places_clear(&places);
}

static void pages_of_who_replace_what_was_known(void **state)
{
    (void)state;
    places_t places = {0};
    about_room(&places, HUBBUB_JOINED, "tea");
    about_member(&places, HUBBUB_PRESENCE, "ghost", "", "active", false);
    about_member(&places, HUBBUB_MEMBERS, "ada", "", "active", true);
    about_member(&places, HUBBUB_MEMBERS, "bob", "", "inactive", false);
    assert_true(knows(&places, "ada") && knows(&places, "bob"));
    assert_false(knows(&places, "ghost"));
    about_member(&places, HUBBUB_MEMBERS, "eve", "", "active", false);
    assert_false(knows(&places, "ada"));
    places_clear(&places);
}

static void rooms_one_is_not_in_leave_no_trace(void **state)
{
    (void)state;
    places_t places = {0};
    about_member(&places, HUBBUB_PRESENCE, "ada", "", "active", false);
    about_member(&places, HUBBUB_MEMBERS, "ada", "", "active", false);
    assert_null(places.first);
    places_clear(&places);
}

static void the_list_of_rooms_is_remembered(void **state)
{
    (void)state;
    places_t places = {0};
    hubbub_room_t rooms[] = {{.name = "lobby"}, {.name = "tea"}};
    places_learn(&places, &(hubbub_event_t){.type = HUBBUB_ROOMS, .rooms = rooms, .room_count = 2});
    assert_true(names_has(&places.rooms, "lobby") && names_has(&places.rooms, "tea"));
    places_clear(&places);
}

static void a_set_of_names_is_sorted_and_bounded(void **state)
{
    (void)state;
    names_t names = {0};
    names_add(&names, "bob");
    names_add(&names, "Ada");
    names_add(&names, "ada");
    names_add(&names, "cy");
    names_add(&names, "e\x1b[2Jve"); /* no broker of ours sends it */
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "Ada");
    assert_string_equal(names.items[2], "cy");
    names_remove(&names, "BOB");
    names_remove(&names, "nobody");
    assert_int_equal(names.count, 2);
    for (int i = 0; i < 2 * NAMES_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%d", i);
        names_add(&names, name);
    }
    assert_int_equal(names.count, NAMES_MAX);
    names_clear(&names);
    assert_int_equal(names.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_in_a_room_from_joining_to_leaving),
        cmocka_unit_test(presence_says_who_is_there),
        cmocka_unit_test(pages_of_who_replace_what_was_known),
        cmocka_unit_test(rooms_one_is_not_in_leave_no_trace),
        cmocka_unit_test(the_list_of_rooms_is_remembered),
        cmocka_unit_test(a_set_of_names_is_sorted_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
