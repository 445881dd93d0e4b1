#include "tests/unit/broker_kit.h"

static void some_memory(memory_t *out)
{
    *out = (memory_t){.in_use_bytes = 1, .held_bytes = 2, .mapped_bytes = 3};
}

static void some_gate(const void *gatekeeper, gate_t *out)
{
    *out = (gate_t){*(const uint64_t *)gatekeeper, 5, 6, 7, 8};
}

static void what_happens_at_the_gate_is_told_too(void **state)
{
    (void)state;
    const uint64_t enrolled = 4;
    core_settings_t settings = kit_settings();
    settings.gate = some_gate;
    settings.gatekeeper = &enrolled;
    kit_t *kit = kit_new(&settings);
    ASSERT_HAS(kit_ask(kit, LOCAL, "stats"),
               "counters.keys_enrolled=4 counters.handshakes_admitted=5 "
               "counters.handshakes_refused=6 counters.frames_revoked=7 "
               "counters.doors_rested=8");
    kit_destroy(&kit);
}

static void counters_are_told_locally_with_or_without_a_session(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.memory = some_memory;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada sid=1");
    kit_ask(kit, 'A', "hello nick=bob sid=2");
    kit_ask(kit, 'A', "say sid=1 room=lobby text=x");
    kit_ask(kit, 'A', "say sid=1 room=nowhere text=x");
    ASSERT_HAS(kit_ask(kit, LOCAL, "stats"),
               "counters.frames=5 counters.malformed=0 counters.links=1 counters.sessions=2 "
               "counters.identities=2 counters.rooms=1 counters.waiting=0 counters.op_hello=2 "
               "counters.op_say=2 counters.ev_message=1 counters.error_no_such_room=1 "
               "counters.appended=1 counters.committed=1 counters.rolled_back=0 "
               "counters.sessions_opened=2 counters.rooms_made=1 "
               "memory.in_use=1 memory.held=2 memory.mapped=3 !counters.error_ok");
    kit_ask(kit, LOCAL, "hello nick=operator");
    ASSERT_HAS(kit_ask(kit, LOCAL, "stats sid=0"),
               "ok=true counters.sessions=3 counters.op_stats=2");
    ASSERT_HAS(kit_ask(kit, LOCAL, "stats sid=9"), "ok=true");
    kit_destroy(&kit);
}

static void elsewhere_they_are_denied(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    ASSERT_HAS(kit_ask(kit, 'A', "stats"), "error=no_session");
    kit_ask(kit, 'A', "hello nick=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "stats"), "error=denied !counters");
    kit_destroy(&kit);
}

static void what_was_sent_is_counted(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_ask(kit, 'A', "join room=den private=true");
    kit_pass(kit, 1000);
    uint64_t sent = kit_counter(kit, "sent"), published = kit_counter(kit, "published");
    kit_ask(kit, 'A', "say room=lobby text=x");
    kit_ask(kit, 'A', "say room=den text=x");
    kit_ask(kit, 'A', "tell to=ada text=x");
    assert_int_equal(kit_counter(kit, "published"), published + 1);
    /* one answer to each, the private event of each kind, and the answers to four stats */
    assert_int_equal(kit_counter(kit, "sent"), sent + 3 + 2 + 4 - 1);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happens_at_the_gate_is_told_too),
        cmocka_unit_test(counters_are_told_locally_with_or_without_a_session),
        cmocka_unit_test(elsewhere_they_are_denied),
        cmocka_unit_test(what_was_sent_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
