/* The thread that hashes passwords, with libsodium itself: broker/shell/hasher.h. */
#include "broker/shell/hasher.h"

#include "proto/tables.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { PATIENCE_MS = 60000 };

static hasher_answer_t next(hasher_t *hasher)
{
    hasher_answer_t answer;
    struct pollfd waits = {.fd = hasher_fd(hasher), .events = POLLIN};
    while (!hasher_next(hasher, &answer))
        assert_int_equal(poll(&waits, 1, PATIENCE_MS), 1);
    return answer;
}

static void a_hash_is_made_and_verified(void **state)
{
    (void)state;
    hasher_t *hasher = hasher_new();
    assert_non_null(hasher);
    hasher_put(hasher, 7, span_of("correct horse"), (span_t){0});
    hasher_answer_t made = next(hasher);
    assert_int_equal(made.number, 7);
    assert_int_equal(made.err, HUB_OK);
    /* OWASP's least: argon2id, 19 MiB, 2 passes, 1 lane */
    assert_memory_equal(made.hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    hasher_put(hasher, 8, span_of("correct horse"), span_of(made.hash));
    hasher_put(hasher, 9, span_of("correct house"), span_of(made.hash));
    hasher_put(hasher, 10, span_of("correct horse"), span_of("no hash"));
    hasher_answer_t right = next(hasher), wrong = next(hasher), foreign = next(hasher);
    assert_true(right.number == 8 && right.err == HUB_OK && right.hash[0] == '\0');
    assert_true(wrong.number == 9 && wrong.err == HUB_DENIED);
    assert_true(foreign.number == 10 && foreign.err == HUB_DENIED);
    hasher_destroy(&hasher);
}

static void the_same_password_has_another_hash_each_time(void **state)
{
    (void)state;
    hasher_t *hasher = hasher_new();
    hasher_put(hasher, 1, span_of("correct horse"), (span_t){0});
    hasher_put(hasher, 2, span_of("correct horse"), (span_t){0});
    hasher_answer_t first = next(hasher), second = next(hasher);
    assert_string_not_equal(first.hash, second.hash);
    hasher_destroy(&hasher);
}

static void as_many_may_wait_as_the_core_lets(void **state)
{
    (void)state;
    hasher_t *hasher = hasher_new();
    for (uint64_t i = 0; i < LIMIT_HASHES_WAITING; i++)
        hasher_put(hasher, i, span_of("x"), span_of("no hash"));
    for (uint64_t i = 0; i < LIMIT_HASHES_WAITING; i++)
        assert_int_equal(next(hasher).number, i);
    hasher_answer_t none;
    assert_false(hasher_next(hasher, &none));
    hasher_destroy(&hasher);
}

static void it_ends_while_some_wait(void **state)
{
    (void)state;
    hasher_t *hasher = hasher_new();
    for (uint64_t i = 0; i < LIMIT_HASHES_WAITING; i++)
        hasher_put(hasher, i, span_of("correct horse"), (span_t){0});
    hasher_destroy(&hasher);
    assert_null(hasher);
    hasher_destroy(&hasher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_made_and_verified),
        cmocka_unit_test(the_same_password_has_another_hash_each_time),
        cmocka_unit_test(as_many_may_wait_as_the_core_lets),
        cmocka_unit_test(it_ends_while_some_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
