/* What the gate looks at, and in which order. */
#include "tests/unit/broker_kit.h"

static kit_t *kit_with_rate(uint32_t per_s, uint32_t burst)
{
    core_settings_t settings = kit_settings();
    settings.rate_per_s = per_s;
    settings.rate_burst = burst;
    return kit_new(&settings);
}

static void frames_that_are_no_request_are_counted_and_not_answered(void **state)
{
    (void)state;
    static const char *const FRAMES[] = {
        "80",                                     /* no id */
        "",                                       /* nothing */
        "c0",                                     /* no map */
        "c1",                                     /* no msgpack */
        "81 a2 6f 70",                            /* cut off */
        "81 a2 6f 70 a4 70 69 6e 67",             /* op, no id */
        "82 a2 6f 70 a4 70 69 6e 67 a2 69 64 ff", /* an id of -1 */
        "82 a2 69 64 01 a2 69 64 01",             /* two ids */
        "81 a2 69 64 cf ff ff ff ff ff ff ff ff", /* an id of 2^64-1 */
        "81 a2 69 64 a1 31",                      /* a string for an id */
        "81 01 02",                               /* a key that is a number */
        "dd 00 ff ff ff",
        "df ff ff ff ff",
    };
    kit_t *kit = kit_new(NULL);
    size_t count = sizeof FRAMES / sizeof FRAMES[0];
    for (size_t i = 0; i < count; i++) {
        span_t frame = from_hex(FRAMES[i]);
        kit_send_bytes(kit, 'A', frame);
        free((void *)frame.data);
    }
    span_t good = from_hex("82 a2 6f 70 a4 70 69 6e 67 a2 69 64 01");
    kit_send_multipart(kit, 'A', good);
    free((void *)good.data);
    kit_turn(kit);
    kit_quiet(kit, 'A');
    assert_null(kit_reply(kit, 'A', 1));
    assert_int_equal(kit_counter(kit, "malformed"), count + 1);
    kit_destroy(&kit);
}

static void a_frame_at_the_limit_is_read_and_one_over_it_is_not(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    /* {"op": "ping", "data": bin of n, "id": 1}: 21 bytes and n */
    ASSERT_HAS(kit_ask(kit, 'A', "ping data=*65515 id=1"), "re=1 ok=true");
    assert_int_equal(kit_counter(kit, "malformed"), 0);
    (void)kit_send(kit, 'A', "ping data=*65516 id=2");
    assert_null(kit_reply(kit, 'A', 2));
    assert_int_equal(kit_counter(kit, "malformed"), 1);
    kit_lose(kit, 'A'); /* nobody waits for the answer */
    kit_destroy(&kit);
}

static void an_op_that_is_missing_wrong_or_unknown_is_said(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "-"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "- op:=7"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "- op:=\"\""), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "dance"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "mark room=lobby"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "dance sid:=-1"), "error=unsupported !sid");
    kit_destroy(&kit);
}

static void a_reply_names_the_sid_where_the_request_had_one(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada sid=7"), "sid=7 ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=bob"), "!sid ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=bob sid=0"), "sid=0 ok=true"); /* the same one */
    ASSERT_HAS(kit_ask(kit, 'A', "say sid=3 room=lobby text=x"), "sid=3 error=no_session");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=2147483647 nick=carl"), "sid=2147483647 ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid=2147483648 nick=dan"), "!sid error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "hello sid:=\"1\" nick=dan"), "!sid error=bad_request");
    kit_destroy(&kit);
}

static void without_a_session_nothing_is_applied(void **state)
{
    (void)state;
    static const char *const REQUESTS[] = {
        "say room=lobby text=x cid=1",
        "tell to=ada text=x",
        "join room=tea",
        "part room=lobby",
        "who room=lobby",
        "rooms",
        "history room=lobby",
        "nick nick=x",
        "replay room=lobby first=1 last=2",
        "status status=x",
        "bye",
        "invite room=tea nick=ada",
        "register password=x",
        "kick nick=ada",
        "stats",
        "ping sid=0",
        "shutdown",
        "login nick=a password=b",
    };
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'B', "hello nick=ada");
    kit_pass(kit, 1000);
    kit_forget(kit);
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'A', REQUESTS[i]), "error=no_session !retry_ms");
    kit_pass(kit, 1000);
    kit_quiet(kit, PUB);
    kit_quiet(kit, 'B');
    kit_destroy(&kit);
}

