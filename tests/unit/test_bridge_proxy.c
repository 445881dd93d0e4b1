/* PROXY headers: bridge/core/proxy.h. */
#include "bridge/core/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIGNATURE "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"
#define FOUR      "\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d\x78\x22\xb8"
#define SIX                                                                                        \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x9d\x78" \
    "\x22\xb8"
#define SPAN(text) ((span_t){text, sizeof(text) - 1})

/* Takes all of it, in pieces of at most `most` bytes. */
static proxy_found_t take(proxy_t *out, span_t bytes, size_t most)
{
    proxy_found_t found = PROXY_MORE;
    *out = (proxy_t){.size = 0};
    while (found == PROXY_MORE && bytes.size > 0) {
        size_t piece = proxy_wants(out);
        assert_in_range(piece, 1, PROXY_TAKE_BYTES);
        piece = piece < most ? piece : most;
        piece = piece < bytes.size ? piece : bytes.size;
        found = proxy_take(out, (span_t){bytes.data, piece});
        bytes.data += piece;
        bytes.size -= piece;
    }
    return found;
}

static proxy_found_t found(span_t bytes)
{
    proxy_t whole, bytewise;
    proxy_found_t first = take(&whole, bytes, SIZE_MAX), again = take(&bytewise, bytes, 1);
    assert_int_equal(first, again);
    return first;
}

static void assert_source(span_t bytes, const char *peer)
{
    proxy_t proxy;
    address_t address, wanted;
    uint16_t port;
    assert_int_equal(take(&proxy, bytes, SIZE_MAX), PROXY_DONE);
    assert_true(proxy_source(&proxy, &address, &port));
    assert_true(network_read_peer(span_of(peer), &wanted));
    assert_memory_equal(&address, &wanted, sizeof address);
    assert_int_equal(port, 40312);
}

static void the_source_is_read(void **state)
{
    (void)state;
    assert_source(SPAN(SIGNATURE "\x21\x11\x00\x0c" FOUR), "192.0.2.7");
    assert_source(SPAN(SIGNATURE "\x21\x21\x00\x24" SIX), "2001:db8::7");
}

static void what_stands_behind_the_addresses_is_skipped(void **state)
{
    (void)state;
    assert_source(SPAN(SIGNATURE "\x21\x11\x00\x12" FOUR "\x04\x00\x03"
                                 "abc"),
                  "192.0.2.7");
    size_t size = PROXY_FIXED_BYTES + 65535;
    char *longest = calloc(1, size);
    assert_non_null(longest);
    memcpy(longest, SIGNATURE "\x21\x11\xff\xff" FOUR, PROXY_FIXED_BYTES + 12);
    assert_source((span_t){longest, size}, "192.0.2.7");
    assert_int_equal(found((span_t){longest, size - 1}), PROXY_MORE);
    free(longest);
}

static void not_a_byte_behind_the_header_is_wanted(void **state)
{
    (void)state;
    proxy_t proxy = {.size = 0};
    assert_int_equal(proxy_wants(&proxy), 16);
    assert_int_equal(proxy_take(&proxy, SPAN(SIGNATURE "\x21\x11\x00\x0c")), PROXY_MORE);
    assert_int_equal(proxy_wants(&proxy), 12);
    assert_int_equal(proxy_take(&proxy, SPAN("\xc0")), PROXY_MORE);
    assert_int_equal(proxy_wants(&proxy), 11);
}

static void who_speaks_for_itself_or_from_elsewhere_has_no_source(void **state)
{
    (void)state;
    static const span_t HEADERS[] = {
        {SIGNATURE "\x20\x00\x00\x00", 16},
        {SIGNATURE "\x20\x11\x00\x0c" FOUR, 28},
        {SIGNATURE "\x20\xff\x00\x03"
                   "abc",
         19},
        {SIGNATURE "\x21\x00\x00\x00", 16},
        {SIGNATURE "\x21\x00\x00\x0c" FOUR, 28},
        {SIGNATURE "\x21\x12\x00\x0c" FOUR, 28},
        {SIGNATURE "\x21\x10\x00\x0c" FOUR, 28},
    };
    for (size_t i = 0; i < sizeof HEADERS / sizeof HEADERS[0]; i++) {
        proxy_t proxy;
        address_t address;
        uint16_t port;
        assert_int_equal(take(&proxy, HEADERS[i], SIZE_MAX), PROXY_DONE);
        assert_false(proxy_source(&proxy, &address, &port));
    }
}

static void what_is_no_header_is_seen_at_its_first_wrong_byte(void **state)
{
    (void)state;
    assert_int_equal(found(SPAN("h")), PROXY_WRONG);
    assert_int_equal(found(SPAN("PROXY TCP4 192.0.2.7 ")), PROXY_WRONG);
    assert_int_equal(found(SPAN("\x16\x03\x01")), PROXY_WRONG);
    assert_int_equal(found(SPAN("\r\n\r\n\r")), PROXY_WRONG);
    assert_int_equal(found(SPAN(SIGNATURE)), PROXY_MORE);
    assert_int_equal(found(SPAN(SIGNATURE "\x11\x11\x00\x0c")), PROXY_WRONG); /* version */
    assert_int_equal(found(SPAN(SIGNATURE "\x22\x11\x00\x0c")), PROXY_WRONG); /* command */
    assert_int_equal(found(SPAN(SIGNATURE "\x21\x41\x00\x0c")), PROXY_WRONG); /* family */
    assert_int_equal(found(SPAN(SIGNATURE "\x21\x13\x00\x0c")), PROXY_WRONG); /* protocol */
    assert_int_equal(found(SPAN(SIGNATURE "\x21\x11\x00\x0b")), PROXY_WRONG); /* cut off */
    assert_int_equal(found(SPAN(SIGNATURE "\x21\x21\x00\x23")), PROXY_WRONG);
    assert_int_equal(found(SPAN(SIGNATURE "\x21\x31\x00\x24")), PROXY_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_is_read),
        cmocka_unit_test(what_stands_behind_the_addresses_is_skipped),
        cmocka_unit_test(not_a_byte_behind_the_header_is_wanted),
        cmocka_unit_test(who_speaks_for_itself_or_from_elsewhere_has_no_source),
        cmocka_unit_test(what_is_no_header_is_seen_at_its_first_wrong_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
