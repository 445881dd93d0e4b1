/* The core's containers do what naive ones do: random steps on both, all answers compared. */
#include "tests/unit/proto.h"

#include "tests/property/random.h"

#include "broker/core/cids.h"
#include "broker/core/deadlines.h"
#include "broker/core/members.h"
#include "broker/core/refs.h"
#include "broker/core/ring.h"
#include "broker/core/sids.h"
#include "broker/core/slab.h"

enum { ROUNDS = 40, STEPS = 5000 };

static void a_slab_finds_what_is_there_and_nothing_else(void **state)
{
    (void)state;
    enum { MOST = 600, KEPT = 2000 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        size_t maximum = 1 + random_below(&random, MOST), count = 0, ever = 0;
        slab_t *slab = slab_new(sizeof(uint64_t), maximum);
        static uint64_t ids[KEPT], values[KEPT]; /* value 0: gone */
        for (int step = 0; step < STEPS; step++) {
            if (random_below(&random, 100) < 55 && ever < KEPT) {
                uint64_t *thing = slab_add(slab, &ids[ever]);
                assert_int_equal(thing != NULL, count < maximum);
                if (thing == NULL)
                    continue;
                assert_int_equal(*thing, 0);
                *thing = values[ever++] = 1 + random_next(&random) / 2;
                count++;
            } else if (ever > 0) {
                size_t which = random_below(&random, (uint32_t)ever);
                const uint64_t *thing = slab_find(slab, ids[which]);
                assert_int_equal(thing ? *thing : 0, values[which]);
                if (thing && random_below(&random, 2)) {
                    slab_remove(slab, ids[which]);
                    values[which] = 0;
                    count--;
                }
            }
            assert_int_equal(slab_count(slab), count);
        }
        size_t found = 0;
        uint32_t place = 0;
        while (slab_next(slab, &place))
            found++;
        assert_int_equal(found, count);
        slab_destroy(&slab);
    }
}

/* The model keeps every event there ever was. */
static void a_ring_keeps_the_last_events_within_its_bounds(void **state)
{
    (void)state;
    enum { EVENTS = 4000, LONGEST = 3000 };
    random_t random = random_begin();
    static uint32_t sizes[EVENTS];
    static uint64_t times[EVENTS];
    static char bytes[LONGEST];
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t most = 1u << random_below(&random, 9), most_bytes = LONGEST;
        most_bytes += random_below(&random, 60000);
        uint32_t longest = 1 + random_below(&random, LONGEST);
        ring_t ring;
        ring_init(&ring, 1);
        uint64_t dropped = 0;
        for (uint64_t seq = 1; seq < EVENTS; seq++) {
            times[seq] = times[seq - 1] + random_below(&random, 3);
            sizes[seq] = 1 + random_below(&random, random_below(&random, 4) ? 100 : longest);
            if (sizes[seq] > longest)
                sizes[seq] = longest;
            memset(bytes, (int)(seq * 31 & 0xff), sizes[seq]);
            ring_push(&ring, seq, times[seq], (span_t){bytes, sizes[seq]}, most, most_bytes);
            if (random_below(&random, 1000) == 0) {
                ring_drop(&ring);
                dropped = seq;
            }
            assert_int_equal(ring.next, seq + 1);
            assert_true(ring.next - ring.first <= most);
            assert_true(ring_memory(&ring) <= most_bytes + most * sizeof(ring_slot_t) * 8);
            /* At least what fits in a third of the bytes is kept, whatever the order of sizes. */
            uint64_t oldest = seq + 1, sum = 0;
            while (oldest > dropped + 1 && seq + 1 - oldest < most &&
                   (sum += sizes[oldest - 1]) + longest <= most_bytes / 3)
                oldest--;
            assert_true(ring.first <= oldest && ring.first > dropped);
            if (random_below(&random, 20))
                continue;
            for (uint64_t at = ring.first; at < ring.next; at++) {
                span_t event = ring_event(&ring, at);
                assert_int_equal(event.size, sizes[at]);
                for (size_t i = 0; i < event.size; i++)
                    if (event.data[i] != (char)(at * 31 & 0xff))
                        fail_msg("SEED=%llu: event %llu is overwritten",
                                 (unsigned long long)random.seed, (unsigned long long)at);
            }
            uint64_t when = random_below(&random, (uint32_t)times[seq] + 2), wanted = ring.first;
            while (wanted < ring.next && times[wanted] < when)
                wanted++;
            assert_int_equal(ring_seek(&ring, when), wanted);
        }
        ring_fini(&ring);
    }
}

