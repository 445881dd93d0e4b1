#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/show.h"

/* Somebody called ada, in lobby, who knows that bob is there. */
typedef struct {
    places_t places;
    viewer_t viewer;
} fixture_t;

static hubbub_event_t event_of(hubbub_type_t type)
{
    return (hubbub_event_t){.type = type,
                            .room = "lobby",
                            .nick = "bob",
                            .uid = "u2",
                            .to = "",
                            .text = "",
                            .reason = "",
                            .hint = "",
                            .op = "",
                            .role = ""};
}

static hubbub_member_t member_of(const char *nick, const char *state, const char *was)
{
    return (hubbub_member_t){
        .nick = nick, .uid = nick, .state = state, .was = was, .status = "", .role = ""};
}

static int set_up(void **state)
{
    static fixture_t fixture;
    hubbub_event_t event = event_of(HUBBUB_JOINED);
    hubbub_member_t bob = member_of("bob", "active", "");
    memset(&fixture, 0, sizeof fixture);
    places_learn(&fixture.places, &event);
    event.type = HUBBUB_PRESENCE;
    event.members = &bob;
    event.member_count = 1;
    places_learn(&fixture.places, &event);
    fixture.viewer =
        (viewer_t){.room = "lobby", .nick = "ada", .uid = "u1", .places = &fixture.places};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    places_clear(&((fixture_t *)*state)->places);
    return 0;
}

/* Checks what an event shows. */
static void check(const fixture_t *fixture, const hubbub_event_t *event, const char *wanted)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    show_event(out, &fixture->viewer, event);
    (void)fclose(out);
    assert_string_equal(text, wanted);
    free(text);
}

static void said(const fixture_t *fixture, hubbub_event_t event, const char *text,
                 const char *wanted)
{
    event.text = text;
    event.text_bytes = strlen(text);
    check(fixture, &event, wanted);
}

static void present(const fixture_t *fixture, hubbub_member_t member, const char *wanted)
{
    hubbub_event_t event = event_of(HUBBUB_PRESENCE);
    event.members = &member;
    event.member_count = 1;
    check(fixture, &event, wanted);
}

/* What a page shows. */
static void check_page(void (*show)(FILE *, const hubbub_event_t *, bool),
                       const hubbub_event_t *page, const char *wanted)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    show(out, page, true);
    (void)fclose(out);
    assert_string_equal(text, wanted);
    free(text);
}

static void who_tells_roles(void **state)
{
    (void)state;
    hubbub_member_t members[] = {member_of("ada", "active", ""), member_of("bob", "inactive", ""),
                                 member_of("eve", "active", "")};
    members[0].role = "owner";
    members[1].role = "moderator";
    members[1].status = "at lunch";
    hubbub_event_t page = event_of(HUBBUB_MEMBERS);
    page.members = members;
    page.member_count = page.count = 3;
    check_page(
        show_members, &page,
        "* 3 here in lobby:\n*   ada (owner)\n*   bob (moderator) (idle): at lunch\n*   eve\n");
}

static void bans_tell_whom_how_long_by_whom_and_why(void **state)
{
    (void)state;
    hubbub_ban_t bans[] = {
        {.verdict = "ban", .nick = "bob", .account = "", .network = "", .by = "ada", .reason = ""},
        {.verdict = "mute",
         .nick = "",
         .account = "eve",
         .network = "",
         .by = "@operator",
         .reason = "spam\n* x"},
        {.verdict = "ban",
         .nick = "",
         .account = "",
         .network = "192.0.2.0/24",
         .by = "ada",
         .reason = ""}};
    hubbub_event_t page = event_of(HUBBUB_BANS);
    check_page(show_bans, &page, "* Nobody is banned or muted in lobby.\n");
    page.bans = bans;
    page.ban_count = 3;
    check_page(show_bans, &page,
               "* Banned or muted in lobby:\n*   bob banned for ever, by ada\n"
               "*   eve muted for ever, by @operator: spam* x\n"
               "*   192.0.2.0/24 banned for ever, by ada\n");
}

static void a_slow_room_is_told(void **state)
{
    (void)state;
    hubbub_room_t rooms[] = {{.name = "tea", .count = 3, .slow_ms = 1500},
                             {.name = "lobby", .count = 1}};
    hubbub_event_t page = event_of(HUBBUB_ROOMS);
    page.rooms = rooms;
    page.room_count = 2;
    check_page(show_rooms, &page, "* Rooms:\n*   tea (3), slow\n*   lobby (1)\n");
}

