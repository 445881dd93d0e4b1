#include "tests/unit/proto.h"

#include "broker/core/session.h"

static void make_token(uint64_t number, uint8_t *out_token)
{
    static const uint8_t ENTROPY[MINT_ENTROPY_BYTES];
    mint_t mint = {.counter = number};
    mint_token(&mint, ENTROPY, 1, out_token);
}

static bool has(const session_t *session, uint64_t number)
{
    uint8_t token[TOKEN_BYTES];
    make_token(number, token);
    return session_has_token(session, token);
}

static void add(session_t *session, uint64_t number)
{
    uint8_t token[TOKEN_BYTES];
    make_token(number, token);
    session_add_token(session, token);
}

static void the_oldest_of_too_many_tokens_ends_first(void **state)
{
    (void)state;
    session_t session = {0};
    for (uint64_t i = 0; i < LIMIT_TOKENS_LIVE + 3; i++)
        add(&session, i);
    for (uint64_t i = 0; i < LIMIT_TOKENS_LIVE + 3; i++)
        assert_int_equal(has(&session, i), i >= 3);
    assert_false(has(&session, 99));
    session_fini(&session);
}

static void using_a_token_ends_those_before_it_and_keeps_it(void **state)
{
    (void)state;
    session_t session = {0};
    for (uint64_t i = 0; i < 5; i++)
        add(&session, i);
    uint8_t token[TOKEN_BYTES];
    make_token(2, token);
    session_use_token(&session, token);
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(has(&session, i), i >= 2);
    session_fini(&session);
}

static void memberships_are_found_by_room(void **state)
{
    (void)state;
    session_t session = {0};
    for (uint64_t room = 1; room <= LIMIT_ROOMS_PER_SESSION; room++)
        session_add_membership(&session, room, 100 + room);
    session_remove_membership(&session, 1);
    session_remove_membership(&session, LIMIT_ROOMS_PER_SESSION);
    assert_null(session_membership(&session, 1));
    assert_null(session_membership(&session, LIMIT_ROOMS_PER_SESSION));
    for (uint64_t room = 2; room < LIMIT_ROOMS_PER_SESSION; room++)
        assert_int_equal(session_membership(&session, room)->number, 100 + room);
    session_fini(&session);
}

static void a_membership_stays_as_it_is_while_others_come_and_go(void **state)
{
    (void)state;
    session_t session = {0};
    for (int round = 0; round < 3; round++) {
        session_add_membership(&session, 1, 11);
        session_membership(&session, 1)->noted_at = 7;
        session_add_membership(&session, 2, 12);
        session_add_membership(&session, 3, 13);
        session_remove_membership(&session, 2);
        session_remove_membership(&session, 3);
        assert_int_equal(session_memberships(&session)[0].room, 1);
        assert_int_equal(session_membership(&session, 1)->noted_at, 7);
        session_remove_membership(&session, 1);
        assert_false(session_is_in(&session, 1));
    }
    session_fini(&session);
}

static void a_nick_is_shown_as_typed_and_found_as_folded(void **state)
{
    (void)state;
    static const char *const NICKS[] = {"ada",
                                        "Ada",
                                        "a-nick-of-just-16",
                                        "A-Nick-Of-Twenty-One",
                                        "ada",
                                        "a-nick-of-thirty-two-bytes-is-ok",
                                        "A-NICK-OF-THIRTY-TWO-BYTES-IS-OK",
                                        "x"};
    session_t session = {0};
    for (size_t i = 0; i < sizeof NICKS / sizeof NICKS[0]; i++) {
        name_t identity;
        assert_int_equal(nick_fold(span_of(NICKS[i]), &identity), HUB_OK);
        session_set_nick(&session, span_of(NICKS[i]), &identity);
        assert_true(span_is(session_nick(&session), NICKS[i]));
        assert_true(span_equal(session_identity(&session), name_span(&identity)));
    }
    session_fini(&session);
}

static void an_empty_status_clears_it(void **state)
{
    (void)state;
    session_t session = {0};
    assert_int_equal(session_status(&session).size, 0);
    session_set_status(&session, span_of("tea time"));
    assert_true(span_is(session_status(&session), "tea time"));
    session_set_status(&session, span_of(""));
    assert_null(session.status);
    session_fini(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_of_too_many_tokens_ends_first),
        cmocka_unit_test(using_a_token_ends_those_before_it_and_keeps_it),
        cmocka_unit_test(memberships_are_found_by_room),
        cmocka_unit_test(a_membership_stays_as_it_is_while_others_come_and_go),
        cmocka_unit_test(a_nick_is_shown_as_typed_and_found_as_folded),
        cmocka_unit_test(an_empty_status_clears_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
