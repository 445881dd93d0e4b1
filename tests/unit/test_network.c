/* Addresses and ranges of them: proto/network.h. */
#include "tests/unit/proto.h"

#include "proto/network.h"

static network_t network(const char *text)
{
    network_t out;
    if (!network_read(span_of(text), &out))
        fail_msg("%s is a network", text);
    return out;
}

static address_t peer(const char *text)
{
    address_t out;
    if (!network_read_peer(span_of(text), &out))
        fail_msg("%s is a peer", text);
    return out;
}

static bool has(const char *range, const char *address)
{
    network_t of = network(range);
    return network_has(&of, peer(address));
}

static void assert_written(const char *text, const char *written)
{
    char out[NETWORK_CHARS + 1];
    network_t of = network(text), again;
    network_write(&of, out);
    assert_string_equal(out, written);
    assert_true(network_read(span_of(out), &again));
    assert_true(network_equal(&of, &again));
}

static void a_prefix_decides_to_the_bit(void **state)
{
    (void)state;
    assert_true(has("192.0.2.0/24", "192.0.2.0"));
    assert_true(has("192.0.2.0/24", "192.0.2.255"));
    assert_false(has("192.0.2.0/24", "192.0.3.0"));
    assert_false(has("192.0.2.0/24", "192.0.1.255"));
    assert_true(has("10.0.0.128/25", "10.0.0.128"));
    assert_false(has("10.0.0.128/25", "10.0.0.127"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff:ffff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::"));
    assert_true(has("fe80::/10", "febf::1"));
    assert_false(has("fe80::/10", "fec0::1"));
}

static void an_address_alone_is_the_network_of_that_one(void **state)
{
    (void)state;
    assert_true(has("192.0.2.7", "192.0.2.7"));
    assert_false(has("192.0.2.7", "192.0.2.6"));
    assert_true(has("::1", "::1"));
    assert_false(has("::1", "::2"));
}

static void a_prefix_of_0_is_everybody_of_its_kind(void **state)
{
    (void)state;
    assert_true(has("0.0.0.0/0", "255.1.2.3"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "2001:db8::1"));
    assert_false(has("::/0", "192.0.2.7"));
}

static void an_ipv4_address_may_come_as_ipv6(void **state)
{
    (void)state;
    assert_true(has("192.0.2.0/24", "::ffff:192.0.2.9"));
    assert_true(has("::ffff:192.0.2.0/120", "192.0.2.9"));
    assert_written("::ffff:192.0.2.0/120", "192.0.2.0/24");
    assert_written("::ffff:0:0/96", "0.0.0.0/0");
    assert_true(network_is_four(peer("::ffff:192.0.2.9")));
    assert_false(network_is_four(peer("::192.0.2.9")));
}

static void bits_behind_the_prefix_are_dropped(void **state)
{
    (void)state;
    assert_written("192.0.2.7/24", "192.0.2.0/24");
    assert_written("192.0.2.7/31", "192.0.2.6/31");
    assert_written("2001:db8::7/32", "2001:db8::/32");
    assert_written("255.255.255.255/0", "0.0.0.0/0");
}

static void what_is_written_reads_the_same_again(void **state)
{
    (void)state;
    assert_written("192.0.2.7/32", "192.0.2.7");
    assert_written("::1/128", "::1");
    assert_written("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
    assert_written("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
                   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127");
    assert_written("::ffff:0:0/95", "::fffe:0:0/95");
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"",
                                        "/",
                                        "/24",
                                        "192.0.2.0/",
                                        "192.0.2.0/33",
                                        "192.0.2.0/-1",
                                        "10.1/8",
                                        "10.0.0.0/+8",
                                        "10.0.0.0/ 8",
                                        "10.0.0.0/08",
                                        "10.0.0.0/8/8",
                                        "10.0.0.0/0x8",
                                        "10.0.0",
                                        "10.0.0.256",
                                        "010.0.0.1",
                                        " 10.0.0.1",
                                        "10.0.0.1 ",
                                        "::1/129",
                                        "[::1]",
                                        "::1%lo",
                                        "localhost",
                                        "1:2:3",
                                        ":::",
                                        "::/4294967296",
                                        "127.0.0.1:8888",
                                        "::ffff:1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19/8"};
    network_t out = {.bits = 77};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        if (network_read(span_of(WRONG[i]), &out))
            fail_msg("%s is no network", WRONG[i]);
    assert_false(network_read((span_t){"10.0.0.1\0", 9}, &out));
    assert_false(network_read((span_t){NULL, 0}, &out));
    assert_int_equal(out.bits, 77);
}

static void a_peer_may_have_a_port(void **state)
{
    (void)state;
    address_t four = peer("192.0.2.7"), six = peer("2001:db8::7"), other = peer("192.0.2.7:40312");
    assert_memory_equal(&four, &other, sizeof four);
    other = peer("[2001:db8::7]:65535");
    assert_memory_equal(&six, &other, sizeof six);
    other = peer("2001:db8::7:4031");
    assert_memory_not_equal(&six, &other, sizeof six);
}

static void what_is_no_peer_is_refused(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",        "192.0.2.7:", "192.0.2.7:65536", "192.0.2.7:1:2", ":80",  "[::1]",
        "[::1]:",  "[::1]80",    "[::1]:080",       "[1.2.3.4]:1",   "[::1", "[",
        "host:80", "[]:80",      "192.0.2.0/24",    "1.2.3.4:x"};
    address_t out = {{7}}, before = out;
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        if (network_read_peer(span_of(WRONG[i]), &out))
            fail_msg("%s is no peer", WRONG[i]);
    assert_memory_equal(&out, &before, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_decides_to_the_bit),
        cmocka_unit_test(an_address_alone_is_the_network_of_that_one),
        cmocka_unit_test(a_prefix_of_0_is_everybody_of_its_kind),
        cmocka_unit_test(an_ipv4_address_may_come_as_ipv6),
        cmocka_unit_test(bits_behind_the_prefix_are_dropped),
        cmocka_unit_test(what_is_written_reads_the_same_again),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(a_peer_may_have_a_port),
        cmocka_unit_test(what_is_no_peer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
