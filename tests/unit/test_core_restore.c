/* What a broker takes up that begins anew with the store of one that died. */
#include "broker/core/accounts.h"
#include "tests/unit/broker_kit.h"

#include <inttypes.h>

static const origin_t CRASHED = {0};
static const origin_t CLOSED = {.was_closed = true};
static const origin_t RESTORED = {.is_restored = true};
static const origin_t OTHER_BOOT = {.is_other_boot = true};

static kit_t *kit_stored(void)
{
    core_settings_t settings = kit_stored_settings();
    return kit_new(&settings);
}

/* ada and bob in the lobby, ada's token kept as $a, bob's as $b. */
static kit_t *kit_with_two(void)
{
    kit_t *kit = kit_stored();
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=Ada"), "token");
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob"), "token");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void a_session_is_resumed_by_its_token_after_a_crash(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    char uid[64];
    snprintf(uid, sizeof uid, "uid=%s",
             frame_get(kit_ask(kit, 'A', "hello nick=ada"), "uid")); /* a second token */
    kit_ask(kit, 'A', "status status='tea time'");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada"), "error=nick_taken");
    const frame_t *welcome = kit_ask(kit, 'A', "resume token=$a");
    ASSERT_HAS(welcome, "ok=true nick=Ada cid=0 heads.lobby.1=0");
    ASSERT_HAS(welcome, uid);
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"),
               "count=2 members.0.state=active members.0.nick=Ada members.1.state=detached");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "members.0.status='tea time'");
    kit_destroy(&kit);
}

static void who_does_not_come_back_is_gone_resume_ms_after_the_start(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_restart(kit, NULL, CRASHED);
    kit_pass(kit, 29000);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true");
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "count=1");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "error=expired");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true");
    kit_destroy(&kit);
}

static void what_was_said_is_read_back_from_the_store(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "say room=lobby text=one");
    kit_ask(kit, 'A', "say room=lobby text=two");
    kit_ask(kit, 'A', "tell to=bob text=psst");
    char epoch[64];
    snprintf(epoch, sizeof epoch, "epoch=%s",
             frame_get(kit_ask(kit, 'A', "say room=lobby text=three"), "epoch"));
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "heads.lobby.1=3 heads.@.1=1");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby"),
               "events.#=3 events.0.text=one events.2.text=three more=false oldest=1 head=3 !lost");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby limit=1"),
               "events.#=1 events.0.seq=3 more=true");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby after=1 limit=1"),
               "events.#=1 events.0.seq=2 more=true");
    ASSERT_HAS(kit_ask(kit, 'B', "replay room=lobby first=2 last=9"), "events.#=2 more=false");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=@"), "events.#=1 events.0.text=psst");
    const frame_t *said = kit_ask(kit, 'B', "say room=lobby text=four");
    ASSERT_HAS(said, "ok=true seq=4");
    ASSERT_HAS(said, epoch);
    ASSERT_HAS(kit_ask(kit, 'B', "replay room=lobby first=3 last=4"),
               "events.#=2 events.0.text=three events.1.text=four");
    kit_destroy(&kit);
}

static void a_cid_is_known_with_its_answer_after_a_crash(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "say room=lobby text=one cid=1");
    kit_ask(kit, 'A', "tell to=bob text=two cid=2");
    kit_ask(kit, 'A', "say room=nowhere text=x cid=3");
    char hint[160];
    snprintf(hint, sizeof hint, "hint='%s'",
             frame_get(kit_ask(kit, 'A', "say room=lobby cid=4"), "hint"));
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "cid=4");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=one cid=1"), "ok=true seq=1 dup=true !mid");
    ASSERT_HAS(kit_ask(kit, 'A', "tell to=bob text=two cid=2"), "ok=true seq=1 mid dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=nowhere text=x cid=3"), "error=no_such_room dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby cid=4"), "error=bad_request dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby cid=4"), hint);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=five cid=5"), "ok=true seq=2 !dup");
    kit_destroy(&kit);
}

static void what_was_not_committed_is_done_when_it_is_said_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "say room=lobby text=one cid=1");
    kit_hold(kit, true);
    (void)kit_send(kit, 'A', "say room=lobby text=two cid=2");
    kit_turn(kit);
    kit_forget(kit);
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "cid=1 heads.lobby.1=1");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=two cid=2"), "ok=true seq=2 !dup");
    kit_destroy(&kit);
}

static void rooms_their_members_and_invitations_are_there_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'A', "join room=Tea");
    kit_ask(kit, 'A', "part room=lobby");
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "heads.den heads.tea !heads.lobby");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "heads.lobby !heads.den");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carl"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "join room=den"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=den"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true private=true count=2");
    kit_pass(kit, 1000);
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=den text=x"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'B', "message"), "room=den text=x");
    kit_destroy(&kit);
}

