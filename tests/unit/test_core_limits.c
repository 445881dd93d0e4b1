/* Limits of the broker as a whole, each crossed by one; and floods. */
#include <ctype.h>
#include <stdio.h>

#include "tests/unit/broker_kit.h"

static core_settings_t with_rate(uint32_t per_s, uint32_t burst)
{
    core_settings_t settings = kit_settings();
    settings.rate_per_s = per_s;
    settings.rate_burst = burst;
    settings.flood_refusals = 20;
    settings.flood_window_ms = 10000;
    settings.flood_mute_ms = 30000;
    return settings;
}

/* Sends so many, and asserts that each gets that. */
static void ask_often(kit_t *kit, int count, const char *request, const char *answer)
{
    for (int i = 0; i < count; i++)
        ASSERT_HAS(kit_ask(kit, 'A', request), answer);
}

static void p160_who_goes_on_flooding_is_muted_then_kicked(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1, 10);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_forget(kit);
    ask_often(kit, 10, "rooms", "ok=true");
    ask_often(kit, 20, "rooms", "error=flood retry_ms=1000");
    ask_often(kit, 1, "rooms", "error=muted retry_ms=30000");
    assert_int_equal(kit_counter(kit, "sessions_muted"), 1);
    kit_pass(kit, 20000); /* there would be enough again */
    ask_often(kit, 1, "say room=lobby text=x cid=1", "error=muted retry_ms=10000");
    ask_often(kit, 1, "ping sid=0", "ok=true"); /* what costs nothing goes on */
    ask_often(kit, 19, "rooms", "error=muted");
    kit_forget(kit);
    ask_often(kit, 1, "rooms", "error=muted");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=flood");
    ask_often(kit, 1, "rooms", "error=no_session");
    assert_int_equal(kit_counter(kit, "sessions_flooding"), 1);
    assert_int_equal(kit_counter(kit, "sessions"), 0);
    kit_destroy(&kit);
}

static void p160_who_waits_is_served_again_and_a_refused_cid_is_not_taken(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1, 10);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    ask_often(kit, 10, "rooms", "ok=true");
    ask_often(kit, 20, "say room=lobby text=x cid=1", "error=flood");
    ask_often(kit, 1, "say room=lobby text=x cid=1", "error=muted");
    kit_pass(kit, 9000);
    kit_ask(kit, 'A', "ping");
    kit_pass(kit, 20999);
    ask_often(kit, 1, "say room=lobby text=x cid=1", "error=muted retry_ms=1");
    kit_pass(kit, 1);
    ask_often(kit, 1, "say room=lobby text=x cid=1", "ok=true seq=1 !dup");
    kit_destroy(&kit);
}

static void p160_one_session_of_a_link_is_punished_for_itself_alone(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1, 10);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada sid=1");
    kit_ask(kit, 'A', "hello nick=bob sid=2");
    for (int i = 0; i < 52; i++)
        kit_ask(kit, 'A', "rooms sid=1");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms sid=1"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms sid=2"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping"), "sessions=1");
    kit_destroy(&kit);
}

/* Comes, sends all it may, and goes. Returns how much was served. */
static unsigned come_and_go(kit_t *kit, char link, const char *hello, const char *end)
{
    unsigned served = 0;
    ASSERT_HAS(kit_ask(kit, link, hello), "ok=true");
    while (frame_has(kit_ask(kit, link, "rooms"), "ok=true"))
        served++;
    ASSERT_HAS(kit_ask(kit, link, end), "ok=true");
    return served;
}

static void p212_to_go_and_come_again_gives_nothing_to_send(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(2, 10);
    kit_t *kit = kit_new(&settings);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=ada", "bye"), 10);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=bob", "bye"), 0);
    assert_int_equal(come_and_go(kit, 'B', "hello nick=carl", "bye"), 10); /* nobody else's */
    kit_pass(kit, 2000);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=ada", "bye"), 4);
    kit_pass(kit, 5000);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=ada", "bye"), 10);
    kit_destroy(&kit);
}

