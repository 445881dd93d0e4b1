/* Accounts as a client sees them: what a login gives, and what is not tried again by itself. P-120, P-121. */
#include "tests/unit/client_fixture.h"

static void login(fixture_t *f, uint32_t sid, const char *nick)
{
    client_request_t request = {
        .op = OP_login, .tag = 9, .nick = span_of(nick), .password = span_of("correct horse")};
    assert_int_equal(client_link_request(f->link, sid, &request, f->now_ms), HUB_OK);
}

/* The account has den, a private room, and an inbox of its own. */
static void answer_login(fixture_t *f, const char *nick)
{
    static const head_t HEADS[] = {{"lobby", 1, 5, 0}, {"den", 3, 8, 0}, {"@", 700, 4, 0}};
    fixture_reply(f, fixture_take(f, OP_login));
    write_bool(&f->writer, KEY_ok, true);
    write_str(&f->writer, KEY_nick, span_of(nick));
    write_str(&f->writer, KEY_uid, span_of("k3v7q2m5x4wd6t2a"));
    fixture_heads(f, HEADS, 3);
    write_key(&f->writer, KEY_rooms);
    msgpack_pack_array(&f->writer.packer, 1);
    pack_span(&f->writer, span_of("den"));
    fixture_send(f);
}

WITH_ADA(p120_a_login_gives_the_accounts_nick_rooms_and_inbox)
{
    fixture_private(f, ada, 1, 1);
    fixture_clear(f);
    login(f, ada, "Countess");
    answer_login(f, "Countess");
    fixture_expect(f, "subscribe den; joined 0 den; unsubscribe den; reply 0 login 9 ok");
    assert_true(span_is(client_link_nick(f->link, ada), "Countess"));
    fixture_private(f, ada, 700, 4); /* was there before */
    fixture_private(f, ada, 700, 5);
    fixture_message(f, "lobby", 1, 6);
    fixture_expect(f, "private 0 700.5; message lobby 1.6");
}

WITH_ADA(who_logs_in_to_the_same_account_misses_nothing)
{
    login(f, ada, "Countess");
    answer_login(f, "Countess");
    fixture_clear(f);
    fixture_private(f, ada, 700, 6);
    fixture_pass(f, 0);
    login(f, ada, "countess");
    answer_login(f, "Countess");
    fixture_expect(f, "reply 0 login 9 ok");
    fixture_private(f, ada, 700, 5);
    fixture_expect(f, "private 0 700.5; private 0 700.6");
}

WITH_ADA(p120_what_was_asked_before_a_login_is_answered_before_and_what_comes_after_waits)
{
    fixture_say(f, ada, 1);
    login(f, ada, "Countess");
    fixture_say(f, ada, 2);
    assert_int_equal(fixture_count(f, OP_login), 0);
    fixture_ok(f, fixture_take(f, OP_say));
    answer_login(f, "Countess");
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_expect(f, "reply 0 say 1 ok; subscribe den; joined 0 den; unsubscribe den; "
                      "reply 0 login 9 ok; reply 0 say 2 ok");
}

WITH_ADA(p121_a_password_that_has_to_wait_is_not_tried_again_by_itself)
{
    login(f, ada, "Countess");
    fixture_error(f, fixture_take(f, OP_login), "flood", 300000);
    fixture_expect(f, "reply 0 login 9 flood");
    fixture_say(f, ada, 2);
    assert_int_equal(fixture_count(f, OP_say), 1);
    login(f, ada, "Countess");
    fixture_ok(f, fixture_take(f, OP_say));
    fixture_error(f, fixture_take(f, OP_login), "busy", 100);
    fixture_clear(f);
    fixture_pass(f, 200);
    fixture_error(f, fixture_take(f, OP_login), "denied", 0);
    fixture_expect(f, "reply 0 login 9 denied");
}

WITH_ADA(a_private_room_of_the_account_is_not_made_anew_by_a_hello)
{
    login(f, ada, "Countess");
    answer_login(f, "Countess");
    fixture_event(f, "kicked");
    write_str(&f->writer, KEY_reason, span_of("silent"));
    fixture_send(f);
    fixture_error(f, fixture_take(f, OP_resume), "expired", 0);
    (void)fixture_take(f, OP_hello);
    size_t count;
    const msgpack_object *rooms = message_list(&f->request, KEY_join, &count);
    span_t name;
    assert_int_equal(count, 1);
    assert_true(object_span(&rooms[0], &name) && span_is(name, "lobby"));
    assert_true(span_is(message_span(&f->request, KEY_nick), "Countess"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p120_a_login_gives_the_accounts_nick_rooms_and_inbox),
        cmocka_unit_test(who_logs_in_to_the_same_account_misses_nothing),
        cmocka_unit_test(
            p120_what_was_asked_before_a_login_is_answered_before_and_what_comes_after_waits),
        cmocka_unit_test(p121_a_password_that_has_to_wait_is_not_tried_again_by_itself),
        cmocka_unit_test(a_private_room_of_the_account_is_not_made_anew_by_a_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
