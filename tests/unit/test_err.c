#include "tests/unit/proto.h"

#include "proto/err.h"

static void every_error_is_found_by_its_name(void **state)
{
    (void)state;
    for (hub_err_t err = HUB_OK; err < HUB_ERR_COUNT; err++)
        assert_int_equal(err_find(span_of(err_name(err))), err);
}

static void a_name_that_nobody_knows_is_no_error_of_ours(void **state)
{
    (void)state;
    assert_int_equal(err_find(span_of("gone_fishing")), HUB_ERR_COUNT);
    assert_int_equal(err_find(span_of("")), HUB_ERR_COUNT);
    assert_int_equal(err_find(span_of("bad_reques")), HUB_ERR_COUNT);
    assert_int_equal(err_find(span_of("bad_requestx")), HUB_ERR_COUNT);
}

static void every_error_has_a_hint_of_one_line_that_fits_its_key(void **state)
{
    (void)state;
    const key_row_t *hint = key_row(KEY_hint), *error = key_row(KEY_error);
    for (hub_err_t err = HUB_BAD_REQUEST; err < HUB_ERR_COUNT; err++) {
        span_t text = span_of(err_hint(err)), name = span_of(err_name(err));
        assert_true(text.size > 0 && text.size <= hint->max);
        assert_null(memchr(text.data, '\n', text.size));
        assert_true(name.size >= error->min && name.size <= error->max);
    }
    assert_string_equal(err_hint(HUB_OK), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_is_found_by_its_name),
        cmocka_unit_test(a_name_that_nobody_knows_is_no_error_of_ours),
        cmocka_unit_test(every_error_has_a_hint_of_one_line_that_fits_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