static void p212_it_is_the_address_that_counts_where_it_is_told(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(2, 10);
    kit_t *kit = kit_new(&settings);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=ada address=192.0.2.1", "bye"), 10);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=bob address=192.0.2.2", "bye"), 10);
    assert_int_equal(come_and_go(kit, 'A', "hello nick=ada address=192.0.2.1", "bye"), 0);
    assert_int_equal(come_and_go(kit, 'B', "hello nick=eve address=192.0.2.2", "bye"), 0);
    kit_destroy(&kit);
}

static void p212_who_was_kicked_for_a_flood_begins_with_nothing(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1, 10);
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    while (!frame_has(kit_ask(kit, 'A', "rooms"), "error=no_session"))
        ;
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "error=flood retry_ms=1000");
    kit_destroy(&kit);
}

static void p213_so_many_rooms_are_made_from_one_place(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1000, 1000);
    settings.rooms_made_per_h = 3;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada address=192.0.2.1 join=one,two");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=three"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=four"), "error=flood retry_ms=1200000");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=four private:=true"), "error=flood");
    ASSERT_HAS(kit_ask(kit, 'A', "bye"), "ok=true");
    /* Under another nick, over another link; lobby is everybody's. */
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=eve address=192.0.2.1 join=four,lobby"),
               "heads.lobby !heads.four");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl address=192.0.2.2 join=four"), "heads.four");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=four"), "ok=true"); /* it is there now */
    ASSERT_HAS(kit_ask(kit, 'B', "join room=five"), "error=flood");
    kit_pass(kit, 1200000);
    kit_ask(kit, 'D', "hello nick=dan address=192.0.2.1 join=");
    ASSERT_HAS(kit_ask(kit, 'D', "join room=five"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'D', "join room=six"), "error=flood");
    assert_int_equal(kit_counter(kit, "makes_refused"), 5);
    kit_destroy(&kit);
}

static void p213_operators_make_as_many_as_they_like(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1000, 1000);
    settings.rooms_made_per_h = 1;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    kit_ask(kit, 'O', "hello nick=op join=one,two,three");
    ASSERT_HAS(kit_ask(kit, 'O', "join room=four"), "ok=true heads.four");
    kit_under_key(kit, 'A', 'a', false);
    kit_under_key(kit, 'B', 'a', false);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada join=five,six"), "heads.five !heads.six");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob join=six"),
               "ok=true !heads.six"); /* the key counts */
    kit_destroy(&kit);
}

static void p213_so_many_accounts_are_made_from_one_place(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1000, 1000);
    settings.accounts_max = 10;
    settings.accounts_made_per_h = 2;
    kit_t *kit = kit_new(&settings);
    const char *const nicks[] = {"ada", "bob", "carl"};
    for (size_t i = 0; i < 3; i++) {
        char request[64];
        snprintf(request, sizeof request, "hello nick=%s address=192.0.2.1", nicks[i]);
        kit_ask(kit, (char)('A' + i), request);
        const frame_t *reply = kit_ask(kit, (char)('A' + i), "register password='correct horse'");
        ASSERT_HAS(reply, i < 2 ? "ok=true" : "error=flood retry_ms=1800000");
    }
    assert_int_equal(kit_hashes(kit), 0); /* and no work is done for it */
    kit_ask(kit, 'D', "hello nick=dan address=192.0.2.2");
    ASSERT_HAS(kit_ask(kit, 'D', "register password='correct horse'"), "ok=true");
    kit_destroy(&kit);
}