static void what_was_done_to_oneself_is_told(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_MUTED);
    check(*state, &event, "* bob has muted you in lobby until somebody lifts it.\n");
    event.at_ms = 1000;
    event.until_ms = 600800; /* what was typed took its way */
    event.text = "too\x1b[7mloud";
    check(*state, &event, "* bob has muted you in lobby for 10 minutes: tooloud\n");
    event.room = event.nick = "";
    check(*state, &event, "* An operator has muted you for 10 minutes: tooloud\n");
    event = event_of(HUBBUB_UNMUTED);
    check(*state, &event, "* bob lets you speak in lobby again.\n");
    event.room = event.nick = "";
    check(*state, &event, "* An operator lets you speak again.\n");
    event = event_of(HUBBUB_ROLE);
    event.role = "owner";
    check(*state, &event, "* bob has made you the owner of lobby.\n");
    event.role = "moderator";
    check(*state, &event, "* bob has made you a moderator of lobby.\n");
    event.role = "member";
    check(*state, &event, "* bob has taken your role in lobby from you.\n");
    event = event_of(HUBBUB_SLOW);
    event.slow_ms = 10000;
    check(*state, &event, "* lobby is slow now: one message in 10 seconds.\n");
    event.slow_ms = 0;
    check(*state, &event, "* lobby is not slow any more.\n");
}

static void a_message_stands_behind_its_speaker(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_MESSAGE);
    said(*state, event, "hello", "[bob] hello\n");
    event.room = "tea";
    said(*state, event, "hello", "#tea [bob] hello\n");
}

static void every_line_of_a_text_stands_under_the_name(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_MESSAGE);
    said(*state, event, "one\n[eve] two\n\nthree",
         "[bob] one\n[bob] [eve] two\n[bob] \n[bob] three\n");
    event.room = "tea";
    said(*state, event, "a\nb", "#tea [bob] a\n#tea [bob] b\n");
}

static void nothing_foreign_reaches_the_terminal_raw(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_MESSAGE);
    event.nick = "bo\x1b[31mb\n";
    said(*state, event,
         "a\x1b]0;x\x07"
         "b\r\x7f\xe2\x80\xae\xe2\x80\xac"
         "c\xe2\x80\xa8"
         "d\xff",
         "[bob] abcd\xef\xbf\xbd\n");
    present(*state, member_of("e\x1b[2Jve\n[bob] x", "active", ""), "* eve[bob] x came\n");
}

static void a_sequence_that_does_not_end_ends_with_its_own_field(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_MESSAGE);
    event.nick = "bob\x1b]0;";
    event.room = "tea\x1b[";
    said(*state, event, "hello\x1bP\nyou", "#tea [bob] hello\n#tea [bob] you\n");
    event = event_of(HUBBUB_PRIVATE);
    event.room = "@";
    event.nick = "bob\x1b]0;";
    said(*state, event, "psst", "[bob -> you] psst\n");
    present(*state, member_of("eve\x1b]0;", "active", ""), "* eve came\n");
    event = event_of(HUBBUB_KICKED);
    event.reason = "no\x1b]0;way";
    event.text = "for a reason";
    check(*state, &event, "* The broker has ended the session: no: for a reason\n");
}

static void private_ones_say_to_whom(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_PRIVATE);
    event.room = "@";
    event.to = "ada";
    said(*state, event, "psst\nyou", "[bob -> you] psst\n[bob -> you] you\n");
    event.nick = "ada";
    event.uid = "u1";
    event.to = "bob";
    said(*state, event, "what", "[you -> bob] what\n");
    event.to = "Ada";
    said(*state, event, "note", "[ada -> you] note\n");
}

static void who_comes_and_goes_is_one_line(void **state)
{
    present(*state, member_of("eve", "active", ""), "* eve came\n");
    present(*state, member_of("bob", "gone", ""), "* bob went\n");
    present(*state, member_of("bill", "active", "bob"), "* bob is now bill\n");
    present(*state, member_of("bill", "gone", "bob"), "* bob went\n");
}

static void who_was_idle_or_away_is_not_told(void **state)
{
    present(*state, member_of("bob", "active", ""), "");
    present(*state, member_of("bob", "inactive", ""), "");
    present(*state, member_of("bob", "detached", ""), "");
}

/* A page of who is here: bob and eve, as of presence 7. */
static hubbub_event_t page_of(hubbub_member_t members[2])
{
    hubbub_event_t page = event_of(HUBBUB_MEMBERS);
    members[0] = member_of("bob", "active", "");
    members[1] = member_of("eve", "active", "");
    page.members = members;
    page.member_count = 2;
    page.seq = 7;
    return page;
}

static void who_came_is_told_though_a_page_had_them_before(void **state)
{
    fixture_t *fixture = *state;
    hubbub_member_t members[2], eve = member_of("eve", "active", "");
    hubbub_event_t page = page_of(members), event = event_of(HUBBUB_PRESENCE);
    places_learn(&fixture->places, &page);
    event.members = &eve;
    event.member_count = 1;
    event.seq = 7;
    check(fixture, &event, "* eve came\n");
    event.seq = 8; /* was idle */
    check(fixture, &event, "");
}

static void repaired(const fixture_t *fixture, const hubbub_event_t *page, const char *wanted)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    show_repaired(out, &fixture->viewer, page);
    (void)fclose(out);
    assert_string_equal(text, wanted);
    free(text);
}