/* P-14: what is looked at first is answered. */
static void checks_come_in_the_order_of_the_document(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    /* no_session before must */
    ASSERT_HAS(kit_ask(kit, 'B', "say must=nonsense"), "error=no_session");
    /* must before rights, types and needed keys */
    ASSERT_HAS(kit_ask(kit, 'A', "kick must=nonsense"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "say must:=7"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "kick must:=[7]"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "say must=nonsense room:=7"), "error=unsupported");
    /* rights before types and needed keys */
    ASSERT_HAS(kit_ask(kit, 'A', "kick nick:=7"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "kick"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "stats room:=7"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "register"), "error=unsupported");
    /* the cid before types and needed keys */
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=2"), "error=out_of_order");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=0 room=lobby text=x"), "error=bad_request");
    /* types before the room */
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text:=7"), "error=bad_request");
    /* needed keys before the room */
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere"),
               "error=bad_request hint='the key text is missing'");
    ASSERT_HAS(kit_ask(kit, 'A', "say text=x"), "error=bad_request hint='the key room is missing'");
    kit_destroy(&kit);
}

static void a_key_of_any_command_has_its_type_everywhere(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms text:=7"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms heads:=7"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms page=1 page=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms limit=0"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms limit:=1.5"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms limit:=nil"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms text=unused zzz:=7 zzz:=8"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms must=op,id,sid,must,page,limit"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms must=text"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms must=heads"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms must="), "ok=true");
    kit_destroy(&kit);
}

static void flood_is_told_with_the_time_after_which_it_works(void **state)
{
    (void)state;
    kit_t *kit = kit_with_rate(10, 20);
    kit_ask(kit, 'A', "hello nick=ada join=lobby");
    for (int i = 0; i < 20; i++)
        ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "ok=true");
    const frame_t *reply = kit_ask(kit, 'A', "say room=lobby text=x");
    ASSERT_HAS(reply, "error=flood retry_ms=100");
    kit_pass(kit, 99);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "error=flood retry_ms=1");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=tea"), "error=flood retry_ms=200");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=0"), "ok=true left=0");
    kit_destroy(&kit);
}

static void flood_comes_before_must_and_mistakes_cost_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_rate(1, 10);
    kit_ask(kit, 'A', "hello nick=ada");
    for (int i = 0; i < 5; i++)
        ASSERT_HAS(kit_ask(kit, 'A', "nick must=nonsense"), "error=unsupported");
    ASSERT_HAS(kit_ask(kit, 'A', "nick must=nonsense"), "error=flood");
    ASSERT_HAS(kit_ask(kit, 'A', "kick"), "error=flood");
    ASSERT_HAS(kit_ask(kit, 'A', "say cid=5"), "error=flood");
    ASSERT_HAS(kit_ask(kit, 'A', "register"), "error=flood");
    kit_destroy(&kit);
}

static void what_is_free_works_in_a_flood_and_others_have_their_own_allowance(void **state)
{
    (void)state;
    kit_t *kit = kit_with_rate(1, 10);
    kit_ask(kit, 'A', "hello nick=ada sid=1");
    kit_ask(kit, 'A', "hello nick=bob sid=2");
    for (int i = 0; i < 10; i++)
        kit_ask(kit, 'A', "status sid=1 status=x");
    ASSERT_HAS(kit_ask(kit, 'A', "status sid=1 status=x"), "error=flood retry_ms=1000");
    ASSERT_HAS(kit_ask(kit, 'A', "replay sid=1 room=lobby first=1 last=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=1"), "ok=true left=0");
    ASSERT_HAS(kit_ask(kit, 'A', "status sid=2 status=x"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=2"), "left=9");
    ASSERT_HAS(kit_ask(kit, 'A', "bye sid=1"), "ok=true");
    kit_destroy(&kit);
}

static void without_a_limit_there_is_no_flood_and_no_left(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    for (int i = 0; i < 1000; i++)
        ASSERT_HAS(kit_ask(kit, 'A', "status status=x"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping sid=0"), "ok=true !left");
    kit_destroy(&kit);
}

static void ids_are_the_clients_business(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "ping id=0"), "re=0 ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ping id=9223372036854775807"), "re=9223372036854775807");
    ASSERT_HAS(kit_ask(kit, 'A', "ping id=0"), "re=0 ok=true");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_are_no_request_are_counted_and_not_answered),
        cmocka_unit_test(a_frame_at_the_limit_is_read_and_one_over_it_is_not),
        cmocka_unit_test(an_op_that_is_missing_wrong_or_unknown_is_said),
        cmocka_unit_test(a_reply_names_the_sid_where_the_request_had_one),
        cmocka_unit_test(without_a_session_nothing_is_applied),
        cmocka_unit_test(checks_come_in_the_order_of_the_document),
        cmocka_unit_test(a_key_of_any_command_has_its_type_everywhere),
        cmocka_unit_test(flood_is_told_with_the_time_after_which_it_works),
        cmocka_unit_test(flood_comes_before_must_and_mistakes_cost_too),
        cmocka_unit_test(what_is_free_works_in_a_flood_and_others_have_their_own_allowance),
        cmocka_unit_test(without_a_limit_there_is_no_flood_and_no_left),
        cmocka_unit_test(ids_are_the_clients_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
