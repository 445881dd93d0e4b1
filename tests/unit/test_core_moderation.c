/* Owners and moderators of rooms: roles, kicks, bans and mutes within a room, slow rooms. P-138 to P-147. */
#include "tests/unit/broker_kit.h"

#include "broker/core/accounts.h"

#include <inttypes.h>

static const origin_t CRASHED = {0};

#define PASSWORD "'correct horse'"

/* O is an operator's link, without a session. ada has made tea; bob and carol are in it too, eve is not. */
static kit_t *kit_with_room(void)
{
    core_settings_t settings = kit_stored_settings();
    settings.accounts_max = 8;
    kit_t *kit = kit_new(&settings);
    kit_under_key(kit, 'O', 'k', true);
    kit_save(kit, 'a', kit_ask(kit, 'A', "hello nick=Ada join=tea"), "token");
    kit_save(kit, 'b', kit_ask(kit, 'B', "hello nick=bob join=tea"), "token");
    kit_save(kit, 'c', kit_ask(kit, 'C', "hello nick=carol join=tea"), "token");
    kit_save(kit, 'e', kit_ask(kit, 'E', "hello nick=eve"), "token");
    kit_pass(kit, 1000);
    kit_forget(kit);
    return kit;
}

static void restart(kit_t *kit)
{
    kit_restart(kit, NULL, CRASHED);
    kit_under_key(kit, 'O', 'k', true);
}

static void resume_all(kit_t *kit)
{
    static const char LINKS[] = "ABCE";
    for (const char *link = LINKS; *link; link++) {
        char request[32];
        snprintf(request, sizeof request, "resume token=$%c", *link - 'A' + 'a');
        ASSERT_HAS(kit_ask(kit, *link, request), "ok=true");
    }
    kit_forget(kit);
}

/* --- roles --------------------------------------------------------------------------------------- */

static void p138_who_makes_a_room_owns_it_and_who_tells(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"),
               "members.0.nick=Ada members.0.role=owner members.1.nick=bob !members.1.role");
    kit_ask(kit, 'B', "join room=coffee");
    ASSERT_HAS(kit_ask(kit, 'B', "who room=coffee"), "members.0.role=owner");
    kit_destroy(&kit);
}

static void p138_the_lobby_is_the_operators(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'E', "who room=lobby"), "members.0.nick=eve !members.0.role");
    ASSERT_HAS(kit_ask(kit, 'E', "slow room=lobby slow_ms=1000"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "slow room=lobby slow_ms=1000"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "role room=lobby nick=eve role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "slow room=lobby slow_ms=0"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "audit"), "events.#=2 events.0.op=slow events.0.in=lobby "
                                           "events.1.op=role events.1.nick=eve");
    kit_destroy(&kit);
}

static void p139_the_owner_names_moderators_and_hands_over(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "role room=TEA nick=BOB role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"), "members.1.role=moderator");
    ASSERT_HAS(kit_ask(kit, 'B', "role room=tea nick=carol role=moderator"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=owner"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"), "members.0.role=moderator members.1.role=owner");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=ada role=owner"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'B', "role room=tea nick=ada role=member"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"), "!members.0.role members.1.role=owner");
    ASSERT_HAS(kit_ask(kit, 'O', "role room=tea nick=carol role=owner"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"), "!members.1.role members.2.role=owner");
    kit_destroy(&kit);
}

static void p139_role_has_its_errors(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=king"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=operator"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "role nick=bob role=owner"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "role nick=bob role=owner"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=nobody role=owner"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=nowhere nick=bob role=owner"), "error=no_such_room");
    kit_ask(kit, 'O', "slow room=tea slow_ms=0"); /* and the log of that is there */
    ASSERT_HAS(kit_ask(kit, 'O', "role room=!audit nick=bob role=owner"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'E', "role room=tea nick=eve role=owner"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'X', "role room=tea nick=eve role=owner"), "error=no_session");
    kit_destroy(&kit);
}

static void so_many_have_a_role_and_guests_who_have_gone_make_way(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    char request[96];
    for (unsigned i = 0; i < LIMIT_ROLES_PER_ROOM; i++) {
        snprintf(request, sizeof request, "hello sid=%u nick=user%u join:=[]", i, i);
        kit_ask(kit, 'U', request);
        snprintf(request, sizeof request, "role room=tea nick=user%u role=moderator", i);
        ASSERT_HAS(kit_ask(kit, 'A', request),
                   i + 1 < LIMIT_ROLES_PER_ROOM ? "ok=true" : "error=full");
    }
    kit_ask(kit, 'U', "bye sid=3");
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=user5 role=member"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "ok=true");
    kit_destroy(&kit);
}