static void p213_who_is_told_that_it_is_busy_has_spent_nothing(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(1000, 1000);
    settings.accounts_max = 10;
    settings.accounts_made_per_h = 1;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada address=192.0.2.1");
    kit_ask(kit, 'B', "hello nick=bob address=192.0.2.1");
    kit_delay_hashes(kit, true);
    for (int i = 0; i < LIMIT_HASHES_PER_PLACE; i++) {
        char request[64];
        snprintf(request, sizeof request, "login nick=nick%d password='correct horse'", i);
        kit_send(kit, 'B', request);
    }
    for (int i = 0; i < 3; i++)
        ASSERT_HAS(kit_ask(kit, 'A', "register password='correct horse'"), "error=busy");
    while (kit_hashes(kit) > 0)
        kit_hash(kit, HUB_OK);
    kit_delay_hashes(kit, false);
    ASSERT_HAS(kit_ask(kit, 'A', "register password='correct horse'"), "ok=true");
    kit_destroy(&kit);
}

static void p161_requests_without_a_session_are_paid_for_by_their_link(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(50, 200);
    settings.greetings_per_s = 10;
    settings.greetings_burst = 32;
    kit_t *kit = kit_new(&settings);
    ask_often(kit, 31, "ping", "ok=true sessions=0");
    ask_often(kit, 1, "hello nick=ada", "ok=true");
    ask_often(kit, 1, "hello nick=bob sid=1", "error=flood retry_ms=100");
    ask_often(kit, 1, "resume token=x sid=2", "error=flood retry_ms=100");
    ask_often(kit, 1, "rooms", "ok=true");                      /* it has an allowance of its own */
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true"); /* nobody else's */
    for (int i = 0; i < 100; i++)
        ASSERT_HAS(kit_ask(kit, LOCAL, "ping"), "ok=true"); /* not the broker's own bridge's */
    kit_pass(kit, 100);
    ask_often(kit, 1, "hello nick=carl sid=1", "ok=true");
    assert_int_equal(kit_counter(kit, "greetings_refused"), 2);
    kit_destroy(&kit);
}

static void p162_a_link_without_a_session_is_forgotten_after_ten_seconds(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(50, 200);
    settings.greetings_per_s = 10;
    settings.greetings_burst = 32;
    settings.links_max = 2;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "ping");
    kit_ask(kit, 'B', "hello nick=bob");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "error=full !retry_ms");
    assert_int_equal(kit_counter(kit, "full_links"), 1);
    kit_pass(kit, 9999);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "error=full");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "ok=true");
    assert_int_equal(kit_counter(kit, "links_bare"), 1);
    ASSERT_HAS(kit_ask(kit, 'B', "bye"), "ok=true");
    kit_pass(kit, 10000);
    assert_int_equal(kit_counter(kit, "links_bare"), 2);
    ASSERT_HAS(kit_ask(kit, 'C', "rooms"), "ok=true");
    kit_destroy(&kit);
}

static void p163_one_address_has_so_many_sessions_whatever_its_bridge(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.sessions_per_address = 2;
    kit_t *kit = kit_new(&settings);
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=1 nick=a address=192.0.2.7"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "hello sid=1 nick=b address=192.0.2.7"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=2 nick=c address=192.0.2.7 join=new"),
               "error=full !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=2 nick=c address=192.0.2.8"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=3 nick=d address=2001:db8::1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=4 nick=e address=2001:db8::2"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=5 nick=f address=2001:db8::3"),
               "error=full"); /* the same /64 */
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=5 nick=f address=2001:db8:0:1::3"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=6 nick=g"), "ok=true"); /* of the link itself */
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=7 nick=h"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=8 nick=i"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'B', "hello sid=8 nick=i"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "bye sid=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=9 nick=c2 address=192.0.2.7"), "ok=true");
    assert_int_equal(kit_counter(kit, "full_address"), 3);
    kit_destroy(&kit);
}

