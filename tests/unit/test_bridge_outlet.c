/* What a user is sent and in which order, who is waited for, when is swept: bridge/core/outlet.h,
 * patience.h, gather.h. */
#include "bridge/core/gather.h"
#include "bridge/core/outlet.h"
#include "bridge/core/patience.h"
#include "proto/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LOBBY = 1, TEA = 2, WAITING_BYTES = 64 * 1024 };

/* Two rooms, one user, and all bytes the user got. */
typedef struct {
    linelog_t *lobby, *tea;
    outlet_t outlet;
    plan_t plan;
    char seen[1024 * 1024];
    size_t size;
} bench_t;

static int set_up(void **state)
{
    bench_t *bench = calloc(1, sizeof *bench);
    bench->lobby = linelog_new();
    bench->tea = linelog_new();
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    bench_t *bench = *state;
    outlet_fini(&bench->outlet);
    linelog_destroy(&bench->lobby);
    linelog_destroy(&bench->tea);
    free(bench);
    return 0;
}

/* A socket that takes at most `size` bytes; returns how many it took. */
static size_t take(bench_t *bench, size_t size)
{
    outlet_plan(&bench->outlet, LANGUAGE_en, &bench->plan);
    if (size > bench->plan.bytes)
        size = bench->plan.bytes;
    size_t left = size;
    for (int i = 0; i < bench->plan.count && left > 0; i++) {
        size_t piece = bench->plan.pieces[i].iov_len < left ? bench->plan.pieces[i].iov_len : left;
        assert_true(bench->size + piece < sizeof bench->seen);
        memcpy(bench->seen + bench->size, bench->plan.pieces[i].iov_base, piece);
        bench->size += piece;
        left -= piece;
    }
    outlet_sent(&bench->outlet, &bench->plan, size);
    return size;
}

static void take_all(bench_t *bench)
{
    while (take(bench, SIZE_MAX) > 0)
        ;
    assert_true(outlet_is_done(&bench->outlet));
}

static void check(bench_t *bench, const char *text)
{
    bench->seen[bench->size] = '\0';
    assert_string_equal(bench->seen, text);
    bench->size = 0;
}

static void a_user_gets_the_lines_after_entering(void **state)
{
    bench_t *bench = *state;
    linelog_append(bench->lobby, span_of("before\n"), 1);
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    assert_true(outlet_is_done(&bench->outlet));
    linelog_append(bench->lobby, span_of("one\ntwo\n"), 1);
    assert_false(outlet_is_done(&bench->outlet));
    take_all(bench);
    check(bench, "one\ntwo\n");
}

static void all_that_waits_goes_in_one_plan(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    for (int i = 0; i < 1000; i++)
        linelog_append(bench->lobby, span_of("a line\n"), 1);
    assert_int_equal(take(bench, SIZE_MAX), 7000);
    assert_true(bench->plan.count <= 2);
}

static void a_private_line_stands_where_it_came(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    linelog_append(bench->lobby, span_of("one\n"), 1);
    assert_int_equal(outlet_put(&bench->outlet, span_of("psst\n"), LOBBY, WAITING_BYTES), 0);
    linelog_append(bench->lobby, span_of("two\n"), 1);
    take_all(bench);
    check(bench, "one\npsst\ntwo\n");
}

static void a_broken_line_is_completed_before_anything_else(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    outlet_enter(&bench->outlet, TEA, bench->tea, 0);
    linelog_append(bench->tea, span_of("a line of tea\n"), 1);
    assert_int_equal(take(bench, 4), 4);
    linelog_append(bench->lobby, span_of("lobby\n"), 1);
    (void)outlet_put(&bench->outlet, span_of("psst\n"), LOBBY, WAITING_BYTES);
    take_all(bench);
    check(bench, "a line of tea\nlobby\npsst\n");
}

static void a_broken_line_outlives_its_log(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    linelog_append(bench->lobby, span_of("one\nthe second\n"), 1);
    assert_int_equal(take(bench, 7), 7);
    outlet_leave(&bench->outlet, LOBBY);
    linelog_destroy(&bench->lobby);
    take_all(bench);
    check(bench, "one\nthe second\n");
}