static void who_registers_keeps_the_role_when_others_make_way(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    char request[96];
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    kit_ask(kit, 'B', "register password=" PASSWORD);
    kit_ask(kit, 'B', "bye");
    for (unsigned i = 0; i < LIMIT_ROLES_PER_ROOM; i++) {
        snprintf(request, sizeof request, "hello nick=user%u join:=[]", i);
        kit_ask(kit, 'U', request);
        snprintf(request, sizeof request, "role room=tea nick=user%u role=moderator", i);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        kit_ask(kit, 'U', "bye");
    }
    kit_ask(kit, 'B', "hello nick=bob password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'B', "slow room=tea slow_ms=5"), "ok=true");
    kit_destroy(&kit);
}

static void p140_a_role_is_of_the_person_and_lasts(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    kit_ask(kit, 'B', "nick nick=robert");
    kit_ask(kit, 'B', "say room=tea text=x");
    restart(kit);
    resume_all(kit);
    ASSERT_HAS(kit_ask(kit, 'E', "who room=tea"),
               "members.0.role=owner members.1.nick=robert members.1.role=moderator");
    kit_ask(kit, 'A', "bye");
    kit_ask(kit, 'B', "bye");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=robert join=tea"), "ok=true"); /* another one */
    ASSERT_HAS(kit_ask(kit, 'B', "slow room=tea slow_ms=5"), "error=denied");
    kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'A', "slow room=tea slow_ms=5"), "ok=true");
    kit_destroy(&kit);
}

static void p140_a_guests_room_has_no_owner_once_they_have_gone(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "bye");
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada join=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=ada role=owner"), "error=denied");
    static const char LEAVERS[] = "ABC";
    for (const char *link = LEAVERS; *link; link++)
        ASSERT_HAS(kit_ask(kit, *link, "part room=tea"), "ok=true");
    kit_ask(kit, 'B', "join room=tea"); /* forgotten, and made anew */
    ASSERT_HAS(kit_ask(kit, 'B', "who room=tea"), "members.0.role=owner");
    kit_destroy(&kit);
}

/* --- kick, ban, mute ----------------------------------------------------------------------------- */

static void p141_who_is_kicked_from_a_room_is_told_and_the_session_goes_on(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "kick room=tea nick=bob reason=noise"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "room=tea reason=kicked text=noise by=Ada");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "error=not_member");
    kit_pass(kit, 100);
    ASSERT_HAS(kit_event(kit, PUB, "presence"), "room=tea changes.0.nick=bob changes.0.state=gone");
    ASSERT_HAS(kit_ask(kit, 'A', "kick room=tea nick=bob"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'A', "kick room=tea nick=eve"), "error=no_such_nick");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "kick room=tea nick=ada"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "room=tea reason=kicked by=@operator !text");
    assert_int_equal(kit_counter(kit, "members_removed"), 2);
    kit_destroy(&kit);
}

static void the_last_one_who_is_kicked_takes_the_room_along(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'E', "join room=den private:=true");
    ASSERT_HAS(kit_ask(kit, 'O', "kick room=den nick=eve"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'E', "kicked"), "room=den");
    ASSERT_HAS(kit_ask(kit, 'O', "bans room=den"), "error=no_such_room");
    kit_ask(kit, 'E', "join room=den");
    ASSERT_HAS(kit_ask(kit, 'O', "ban room=den nick=eve"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=den"), "ok=true"); /* another room */
    kit_destroy(&kit);
}

static void p142_who_is_banned_from_a_room_stays_out(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob reason=spam"), "ok=true count=1");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "room=tea reason=banned text=spam");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "error=banned hint=spam !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'X', "hello nick=bob join=lobby,tea"), "heads.lobby !heads.tea");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=coffee"), "ok=true");
    assert_int_equal(kit_counter(kit, "banned_rooms"), 2);
    ASSERT_HAS(kit_ask(kit, 'A', "unban room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true");
    assert_int_equal(kit_counter(kit, "banned_rooms"), 2);
    ASSERT_HAS(kit_ask(kit, 'A', "unban room=tea nick=bob"), "error=no_such_ban");
    kit_destroy(&kit);
}

static void p142_a_ban_takes_role_and_invitation_away(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'A', "unban room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "slow room=tea slow_ms=1000"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den private:=true"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=den nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'A', "unban room=den nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room");
    kit_destroy(&kit);
}

