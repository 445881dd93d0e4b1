/* Operators: kick, ban, mute and what they did. P-125 to P-137. */
#include "tests/unit/broker_kit.h"

#include "broker/core/accounts.h"
#include "broker/core/sessions.h"

#include <inttypes.h>

static const origin_t CRASHED = {0};

#define PASSWORD "'correct horse'"

/* O is an operator's link, without a session. ada and bob are in the lobby; bob comes from an address. */
static kit_t *kit_with_operator(void)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = 8;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    kit_ask(kit, 'A', "hello nick=Ada");
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob address=192.0.2.7:4711"), "token");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void make_operator(kit_t *kit, const char *nick)
{
    account_of_nick(kit_core(kit), span_of(nick))->role = ROLE_OPERATOR;
}

static void p125_others_are_denied_before_anything_is_looked_at(void **state)
{
    (void)state;
    static const char *const OPS[] = {"kick",   "ban nick=nobody", "unban network=x", "mute",
                                      "unmute", "bans page=x",     "audit",           "shutdown"};
    kit_t *kit = kit_with_operator();
    for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
        ASSERT_HAS(kit_ask(kit, 'A', OPS[i]), "error=denied !retry_ms");
        ASSERT_HAS(kit_ask(kit, 'X', OPS[i]), "error=no_session");
    }
    assert_int_equal(kit_stops(kit), 0);
    kit_destroy(&kit);
}

static void p126_kick_ends_who_is_meant_and_says_why(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "kick nick=BOB reason='mind your language'"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "reason=kicked text='mind your language'");
    ASSERT_HAS(kit_ask(kit, 'B', "status status=x"), "error=no_session");
    ASSERT_HAS(kit_ask(kit, 'O', "kick nick=bob"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob address=192.0.2.7"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "kick network=192.0.2.0/24"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "reason=kicked !text");
    assert_int_equal(kit_counter(kit, "sessions_removed"), 2);
    kit_destroy(&kit);
}

static void p126_kick_goes_by_account_and_by_key_too(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_under_key(kit, 'C', 'c', false);
    kit_ask(kit, 'C', "hello nick=carol");
    ASSERT_HAS(kit_ask(kit, 'O', "kick account=bob"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'O', "kick account=ada"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=kicked");
    ASSERT_HAS(kit_ask(kit, 'O', "kick key=*32"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'O', "kick key=cccccccccccccccccccccccccccccccc"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'C', "kicked"), "reason=kicked");
    kit_destroy(&kit);
}

static void p127_exactly_one_target_is_named_and_makes_sense(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"kick",
                                        "ban nick=bob network=192.0.2.7",
                                        "ban network=192.0.2.0/33",
                                        "ban network=bob",
                                        "mute key=short",
                                        "ban network=2001:db8::7",
                                        "ban network=2001:db8::/65",
                                        "ban nick=bob until=1",
                                        "unban",
                                        "mute key=*32 nick=x"};
    kit_t *kit = kit_with_operator();
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'O', WRONG[i]), "error=bad_request !retry_ms hint");
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick='a b'"), "error=nick_invalid");
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "ok=true bans.#=0");
    ASSERT_HAS(kit_ask(kit, 'B', "ping"), "ok=true");
    kit_destroy(&kit);
}

static void p128_a_ban_ends_who_is_in_and_keeps_them_out(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick=bob reason=spam"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "reason=banned text=spam");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "error=expired");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=Bob"), "error=banned hint=spam !retry_ms");
    kit_ask(kit, 'B', "hello nick=robert");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=bob"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'O', "ban network=192.0.2.0/24"), "ok=true count=0");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol address=192.0.2.9"), "error=banned !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol address=192.0.3.9"), "ok=true");
    assert_int_equal(kit_counter(kit, "banned"), 3);
    kit_destroy(&kit);
}

static void p128_a_banned_account_cannot_be_logged_in_to(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick=ada reason='for a week'"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "reason=banned");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD),
               "error=banned hint='for a week'");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=ada password=" PASSWORD), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=ada password='wrong horse'"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "unban account=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=ada password=" PASSWORD), "ok=true nick=Ada");
    kit_destroy(&kit);
}

static void p128_a_banned_key_is_refused_before_its_password_is_looked_at(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_under_key(kit, 'C', 'c', false);
    kit_ask(kit, 'O', "ban key=cccccccccccccccccccccccccccccccc");
    kit_delay_hashes(kit, true);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=ada password=" PASSWORD), "error=banned");
    assert_int_equal(kit_hashes(kit), 0);
    kit_destroy(&kit);
}

