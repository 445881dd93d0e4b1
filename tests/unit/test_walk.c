#include "tests/unit/proto.h"

#include "proto/walk.h"

static hub_err_t walk_hex(const char *hex)
{
    span_t frame = from_hex(hex);
    hub_err_t err = walk_frame(frame.data, frame.size);
    free((void *)frame.data);
    return err;
}

#define assert_good(hex) assert_int_equal(walk_hex(hex), HUB_OK)
#define assert_bad(hex)  assert_int_equal(walk_hex(hex), HUB_MALFORMED)

static void the_examples_of_the_header_are_true(void **state)
{
    (void)state;
    assert_good("81 a2 6f 70 a4 70 69 6e 67");
    assert_bad("81 a2 6f 70");
    assert_bad("80 c0");
    assert_bad("81 01 02");
    assert_bad("dd 00 ff ff ff");
    assert_bad("c1");
}

static void p03_a_frame_is_exactly_one_map(void **state)
{
    (void)state;
    assert_good("80");
    assert_good("de 00 00");
    assert_good("df 00 00 00 00");
    assert_int_equal(walk_frame(NULL, 0), HUB_MALFORMED);
    assert_bad("90");
    assert_bad("a0");
    assert_bad("c0");
    assert_bad("00");
    assert_bad("ff");
    assert_bad("80 80");
    assert_bad("de 00");
    assert_bad("df 00 00 00");
}

static void every_form_of_value_is_stepped_over(void **state)
{
    (void)state;
    static const char *const VALUES[] = {
        "c0",
        "c2",
        "c3",
        "00",
        "7f",
        "e0",
        "ff",
        "cc 01",
        "cd 00 01",
        "ce 00 00 00 01",
        "cf 00 00 00 00 00 00 00 01",
        "d0 ff",
        "d1 ff ff",
        "d2 ff ff ff ff",
        "d3 ff ff ff ff ff ff ff ff",
        "ca 00 00 00 00",
        "cb 00 00 00 00 00 00 00 00",
        "a0",
        "a1 61",
        "d9 00",
        "d9 01 61",
        "da 00 01 61",
        "db 00 00 00 01 61",
        "c4 00",
        "c4 01 ff",
        "c5 00 01 ff",
        "c6 00 00 00 01 ff",
        "d4 05 00",
        "d5 05 00 00",
        "d6 05 00 00 00 00",
        "d7 05 00 00 00 00 00 00 00 00",
        "d8 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
        "c7 00 05",
        "c7 01 05 00",
        "c8 00 01 05 00",
        "c9 00 00 00 01 05 00",
        "90",
        "91 c0",
        "dc 00 01 c0",
        "dd 00 00 00 01 c0",
        "80",
        "81 a1 61 c0",
        "81 01 c0",
        "de 00 01 a1 61 c0",
        "df 00 00 00 01 a1 61 c0",
    };
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        char frame[128];
        (void)snprintf(frame, sizeof frame, "81 a1 6b %s", VALUES[i]);
        assert_good(frame);
        frame[strlen(frame) - 2] = '\0'; /* its last byte cut off */
        assert_bad(frame);
        (void)snprintf(frame, sizeof frame, "81 a1 6b %s c0", VALUES[i]);
        assert_bad(frame);
    }
}

static void keys_are_strings_of_any_form(void **state)
{
    (void)state;
    assert_good("81 a0 c0");
    assert_good("81 d9 01 6b c0");
    assert_good("81 da 00 01 6b c0");
    assert_good("81 db 00 00 00 01 6b c0");
    assert_bad("81 c4 01 6b c0");
    assert_bad("81 c0 c0");
    assert_bad("81 90 c0");
    assert_bad("81 80 c0");
}

static void deeper_keys_may_be_anything(void **state)
{
    (void)state;
    assert_good("81 a1 6b 81 01 02");
    assert_good("81 a1 6b 81 90 02");
    assert_bad("81 a1 6b 81 91 02");
}

static void counts_are_borne_out_by_bytes(void **state)
{
    (void)state;
    assert_bad("81 a1 6b dd ff ff ff ff c0");
    assert_bad("81 a1 6b df ff ff ff ff c0 c0");
    assert_bad("81 a1 6b dc 00 02 c0");
    assert_bad("81 a1 6b db ff ff ff ff 61");
    assert_bad("81 a1 6b c6 ff ff ff ff 61");
    assert_bad("81 a1 6b c9 ff ff ff ff 05");
    assert_bad("82 a1 6b c0");
    assert_bad("df ff ff ff ff a1 6b c0");
}

/* {"k": [[...]]}: `levels` lists inside the map. */
static hub_err_t walk_nested(size_t levels, char opening)
{
    char frame[64] = {(char)0x81, (char)0xa1, 'k'};
    size_t size = 3;
    for (size_t i = 0; i < levels; i++) {
        frame[size++] = opening;
        if (opening == (char)0x81)
            frame[size++] = 1;
    }
    frame[size++] = 0;
    return walk_frame(frame, size);
}

static void p04_nesting_is_limited_to_eight_levels(void **state)
{
    (void)state;
    assert_int_equal(walk_nested(LIMIT_NESTING - 1, (char)0x91), HUB_OK);
    assert_int_equal(walk_nested(LIMIT_NESTING, (char)0x91), HUB_MALFORMED);
    assert_int_equal(walk_nested(LIMIT_NESTING - 1, (char)0x81), HUB_OK);
    assert_int_equal(walk_nested(LIMIT_NESTING, (char)0x81), HUB_MALFORMED);
    assert_int_equal(walk_nested(7, (char)0x91), HUB_OK);
    assert_int_equal(walk_nested(8, (char)0x91), HUB_MALFORMED);
}

/* {"k": [nil, ...]}: the map, the key and the list are values too. */
static hub_err_t walk_values(size_t values)
{
    size_t count = values - 3, size = 8 + count;
    uint8_t *frame = malloc(size);
    assert_non_null(frame);
    memcpy(frame, "\x81\xa1k\xdd", 4);
    for (unsigned i = 0; i < 4; i++)
        frame[4 + i] = (uint8_t)(count >> (24 - 8 * i));
    memset(frame + 8, 0xc0, count);
    hub_err_t err = walk_frame(frame, size);
    free(frame);
    return err;
}

static void p04_values_are_limited_to_32768(void **state)
{
    (void)state;
    assert_int_equal(walk_values(LIMIT_VALUES), HUB_OK);
    assert_int_equal(walk_values(LIMIT_VALUES + 1), HUB_MALFORMED);
    assert_int_equal(walk_values(32768), HUB_OK);
    assert_int_equal(walk_values(32769), HUB_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_header_are_true),
        cmocka_unit_test(p03_a_frame_is_exactly_one_map),
        cmocka_unit_test(every_form_of_value_is_stepped_over),
        cmocka_unit_test(keys_are_strings_of_any_form),
        cmocka_unit_test(deeper_keys_may_be_anything),
        cmocka_unit_test(counts_are_borne_out_by_bytes),
        cmocka_unit_test(p04_nesting_is_limited_to_eight_levels),
        cmocka_unit_test(p04_values_are_limited_to_32768),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