static void p142_a_banned_account_does_not_come_back_by_logging_in(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'B', "register password=" PASSWORD);
    kit_ask(kit, 'B', "bye");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea account=bob"), "ok=true count=0");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob join:=[] password=" PASSWORD),
               "ok=true !heads.tea");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "error=banned");
    ASSERT_HAS(kit_ask(kit, 'A', "unban room=tea nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true");
    kit_destroy(&kit);
}

/* As a guest one may be there; as who is banned one may not. */
static void p142_who_logs_in_to_a_banned_account_is_put_out(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'B', "register password=" PASSWORD);
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob reason=spam"), "ok=true count=1");
    kit_ask(kit, 'B', "bye");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "ok=true");
    kit_pass(kit, 100);
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'E', "login nick=bob password=" PASSWORD), "ok=true !heads.tea");
    ASSERT_HAS(kit_event(kit, 'E', "kicked"), "room=tea reason=banned by=Ada text=spam");
    ASSERT_HAS(kit_ask(kit, 'E', "say room=tea text=x"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=tea"), "count=2");
    kit_destroy(&kit);
}

static void p141_an_account_that_is_away_is_put_out_of_a_room_too(void **state)
{
    (void)state;
    static const char *const ASKED[][2] = {
        {"kick room=den nick=bob", "role room=den nick=bob role=member"},
        {"ban room=den account=bob", "unban room=den account=bob"}};
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "join room=den private:=true");
    kit_ask(kit, 'B', "register password=" PASSWORD);
    for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++) {
        ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=bob"), "ok=true");
        ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true");
        kit_ask(kit, 'B', "bye");
        ASSERT_HAS(kit_ask(kit, 'A', ASKED[i][0]), "ok=true");
        ASSERT_HAS(kit_ask(kit, 'A', ASKED[i][1]), "ok=true");
        restart(kit);
        ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob password=" PASSWORD), "ok=true !heads.den");
        ASSERT_HAS(kit_ask(kit, 'B', "history room=den"), "error=no_such_room");
        ASSERT_HAS(kit_ask(kit, 'A', "resume token=$a"), "ok=true");
    }
    kit_ask(kit, 'B', "bye");
    ASSERT_HAS(kit_ask(kit, 'A', "kick room=den nick=bob"), "error=no_such_nick");
    kit_destroy(&kit);
}

static void p143_who_is_given_a_role_speaks_again(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=1"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=2"), "ok=true");
    kit_destroy(&kit);
}

static void p143_who_is_muted_in_a_room_speaks_elsewhere(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'B', "join room=lobby");
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "ok=true count=1");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=1"), "error=muted !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=2"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=lobby text=x cid=3"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "say room=tea text=x cid=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "unmute room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=4"), "ok=true");
    kit_destroy(&kit);
}

static void p144_nobody_acts_on_who_stands_as_high(void **state)
{
    (void)state;
    static const char *const VERBS[] = {"kick", "ban", "mute"};
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    kit_ask(kit, 'A', "role room=tea nick=carol role=moderator");
    kit_ask(kit, 'E', "register password=" PASSWORD);
    account_of_nick(kit_core(kit), span_of("eve"))->role = ROLE_OPERATOR;
    kit_ask(kit, 'E', "join room=tea");
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        char request[64];
        snprintf(request, sizeof request, "%s room=tea nick=carol", VERBS[i]);
        ASSERT_HAS(kit_ask(kit, 'B', request), "error=denied !retry_ms");
        snprintf(request, sizeof request, "%s room=tea nick=ada", VERBS[i]);
        ASSERT_HAS(kit_ask(kit, 'B', request), "error=denied");
        ASSERT_HAS(kit_ask(kit, 'A', request), "error=denied"); /* oneself */
        snprintf(request, sizeof request, "%s room=tea nick=eve", VERBS[i]);
        ASSERT_HAS(kit_ask(kit, 'A', request), "error=denied");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob"), "ok=true count=1");
    kit_ask(kit, 'A', "unban room=tea nick=bob");
    kit_ask(kit, 'B', "join room=tea");
    ASSERT_HAS(kit_ask(kit, 'B', "kick room=tea nick=nobody"), "error=denied"); /* no more */
    ASSERT_HAS(kit_ask(kit, 'E', "kick room=tea nick=ada"), "ok=true");
    kit_destroy(&kit);
}