static void deadlines_are_met_as_a_search_through_all_would_meet_them(void **state)
{
    (void)state;
    enum { MANY = 200 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        deadlines_t *deadlines = deadlines_new();
        deadline_t all[MANY] = {0};
        uint64_t when[MANY], now = 0;
        for (int i = 0; i < MANY; i++)
            when[i] = UINT64_MAX; /* not set */
        for (int step = 0; step < STEPS; step++) {
            size_t which = random_below(&random, MANY);
            uint64_t soonest = UINT64_MAX;
            switch (random_below(&random, 4)) {
            case 0:
            case 1:
                when[which] = now + random_below(&random, 1000);
                deadlines_set(deadlines, &all[which], DUE_ROOM, when[which]);
                break;
            case 2:
                when[which] = UINT64_MAX;
                deadlines_cancel(deadlines, &all[which]);
                break;
            default:
                now += random_below(&random, 50);
            }
            for (int i = 0; i < MANY; i++) {
                assert_int_equal(deadline_is_set(&all[i]), when[i] != UINT64_MAX);
                soonest = when[i] < soonest ? when[i] : soonest;
            }
            assert_int_equal(deadlines_next_ms(deadlines), soonest);
            const deadline_t *due = deadlines_take(deadlines, now);
            assert_int_equal(due != NULL, soonest <= now);
            if (due == NULL)
                continue;
            assert_int_equal(when[due - all], soonest);
            when[due - all] = UINT64_MAX;
        }
        deadlines_destroy(&deadlines);
    }
}

static void members_are_those_of_a_list(void **state)
{
    (void)state;
    enum { MOST = 300 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        members_t members = {0};
        uint64_t sessions[MOST], numbers[MOST], last = 0;
        size_t count = 0;
        uint32_t liveliness = 35 + random_below(&random, 30);
        for (int step = 0; step < STEPS; step++) {
            if (random_below(&random, 100) < liveliness && count < MOST) {
                sessions[count] = 1 + random_next(&random) / 2;
                numbers[count] = members_add(&members, sessions[count]);
                assert_true(numbers[count] > last);
                last = numbers[count++];
            } else if (count > 0) {
                size_t which = random_below(&random, (uint32_t)count);
                members_remove(&members, numbers[which]);
                count--;
                memmove(&sessions[which], &sessions[which + 1], (count - which) * sizeof *sessions);
                memmove(&numbers[which], &numbers[which + 1], (count - which) * sizeof *numbers);
            }
            assert_int_equal(members.count, count);
            assert_true(members.used <= 2 * count + 4);
            uint64_t at = random_below(&random, (uint32_t)last + 2);
            size_t next = 0;
            while (next < count && numbers[next] <= at)
                next++;
            for (int i = 0; i < 3; i++, next++) {
                assert_int_equal(members_next(&members, &at), next < count ? sessions[next] : 0);
                if (next < count)
                    assert_int_equal(at, numbers[next]);
            }
        }
        members_fini(&members);
    }
}

static void refs_count_as_an_array_does(void **state)
{
    (void)state;
    enum { NUMBERS = 60 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        refs_t refs = {0};
        uint32_t counts[NUMBERS] = {0};
        for (int step = 0; step < STEPS; step++) {
            uint64_t number = random_below(&random, NUMBERS);
            if (random_below(&random, 2)) {
                refs_add(&refs, number);
                counts[number]++;
            } else if (counts[number] > 0) {
                refs_remove(&refs, number);
                counts[number]--;
            }
            size_t place = 0;
            for (number = 0; number < NUMBERS; number++) {
                if (counts[number] == 0)
                    continue;
                assert_true(place < refs.count);
                assert_int_equal(refs.list[place].number, number);
                assert_int_equal(refs.list[place++].count, counts[number]);
            }
            assert_int_equal(place, refs.count);
        }
        refs_fini(&refs);
    }
}