#define KEY_C "key=cccccccccccccccccccccccccccccccc"

static void p128_verdicts_on_keys_and_accounts_hold_now_and_after_a_crash(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_under_key(kit, 'C', 'c', false);
    kit_ask(kit, 'C', "hello nick=carol");
    ASSERT_HAS(kit_ask(kit, 'O', "mute " KEY_C), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=lobby text=x"), "error=muted");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "ban " KEY_C), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'C', "kicked"), "reason=banned");
    ASSERT_HAS(kit_ask(kit, 'O', "ban account=ada"), "ok=true count=1");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'C', 'c', false);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=another"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'O', "unban " KEY_C), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=another"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=lobby text=x"), "error=muted");
    kit_destroy(&kit);
}

static void p129_an_address_is_the_same_however_it_is_written(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "ban network=::ffff:192.0.2.7"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "reason=banned");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob address=192.0.2.7"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=1 bans.0.network=192.0.2.7");
    kit_ask(kit, 'C', "hello nick=carol address=[2001:db8:0:1::7]:99");
    ASSERT_HAS(kit_ask(kit, 'O', "ban network=2001:db8:0:1::/64"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol address=2001:db8:0:1:8::"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol address=2001:db8:0:2::"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "ban network=::/0"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'D', "hello nick=dave address=192.0.2.8"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "ban network=0.0.0.0/0"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'E', "hello nick=eve"), "ok=true"); /* it tells no address */
    kit_destroy(&kit);
}

static void p130_who_is_muted_reads_and_does_not_speak(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "mute nick=bob"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=hi cid=1"), "error=muted !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "tell to=ada text=hi"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'B', "status status=hi"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=hi"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'B', "history room=lobby"), "ok=true events.#=0");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=lobby text=hi"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=hi cid=2"), "ok=true seq=1");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=lobby text=hi"), "ok=true seq=2");
    kit_destroy(&kit);
}

static void a_mute_follows_the_account_and_not_who_was_in_under_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_ask(kit, 'O', "mute account=ada");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "error=muted");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'B', "login nick=ada password=" PASSWORD), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "error=muted");
    kit_ask(kit, 'O', "mute network=192.0.2.7");
    kit_ask(kit, 'O', "unmute nick=ada");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "error=muted"); /* by where it is */
    kit_ask(kit, 'O', "unmute network=192.0.2.7");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "ok=true");
    kit_destroy(&kit);
}

static void ask_until(kit_t *kit, const char *what, uint64_t ms)
{
    char request[128];
    snprintf(request, sizeof request, "%s until=%" PRIu64, what, kit_wall_ms(kit) + ms);
    ASSERT_HAS(kit_ask(kit, 'O', request), "ok=true");
}

static void a_guest_muted_under_two_nicks_is_free_when_both_are_over(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ask_until(kit, "mute nick=bob", 1000);
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=rob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "mute nick=rob"), "ok=true count=1");
    kit_pass(kit, 2000);
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'O', "mute nick=robert"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=bert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=rob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x"), "ok=true");
    kit_destroy(&kit);
}

static void p131_bans_and_mutes_end_in_time_and_outlast_a_crash(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ask_until(kit, "ban nick=mallory reason=spam", 8000);
    ask_until(kit, "mute network=192.0.2.0/24", 8000);
    kit_ask(kit, 'O', "mute nick=Ada");
    kit_ask(kit, 'A', "nick nick=lovelace");
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=lovelace"), "token");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'M', "hello nick=mallory"), "error=banned hint=spam retry_ms=8000");
    ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=lobby text=x"), "error=muted !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "resume token=$b"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x cid=1"), "error=muted !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=3");
    kit_pass(kit, 8000);
    ASSERT_HAS(kit_ask(kit, 'O', "bans"),
               "bans.#=1 bans.0.verdict=mute bans.0.nick=Ada !bans.0.until");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x cid=2"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'M', "hello nick=mallory"), "ok=true");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=1");
    kit_destroy(&kit);
}

static void p132_what_is_over_cannot_be_taken_back(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "join room=tea");
    ask_until(kit, "mute nick=bob", 1000);
    ask_until(kit, "mute room=tea nick=bob", 1000);
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=bob"), "error=no_such_ban");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute room=tea nick=bob"), "error=no_such_ban");
    kit_destroy(&kit);
}