static void p144_who_came_under_an_operators_key_stands_above_all(void **state)
{
    (void)state;
    static const char *const ASKED[] = {"kick room=tea nick=olga", "mute room=tea nick=olga",
                                        "ban room=tea nick=olga"};
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=olga"), "ok=true count=0");
    ASSERT_HAS(kit_ask(kit, 'A', "slow room=tea slow_ms=60000"), "ok=true");
    kit_save(kit, 'o', kit_ask(kit, 'O', "hello nick=olga join=tea"), "token");
    ASSERT_HAS(kit_ask(kit, 'O', "join room=tea"), "ok=true");
    for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++)
        ASSERT_HAS(kit_ask(kit, 'A', ASKED[i]), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'O', "say room=tea text=1"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "say room=tea text=2"), "ok=true");
    kit_under_key(kit, 'P', 'k', true);
    ASSERT_HAS(kit_ask(kit, 'P', "resume token=$o"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', ASKED[0]), "error=denied");
    kit_under_key(kit, 'P', 'k', false); /* enrolled as somebody else by now */
    ASSERT_HAS(kit_ask(kit, 'P', "say room=tea text=3"), "error=flood");
    ASSERT_HAS(kit_ask(kit, 'A', ASKED[0]), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'P', "join room=tea"), "error=banned");
    kit_destroy(&kit);
}

/* bob bans the name before ada has it. */
static void p144_a_ban_on_a_name_does_not_meet_who_has_a_role(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    ASSERT_HAS(kit_ask(kit, 'B', "ban room=tea nick=countess"), "ok=true count=0");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=Countess"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "part room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=ada"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "nick nick=countess"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "error=banned");
    kit_destroy(&kit);
}

static void p144_all_others_are_denied_whatever_they_ask(void **state)
{
    (void)state;
    static const char *const ASKED[] = {"kick room=tea",          "ban room=tea nick=nobody",
                                        "unban room=tea key=x",   "mute room=tea nick=bob",
                                        "unmute room=tea nick=x", "bans room=tea page=x",
                                        "slow room=tea slow_ms=1"};
    kit_t *kit = kit_with_room();
    for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++) {
        ASSERT_HAS(kit_ask(kit, 'C', ASKED[i]), "error=denied");
        ASSERT_HAS(kit_ask(kit, 'E', ASKED[i]), "error=denied");
        ASSERT_HAS(kit_ask(kit, 'X', ASKED[i]), "error=no_session");
    }
    kit_ask(kit, 'A', "join room=den private:=true");
    ASSERT_HAS(kit_ask(kit, 'E', "ban room=den nick=ada"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea network=192.0.2.0/24"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob account=bob"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=bob until=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "bans room=tea"), "bans.#=0");
    kit_destroy(&kit);
}

static void p144_nobody_takes_back_what_was_said_of_themselves(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "unmute room=tea nick=bob"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=robert"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "unmute room=tea nick=bob"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=member"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "error=muted");
    ASSERT_HAS(kit_ask(kit, 'A', "unmute room=tea nick=bob"), "ok=true");
    kit_destroy(&kit);
}

/* A guest's role is nobody's once they have gone, though the room still has it. */
static void p144_what_was_said_of_a_guest_who_has_gone_is_taken_back(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=bob role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=carol role=moderator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "unmute room=tea nick=bob"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'B', "bye"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'C', "unmute room=tea nick=bob"), "ok=true");
    kit_destroy(&kit);
}

static void p145_a_rooms_bans_are_listed_end_and_outlast_a_crash(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    char request[96];
    snprintf(request, sizeof request, "mute room=tea nick=bob until=%" PRIu64,
             kit_wall_ms(kit) + 8000);
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=carol reason=spam"), "ok=true");
    restart(kit);
    resume_all(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "bans room=tea limit=1"),
               "bans.#=1 bans.0.verdict=mute bans.0.nick=bob bans.0.by=Ada bans.0.until next");
    ASSERT_HAS(kit_ask(kit, 'A', "bans room=tea page=1"),
               "bans.#=1 bans.0.verdict=ban bans.0.nick=carol bans.0.reason=spam !next");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=1"), "error=muted !retry_ms");
    ASSERT_HAS(kit_ask(kit, 'C', "join room=tea"), "error=banned hint=spam");
    ASSERT_HAS(kit_ask(kit, 'O', "bans"), "bans.#=0"); /* those of the broker are others */
    kit_pass(kit, 8000);
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=2"), "ok=true !dup");
    ASSERT_HAS(kit_ask(kit, 'A', "bans room=tea"), "bans.#=1");
    kit_destroy(&kit);
}