static void an_invitation_does_not_pass_to_somebody_else(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_ask(kit, 'B', "bye");
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'A', "resume token=$a");
    for (const char *link = "CDEF"; *link; link++) {
        kit_ask(kit, *link, "hello");
        ASSERT_HAS(kit_ask(kit, *link, "join room=den"), "error=no_such_room");
    }
    kit_destroy(&kit);
}

static void who_left_stays_gone_and_the_inbox_with_them(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_ask(kit, 'A', "tell to=bob text=psst");
    assert_int_equal(kit_store_count(kit_store(kit), 'l'), 2);
    kit_ask(kit, 'B', "bye");
    assert_int_equal(kit_store_count(kit_store(kit), 'l'), 1);
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "heads.@.1=1");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=lobby"), "count=1");
    kit_destroy(&kit);
}

static void a_used_token_ends_the_earlier_ones_for_the_next_broker_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    kit_save(kit, 'n', kit_ask(kit, 'A', "resume token=$a"), "token");
    kit_save(kit, 'm', kit_ask(kit, 'A', "resume token=$n"), "token");
    kit_restart(kit, NULL, CRASHED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$n"), "ok=true");
    kit_destroy(&kit);
}

static uint64_t epoch_of(kit_t *kit)
{
    return frame_uint(kit_ask(kit, 'A', "join room=lobby"), "heads.lobby.0");
}

static void the_epoch_goes_on_after_a_crash_and_after_a_clean_stop(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t epoch = epoch_of(kit);
    kit_pass(kit, 5000);
    kit_restart(kit, NULL, CRASHED);
    kit_save(kit, 'a', kit_ask(kit, 'A', "resume token=$a"), "token");
    assert_int_equal(epoch_of(kit), epoch);
    kit_restart(kit, NULL, (origin_t){.is_other_boot = true, .was_closed = true});
    kit_save(kit, 'a', kit_ask(kit, 'A', "resume token=$a"), "token");
    assert_int_equal(epoch_of(kit), epoch);
    kit_restart(kit, NULL, CLOSED);
    kit_ask(kit, 'A', "resume token=$a");
    assert_int_equal(epoch_of(kit), epoch);
    kit_destroy(&kit);
}

static void another_boot_begins_an_epoch_unless_power_may_fail(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t epoch = epoch_of(kit);
    core_settings_t settings = kit_stored_settings();
    settings.survives_power = true;
    kit_restart(kit, &settings, OTHER_BOOT);
    kit_save(kit, 'a', kit_ask(kit, 'A', "resume token=$a"), "token");
    assert_int_equal(epoch_of(kit), epoch);
    settings.survives_power = false;
    kit_restart(kit, &settings, OTHER_BOOT);
    kit_ask(kit, 'A', "resume token=$a");
    assert_true(epoch_of(kit) > epoch);
    kit_destroy(&kit);
}

/* An older copy is put back: numbers 3 and 4 are given out twice, in two epochs. */
static void who_holds_more_of_an_older_epoch_is_told_what_is_void(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t epoch = epoch_of(kit);
    kit_ask(kit, 'A', "say room=lobby text=one");
    kit_ask(kit, 'A', "say room=lobby text=two");
    kit_store_t *older = kit_store_copy(kit_store(kit));
    kit_ask(kit, 'A', "say room=lobby text=three");
    kit_ask(kit, 'A', "say room=lobby text=four");
    kit_put_store(kit, &older);
    kit_restart(kit, NULL, RESTORED);
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "heads.lobby.1=2");
    assert_true(epoch_of(kit) > epoch);
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=other"), "seq=3");
    char request[128];
    snprintf(request, sizeof request, "replay room=lobby first=5 last=5 epoch=%" PRIu64, epoch);
    ASSERT_HAS(kit_ask(kit, 'A', request),
               "lost.0=3 lost.1=4 events.#=1 events.0.text=other head=3");
    snprintf(request, sizeof request, "replay room=lobby first=2 last=5 epoch=%" PRIu64, epoch);
    ASSERT_HAS(kit_ask(kit, 'A', request), "!lost events.#=2 events.0.text=two");
    snprintf(request, sizeof request, "replay room=lobby first=1 last=5 epoch=%" PRIu64,
             epoch + 1000);
    ASSERT_HAS(kit_ask(kit, 'A', request), "error=bad_request");
    kit_restart(kit, NULL, CRASHED); /* the epochs are remembered */
    kit_save(kit, 'b', kit_ask(kit, 'B', "resume token=$b"), "token");
    snprintf(request, sizeof request, "replay room=lobby first=5 last=5 epoch=%" PRIu64, epoch);
    ASSERT_HAS(kit_ask(kit, 'B', request), "lost.0=3 lost.1=4");
    kit_destroy(&kit);
}

