#include "tests/unit/proto.h"

#include "broker/core/lookup.h"

static const uint8_t SECRET[LOOKUP_SECRET_BYTES] = "0123456789abcde";

typedef struct {
    lookup_key_t key;
    char name[16];
} thing_t;

static void a_thing_is_found_by_the_bytes_of_its_name(void **state)
{
    (void)state;
    lookup_t *lookup = lookup_new(SECRET);
    thing_t ada = {.name = "a\0da"}, bob = {.name = "a\0db"};
    lookup_add(lookup, &ada.key, (span_t){ada.name, 4}, &ada);
    lookup_add(lookup, &bob.key, (span_t){bob.name, 4}, &bob);
    assert_ptr_equal(lookup_find(lookup, (span_t){"a\0da", 4}), &ada);
    assert_ptr_equal(lookup_find(lookup, (span_t){"a\0db", 4}), &bob);
    assert_null(lookup_find(lookup, (span_t){"a\0d", 3}));
    assert_null(lookup_find(lookup, (span_t){NULL, 0}));
    assert_int_equal(lookup_count(lookup), 2);
    lookup_remove(lookup, &ada.key);
    assert_null(lookup_find(lookup, (span_t){"a\0da", 4}));
    assert_ptr_equal(lookup_find(lookup, (span_t){"a\0db", 4}), &bob);
    lookup_destroy(&lookup);
    assert_null(lookup);
    lookup_destroy(&lookup);
}

static void many_things_come_and_go(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    lookup_t *lookup = lookup_new(SECRET);
    thing_t *things = calloc(MANY, sizeof *things);
    assert_non_null(things);
    for (int i = 0; i < MANY; i++) {
        snprintf(things[i].name, sizeof things[i].name, "name%d", i);
        lookup_add(lookup, &things[i].key, span_of(things[i].name), &things[i]);
    }
    for (int i = 0; i < MANY; i += 2)
        lookup_remove(lookup, &things[i].key);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(lookup_find(lookup, span_of(things[i].name)), i % 2 ? &things[i] : NULL);
    assert_int_equal(lookup_count(lookup), MANY / 2);
    lookup_destroy(&lookup);
    free(things);
}

static void each_secret_hashes_another_way(void **state)
{
    (void)state;
    static const uint8_t OTHER[LOOKUP_SECRET_BYTES] = "0123456789abcdf";
    lookup_t *one = lookup_new(SECRET), *two = lookup_new(OTHER);
    thing_t a = {.name = "ada"}, b = {.name = "ada"};
    lookup_add(one, &a.key, span_of(a.name), &a);
    lookup_add(two, &b.key, span_of(b.name), &b);
    assert_true(a.key.hash != b.key.hash);
    lookup_destroy(&one);
    lookup_destroy(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_is_found_by_the_bytes_of_its_name),
        cmocka_unit_test(many_things_come_and_go),
        cmocka_unit_test(each_secret_hashes_another_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
