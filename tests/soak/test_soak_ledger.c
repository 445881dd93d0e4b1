/* The judge of a soak sees what is wrong, and nothing where nothing is. */
#include "tests/soak/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { PEOPLE = 3, ADA = 0, BOB = 1, EVE = 2, EPOCH = 7 };

#define WITH_LEDGER(name)                                                                          \
    static void name##_body(ledger_t *ledger);                                                     \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        ledger_t *ledger = ledger_new(PEOPLE);                                                     \
        name##_body(ledger);                                                                       \
        ledger_destroy(&ledger);                                                                   \
    }                                                                                              \
    static void name##_body(ledger_t *ledger)

static void expect(const ledger_t *ledger, verdict_t wanted)
{
    verdict_t verdict = ledger_verdict(ledger);
    assert_memory_equal(&verdict, &wanted, sizeof wanted);
}

static void all_hear(ledger_t *ledger, uint64_t seq, uint32_t from, uint64_t number)
{
    for (uint32_t who = 0; who < PEOPLE; who++)
        ledger_heard(ledger, who, EPOCH, seq, from, number);
}

/* Ada says 1, 2 ... count, each acknowledged under the same number. */
static void ada_says(ledger_t *ledger, uint64_t count)
{
    for (uint64_t number = 1; number <= count; number++) {
        assert_int_equal(ledger_say(ledger, ADA), number);
        ledger_said(ledger, ADA, number, EPOCH, number);
    }
}

WITH_LEDGER(what_all_hear_once_in_order_is_well)
{
    ada_says(ledger, 3);
    assert_false(ledger_is_complete(ledger));
    for (uint64_t number = 1; number <= 3; number++)
        all_hear(ledger, number, ADA, number);
    assert_int_equal(ledger_tell(ledger, EVE, BOB), 1);
    ledger_told(ledger, EVE, BOB, 1);
    assert_false(ledger_is_complete(ledger));
    ledger_heard_privately(ledger, BOB, EVE, 1);
    assert_true(ledger_is_complete(ledger));
    assert_int_equal(ledger_said_count(ledger), 3);
    assert_int_equal(ledger_told_count(ledger), 1);
    expect(ledger, (verdict_t){0});
}

WITH_LEDGER(what_nobody_acknowledged_may_come_or_not)
{
    (void)ledger_say(ledger, ADA);
    (void)ledger_say(ledger, ADA);
    all_hear(ledger, 1, ADA, 2);
    (void)ledger_tell(ledger, ADA, BOB);
    assert_true(ledger_is_complete(ledger));
    expect(ledger, (verdict_t){0});
}

WITH_LEDGER(what_one_did_not_hear_is_missing)
{
    ada_says(ledger, 2);
    all_hear(ledger, 1, ADA, 1);
    ledger_heard(ledger, BOB, EPOCH, 2, ADA, 2);
    expect(ledger, (verdict_t){.missing = 2});
}

WITH_LEDGER(what_the_room_has_passed_over_is_missing)
{
    (void)ledger_say(ledger, ADA);
    (void)ledger_say(ledger, ADA);
    ledger_said(ledger, ADA, 1, EPOCH, 1);
    all_hear(ledger, 1, ADA, 2); /* under the number of another */
    expect(ledger, (verdict_t){.missing = 1, .differing = PEOPLE});
}

WITH_LEDGER(a_private_message_that_did_not_come_is_missing)
{
    (void)ledger_tell(ledger, ADA, BOB);
    ledger_told(ledger, ADA, BOB, 1);
    expect(ledger, (verdict_t){.missing = 1});
}

WITH_LEDGER(what_comes_again_is_seen)
{
    ada_says(ledger, 1);
    all_hear(ledger, 1, ADA, 1);
    ledger_heard(ledger, EVE, EPOCH, 1, ADA, 1);
    expect(ledger, (verdict_t){.twice = 1});
    all_hear(ledger, 2, ADA, 1); /* under another number */
    expect(ledger, (verdict_t){.twice = 2});
    ledger_said(ledger, ADA, 1, EPOCH, 1);
    expect(ledger, (verdict_t){.twice = 3});
}

WITH_LEDGER(a_private_message_that_comes_again_is_seen)
{
    (void)ledger_tell(ledger, ADA, BOB);
    ledger_heard_privately(ledger, BOB, ADA, 1);
    ledger_heard_privately(ledger, BOB, ADA, 1);
    expect(ledger, (verdict_t){.twice = 1});
}

WITH_LEDGER(a_hole_is_seen)
{
    ada_says(ledger, 3);
    all_hear(ledger, 1, ADA, 1);
    all_hear(ledger, 3, ADA, 3);
    expect(ledger, (verdict_t){.missing = 1, .holes = PEOPLE});
}

WITH_LEDGER(another_message_for_others_is_seen)
{
    ada_says(ledger, 2);
    ledger_heard(ledger, ADA, EPOCH, 1, ADA, 1);
    ledger_heard(ledger, BOB, EPOCH, 1, ADA, 2);
    assert_int_equal(ledger_verdict(ledger).differing, 1);
    ledger_heard(ledger, EVE, EPOCH + 1, 1, ADA, 1);
    assert_int_equal(ledger_verdict(ledger).differing, 2);
}

WITH_LEDGER(a_speakers_order_is_kept)
{
    (void)ledger_say(ledger, ADA);
    (void)ledger_say(ledger, ADA);
    all_hear(ledger, 1, ADA, 2);
    all_hear(ledger, 2, ADA, 1);
    expect(ledger, (verdict_t){.disorder = 1});
    (void)ledger_tell(ledger, ADA, BOB);
    (void)ledger_tell(ledger, ADA, BOB);
    ledger_heard_privately(ledger, BOB, ADA, 2);
    ledger_heard_privately(ledger, BOB, ADA, 1);
    expect(ledger, (verdict_t){.disorder = 2});
}

WITH_LEDGER(what_nobody_said_is_unknown)
{
    ledger_heard(ledger, ADA, EPOCH, 1, BOB, 1);
    ledger_heard(ledger, ADA, EPOCH, 2, PEOPLE, 1);
    ledger_heard_privately(ledger, ADA, PEOPLE, 1);
    ledger_said(ledger, ADA, 1, EPOCH, 1);
    ledger_told(ledger, ADA, BOB, 0);
    expect(ledger, (verdict_t){.unknown = 5});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_hear_once_in_order_is_well),
        cmocka_unit_test(what_nobody_acknowledged_may_come_or_not),
        cmocka_unit_test(what_one_did_not_hear_is_missing),
        cmocka_unit_test(what_the_room_has_passed_over_is_missing),
        cmocka_unit_test(a_private_message_that_did_not_come_is_missing),
        cmocka_unit_test(what_comes_again_is_seen),
        cmocka_unit_test(a_private_message_that_comes_again_is_seen),
        cmocka_unit_test(a_hole_is_seen),
        cmocka_unit_test(another_message_for_others_is_seen),
        cmocka_unit_test(a_speakers_order_is_kept),
        cmocka_unit_test(what_nobody_said_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