static void a_private_line_may_be_broken_too(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    (void)outlet_put(&bench->outlet, span_of("psst\n"), LOBBY, WAITING_BYTES);
    assert_int_equal(take(bench, 2), 2);
    linelog_append(bench->lobby, span_of("one\n"), 1);
    take_all(bench);
    check(bench, "psst\none\n");
}

static void who_falls_off_the_log_is_told_how_many_lines_were_skipped(void **state)
{
    bench_t *bench = *state;
    char line[4097];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    linelog_append(bench->lobby, span_of("first line\nsecond\n"), 1);
    assert_int_equal(take(bench, 3), 3);
    for (int i = 0; i < 3000; i++)
        linelog_append(bench->lobby, (span_t){line, sizeof line}, 1);
    outlet_plan(&bench->outlet, LANGUAGE_en, &bench->plan);
    assert_int_equal(bench->plan.skipped, 3001 - OUTLET_LAST_LINES);
    take_all(bench);
    linelog_append(bench->lobby, span_of("after\n"), 1);
    take_all(bench);
    bench->seen[bench->size] = '\0';
    static const char TOLD[] = "first line\n... 2991 lines skipped\r\nxxx";
    assert_memory_equal(bench->seen, TOLD, sizeof TOLD - 1);
    assert_int_equal(bench->size, sizeof TOLD - 1 - 3 + OUTLET_LAST_LINES * sizeof line + 6);
}

static void a_private_line_among_skipped_ones_stands_where_it_came(void **state)
{
    bench_t *bench = *state;
    char line[4096];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    linelog_append(bench->lobby, (span_t){line, sizeof line}, 1);
    (void)outlet_put(&bench->outlet, span_of("early\n"), LOBBY, WAITING_BYTES);
    for (int i = 0; i < 3000; i++)
        linelog_append(bench->lobby, (span_t){line, sizeof line}, 1);
    (void)outlet_put(&bench->outlet, span_of("late\n"), LOBBY, WAITING_BYTES);
    linelog_append(bench->lobby, span_of("end\n"), 1);
    take_all(bench);
    bench->seen[bench->size] = '\0';
    assert_memory_equal(bench->seen, "early\n... 2992 lines skipped\r\nxxx", 33);
    assert_string_equal(bench->seen + bench->size - 10, "\nlate\nend\n");
}

static void too_much_private_text_is_dropped_and_told(void **state)
{
    bench_t *bench = *state;
    char line[1024];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    uint64_t dropped = 0;
    for (int i = 0; i < 100; i++)
        dropped += outlet_put(&bench->outlet, (span_t){line, sizeof line}, LOBBY, WAITING_BYTES);
    assert_int_equal(dropped, 100 - WAITING_BYTES / sizeof line);
    assert_true(outlet_memory(&bench->outlet) < WAITING_BYTES + 8192);
    take_all(bench);
    assert_int_equal(outlet_put(&bench->outlet, span_of("again\n"), LOBBY, WAITING_BYTES), 0);
    take_all(bench);
    bench->seen[bench->size] = '\0';
    assert_string_equal(bench->seen + WAITING_BYTES, "... 36 lines skipped\r\nagain\n");
}

static void leaving_a_room_sends_its_private_lines_at_once(void **state)
{
    bench_t *bench = *state;
    outlet_enter(&bench->outlet, LOBBY, bench->lobby, 0);
    linelog_append(bench->lobby, span_of("unsent\n"), 1);
    (void)outlet_put(&bench->outlet, span_of("psst\n"), LOBBY, WAITING_BYTES);
    outlet_leave(&bench->outlet, LOBBY);
    take_all(bench);
    check(bench, "psst\n");
}