static void p145_a_room_has_so_many_bans_and_what_is_over_makes_way(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    char request[256];
    for (unsigned i = 0; i < LIMIT_VERDICTS_PER_ROOM; i++) {
        snprintf(request, sizeof request, "ban room=tea nick=%030u reason=*128", i);
        if (i == 7)
            snprintf(request, sizeof request, "ban room=tea nick=x until=%" PRIu64,
                     kit_wall_ms(kit) + 5000);
        ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
    }
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "error=full");
    ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true"); /* said anew */
    kit_pass(kit, 5000);
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "ok=true");
    restart(kit);
    resume_all(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "bans room=tea"), "bans.#=64");
    kit_destroy(&kit);
}

/* A broker started anew gives numbers of sessions again that are stored nowhere else. */
static void p149_an_invitation_of_who_has_gone_is_nobodys_after_two_restarts(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'X', "hello nick=xenia");
    ASSERT_HAS(kit_ask(kit, 'A', "invite room=den nick=xenia"), "ok=true");
    kit_ask(kit, 'X', "bye");
    restart(kit);
    resume_all(kit);
    kit_save(kit, 'm', kit_ask(kit, 'M', "hello nick=mallory"), "token");
    ASSERT_HAS(kit_ask(kit, 'M', "join room=den"), "error=no_such_room");
    restart(kit);
    resume_all(kit);
    kit_ask(kit, 'M', "resume token=$m");
    ASSERT_HAS(kit_ask(kit, 'M', "join room=den"), "error=no_such_room");
    kit_destroy(&kit);
}

/* --- slow rooms ---------------------------------------------------------------------------------- */

static void p146_in_a_slow_room_members_wait(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "role room=tea nick=carol role=moderator");
    ASSERT_HAS(kit_ask(kit, 'C', "slow room=tea slow_ms=10000"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=1"), "ok=true");
    kit_pass(kit, 4000);
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=y cid=2"), "error=flood retry_ms=6000 hint");
    for (int i = 0; i < 3; i++) {
        ASSERT_HAS(kit_ask(kit, 'A', "say room=tea text=x"), "ok=true");
        ASSERT_HAS(kit_ask(kit, 'C', "say room=tea text=x"), "ok=true");
    }
    kit_pass(kit, 5999);
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=y cid=2"), "error=flood retry_ms=1");
    kit_pass(kit, 1);
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=y cid=2"), "ok=true !dup");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=y cid=2"), "ok=true dup=true");
    ASSERT_HAS(kit_ask(kit, 'A', "slow room=tea slow_ms=0"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=z cid=3"), "ok=true");
    assert_int_equal(kit_counter(kit, "slowed"), 2);
    kit_destroy(&kit);
}

static void p146_to_leave_and_come_again_shortens_nothing(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "slow room=tea slow_ms=10000");
    kit_ask(kit, 'B', "say room=tea text=x");
    kit_ask(kit, 'B', "part room=tea");
    kit_ask(kit, 'B', "join room=tea");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "error=flood retry_ms=10000");
    kit_pass(kit, 10000);
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "ok=true");
    kit_destroy(&kit);
}

static void p146_waiting_in_a_slow_room_is_no_flood(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.rate_per_s = 1000;
    settings.rate_burst = 1000;
    settings.flood_refusals = 5;
    settings.flood_window_ms = 10000;
    settings.flood_mute_ms = 30000;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=tea");
    kit_ask(kit, 'B', "hello nick=bob join=tea");
    kit_ask(kit, 'A', "slow room=tea slow_ms=60000");
    kit_ask(kit, 'B', "say room=tea text=x cid=1");
    for (int i = 0; i < 50; i++)
        ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x cid=2"), "error=flood");
    assert_int_equal(kit_counter(kit, "sessions_muted"), 0);
    kit_destroy(&kit);
}

static void p147_that_a_room_is_slow_is_told_and_kept(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "slow room=tea slow_ms=3600001"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "ok=true !slow_ms");
    ASSERT_HAS(kit_ask(kit, 'A', "slow room=tea slow_ms=3600000"), "ok=true");
    restart(kit);
    resume_all(kit);
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "slow_ms=3600000");
    ASSERT_HAS(kit_ask(kit, 'E', "rooms"), "rooms.1.room=tea rooms.1.slow_ms=3600000");
    ASSERT_HAS(kit_ask(kit, 'E', "say room=tea text=x"), "ok=true"); /* the clock is new */
    ASSERT_HAS(kit_ask(kit, 'E', "say room=tea text=x"), "error=flood");
    kit_destroy(&kit);
}

/* --- in and out ---------------------------------------------------------------------------------- */

