/* Short texts: client/core/label.h. */
#include "client/core/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const char TEXT[] = "0123456789abcdefghijklmnopqrstuv";

static void assert_is(const label_t *label, size_t size)
{
    span_t text = label_span(label);
    assert_int_equal(text.size, size);
    assert_memory_equal(text.data, TEXT, size);
}

static void a_text_of_any_length_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof TEXT; size++) {
        label_t label = {.size = 0};
        label_set(&label, (span_t){TEXT, size});
        assert_is(&label, size);
        label_fini(&label);
        assert_is(&label, 0);
    }
}

static void a_text_may_be_set_anew_whatever_it_was(void **state)
{
    (void)state;
    label_t label = {.size = 0};
    for (size_t size = 0; size < sizeof TEXT; size++)
        for (size_t other = 0; other < sizeof TEXT; other++) {
            label_set(&label, (span_t){TEXT, size});
            label_set(&label, (span_t){TEXT, other});
            assert_is(&label, other);
        }
    label_fini(&label);
}

static void a_text_may_become_a_part_of_itself(void **state)
{
    (void)state;
    label_t label = {.size = 0};
    label_set(&label, span_of(TEXT));
    label_set(&label, (span_t){label_span(&label).data, LABEL_HERE_BYTES + 1});
    assert_is(&label, LABEL_HERE_BYTES + 1);
    label_set(&label, (span_t){label_span(&label).data, 3});
    assert_is(&label, 3);
    label_set(&label, (span_t){label_span(&label).data, 2});
    assert_is(&label, 2);
    label_fini(&label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_any_length_comes_back_as_it_was),
        cmocka_unit_test(a_text_may_be_set_anew_whatever_it_was),
        cmocka_unit_test(a_text_may_become_a_part_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
