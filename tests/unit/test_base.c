/* base/clock, base/entropy, base/signals: the small ones. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/heap.h"
#include "base/signals.h"

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    uint64_t before = clock_mono_ms();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_mono_ms();
        assert_true(now >= before);
        before = now;
    }
}

static void the_wall_clock_counts_from_1970(void **state)
{
    (void)state;
    assert_true(clock_wall_ms() > 1700000000000u);
}

static void entropy_never_comes_twice(void **state)
{
    uint8_t all[64][ENTROPY_BYTES];
    entropy_t one, other;
    (void)state;
    entropy_init(&one);
    entropy_init(&other);
    for (size_t i = 0; i < 64; i++)
        entropy_fill(i % 2 ? &one : &other, all[i]);
    for (size_t i = 0; i < 64; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(all[i], all[j], ENTROPY_BYTES);
    }
    entropy_fini(&one);
    entropy_fini(&other);
}

static void entropy_comes_from_its_key_alone_and_the_key_moves_on(void **state)
{
    uint8_t first[ENTROPY_BYTES], second[ENTROPY_BYTES];
    entropy_t one = {{7}}, twin = {{7}};
    (void)state;
    entropy_fill(&one, first);
    entropy_fill(&twin, second);
    assert_memory_equal(first, second, ENTROPY_BYTES);
    assert_memory_not_equal(one.key, first, ENTROPY_BYTES);
    entropy_fill(&one, second);
    assert_memory_not_equal(first, second, ENTROPY_BYTES);
}

static void srand_is_seeded_differently_each_time(void **state)
{
    int drawn[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        entropy_seed_srand();
        drawn[i] = rand();
    }
    assert_false(drawn[0] == drawn[1] && drawn[1] == drawn[2] && drawn[2] == drawn[3]);
}

static void signals_are_read_from_the_descriptor(void **state)
{
    (void)state;
    int fd = signals_open();
    assert_true(fd >= 0);
    assert_int_equal(signals_take(fd), 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGPIPE), 0); /* ignored */
    assert_int_equal(signals_take(fd), SIGTERM);
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(signals_take(fd), SIGINT);
    assert_int_equal(signals_take(fd), 0);
    assert_int_equal(close(fd), 0);
}

static void holes_are_given_back_once_after_a_storm_when_it_is_calm(void **state)
{
    (void)state;
    heap_t heap = {0};
    assert_false(heap_look(&heap, UINT64_MAX - 1));
    heap_storm(&heap, 5000);
    heap_storm(&heap, 5500);
    assert_int_equal(heap_due_ms(&heap), 5500 + HEAP_CALM_MS);
    assert_false(heap_look(&heap, 5500 + HEAP_CALM_MS - 1));
    assert_true(heap_look(&heap, 5500 + HEAP_CALM_MS));
    assert_false(heap_look(&heap, UINT64_MAX - 1));
    assert_true(heap_due_ms(&heap) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_wall_clock_counts_from_1970),
        cmocka_unit_test(entropy_never_comes_twice),
        cmocka_unit_test(entropy_comes_from_its_key_alone_and_the_key_moves_on),
        cmocka_unit_test(srand_is_seeded_differently_each_time),
        cmocka_unit_test(signals_are_read_from_the_descriptor),
        cmocka_unit_test(holes_are_given_back_once_after_a_storm_when_it_is_calm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
