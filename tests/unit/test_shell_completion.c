#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "client/shell/completion.h"

/* In lobby with ada, bea, bob; in tea with Bärbel; attic is heard of. */
static void fill(places_t *places)
{
    const char *const lobby[] = {"ada", "bea", "bob"};
    hubbub_room_t attic = {.name = "attic"};
    places_learn(places, &(hubbub_event_t){.type = HUBBUB_JOINED, .room = "lobby"});
    places_learn(places, &(hubbub_event_t){.type = HUBBUB_JOINED, .room = "tea"});
    for (size_t i = 0; i < 4; i++) {
        hubbub_member_t member = {.nick = i < 3 ? lobby[i] : "B\xc3\xa4rbel",
                                  .state = "active",
                                  .was = "",
                                  .status = "",
                                  .uid = ""};
        places_learn(places, &(hubbub_event_t){.type = HUBBUB_PRESENCE,
                                               .room = i < 3 ? "lobby" : "tea",
                                               .members = &member,
                                               .member_count = 1});
    }
    places_learn(places, &(hubbub_event_t){.type = HUBBUB_ROOMS, .rooms = &attic, .room_count = 1});
}

/* Checks that a line ending at the cursor may become `wanted`, names separated by blanks. */
static void check(const char *line, const char *wanted, size_t common)
{
    char text[256] = "";
    places_t places = {0};
    fill(&places);
    completion_t found = completion_find(&places, "lobby", line, strlen(line));
    for (size_t i = 0; i < found.candidates.count; i++) {
        (void)strncat(text, i ? " " : "", sizeof text - strlen(text) - 1);
        (void)strncat(text, found.candidates.items[i], sizeof text - strlen(text) - 1);
    }
    assert_string_equal(text, wanted);
    assert_int_equal(found.common, common);
    names_clear(&found.candidates);
    places_clear(&places);
}

static void a_slash_begins_a_command(void **state)
{
    (void)state;
    check("/he", "/help", 5);
    check("/h", "/help /history", 2);
    check("/xyz", "", 0);
}

static void a_command_that_takes_a_room_gets_rooms(void **state)
{
    (void)state;
    check("/join ", "attic lobby tea", 0);
    check("/join T", "tea", 3);
    check("/who  at", "attic", 5);
    check("/join tea ob", "", 0);
}

static void a_command_that_takes_a_person_gets_everybody(void **state)
{
    (void)state;
    check("/tell b", "bea bob B\xc3\xa4rbel", 1);
    check("/nick ad", "ada", 3);
}

static void text_gets_those_in_the_room(void **state)
{
    (void)state;
    check("hello b", "bea bob", 1);
    check("/tell bob a", "ada", 3);
    check("", "ada bea bob", 0);
    check("zzz", "", 0);
}

static void commands_without_arguments_get_nothing(void **state)
{
    (void)state;
    check("/quit a", "", 0);
    check("/history ", "", 0);
}

static void a_name_at_the_beginning_is_spoken_to(void **state)
{
    (void)state;
    places_t places = {0};
    fill(&places);
    completion_t found = completion_find(&places, "lobby", "ad", 2);
    assert_string_equal(found.suffix, ": ");
    names_clear(&found.candidates);
    found = completion_find(&places, "lobby", "hello ad", 8);
    assert_string_equal(found.suffix, " ");
    assert_int_equal(found.start, 6);
    names_clear(&found.candidates);
    places_clear(&places);
}

static void what_names_share_never_cuts_a_character(void **state)
{
    (void)state;
    places_t places = {0};
    hubbub_room_t rooms[] = {{.name = "x\xc3\xa4"}, {.name = "x\xc3\xbc"}};
    places_learn(&places, &(hubbub_event_t){.type = HUBBUB_ROOMS, .rooms = rooms, .room_count = 2});
    completion_t found = completion_find(&places, "", "/join x", 7);
    assert_int_equal(found.candidates.count, 2);
    assert_int_equal(found.common, 1);
    names_clear(&found.candidates);
    places_clear(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slash_begins_a_command),
        cmocka_unit_test(a_command_that_takes_a_room_gets_rooms),
        cmocka_unit_test(a_command_that_takes_a_person_gets_everybody),
        cmocka_unit_test(text_gets_those_in_the_room),
        cmocka_unit_test(commands_without_arguments_get_nothing),
        cmocka_unit_test(a_name_at_the_beginning_is_spoken_to),
        cmocka_unit_test(what_names_share_never_cuts_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