static void p164_a_room_has_so_many_members(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.members_max = 2;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello sid=1 nick=ada");
    kit_ask(kit, 'A', "hello sid=2 nick=bob");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=3 nick=carl"), "ok=true heads.#=1"); /* no lobby */
    ASSERT_HAS(kit_ask(kit, 'A', "join sid=3 room=lobby"), "error=full !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "join sid=2 room=lobby"), "ok=true"); /* in it already */
    assert_int_equal(kit_counter(kit, "full_members"), 1);
    kit_ask(kit, 'A', "part sid=1 room=lobby");
    ASSERT_HAS(kit_ask(kit, 'A', "join sid=3 room=lobby"), "ok=true count=2");
    kit_destroy(&kit);
}

static void p165_sessions_links_and_rooms_have_their_limits_and_counters(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.sessions_max = 2;
    settings.links_max = 1;
    settings.rooms_max = 1;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello sid=1");
    kit_ask(kit, 'A', "hello sid=2");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=3"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'B', "hello"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', "join sid=1 room=tea"), "error=full");
    assert_int_equal(kit_counter(kit, "full_sessions"), 1);
    assert_int_equal(kit_counter(kit, "full_links"), 1);
    assert_int_equal(kit_counter(kit, "full_rooms"), 1);
    kit_destroy(&kit);
}

/* A row of limits.def: its symbol, which is the key in capitals, and what it stands at. */
typedef struct {
    const char *symbol;
    uint64_t value;
} welcome_row_t;

static const welcome_row_t the_limits[] = {
#define LIMIT(symbol, value, unit, reason) {#symbol, value},
#include "proto/limits.def"
#undef LIMIT
};

static void assert_told(const frame_t *welcome, const welcome_row_t *limit)
{
    char path[64];
    snprintf(path, sizeof path, "limits.%s", limit->symbol);
    for (char *place = path; *place; place++)
        *place = (char)tolower((unsigned char)*place);
    assert_int_equal(frame_uint(welcome, path), limit->value);
}

static void p166_the_welcome_tells_every_limit(void **state)
{
    (void)state;
    core_settings_t settings = with_rate(50, 200);
    kit_t *kit = kit_new(&settings);
    const frame_t *welcome = kit_ask(kit, 'A', "hello nick=ada");
    for (size_t i = 0; i < sizeof the_limits / sizeof the_limits[0]; i++)
        assert_told(welcome, &the_limits[i]);
    ASSERT_HAS(welcome,
               "limits.rate_per_s=50 limits.rate_burst=200 limits.flood_refusals=20 "
               "limits.flood_window_ms=10000 "
               "limits.flood_mute_ms=30000 limits.sessions_max=4000 limits.links_max=100 "
               "limits.rooms_max=200 "
               "limits.members_max=0 limits.sessions_per_address=0 limits.greetings_per_s=0");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p160_who_goes_on_flooding_is_muted_then_kicked),
        cmocka_unit_test(p160_who_waits_is_served_again_and_a_refused_cid_is_not_taken),
        cmocka_unit_test(p160_one_session_of_a_link_is_punished_for_itself_alone),
        cmocka_unit_test(p212_to_go_and_come_again_gives_nothing_to_send),
        cmocka_unit_test(p212_it_is_the_address_that_counts_where_it_is_told),
        cmocka_unit_test(p212_who_was_kicked_for_a_flood_begins_with_nothing),
        cmocka_unit_test(p213_so_many_rooms_are_made_from_one_place),
        cmocka_unit_test(p213_operators_make_as_many_as_they_like),
        cmocka_unit_test(p213_so_many_accounts_are_made_from_one_place),
        cmocka_unit_test(p213_who_is_told_that_it_is_busy_has_spent_nothing),
        cmocka_unit_test(p161_requests_without_a_session_are_paid_for_by_their_link),
        cmocka_unit_test(p162_a_link_without_a_session_is_forgotten_after_ten_seconds),
        cmocka_unit_test(p163_one_address_has_so_many_sessions_whatever_its_bridge),
        cmocka_unit_test(p164_a_room_has_so_many_members),
        cmocka_unit_test(p165_sessions_links_and_rooms_have_their_limits_and_counters),
        cmocka_unit_test(p166_the_welcome_tells_every_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