static void numbers_and_times_go_on_though_the_clock_went_back(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t at = frame_uint(kit_ask(kit, 'A', "say room=lobby text=one"), "at");
    uint64_t pseq = frame_uint(kit_ask(kit, 'A', "who room=lobby"), "pseq");
    kit_set_wall_ms(kit, kit_wall_ms(kit) - 3600000);
    kit_restart(kit, NULL, RESTORED);
    kit_ask(kit, 'A', "resume token=$a");
    const frame_t *said = kit_ask(kit, 'A', "say room=lobby text=two");
    ASSERT_HAS(said, "seq=2");
    assert_true(frame_uint(said, "at") >= at);
    assert_true(frame_uint(kit_ask(kit, 'A', "who room=lobby"), "pseq") >= pseq);
    kit_destroy(&kit);
}

static void p76_pseq_goes_on_though_the_clock_went_back_and_nothing_was_said(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    for (int i = 0; i < 50; i++) {
        kit_ask(kit, 'A', i % 2 ? "status status=x" : "status status=y");
        kit_pass(kit, 1);
        (void)kit_ask(kit, 'A', "who room=lobby"); /* which tells each change at once */
    }
    uint64_t pseq = frame_uint(kit_ask(kit, 'A', "who room=lobby"), "pseq");
    kit_set_wall_ms(kit, kit_wall_ms(kit) - 3600000);
    for (int i = 0; i < 3; i++) {
        kit_restart(kit, NULL, CRASHED);
        kit_save(kit, 'a', kit_ask(kit, 'A', "resume token=$a"), "token");
        uint64_t next = frame_uint(kit_ask(kit, 'A', "who room=lobby"), "pseq");
        assert_true(next > pseq);
        pseq = next;
    }
    kit_destroy(&kit);
}

static void a_room_made_again_has_a_higher_epoch_for_the_next_broker_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    uint64_t epoch = frame_uint(kit_ask(kit, 'A', "join room=tea"), "heads.tea.0");
    kit_ask(kit, 'A', "part room=tea");
    kit_set_wall_ms(kit, kit_wall_ms(kit) - 3600000);
    kit_restart(kit, NULL, CRASHED);
    kit_ask(kit, 'A', "resume token=$a");
    assert_true(frame_uint(kit_ask(kit, 'A', "join room=tea"), "heads.tea.0") > epoch);
    kit_destroy(&kit);
}

static void tell(void *context, event_t event)
{
    moment_t now = {.mono_ms = 1000, .wall_ms = 1760000000000};
    outbox_t out;
    outbox_init(&out);
    core_step(context, &event, &now, &out);
    outbox_fini(&out);
}

/* The record of a room up to its invitations. */
#define TEA(epochs)                                                                                \
    "\x83\xa7private\xc2\xa6"                                                                      \
    "epochs" epochs "\xa7invited"

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }
    static const struct {
        span_t key, value;
    } WRONG[] = {
        {BYTES("m"), BYTES("")},
        {BYTES("m"), BYTES("\x80")},
        {BYTES("m"), BYTES("\x81\xabgarbage")},
        {BYTES("rtea"), BYTES("\x80")},
        {BYTES("rTea"), BYTES(TEA("\x92\x07\x01") "\x90")},
        {BYTES("rtea"), BYTES(TEA("\x92\x07\x09") "\x90")},
        {BYTES("rtea"), BYTES(TEA("\x92\x07\x00") "\x90")},
        {BYTES("rtea"), BYTES(TEA("\x91\x07") "\x90")},
        {BYTES("rtea"), BYTES(TEA("\x94\x07\x01\x07\x01") "\x90")},
        {BYTES("rtea"), BYTES(TEA("\x92\x07\x01") "\x91\x00")},
        {BYTES("s\0\0\0\0\0\0\0\0"), BYTES("\x80")},
        {BYTES("s\0\0\0\0\0\0\0\1"), BYTES("\x80")},
        {BYTES("s\0\0"), BYTES("\x81\xa2id\x01")},
    };
    core_settings_t settings = kit_stored_settings();
    moment_t now = {.mono_ms = 1000, .wall_ms = 1760000000000};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        core_t *core = core_new(&settings, &now);
        tell(core, (event_t){.kind = EVENT_RECORD, .key = WRONG[i].key, .value = WRONG[i].value});
        if (core_restored(core) != HUB_MALFORMED)
            fail_msg("record %zu was taken", i);
        core_destroy(&core);
    }
    core_t *core = core_new(&settings, &now);
    tell(core, (event_t){.kind = EVENT_RECORD,
                         .key = BYTES("rtea"),
                         .value = BYTES(TEA("\x92\x07\x01") "\x90")});
    tell(core, (event_t){.kind = EVENT_RECORD, .key = BYTES("zlater"), .value = BYTES("\x80")});
    assert_int_equal(core_restored(core), HUB_OK);
    tell(core, (event_t){.kind = EVENT_NOTE, .number = 1, .value = {"\x03", 1}});
    assert_int_equal(core_restored(core), HUB_MALFORMED);
    core_destroy(&core);
}

