/* Pages of who and rooms. */
#include "tests/unit/broker_kit.h"

enum { PEOPLE = 450 };

static kit_t *kit_with_many(void)
{
    kit_t *kit = kit_new(NULL);
    char request[64];
    for (unsigned i = 0; i < PEOPLE; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u", i, i);
        kit_ask(kit, 'A', request);
    }
    return kit;
}

/* Goes on with a page: the request with the next of the page before. */
static const frame_t *next_page(kit_t *kit, const char *request, const frame_t *page)
{
    char text[128];
    const char *next = page ? frame_get(page, "next") : NULL;
    if (page && next == NULL)
        return NULL;
    snprintf(text, sizeof text, next ? "%s page=%s" : "%s", request, next ? next : "");
    return kit_ask(kit, 'A', text);
}

static void count_members(const frame_t *page, unsigned *seen)
{
    char path[32];
    uint64_t count = frame_uint(page, "members.#");
    for (uint64_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "members.%u.nick", (unsigned)i);
        unsigned number;
        if (sscanf(frame_get(page, path), "user%u", &number) == 1 && number < PEOPLE)
            seen[number]++;
    }
}

static void a_page_has_what_is_known_of_members(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    uint64_t began = kit_wall_ms(kit);
    const frame_t *welcome = kit_ask(kit, 'A', "hello nick=Ada");
    kit_ask(kit, 'A', "status status=busy");
    kit_ask(kit, 'B', "hello nick=bob");
    const frame_t *who = kit_ask(kit, 'B', "who room=LOBBY");
    ASSERT_HAS(who, "count=2 members.#=2 !next members.0.nick=Ada members.0.state=active "
                    "members.0.status=busy members.1.nick=bob !members.1.status");
    assert_string_equal(frame_get(who, "members.0.uid"), frame_get(welcome, "uid"));
    assert_int_equal(frame_uint(who, "members.0.since"), began);
    ASSERT_HAS(kit_ask(kit, 'C', "hello join="), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby"), "count=2"); /* public: open to all */
    ASSERT_HAS(kit_ask(kit, 'C', "who room=nowhere"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby page=x"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby page=99999999999999999999"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby page=''"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby page=1844674407370955160"), "members.#=0 !next");
    ASSERT_HAS(kit_ask(kit, 'C', "who room=lobby limit=1"), "members.#=1 next count=2");
    kit_destroy(&kit);
}

static void at_most_200_members_are_in_a_page(void **state)
{
    (void)state;
    kit_t *kit = kit_with_many();
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "members.#=200 count=450 next");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby limit=1000"), "members.#=200");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby limit=199"), "members.#=199");
    kit_destroy(&kit);
}

static void a_page_of_the_longest_names_fits_a_frame(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    char request[256];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=%032u", i, i);
        kit_ask(kit, 'A', request);
        snprintf(request, sizeof request, "status sid=%u status=*128", i);
        kit_ask(kit, 'A', request);
    }
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "members.#=200 !next");
    kit_destroy(&kit);
}

static void who_was_there_all_the_time_is_listed_once(void **state)
{
    (void)state;
    kit_t *kit = kit_with_many();
    unsigned seen[PEOPLE] = {0}, gone[PEOPLE] = {0}, turn = 0;
    char request[64];
    const frame_t *page = NULL;
    while ((page = next_page(kit, "who room=lobby limit=50", page))) {
        count_members(page, seen);
        for (unsigned i = 0; i < 30; i++) { /* many leave, others come, some come back */
            unsigned leaver = (turn * 37 + i * 11) % PEOPLE;
            if (leaver == 0 || gone[leaver])
                continue;
            gone[leaver] = 1;
            snprintf(request, sizeof request, "bye sid=%u", leaver);
            kit_ask(kit, 'A', request);
            snprintf(request, sizeof request, "hello sid=%u nick=new%u", leaver, leaver);
            kit_ask(kit, 'A', request);
        }
        turn++;
        assert_true(turn < 100);
    }
    for (unsigned i = 0; i < PEOPLE; i++)
        assert_true(gone[i] ? seen[i] <= 1 : seen[i] == 1);
    kit_destroy(&kit);
}

static void rooms_are_listed_once_while_others_come_and_go(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.rooms_max = 2000;
    kit_t *kit = kit_new(&settings);
    char request[64], path[32];
    unsigned seen[300] = {0};
    for (unsigned i = 0; i < 300; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u join=room%u", i, i, i);
        kit_ask(kit, 'A', request);
    }
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=200 next");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms limit=7"), "rooms.#=7 next rooms.0.count=1 rooms.0.seq=0");
    const frame_t *page = NULL;
    unsigned turn = 0;
    while ((page = next_page(kit, "rooms limit=40", page))) {
        uint64_t count = frame_uint(page, "rooms.#");
        for (unsigned i = 0; i < count; i++) {
            unsigned number;
            snprintf(path, sizeof path, "rooms.%u.room", i);
            if (sscanf(frame_get(page, path), "room%u", &number) == 1 && number < 300)
                seen[number]++;
        }
        snprintf(request, sizeof request, "part sid=%u room=room%u", turn, turn);
        kit_ask(kit, 'A', request);
        snprintf(request, sizeof request, "join sid=%u room=other%u", turn, turn);
        kit_ask(kit, 'A', request);
        turn++;
    }
    for (unsigned i = 0; i < 300; i++)
        assert_true(i < turn ? seen[i] <= 1 : seen[i] == 1);
    ASSERT_HAS(kit_ask(kit, 'A', "rooms page=x"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms page=4294967296"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms page=4294967295"), "rooms.#=0 !next");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_what_is_known_of_members),
        cmocka_unit_test(at_most_200_members_are_in_a_page),
        cmocka_unit_test(a_page_of_the_longest_names_fits_a_frame),
        cmocka_unit_test(who_was_there_all_the_time_is_listed_once),
        cmocka_unit_test(rooms_are_listed_once_while_others_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