static void many_rooms_have_their_cursors(void **state)
{
    bench_t *bench = *state;
    linelog_t *logs[LIMIT_ROOMS_PER_SESSION];
    for (uint32_t i = 0; i < LIMIT_ROOMS_PER_SESSION; i++) {
        logs[i] = linelog_new();
        outlet_enter(&bench->outlet, i, logs[i], i * 2);
        linelog_append(logs[i], span_of("x\n"), 1);
    }
    for (uint32_t i = 0; i < LIMIT_ROOMS_PER_SESSION; i++)
        assert_int_equal(outlet_cursor(&bench->outlet, i)->place, i * 2);
    take_all(bench);
    assert_int_equal(bench->size, 2 * LIMIT_ROOMS_PER_SESSION);
    for (uint32_t i = 0; i < LIMIT_ROOMS_PER_SESSION; i++) {
        outlet_leave(&bench->outlet, i);
        assert_null(outlet_cursor(&bench->outlet, i));
        linelog_destroy(&logs[i]);
    }
    assert_int_equal(outlet_memory(&bench->outlet), 0);
}

static void who_takes_nothing_for_10_s_is_due(void **state)
{
    (void)state;
    patience_t patience;
    patience_init(&patience, PATIENCE_MS);
    patient_t ada = {0}, bob = {0}, eve = {0};
    patience_wait(&patience, &ada, 1000);
    patience_wait(&patience, &bob, 2000);
    patience_wait(&patience, &eve, 3000);
    patience_wait(&patience, &ada, 4000); /* waiting longer is no progress */
    assert_null(patience_due(&patience, 1000 + PATIENCE_MS - 1));
    assert_ptr_equal(patience_due(&patience, 1000 + PATIENCE_MS), &ada);
    patience_progress(&ada, 5000);
    patience_leave(&bob);
    patience_leave(&bob);
    assert_null(patience_due(&patience, 3000 + PATIENCE_MS - 1));
    assert_ptr_equal(patience_due(&patience, 3000 + PATIENCE_MS), &eve);
    patience_leave(&eve);
    assert_ptr_equal(patience_due(&patience, 5000 + PATIENCE_MS), &ada);
    patience_leave(&ada);
    assert_null(patience_due(&patience, UINT64_MAX));
}

static void a_user_is_waited_for_in_one_list_only(void **state)
{
    (void)state;
    patience_t slow, ending;
    patience_init(&slow, PATIENCE_MS);
    patience_init(&ending, 2000);
    patient_t ada = {0};
    patience_wait(&slow, &ada, 1000);
    patience_wait(&ending, &ada, 5000);
    assert_null(patience_due(&slow, UINT64_MAX));
    assert_null(patience_due(&ending, 6999));
    assert_ptr_equal(patience_due(&ending, 7000), &ada);
    patience_leave(&ada);
}

static void come(gather_t *gather, int lines, uint64_t now_us)
{
    for (int i = 0; i < lines; i++)
        gather_line(gather, 0, now_us);
}

/* To three readers, who each get all that waits with one write. */
static void sweep_within(gather_t *gather, uint64_t us)
{
    gather_swept(gather, 0);
    gather_took(gather, &(gather_sweep_t){.lines = 3 * gather->swept, .writes = 3, .us = us}, 0);
}

static void a_quiet_room_is_swept_at_once_and_a_busy_one_a_little_later(void **state)
{
    (void)state;
    gather_t gather = {0};
    assert_true(gather_due_us(&gather) == GATHER_NEVER);
    come(&gather, 1, 1000);
    assert_int_equal(gather_due_us(&gather), 0);
    sweep_within(&gather, 0);
    come(&gather, 2, 2000);
    assert_int_equal(gather_due_us(&gather), 0);
    sweep_within(&gather, 0); /* carried two */
    assert_true(gather_due_us(&gather) == GATHER_NEVER);
    come(&gather, 1, 3000);
    assert_int_equal(gather_due_us(&gather), 3000 + GATHER_US);
    come(&gather, 1, 3150);
    assert_int_equal(gather_due_us(&gather), 3000 + GATHER_US);
    sweep_within(&gather, 0);
    come(&gather, 1, 4000);
    sweep_within(&gather, 0); /* carried one */
    come(&gather, 1, 5000);
    assert_int_equal(gather_due_us(&gather), 0);
}