/* Found by fuzzing: the next session would have been number 0. */
static void a_number_beyond_all_is_no_number(void **state)
{
    (void)state;
    static const char NOTE[41] = "\0\xff\xff\xff\xff\xff\xff\xff\xff";
    core_settings_t settings = kit_stored_settings();
    moment_t now = {.mono_ms = 1000, .wall_ms = 1760000000000};
    core_t *core = core_new(&settings, &now);
    tell(core, (event_t){.kind = EVENT_NOTE, .number = 1, .value = {NOTE, sizeof NOTE}});
    assert_int_equal(core_restored(core), HUB_MALFORMED);
    core_destroy(&core);
    core = core_new(&settings, &now);
    tell(core,
         (event_t){.kind = EVENT_RECORD,
                   .key = {"rtea", 4},
                   .value = BYTES(TEA("\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01") "\x90")});
    assert_int_equal(core_restored(core), HUB_MALFORMED);
    core_destroy(&core);
}

static hub_err_t told_account(core_t *core, const char *key, const char *nick)
{
    char value[128];
    snprintf(value, sizeof value,
             "\x85\xa4nick\xa3%s\xa4role\xa6member\xa4hash\xa1x\xa6"
             "epochs\x92\x07\x01\xa5rooms\x90",
             nick);
    tell(core, (event_t){.kind = EVENT_RECORD, .key = span_of(key), .value = span_of(value)});
    return core_restored(core);
}

static void a_person_has_one_account(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = 4;
    moment_t now = {.mono_ms = 1000, .wall_ms = 1760000000000};
    core_t *core = core_new(&settings, &now);
    assert_int_equal(told_account(core, "uAAAAAAAAAAAAAAAA", "ada"), HUB_OK);
    assert_int_equal(told_account(core, "uBBBBBBBBBBBBBBBB", "bob"), HUB_OK);
    name_t identity;
    assert_true(name_fold(span_of("eve"), &identity));
    assert_null(account_add(core, span_of("eve"), &identity, "BBBBBBBBBBBBBBBB"));
    assert_int_equal(told_account(core, "uBBBBBBBBBBBBBBBB", "eve"), HUB_MALFORMED);
    core_destroy(&core);
}

static void more_than_the_settings_permit_is_said_to_be_too_much(void **state)
{
    (void)state;
    kit_t *kit = kit_with_two();
    core_settings_t settings = kit_stored_settings();
    settings.sessions_max = 1;
    kit_restart(kit, &settings, CRASHED);
    assert_int_equal(core_restored(kit_core(kit)), HUB_FULL);
    settings = kit_stored_settings();
    kit_restart(kit, &settings, CRASHED);
    assert_int_equal(core_restored(kit_core(kit)), HUB_OK);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_resumed_by_its_token_after_a_crash),
        cmocka_unit_test(who_does_not_come_back_is_gone_resume_ms_after_the_start),
        cmocka_unit_test(what_was_said_is_read_back_from_the_store),
        cmocka_unit_test(a_cid_is_known_with_its_answer_after_a_crash),
        cmocka_unit_test(what_was_not_committed_is_done_when_it_is_said_again),
        cmocka_unit_test(rooms_their_members_and_invitations_are_there_again),
        cmocka_unit_test(an_invitation_does_not_pass_to_somebody_else),
        cmocka_unit_test(who_left_stays_gone_and_the_inbox_with_them),
        cmocka_unit_test(a_used_token_ends_the_earlier_ones_for_the_next_broker_too),
        cmocka_unit_test(the_epoch_goes_on_after_a_crash_and_after_a_clean_stop),
        cmocka_unit_test(another_boot_begins_an_epoch_unless_power_may_fail),
        cmocka_unit_test(who_holds_more_of_an_older_epoch_is_told_what_is_void),
        cmocka_unit_test(numbers_and_times_go_on_though_the_clock_went_back),
        cmocka_unit_test(p76_pseq_goes_on_though_the_clock_went_back_and_nothing_was_said),
        cmocka_unit_test(a_room_made_again_has_a_higher_epoch_for_the_next_broker_too),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_number_beyond_all_is_no_number),
        cmocka_unit_test(a_person_has_one_account),
        cmocka_unit_test(more_than_the_settings_permit_is_said_to_be_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