static void p142_who_takes_a_banned_nick_in_the_room_is_put_out(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    ASSERT_HAS(kit_ask(kit, 'A', "ban room=tea nick=mallory reason=spam"), "count=0");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=Mallory"), "ok=true nick=Mallory");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "room=tea reason=banned by=Ada text=spam");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=x"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'B', "nick nick=bob"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=tea"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "nick nick=mallory"), "ok=true"); /* an owner stays */
    kit_quiet(kit, 'A');
    kit_destroy(&kit);
}

static void p142_whose_role_kept_them_in_is_put_out_without_it(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    kit_ask(kit, 'A', "ban room=tea nick=mallory");
    kit_ask(kit, 'B', "nick nick=mallory");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "role room=tea nick=mallory role=member"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'B', "role"), "role=member");
    ASSERT_HAS(kit_event(kit, 'B', "kicked"), "room=tea reason=banned");
    kit_ask(kit, 'A', "ban room=tea nick=countess");
    kit_ask(kit, 'A', "nick nick=countess");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "role room=tea nick=carol role=owner"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'A', "role"), "role=member");
    ASSERT_HAS(kit_event(kit, 'A', "kicked"), "room=tea reason=banned");
    kit_destroy(&kit);
}

static void p142_who_is_no_operator_any_more_is_put_out_and_the_room_may_go_with_them(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'E', "register password=" PASSWORD);
    kit_ask(kit, 'O', "ban room=tea nick=eve");
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=eve role=operator"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "ok=true");
    for (const char *link = "ABC"; *link; link++)
        kit_ask(kit, *link, "part room=tea");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "account_role account=eve role=member"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'E', "kicked"), "room=tea reason=banned");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=tea"), "ok=true count=1"); /* another one */
    kit_ask(kit, 'E', "ban room=tea nick=olga");
    kit_ask(kit, 'E', "nick nick=olga");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "role room=tea nick=olga role=member"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'E', "role"), "role=member");
    ASSERT_HAS(kit_event(kit, 'E', "kicked"), "room=tea reason=banned");
    kit_destroy(&kit);
}

static void p57_who_has_a_role_comes_back_into_a_private_room(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "register password=" PASSWORD);
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'A', "say room=den text=x");
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_ask(kit, 'B', "join room=den");
    kit_ask(kit, 'A', "part room=den");
    ASSERT_HAS(kit_ask(kit, 'A', "who room=den"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=den nick=bob role=moderator"), "error=not_member");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "ok=true private=true count=2");
    kit_ask(kit, 'A', "role room=den nick=carol role=moderator");
    ASSERT_HAS(kit_ask(kit, 'C', "join room=den"), "ok=true");
    kit_ask(kit, 'C', "part room=den");
    kit_ask(kit, 'A', "role room=den nick=carol role=member");
    ASSERT_HAS(kit_ask(kit, 'C', "join room=den"), "error=no_such_room");
    for (const char *link = "AB"; *link; link++)
        kit_ask(kit, *link, "part room=den"); /* nobody is in it now */
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room");
    kit_ask(kit, 'A', "bye");
    restart(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada password=" PASSWORD), "ok=true !heads.den");
    ASSERT_HAS(kit_ask(kit, 'A', "join room=den"), "ok=true count=1");
    kit_destroy(&kit);
}

/* The role is the uid's, which ends with the session. */
static void p57_a_nick_alone_brings_no_guest_back_into_a_private_room(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'B', "join room=den private=true");
    kit_ask(kit, 'B', "say room=den text=x");
    kit_ask(kit, 'B', "invite room=den nick=carol");
    kit_ask(kit, 'C', "join room=den");
    kit_ask(kit, 'B', "part room=den");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "ok=true");
    kit_ask(kit, 'B', "bye");
    kit_ask(kit, 'E', "nick nick=bob");
    ASSERT_HAS(kit_ask(kit, 'E', "join room=den"), "error=no_such_room");
    kit_ask(kit, 'B', "hello nick=rob");
    ASSERT_HAS(kit_ask(kit, 'B', "join room=den"), "error=no_such_room");
    kit_destroy(&kit);
}

/* --- news ---------------------------------------------------------------------------------------- */

