/* Connections per address: bridge/core/addresses.h. */
#include "bridge/core/addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static address_t four(uint32_t number)
{
    address_t address = {{[10] = 0xff, [11] = 0xff}};
    for (int i = 0; i < 4; i++)
        address.bytes[12 + i] = (uint8_t)(number >> (8 * i));
    return address;
}

static void one_address_gets_so_many_connections_and_no_more(void **state)
{
    (void)state;
    addresses_t *addresses = addresses_new(2, 7);
    assert_true(addresses_add(addresses, four(1)));
    assert_true(addresses_add(addresses, four(1)));
    assert_false(addresses_add(addresses, four(1)));
    assert_true(addresses_add(addresses, four(2)));
    addresses_remove(addresses, four(1));
    assert_true(addresses_add(addresses, four(1)));
    assert_int_equal(addresses_count(addresses, four(1)), 2);
    addresses_destroy(&addresses);
}

static void zero_is_no_limit(void **state)
{
    (void)state;
    addresses_t *addresses = addresses_new(0, 7);
    for (int i = 0; i < 1000; i++)
        assert_true(addresses_add(addresses, four(1)));
    addresses_destroy(&addresses);
}

static void an_ipv6_network_counts_as_one(void **state)
{
    (void)state;
    addresses_t *addresses = addresses_new(1, 7);
    address_t here = {{0x20, 1, 2, 3, 4, 5, 6, 7, 1}}, there = {{0x20, 1, 2, 3, 4, 5, 6, 8, 1}};
    assert_true(addresses_add(addresses, here));
    here.bytes[15] = 9;
    assert_false(addresses_add(addresses, here));
    assert_true(addresses_add(addresses, there));
    addresses_destroy(&addresses);
}

static void many_addresses_come_and_go(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    addresses_t *addresses = addresses_new(3, 12345);
    for (uint32_t i = 0; i < MANY; i++)
        for (uint32_t k = 0; k <= i % 3; k++)
            assert_true(addresses_add(addresses, four(i)));
    for (uint32_t i = 0; i < MANY; i += 2)
        for (uint32_t k = 0; k <= i % 3; k++)
            addresses_remove(addresses, four(i));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(addresses_count(addresses, four(i)), i % 2 == 0 ? 0 : i % 3 + 1);
    addresses_destroy(&addresses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_gets_so_many_connections_and_no_more),
        cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(an_ipv6_network_counts_as_one),
        cmocka_unit_test(many_addresses_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