static void p132_what_is_not_there_cannot_be_taken_back(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "unban nick=bob"), "error=no_such_ban");
    kit_ask(kit, 'O', "ban nick=bob");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=bob"), "error=no_such_ban");
    ASSERT_HAS(kit_ask(kit, 'O', "unban nick=BOB"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "unban nick=bob"), "error=no_such_ban");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob"), "ok=true");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=0");
    kit_destroy(&kit);
}

static void p133_bans_are_listed_page_by_page(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'O', "ban nick=x1 reason='one two'");
    kit_ask(kit, 'O', "mute key=cccccccccccccccccccccccccccccccc");
    kit_ask(kit, 'O', "ban network=10.0.0.0/8");
    const frame_t *page = kit_ask(kit, 'O', "bans limit=2");
    ASSERT_HAS(page, "bans.#=2 bans.0.verdict=ban bans.0.nick=x1 bans.0.reason='one two' "
                     "bans.0.by=@operator bans.0.at bans.1.verdict=mute bans.1.key next=2");
    ASSERT_HAS(kit_ask(kit, 'O', "bans page=2"), "bans.#=1 bans.0.network=10.0.0.0/8 !next");
    ASSERT_HAS(kit_ask(kit, 'O', "bans page=x"), "error=bad_request");
    kit_ask(kit, 'O', "ban nick=x1 reason=three"); /* said anew, not twice */
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=3 bans.0.reason=three");
    kit_destroy(&kit);
}

static void p134_what_operators_did_is_written_down_and_theirs_to_read(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "ok=true events.#=0 head=0");
    kit_ask(kit, 'O', "kick nick=bob reason=noise");
    kit_ask(kit, 'O', "ban network=192.0.2.0/24");
    kit_ask(kit, 'O', "unban network=192.0.2.0/24");
    ASSERT_HAS(kit_ask(kit, 'O', "audit limit=2"),
               "events.#=2 events.0.op=ban events.1.op=unban more=true head=3");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'O', "audit"),
               "events.#=3 events.0.ev=audit events.0.seq=1 events.0.op=kick events.0.by=@operator "
               "events.0.nick=bob events.0.reason=noise events.0.count=1 events.0.at");
    ASSERT_HAS(kit_ask(kit, 'O', "kick nick=nobody"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "head=3");
    kit_destroy(&kit);
}

#define TIMES_8(text) text text text text text text text text
#define HEX_KEY(byte) TIMES_8(byte byte byte byte)

static void p134_no_two_operators_look_the_same_there(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_under_key(kit, 'Q', 'q', true);
    kit_ask(kit, 'O', "ban nick=x1");
    kit_ask(kit, 'Q', "ban nick=x2");
    ASSERT_HAS(kit_ask(kit, 'Q', "hello nick=@operator"), "error=nick_invalid");
    kit_ask(kit, 'Q', "hello nick=operator");
    kit_ask(kit, 'Q', "ban nick=x3");
    kit_ask(kit, 'A', "register password=" PASSWORD);
    make_operator(kit, "ada");
    kit_ask(kit, 'A', "ban nick=x4");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"),
               "events.0.by=@operator events.0.by_key=" HEX_KEY(
                   "6b") " "
                         "events.1.by=@operator events.1.by_key=" HEX_KEY(
                             "71") " "
                                   "events.2.by=operator events.2.by_key=" HEX_KEY(
                                       "71") " "
                                             "events.3.by=Ada !events.3.by_key");
    kit_destroy(&kit);
}

static void p134_that_log_has_its_own_bound(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.audit_events = 1000;
    settings.history_events = 1; /* is not its */
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    for (int i = 0; i < 1300; i++) {
        if (i == 1200)
            ASSERT_HAS(kit_ask(kit, 'O', "audit after=0 limit=1"), "oldest=1 head=1200");
        ASSERT_HAS(kit_ask(kit, 'O', "ban nick=bob"), "ok=true");
        kit_forget(kit);
    }
    ASSERT_HAS(kit_ask(kit, 'O', "audit after=0 limit=1"), "head=1300 events.#=1 lost");
    kit_destroy(&kit);
}

static void p134_as_many_rooms_as_may_be_keep_no_deed_from_being_written_down(void **state)
{
    (void)state;
    core_settings_t settings = kit_stored_settings();
    settings.rooms_max = 2;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    kit_ask(kit, 'A', "hello nick=ada join=lobby,tea");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "events.#=1 head=1");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "error=full");
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "events.#=1");
    kit_destroy(&kit);
}

