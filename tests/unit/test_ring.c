#include "tests/unit/proto.h"

#include "broker/core/ring.h"

enum { COUNT = 8, BYTES = 4096 };

static void push(ring_t *ring, uint64_t at_ms, size_t size)
{
    char *event = malloc(size);
    assert_non_null(event);
    memset(event, (int)(ring->next & 0x7f), size);
    ring_push(ring, ring->next, at_ms, (span_t){event, size}, COUNT, BYTES);
    free(event);
}

static void assert_kept(const ring_t *ring, uint64_t seq, size_t size)
{
    span_t event = ring_event(ring, seq);
    assert_int_equal(event.size, size);
    assert_int_equal((uint8_t)event.data[0], seq & 0x7f);
    assert_int_equal((uint8_t)event.data[size - 1], seq & 0x7f);
}

static void events_are_kept_as_they_came(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 5);
    assert_int_equal(ring_memory(&ring), 0);
    for (size_t i = 1; i <= 5; i++)
        push(&ring, i, i * 10);
    assert_int_equal(ring.first, 5);
    assert_int_equal(ring.next, 10);
    for (size_t i = 1; i <= 5; i++)
        assert_kept(&ring, 4 + i, i * 10);
    ring_fini(&ring);
}

static void the_oldest_make_room_by_count(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 1);
    for (size_t i = 0; i < 3 * COUNT + 1; i++)
        push(&ring, i, 10);
    assert_int_equal(ring.next - ring.first, COUNT);
    for (uint64_t seq = ring.first; seq < ring.next; seq++)
        assert_kept(&ring, seq, 10);
    ring_fini(&ring);
}

static void the_oldest_make_room_by_bytes(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 1);
    for (size_t i = 0; i < 20; i++) {
        push(&ring, i, 1500);
        assert_true(ring.next - ring.first <= 2);
        assert_kept(&ring, ring.next - 1, 1500);
    }
    assert_int_equal(ring.next - ring.first, 2);
    push(&ring, 20, BYTES); /* alone */
    assert_int_equal(ring.next - ring.first, 1);
    assert_kept(&ring, 21, BYTES);
    push(&ring, 21, 1);
    assert_int_equal(ring.next - ring.first, 1);
    assert_kept(&ring, 22, 1);
    assert_true(ring_memory(&ring) <= BYTES + COUNT * sizeof(ring_slot_t));
    ring_fini(&ring);
}

static void a_time_is_found_where_events_of_it_begin(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 1);
    assert_int_equal(ring_seek(&ring, 0), 1);
    const uint64_t times[] = {10, 20, 20, 20, 30};
    for (size_t i = 0; i < 5; i++)
        push(&ring, times[i], 1);
    assert_int_equal(ring_seek(&ring, 0), 1);
    assert_int_equal(ring_seek(&ring, 10), 1);
    assert_int_equal(ring_seek(&ring, 11), 2);
    assert_int_equal(ring_seek(&ring, 20), 2);
    assert_int_equal(ring_seek(&ring, 21), 5);
    assert_int_equal(ring_seek(&ring, 31), 6);
    assert_int_equal(ring_seek(&ring, UINT64_MAX), 6);
    ring_fini(&ring);
}

static void a_dropped_ring_goes_on_with_its_numbers(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 1);
    push(&ring, 1, 10);
    push(&ring, 2, 10);
    ring_drop(&ring);
    assert_int_equal(ring_memory(&ring), 0);
    assert_int_equal(ring.first, 3);
    assert_int_equal(ring_seek(&ring, 0), 3);
    push(&ring, 3, 20);
    assert_int_equal(ring.first, 3);
    assert_kept(&ring, 3, 20);
    ring_fini(&ring);
}

static void a_busy_ring_allocates_nothing(void **state)
{
    (void)state;
    ring_t ring;
    ring_init(&ring, 1);
    for (size_t i = 0; i < 100; i++)
        push(&ring, i, 100 + i % 50);
    const char *bytes = ring.bytes;
    const ring_slot_t *slots = ring.slots;
    for (size_t i = 100; i < 1000; i++)
        push(&ring, i, 100 + i % 50);
    assert_ptr_equal(ring.bytes, bytes);
    assert_ptr_equal(ring.slots, slots);
    ring_fini(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_kept_as_they_came),
        cmocka_unit_test(the_oldest_make_room_by_count),
        cmocka_unit_test(the_oldest_make_room_by_bytes),
        cmocka_unit_test(a_time_is_found_where_events_of_it_begin),
        cmocka_unit_test(a_dropped_ring_goes_on_with_its_numbers),
        cmocka_unit_test(a_busy_ring_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