static void what_was_not_told_is_told_when_it_is_repaired(void **state)
{
    fixture_t *fixture = *state;
    hubbub_member_t members[2];
    hubbub_event_t page = page_of(members);
    repaired(fixture, &page, ""); /* nobody knew who was there */
    places_learn(&fixture->places, &page);
    repaired(fixture, &page, "");
    members[0] = member_of("zoe", "active", "");
    repaired(fixture, &page, "* bob went\n* zoe came\n");
    page.has_more = true; /* only a part of those who are here */
    repaired(fixture, &page, "");
}

static void ones_own_comings_and_goings_are_not_told(void **state)
{
    hubbub_member_t member = member_of("ada", "active", "");
    member.uid = "u1";
    present(*state, member, "");
}

static void other_rooms_are_named(void **state)
{
    hubbub_member_t member = member_of("eve", "active", "");
    hubbub_event_t event = event_of(HUBBUB_PRESENCE);
    event.room = "tea";
    event.members = &member;
    event.member_count = 1;
    check(*state, &event, "* eve came to tea\n");
    member.state = "gone";
    check(*state, &event, "* eve went from tea\n");
    member = member_of("eve", "active", "eva");
    check(*state, &event, "* eva is now eve in tea\n");
}

static void what_the_broker_announces_is_told(void **state)
{
    hubbub_event_t event = event_of(HUBBUB_WARNING);
    event.idle_in_ms = 29500;
    check(*state, &event, "* Say something within 30 s, or the broker ends the session.\n");
    event = event_of(HUBBUB_KICKED);
    event.reason = "idle";
    check(*state, &event, "* You said nothing for too long; the broker has ended the session.\n");
    event.reason = "no\x1b[7mway";
    check(*state, &event, "* The broker has ended the session: noway\n");
    event = event_of(HUBBUB_SHUTDOWN);
    check(*state, &event, "* The broker is about to stop.\n");
    event = event_of(HUBBUB_LOST);
    event.first = 3;
    event.last = 5;
    check(*state, &event, "* 3 messages of lobby did not reach you and cannot be had any more.\n");
    event.room = "@";
    event.last = 3;
    check(*state, &event, "* 1 private message did not reach you and cannot be had any more.\n");
}

static void times_are_shown_on_request(void **state)
{
    fixture_t *fixture = *state;
    hubbub_event_t event = event_of(HUBBUB_MESSAGE);
    event.at_ms = UINT64_C(1700000000) * 1000;
    fixture->viewer.has_times = true;
    (void)setenv("TZ", "UTC0", 1);
    said(fixture, event, "hello", "22:13 [bob] hello\n");
}

static void history_is_quoted(void **state)
{
    const fixture_t *fixture = *state;
    char *text;
    size_t size;
    hubbub_event_t inner = event_of(HUBBUB_MESSAGE);
    hubbub_event_t page = event_of(HUBBUB_HISTORY);
    FILE *out = open_memstream(&text, &size);
    inner.text = "a\nb";
    inner.text_bytes = 3;
    page.events = &inner;
    page.event_count = 1;
    show_history(out, &fixture->viewer, &page);
    page.event_count = 0;
    show_history(out, &fixture->viewer, &page);
    (void)fclose(out);
    assert_string_equal(text, "| [bob] a\n| [bob] b\n* Nothing has been said here yet.\n");
    free(text);
}

static void members_and_rooms_are_listed_with_one_heading(void **state)
{
    (void)state;
    char *text;
    size_t size;
    hubbub_member_t member = member_of("bob", "inactive", "");
    hubbub_room_t room = {.name = "tea", .count = 2};
    hubbub_event_t page = event_of(HUBBUB_MEMBERS);
    FILE *out = open_memstream(&text, &size);
    page.count = 2;
    page.members = &member;
    page.member_count = 1;
    show_members(out, &page, true);
    member = member_of("eve", "active", "");
    member.status = "at\x1b[1m lunch";
    show_members(out, &page, false);
    page.rooms = &room;
    page.room_count = 1;
    show_rooms(out, &page, true);
    (void)fclose(out);
    assert_string_equal(text, "* 2 here in lobby:\n*   bob (idle)\n*   eve: at lunch\n"
                              "* Rooms:\n*   tea (2)\n");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_tells_roles),
        TEST(bans_tell_whom_how_long_by_whom_and_why),
        TEST(a_slow_room_is_told),
        TEST(what_was_done_to_oneself_is_told),
        TEST(a_message_stands_behind_its_speaker),
        TEST(every_line_of_a_text_stands_under_the_name),
        TEST(nothing_foreign_reaches_the_terminal_raw),
        TEST(a_sequence_that_does_not_end_ends_with_its_own_field),
        TEST(private_ones_say_to_whom),
        TEST(who_comes_and_goes_is_one_line),
        TEST(who_was_idle_or_away_is_not_told),
        TEST(who_came_is_told_though_a_page_had_them_before),
        TEST(what_was_not_told_is_told_when_it_is_repaired),
        TEST(ones_own_comings_and_goings_are_not_told),
        TEST(other_rooms_are_named),
        TEST(what_the_broker_announces_is_told),
        TEST(times_are_shown_on_request),
        TEST(history_is_quoted),
        TEST(members_and_rooms_are_listed_with_one_heading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