static void p230_who_is_muted_is_told_at_once_and_nobody_else(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    char request[96];
    snprintf(request, sizeof request, "mute room=tea nick=bob reason='too loud' until=%" PRIu64,
             kit_wall_ms(kit) + 600000);
    ASSERT_HAS(kit_ask(kit, 'A', request), "count=1");
    const frame_t *muted = kit_event(kit, 'B', "muted");
    ASSERT_HAS(muted, "room=tea by=Ada text='too loud' !sid");
    assert_int_equal(frame_uint(muted, "until") - frame_uint(muted, "at"), 600000);
    ASSERT_HAS(kit_ask(kit, 'A', "unmute room=tea nick=bob"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'B', "unmuted"), "room=tea by=Ada");
    ASSERT_HAS(kit_ask(kit, 'O', "mute room=tea nick=bob"), "count=1");
    ASSERT_HAS(kit_event(kit, 'B', "muted"), "room=tea by=@operator !until !text");
    for (const char *link = "AC*"; *link; link++)
        kit_quiet(kit, *link);
    kit_destroy(&kit);
}

/* Who is not in the room, or whom it does not keep from speaking. */
static void p230_who_is_not_silenced_in_a_room_is_not_told(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "join room=den private=true");
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=den nick=eve"), "count=0");
    ASSERT_HAS(kit_ask(kit, 'A', "unmute room=den nick=eve"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'A', "role room=den nick=eve role=moderator"), "ok=true");
    kit_quiet(kit, 'E');
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    ASSERT_HAS(kit_event(kit, 'B', "role"), "role=moderator");
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=bob"), "error=denied"); /* a role speaks */
    ASSERT_HAS(kit_ask(kit, 'O', "mute room=tea nick=bob"), "error=denied");
    ASSERT_HAS(kit_ask(kit, 'B', "say room=tea text=yes"), "ok=true");
    assert_int_equal(frame_uint(kit_ask(kit, 'A', "bans room=tea"), "bans.#"), 0);
    kit_lose(kit, 'C');
    ASSERT_HAS(kit_ask(kit, 'A', "mute room=tea nick=carol"), "count=1");
    ASSERT_HAS(kit_ask(kit, 'D', "resume token=$c"), "ok=true");
    kit_quiet(kit, 'D');
    kit_destroy(&kit);
}

/* By nick or network; not by whom, nor where from. */
static void p230_who_is_muted_everywhere_is_told(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'N', "hello sid=1 nick=ned address=192.0.2.7");
    kit_ask(kit, 'N', "hello sid=2 nick=nora address=192.0.2.8");
    kit_ask(kit, 'N', "hello sid=3 nick=nick address=198.51.100.1");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'O', "mute network=192.0.2.0/24 reason=spam"), "count=2");
    ASSERT_HAS(kit_event(kit, 'N', "muted"), "sid=1 text=spam !by !room !network !until");
    ASSERT_HAS(kit_event(kit, 'N', "muted"), "sid=2");
    kit_quiet(kit, 'N');
    ASSERT_HAS(kit_ask(kit, 'O', "mute nick=ned"), "count=1");
    ASSERT_HAS(kit_event(kit, 'N', "muted"), "sid=1");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute network=192.0.2.0/24"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'N', "unmuted"), "sid=2 !by"); /* ned is muted still */
    kit_quiet(kit, 'N');
    ASSERT_HAS(kit_ask(kit, 'N', "nick sid=1 nick=edward"), "ok=true");
    ASSERT_HAS(kit_ask(kit, 'O', "unmute nick=ned"), "ok=true");
    ASSERT_HAS(kit_event(kit, 'N', "unmuted"), "sid=1");
    kit_destroy(&kit);
}

static void p231_whose_role_changes_is_told(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    ASSERT_HAS(kit_event(kit, 'B', "role"), "room=tea role=moderator by=Ada");
    kit_ask(kit, 'A', "role room=tea nick=bob role=moderator");
    kit_quiet(kit, 'B'); /* no news */
    kit_ask(kit, 'A', "role room=tea nick=bob role=owner");
    ASSERT_HAS(kit_event(kit, 'B', "role"), "role=owner by=Ada");
    kit_quiet(kit, 'A'); /* who asks has the answer */
    kit_ask(kit, 'O', "role room=tea nick=carol role=owner");
    ASSERT_HAS(kit_event(kit, 'C', "role"), "role=owner by=@operator");
    ASSERT_HAS(kit_event(kit, 'B', "role"), "role=member by=@operator");
    kit_ask(kit, 'C', "role room=tea nick=ada role=member");
    ASSERT_HAS(kit_event(kit, 'A', "role"), "role=member by=carol");
    kit_quiet(kit, PUB);
    kit_destroy(&kit);
}