static void a_sweep_that_took_long_lets_the_next_gather_longer(void **state)
{
    (void)state;
    gather_t gather = {0};
    come(&gather, 2, 1000);
    sweep_within(&gather, 1000);
    come(&gather, 2, 3000);
    assert_int_equal(gather_due_us(&gather), 3000 + GATHER_US + 500);
    sweep_within(&gather, 60000);
    come(&gather, 1, 90000);
    assert_int_equal(gather_due_us(&gather), 90000 + GATHER_US + GATHER_MORE_US);
    sweep_within(&gather, 60000); /* carried one: quiet again, however long it took */
    come(&gather, 1, 200000);
    assert_int_equal(gather_due_us(&gather), 0);
}

static void a_quiet_room_whose_readers_get_other_lines_too_gathers_like_those(void **state)
{
    (void)state;
    gather_t gather = {0};
    come(&gather, 1, 1000);
    gather_swept(&gather, 0);
    gather_took(&gather, &(gather_sweep_t){.lines = 6, .writes = 3}, 0);
    come(&gather, 1, 2000);
    assert_int_equal(gather_due_us(&gather), 2000 + GATHER_US);
    gather_swept(&gather, 0); /* they had it by then, with another room's */
    gather_took(&gather, &(gather_sweep_t){0}, 0);
    come(&gather, 1, 3000);
    assert_int_equal(gather_due_us(&gather), 3000 + GATHER_US);
    gather_swept(&gather, 0);
    gather_took(&gather, &(gather_sweep_t){.lines = 5, .writes = 3}, 0);
    come(&gather, 1, 4000);
    assert_int_equal(gather_due_us(&gather), 0);
}

static void who_waits_for_an_answer_is_answered_without_a_pause(void **state)
{
    (void)state;
    gather_t gather = {0};
    come(&gather, 3, 1000);
    sweep_within(&gather, 0);
    gather_line(&gather, 1, 2000); /* behind a sleep */
    gather_line(&gather, 1, 2010);
    assert_int_equal(gather_due_us(&gather), 2000 + GATHER_US);
    gather_line(&gather, 1, 2020); /* as many as before */
    assert_int_equal(gather_due_us(&gather), 0);
    gather_swept(&gather, 1); /* and that holds for one sweep only */
    gather_took(&gather, &(gather_sweep_t){.lines = 9, .writes = 3}, 0);
    for (int i = 0; i < 3; i++)
        gather_line(&gather, 1, 3000);
    assert_int_equal(gather_due_us(&gather), 3000 + GATHER_US);
}

static void lines_that_came_during_a_sweep_are_no_rest(void **state)
{
    (void)state;
    gather_t gather = {0};
    come(&gather, 2, 1000);
    gather_swept(&gather, 0);
    gather_line(&gather, 0, 1200);
    gather_took(&gather, &(gather_sweep_t){.lines = 6, .writes = 3}, 1300);
    gather_line(&gather, 1, 1310); /* the sleep came later */
    gather_line(&gather, 1, 1310);
    assert_int_equal(gather_due_us(&gather),
                     1300 + GATHER_US); /* which begins when the sweep is over */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_user_gets_the_lines_after_entering, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_that_waits_goes_in_one_plan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_private_line_stands_where_it_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_line_is_completed_before_anything_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_broken_line_outlives_its_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_private_line_may_be_broken_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_falls_off_the_log_is_told_how_many_lines_were_skipped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_private_line_among_skipped_ones_stands_where_it_came,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_private_text_is_dropped_and_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(leaving_a_room_sends_its_private_lines_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_rooms_have_their_cursors, set_up, tear_down),
        cmocka_unit_test(who_takes_nothing_for_10_s_is_due),
        cmocka_unit_test(a_user_is_waited_for_in_one_list_only),
        cmocka_unit_test(a_quiet_room_is_swept_at_once_and_a_busy_one_a_little_later),
        cmocka_unit_test(a_sweep_that_took_long_lets_the_next_gather_longer),
        cmocka_unit_test(a_quiet_room_whose_readers_get_other_lines_too_gathers_like_those),
        cmocka_unit_test(who_waits_for_an_answer_is_answered_without_a_pause),
        cmocka_unit_test(lines_that_came_during_a_sweep_are_no_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
