/* base/log: one line per fact, whatever a peer's bytes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static int ends[2];
static char seen[4096];

static int open_pipe(void **state)
{
    (void)state;
    if (pipe(ends) != 0)
        return -1;
    log_set_fd(ends[1]);
    log_set_level(LOG_LEVEL_DEBUG);
    return 0;
}

static int close_pipe(void **state)
{
    (void)state;
    log_set_fd(STDERR_FILENO);
    log_set_level(LOG_LEVEL_INFO);
    return close(ends[0]) | close(ends[1]);
}

/* The line just written, after its time, which is checked for its shape. */
static const char *line(void)
{
    ssize_t size = read(ends[0], seen, sizeof seen - 1);
    assert_true(size > 0);
    seen[size] = '\0';
    assert_int_equal(seen[size - 1], '\n');
    assert_memory_equal(seen, "at=20", 5);
    assert_memory_equal(seen + 26, "Z level=", 8);
    return seen + 28;
}

static void a_line_has_the_time_the_level_the_event_and_its_fields(void **state)
{
    static const uint8_t id[] = {0x00, 0xa1, 0xf3};
    (void)state;
    log_info("session.expired", log_peer("identity", "ada", 3),
             log_hex("routing_id", id, sizeof id), log_u64("silent_ms", 30012),
             log_i64("drift_ms", -5), log_str("reason", "silent"));
    assert_string_equal(line(), "level=info event=session.expired identity=\"ada\" "
                                "routing_id=00a1f3 silent_ms=30012 drift_ms=-5 reason=silent\n");
}

static void an_event_alone_is_a_line_too(void **state)
{
    (void)state;
    log_debug("broker.stopped");
    assert_string_equal(line(), "level=debug event=broker.stopped\n");
}

static void bytes_of_a_peer_cannot_forge_a_line_or_reach_the_terminal(void **state)
{
    static const char EVIL[] = "a\nlevel=error\x1b[2J\"\\\x80";
    (void)state;
    log_warn("peer.odd", log_peer("nick", EVIL, sizeof EVIL - 1));
    assert_string_equal(line(), "level=warn event=peer.odd "
                                "nick=\"a\\x0alevel=error\\x1b[2J\\\"\\\\\\x80\"\n");
}

static void bytes_of_a_peer_are_cut_and_say_so(void **state)
{
    char many[LOG_PEER_BYTES + 1];
    (void)state;
    memset(many, 'x', sizeof many);
    log_info("a.b", log_peer("k", many, LOG_PEER_BYTES));
    assert_non_null(strstr(line(), "xx\"\n"));
    log_info("a.b", log_peer("k", many, LOG_PEER_BYTES + 1));
    assert_non_null(strstr(line(), "xx\"...\n"));
}

static void a_string_of_ours_is_quoted_only_when_it_must_be(void **state)
{
    (void)state;
    log_error("port.taken", log_str("endpoint", "tcp://127.0.0.1:5680"), log_errno(EADDRINUSE));
    assert_string_equal(line(), "level=error event=port.taken endpoint=tcp://127.0.0.1:5680 "
                                "error=\"Address already in use\"\n");
    log_info("a.b", log_str("empty", ""));
    assert_string_equal(line(), "level=info event=a.b empty=\"\"\n");
}

static void a_line_too_long_is_cut_and_still_ends(void **state)
{
    char many[LOG_LINE_BYTES + 10];
    (void)state;
    memset(many, 'y', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    log_info("a.b", log_str("k", many), log_str("l", many), log_u64("n", 1));
    assert_non_null(strstr(line(), "yyyy\n"));
    assert_true(strlen(seen) <= LOG_LINE_BYTES);
}

static void a_level_below_the_wanted_one_is_silent_and_errno_is_kept(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_WARN);
    log_info("not.seen");
    errno = ENOENT;
    log_warn("seen.once");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(line(), "level=warn event=seen.once\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_the_time_the_level_the_event_and_its_fields),
        cmocka_unit_test(an_event_alone_is_a_line_too),
        cmocka_unit_test(bytes_of_a_peer_cannot_forge_a_line_or_reach_the_terminal),
        cmocka_unit_test(bytes_of_a_peer_are_cut_and_say_so),
        cmocka_unit_test(a_string_of_ours_is_quoted_only_when_it_must_be),
        cmocka_unit_test(a_line_too_long_is_cut_and_still_ends),
        cmocka_unit_test(a_level_below_the_wanted_one_is_silent_and_errno_is_kept),
    };
    return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