static void p232_that_a_room_becomes_slow_is_told_to_its_members(void **state)
{
    (void)state;
    kit_t *kit = kit_with_room();
    kit_ask(kit, 'A', "slow room=tea slow_ms=10000");
    ASSERT_HAS(kit_event(kit, PUB, "slow"), "room=tea slow_ms=10000 !seq !by");
    kit_ask(kit, 'A', "slow room=tea slow_ms=10000");
    kit_quiet(kit, PUB);
    kit_ask(kit, 'O', "slow room=tea slow_ms=0");
    ASSERT_HAS(kit_event(kit, PUB, "slow"), "slow_ms=0");
    kit_ask(kit, 'A', "join room=den private=true");
    kit_ask(kit, 'A', "invite room=den nick=bob");
    kit_ask(kit, 'B', "join room=den");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "slow room=den slow_ms=60000");
    ASSERT_HAS(kit_event(kit, 'B', "slow"), "room=den slow_ms=60000 !sid");
    for (const char *link = "CE*"; *link; link++)
        kit_quiet(kit, *link);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p142_who_takes_a_banned_nick_in_the_room_is_put_out),
        cmocka_unit_test(p142_whose_role_kept_them_in_is_put_out_without_it),
        cmocka_unit_test(p142_who_is_no_operator_any_more_is_put_out_and_the_room_may_go_with_them),
        cmocka_unit_test(p57_who_has_a_role_comes_back_into_a_private_room),
        cmocka_unit_test(p57_a_nick_alone_brings_no_guest_back_into_a_private_room),
        cmocka_unit_test(p230_who_is_muted_is_told_at_once_and_nobody_else),
        cmocka_unit_test(p230_who_is_not_silenced_in_a_room_is_not_told),
        cmocka_unit_test(p230_who_is_muted_everywhere_is_told),
        cmocka_unit_test(p231_whose_role_changes_is_told),
        cmocka_unit_test(p232_that_a_room_becomes_slow_is_told_to_its_members),
        cmocka_unit_test(p138_who_makes_a_room_owns_it_and_who_tells),
        cmocka_unit_test(p138_the_lobby_is_the_operators),
        cmocka_unit_test(p139_the_owner_names_moderators_and_hands_over),
        cmocka_unit_test(p139_role_has_its_errors),
        cmocka_unit_test(so_many_have_a_role_and_guests_who_have_gone_make_way),
        cmocka_unit_test(who_registers_keeps_the_role_when_others_make_way),
        cmocka_unit_test(p140_a_role_is_of_the_person_and_lasts),
        cmocka_unit_test(p140_a_guests_room_has_no_owner_once_they_have_gone),
        cmocka_unit_test(p141_who_is_kicked_from_a_room_is_told_and_the_session_goes_on),
        cmocka_unit_test(the_last_one_who_is_kicked_takes_the_room_along),
        cmocka_unit_test(p142_who_is_banned_from_a_room_stays_out),
        cmocka_unit_test(p142_a_ban_takes_role_and_invitation_away),
        cmocka_unit_test(p142_a_banned_account_does_not_come_back_by_logging_in),
        cmocka_unit_test(p142_who_logs_in_to_a_banned_account_is_put_out),
        cmocka_unit_test(p141_an_account_that_is_away_is_put_out_of_a_room_too),
        cmocka_unit_test(p143_who_is_given_a_role_speaks_again),
        cmocka_unit_test(p143_who_is_muted_in_a_room_speaks_elsewhere),
        cmocka_unit_test(p144_nobody_acts_on_who_stands_as_high),
        cmocka_unit_test(p144_who_came_under_an_operators_key_stands_above_all),
        cmocka_unit_test(p144_a_ban_on_a_name_does_not_meet_who_has_a_role),
        cmocka_unit_test(p144_all_others_are_denied_whatever_they_ask),
        cmocka_unit_test(p144_nobody_takes_back_what_was_said_of_themselves),
        cmocka_unit_test(p144_what_was_said_of_a_guest_who_has_gone_is_taken_back),
        cmocka_unit_test(p145_a_rooms_bans_are_listed_end_and_outlast_a_crash),
        cmocka_unit_test(p145_a_room_has_so_many_bans_and_what_is_over_makes_way),
        cmocka_unit_test(p146_in_a_slow_room_members_wait),
        cmocka_unit_test(p146_to_leave_and_come_again_shortens_nothing),
        cmocka_unit_test(p146_waiting_in_a_slow_room_is_no_flood),
        cmocka_unit_test(p147_that_a_room_is_slow_is_told_and_kept),
        cmocka_unit_test(p149_an_invitation_of_who_has_gone_is_nobodys_after_two_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
