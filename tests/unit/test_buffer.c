#include "tests/unit/proto.h"

#include "proto/buffer.h"

static void a_new_buffer_is_empty_and_holds_no_memory(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 10);
    assert_int_equal(buffer_span(&buffer).size, 0);
    assert_null(buffer.data);
    buffer_fini(&buffer);
}

static void what_is_appended_stands_in_order(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 100);
    assert_true(buffer_append(&buffer, "one", 3));
    assert_true(buffer_append(&buffer, NULL, 0));
    assert_true(buffer_append(&buffer, "two", 3));
    assert_true(span_is(buffer_span(&buffer), "onetwo"));
    buffer_fini(&buffer);
}

static void a_buffer_takes_its_maximum_and_not_one_byte_more(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append(&buffer, "12345", 5));
    assert_false(buffer_append(&buffer, "6", 1));
    assert_null(buffer_extend(&buffer, 1));
    assert_non_null(buffer_extend(&buffer, 0));
    assert_true(span_is(buffer_span(&buffer), "12345"));
    buffer_fini(&buffer);
}

static void a_refused_append_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append(&buffer, "123", 3));
    assert_false(buffer_append(&buffer, "456", 3));
    assert_false(buffer_append(&buffer, "456", SIZE_MAX));
    assert_true(span_is(buffer_span(&buffer), "123"));
    assert_true(buffer_append(&buffer, "45", 2));
    buffer_fini(&buffer);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 100000);
    for (int i = 0; i < 100000; i++) {
        char byte = (char)i;
        assert_true(buffer_append(&buffer, &byte, 1));
    }
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], (char)i);
    buffer_fini(&buffer);
}

static void extending_gives_the_place_behind_the_content(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_append(&buffer, "ab", 2));
    memcpy(buffer_extend(&buffer, 2), "cd", 2);
    assert_true(span_is(buffer_span(&buffer), "abcd"));
    buffer_fini(&buffer);
}

static void clearing_forgets_the_content_and_keeps_the_memory(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_append(&buffer, "abc", 3));
    char *before = buffer.data;
    buffer_clear(&buffer);
    assert_int_equal(buffer_span(&buffer).size, 0);
    assert_true(buffer_append(&buffer, "d", 1));
    assert_ptr_equal(buffer.data, before);
    buffer_fini(&buffer);
}

static void what_a_storm_made_grow_is_given_back_by_the_calm(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 1 << 20);
    assert_non_null(buffer_extend(&buffer, 8 * BUFFER_KEPT_BYTES));
    size_t grown = buffer.capacity;
    buffer_recycle(&buffer); /* it was in use */
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.capacity, grown);
    assert_non_null(buffer_extend(&buffer, grown / 4));
    buffer_recycle(&buffer);
    assert_int_equal(buffer.capacity, grown);
    assert_non_null(buffer_extend(&buffer, grown / 4 - 1));
    buffer_recycle(&buffer);
    assert_int_equal(buffer.capacity, 0);
    assert_non_null(buffer_extend(&buffer, BUFFER_KEPT_BYTES));
    buffer_recycle(&buffer);
    buffer_recycle(&buffer); /* a small one stays */
    assert_int_equal(buffer.capacity, BUFFER_KEPT_BYTES);
    buffer_fini(&buffer);
}

static void a_buffer_can_be_used_again_after_its_end(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 3);
    assert_true(buffer_append(&buffer, "abc", 3));
    buffer_fini(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_true(buffer_append(&buffer, "def", 3));
    assert_false(buffer_append(&buffer, "g", 1));
    buffer_fini(&buffer);
}

static void nothing_can_be_appended_to_a_buffer_that_has_no_memory_yet(void **state)
{
    (void)state;
    buffer_t buffer;
    buffer_init(&buffer, 10);
    assert_true(buffer_append(&buffer, "", 0));
    assert_true(buffer_append(&buffer, NULL, 0));
    assert_int_equal(buffer.size, 0);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty_and_holds_no_memory),
        cmocka_unit_test(what_is_appended_stands_in_order),
        cmocka_unit_test(a_buffer_takes_its_maximum_and_not_one_byte_more),
        cmocka_unit_test(a_refused_append_leaves_the_buffer_as_it_was),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(extending_gives_the_place_behind_the_content),
        cmocka_unit_test(clearing_forgets_the_content_and_keeps_the_memory),
        cmocka_unit_test(what_a_storm_made_grow_is_given_back_by_the_calm),
        cmocka_unit_test(a_buffer_can_be_used_again_after_its_end),
        cmocka_unit_test(nothing_can_be_appended_to_a_buffer_that_has_no_memory_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