/* Few different sids, close together and far apart, so that runs form, wrap around and are cut. */
static void sids_find_what_an_array_finds(void **state)
{
    (void)state;
    enum { MOST = 200 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        bool is_taken[MOST] = {false};
        uint32_t count = 0, stride = 1u << random_below(&random, 24);
        uint32_t busy = 1 + random_below(&random, 3);
        sids_t sids;
        sids_init(&sids, random_next(&random));
        for (int step = 0; step < STEPS; step++) {
            uint32_t i = random_below(&random, MOST);
            if (is_taken[i] && random_below(&random, busy) == 0) {
                sids_remove(&sids, i * stride);
                count--;
                is_taken[i] = false;
            } else if (!is_taken[i]) {
                sids_add(&sids, i * stride, i + 1);
                count++;
                is_taken[i] = true;
            }
            assert_int_equal(sids.count, count);
            uint32_t asked = random_below(&random, MOST);
            assert_int_equal(sids_find(&sids, asked * stride), is_taken[asked] ? asked + 1 : 0);
        }
        for (uint32_t i = 0; i < MOST; i++)
            assert_int_equal(sids_find(&sids, i * stride), is_taken[i] ? i + 1 : 0);
        sids_fini(&sids);
    }
}

/* The model keeps every outcome there ever was; `lowest` is what the window still has to hold: going
 * back does not bring forgotten ones back. */
static void cids_are_known_within_the_window(void **state)
{
    (void)state;
    enum { MOST = 20000 };
    random_t random = random_begin();
    static uint64_t seqs[MOST + 1];
    for (int round = 0; round < ROUNDS; round++) {
        cids_t cids = {0};
        uint64_t highest = 0, lowest = 1;
        for (int step = 0; step < STEPS; step++) {
            uint32_t what = random_below(&random, 1000);
            if (what < 900 && highest < MOST) {
                seqs[++highest] = random_next(&random);
                cids_take(&cids, highest, (outcome_t){.seq = seqs[highest], .is_waiting = true});
                if (highest - lowest >= LIMIT_CID_WINDOW)
                    lowest = highest - LIMIT_CID_WINDOW + 1;
            } else if (what < 910) {
                uint64_t back = 1 + random_below(&random, what < 905 ? 2000 : 20);
                uint64_t from = back > highest ? 1 : highest - back + 1;
                cids_forget_from(&cids, from);
                highest = from - 1 < highest ? from - 1 : highest;
                if (lowest > highest + 1)
                    lowest = highest + 1;
            } else {
                cids_settle(&cids, 1 + random_below(&random, (uint32_t)highest + 2));
            }
            uint64_t asked = 1 + random_below(&random, (uint32_t)highest + 3);
            const outcome_t *outcome = NULL;
            cid_state_t found = cids_look(&cids, asked, &outcome);
            if (asked == highest + 1)
                assert_int_equal(found, CID_NEXT);
            else if (asked > highest)
                assert_int_equal(found, CID_TOO_FAR);
            else
                assert_int_equal(found, asked >= lowest ? CID_KNOWN : CID_OLD);
            if (found == CID_KNOWN)
                assert_int_equal(outcome->seq, seqs[asked]);
        }
        cids_fini(&cids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slab_finds_what_is_there_and_nothing_else),
        cmocka_unit_test(a_ring_keeps_the_last_events_within_its_bounds),
        cmocka_unit_test(deadlines_are_met_as_a_search_through_all_would_meet_them),
        cmocka_unit_test(members_are_those_of_a_list),
        cmocka_unit_test(refs_count_as_an_array_does),
        cmocka_unit_test(sids_find_what_an_array_finds),
        cmocka_unit_test(cids_are_known_within_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
