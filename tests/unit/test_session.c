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
        cmocka_unit_test(an_empty_status_clears_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
