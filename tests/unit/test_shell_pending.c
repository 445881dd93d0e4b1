#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/shell/pending.h"

static void put(pendings_t *pendings, uint64_t request)
{
    pending_t *pending = pending_new(VERB_say, (size_t)request * 10, "hello", NULL);
    pending->request = request;
    pendings_put(pendings, &pending);
    assert_null(pending);
}

static void an_answer_finds_its_request_in_any_order(void **state)
{
    (void)state;
    pendings_t pendings = {0};
    for (uint64_t i = 1; i <= 4; i++)
        put(&pendings, i);
    const uint64_t order[] = {2, 4, 1, 3};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(pendings_find(&pendings, order[i]));
        pending_t *pending = pendings_take(&pendings, order[i]);
        assert_int_equal(pending->line, order[i] * 10);
        assert_string_equal(pending->subject, "hello");
        pending_destroy(&pending);
        assert_null(pendings_take(&pendings, order[i]));
    }
    assert_null(pendings.first);
    assert_null(pendings.last);
    put(&pendings, 5);
    assert_non_null(pendings_find(&pendings, 5));
    pendings_clear(&pendings);
}

static void clearing_frees_what_is_left_with_its_reply(void **state)
{
    (void)state;
    pendings_t pendings = {0};
    put(&pendings, 1);
    pending_t *pending = pending_new(VERB_who, 1, "", json_object());
    pending->request = 2;
    pendings_put(&pendings, &pending);
    pendings_clear(&pendings);
    assert_null(pendings.first);
    assert_null(pendings.last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_finds_its_request_in_any_order),
        cmocka_unit_test(clearing_frees_what_is_left_with_its_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