static void p134_nobody_else_finds_that_log(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'O', "kick nick=bob");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=!audit"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=!audit"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=!audit first=1 last=1"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=!audit"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=!audit text=x"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=!audit nick=ada"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "rooms"), "rooms.#=1");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol join=!audit"), "ok=true !heads.!audit");
    kit_pass(kit, 1000);
    while (kit_any_event(kit, PUB)) /* nothing of it was published */
        ;
    kit_destroy(&kit);
}

static void p135_shutdown_is_for_operators_and_ends_the_process(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    ASSERT_HAS(kit_ask(kit, 'O', "shutdown reason='new disk'"), "ok=true");
    assert_int_equal(kit_stops(kit), 1);
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "events.0.op=shutdown events.0.reason='new disk'");
    kit_destroy(&kit);
}

static void p136_an_account_with_that_role_is_an_operators(void **state)
{
    (void)state;
    kit_t *kit = kit_with_operator();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'A', "kick nick=bob"), "error=denied");
    make_operator(kit, "ada");
    ASSERT_HAS(kit_ask(kit, 'A', "kick nick=bob"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'A', "kick nick=ada"), "error=no_such_nick"); /* not oneself */
    ASSERT_HAS(kit_ask(kit, 'A', "audit"), "events.#=1 events.0.by=Ada");
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'C', "hello nick=carol"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "audit"), "error=denied");
    kit_destroy(&kit);
}

static void p137_there_are_so_many_bans_and_what_is_over_makes_way(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings(); /* without a store */
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    char request[64];
    ask_until(kit, "ban nick=first", 1000);
    for (int i = 1; i < LIMIT_VERDICTS; i++) {
        snprintf(request, sizeof request, "ban network=10.%d.%d.0/24", i / 250, i % 250);
        ASSERT_HAS(kit_ask(kit, 'O', request), "ok=true");
        kit_forget(kit);
    }
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick=more"), "error=full !retry_ms");
    assert_int_equal(kit_counter(kit, "full_verdicts"), 1);
    kit_pass(kit, 1000);
    ASSERT_HAS(kit_ask(kit, 'O', "ban nick=more"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'X', "hello nick=more"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'X', "hello nick=first"), "ok=true");
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p125_others_are_denied_before_anything_is_looked_at),
        cmocka_unit_test(p126_kick_ends_who_is_meant_and_says_why),
        cmocka_unit_test(p126_kick_goes_by_account_and_by_key_too),
        cmocka_unit_test(p127_exactly_one_target_is_named_and_makes_sense),
        cmocka_unit_test(p128_a_ban_ends_who_is_in_and_keeps_them_out),
        cmocka_unit_test(p128_a_banned_account_cannot_be_logged_in_to),
        cmocka_unit_test(p128_a_banned_key_is_refused_before_its_password_is_looked_at),
        cmocka_unit_test(p128_verdicts_on_keys_and_accounts_hold_now_and_after_a_crash),
        cmocka_unit_test(p129_an_address_is_the_same_however_it_is_written),
        cmocka_unit_test(p130_who_is_muted_reads_and_does_not_speak),
        cmocka_unit_test(a_guest_muted_under_two_nicks_is_free_when_both_are_over),
        cmocka_unit_test(a_mute_follows_the_account_and_not_who_was_in_under_it),
        cmocka_unit_test(p131_bans_and_mutes_end_in_time_and_outlast_a_crash),
        cmocka_unit_test(p132_what_is_over_cannot_be_taken_back),
        cmocka_unit_test(p132_what_is_not_there_cannot_be_taken_back),
        cmocka_unit_test(p133_bans_are_listed_page_by_page),
        cmocka_unit_test(p134_what_operators_did_is_written_down_and_theirs_to_read),
        cmocka_unit_test(p134_no_two_operators_look_the_same_there),
        cmocka_unit_test(p134_that_log_has_its_own_bound),
        cmocka_unit_test(p134_as_many_rooms_as_may_be_keep_no_deed_from_being_written_down),
        cmocka_unit_test(p134_nobody_else_finds_that_log),
        cmocka_unit_test(p135_shutdown_is_for_operators_and_ends_the_process),
        cmocka_unit_test(p136_an_account_with_that_role_is_an_operators),
        cmocka_unit_test(p137_there_are_so_many_bans_and_what_is_over_makes_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
