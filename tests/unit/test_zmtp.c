/* Our end of a ZeroMQ connection: proto/zmtp.h. The bytes are those of ZMTP's documents and of libzmq. */
#include "proto/zmtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SPAN(text) ((span_t){text, sizeof(text) - 1})
#define ZEROS_16   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_31   ZEROS_16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define GREETING   "\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL" ZEROS_16 "\0" ZEROS_31
#define READY      "\4\x1c\5READY\13Socket-Type\0\0\0\6ROUTER"
#define BEGINNING  GREETING READY

enum { OUTPUT_MAX = 1 << 20 };

/* What comes of these bytes, one thing after the other: F for a frame, P for a ping, and then W (wait) or X (wrong);
 * the last frame's or ping's bytes in `last`. They come in pieces of at most `most` bytes. */
static void take_all(zmtp_role_t role, span_t bytes, size_t most, char *found, char *last)
{
    zmtp_t zmtp = {.role = role};
    char *waiting = malloc(bytes.size + 1);
    size_t from = 0, to = 0;
    assert_non_null(waiting);
    for (size_t at = 0; at < bytes.size || from == to;) {
        size_t piece = bytes.size - at < most ? bytes.size - at : most;
        memcpy(waiting + to, bytes.data + at, piece);
        at += piece, to += piece;
        span_t input, taken;
        zmtp_found_t what;
        do {
            input = (span_t){waiting + from, to - from};
            what = zmtp_take(&zmtp, &input, &taken);
            from = to - input.size;
            if (what == ZMTP_FRAME || what == ZMTP_PING) {
                *found++ = what == ZMTP_FRAME ? 'F' : 'P';
                memcpy(last, taken.data, taken.size);
                last[taken.size] = '\0';
            }
        } while (what == ZMTP_FRAME || what == ZMTP_PING);
        if (what == ZMTP_WRONG || at == bytes.size) {
            *found++ = what == ZMTP_WRONG ? 'X' : 'W';
            break;
        }
    }
    *found = '\0';
    free(waiting);
}

static void assert_found_by(zmtp_role_t role, span_t bytes, const char *wanted,
                            const char *wanted_last)
{
    static const size_t PIECES[] = {SIZE_MAX, 1, 7, 64};
    static char last[LIMIT_FRAME_BYTES + 1];
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        char found[16];
        last[0] = '\0';
        take_all(role, bytes, PIECES[i], found, last);
        assert_string_equal(found, wanted);
        assert_string_equal(last, wanted_last);
    }
}

static void assert_found(span_t bytes, const char *wanted, const char *wanted_last)
{
    assert_found_by(ZMTP_DEALER, bytes, wanted, wanted_last);
}

static void what_is_sent_first_is_what_libzmq_takes(void **state)
{
    (void)state;
    buffer_t out;
    buffer_init(&out, OUTPUT_MAX);
    zmtp_begin(ZMTP_DEALER, &out);
    span_t dealer = SPAN("\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL" ZEROS_16 "\0" ZEROS_31
                         "\4\x29\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\0");
    assert_int_equal(out.size, dealer.size);
    assert_memory_equal(out.data, dealer.data, dealer.size);
    buffer_clear(&out);
    zmtp_begin(ZMTP_SUB, &out);
    assert_int_equal(out.size, 64 + 2 + 25);
    assert_memory_equal(out.data + 64, "\4\x19\5READY\13Socket-Type\0\0\0\3SUB", 27);
    assert_true(out.size < ZMTP_BEGINNING_BYTES);
    buffer_fini(&out);
}

static void frames_are_short_or_long(void **state)
{
    (void)state;
    buffer_t out;
    char bytes[256];
    memset(bytes, 'x', sizeof bytes);
    buffer_init(&out, OUTPUT_MAX);
    assert_true(zmtp_put(&out, (span_t){"a", 1}));
    assert_true(zmtp_put(&out, (span_t){bytes, 255}));
    assert_true(zmtp_put(&out, (span_t){bytes, 256}));
    assert_int_equal(out.size, 3 + 257 + 265);
    assert_memory_equal(out.data, "\0\1a\0\xffx", 6);
    assert_memory_equal(out.data + 260, "\2\0\0\0\0\0\0\1\0x", 10);
    buffer_fini(&out);
}

static void topics_are_told_as_frames(void **state)
{
    (void)state;
    buffer_t out;
    buffer_init(&out, OUTPUT_MAX);
    assert_true(zmtp_put_topic(&out, SPAN("tea\0"), true));
    assert_true(zmtp_put_topic(&out, SPAN("tea\0"), false));
    assert_int_equal(out.size, 14);
    assert_memory_equal(out.data, "\0\5\1tea\0\0\5\0tea\0", 14);
    buffer_fini(&out);
}

static void a_ping_is_answered_with_its_context(void **state)
{
    (void)state;
    buffer_t out;
    buffer_init(&out, OUTPUT_MAX);
    assert_true(zmtp_pong(&out, SPAN("context")));
    assert_memory_equal(out.data, "\4\14\4PONGcontext", 14);
    buffer_fini(&out);
    assert_found(SPAN(BEGINNING "\4\16\4PING\0\x64"
                                "context"),
                 "PW", "context");
    assert_found(SPAN(BEGINNING "\4\7\4PING\0\0"), "PW", "");
}

static void a_full_buffer_takes_nothing(void **state)
{
    (void)state;
    buffer_t out;
    buffer_init(&out, 32);
    assert_false(zmtp_put(&out, SPAN("123456789012345678901234567890")));
    assert_false(zmtp_put_topic(&out, SPAN("123456789012345678901234567890"), true));
    assert_true(zmtp_put(&out, SPAN("12345678901234567890")));
    assert_false(zmtp_pong(&out, SPAN("context")));
    assert_int_equal(out.size, 22);
    buffer_fini(&out);
}

static void frames_come_in_whatever_pieces(void **state)
{
    (void)state;
    assert_found(SPAN(BEGINNING), "W", "");
    assert_found(SPAN(BEGINNING "\0\5hello\0\2ab"), "FFW", "ab");
    assert_found(SPAN(BEGINNING "\2\0\0\0\0\0\0\0\3abc"), "FW", "abc");
    assert_found(SPAN(BEGINNING "\1\1a\0\0"), "FFW",
                 ""); /* the parts of a message are frames of their own */
    assert_found(SPAN(BEGINNING "\0\5hell"), "W", "");
    assert_found(SPAN(BEGINNING "\4\5\4PONG\4\12\7UNKNOWN..\0\1a"), "FW", "a");
    assert_found(SPAN(BEGINNING "\4\6\4PING\0\0\1a"), "FW", "a"); /* no ping: without its time */
}

static void the_longest_frame_fits(void **state)
{
    (void)state;
    static char bytes[sizeof BEGINNING - 1 + ZMTP_WHOLE_BYTES];
    static char found[16], last[LIMIT_FRAME_BYTES + 1];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, BEGINNING, sizeof BEGINNING - 1);
    memcpy(bytes + sizeof BEGINNING - 1, "\2\0\0\0\0\0\1\0\0", ZMTP_HEADER_BYTES);
    take_all(ZMTP_DEALER, (span_t){bytes, sizeof bytes}, SIZE_MAX, found, last);
    assert_string_equal(found, "FW");
    assert_int_equal(strlen(last), LIMIT_FRAME_BYTES);
}

static void what_is_no_zmtp_of_ours_ends_it(void **state)
{
    (void)state;
    char greeting[] = GREETING;
    assert_found(SPAN("220 mail.example.org ESMTP                                       "), "X",
                 "");
    greeting[10] = 2; /* too old */
    assert_found((span_t){greeting, 64}, "X", "");
    greeting[10] = 3;
    memcpy(greeting + 12, "CURVE", 5);
    assert_found((span_t){greeting, 64}, "X", "");
    assert_found(SPAN(GREETING "\0\5hello"), "X", "");            /* before the handshake */
    assert_found(SPAN(GREETING "\4\12\5ERROR\3no!"), "X", "");    /* refused */
    assert_found(SPAN(BEGINNING "\x08\1a"), "X", "");             /* a flag there is not */
    assert_found(SPAN(BEGINNING "\2\0\0\0\0\0\1\0\1a"), "X", ""); /* a byte too long */
    assert_found(SPAN(BEGINNING "\2\xff\xff\xff\xff\xff\xff\xff\xff"), "X", "");
}

#define DEALER "\4\x29\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\0"
#define SUB    "\4\x19\5READY\13Socket-Type\0\0\0\3SUB"

static void a_server_talks_to_its_own_kind_only(void **state)
{
    (void)state;
    assert_found_by(ZMTP_ROUTER, SPAN(GREETING DEALER "\0\5hello"), "FW", "hello");
    assert_found_by(ZMTP_ROUTER, SPAN(GREETING SUB), "X", "");
    assert_found_by(ZMTP_PUB, SPAN(GREETING SUB "\0\5\1tea\0"), "FW", "\1tea");
    assert_found_by(ZMTP_PUB, SPAN(GREETING DEALER), "X", "");
    /* in whatever case, and behind others */
    assert_found_by(ZMTP_PUB, SPAN(GREETING "\4\x21\5READY\1a\0\0\0\2bc\13SOCKET-type\0\0\0\3SUB"),
                    "W", "");
    assert_found_by(ZMTP_PUB, SPAN(GREETING "\4\x19\5READY\13Socket-Type\0\0\0\4SUB"), "X", "");
    assert_found_by(ZMTP_PUB, SPAN(GREETING "\4\x19\5READY\13Socket-Type\xff\xff\xff\xffSUB"), "X",
                    "");
    assert_found_by(ZMTP_PUB, SPAN(GREETING "\4\6\5READY"), "X", "");
    assert_found_by(ZMTP_PUB, SPAN(GREETING "\4\7\5READY\0"), "X", "");
}

static void a_server_says_what_it_is(void **state)
{
    (void)state;
    buffer_t out;
    buffer_init(&out, OUTPUT_MAX);
    zmtp_begin(ZMTP_ROUTER, &out);
    assert_memory_equal(out.data + 64, READY, sizeof READY - 1);
    buffer_clear(&out);
    zmtp_begin(ZMTP_PUB, &out);
    assert_memory_equal(out.data + 64, "\4\x19\5READY\13Socket-Type\0\0\0\3PUB", 27);
    buffer_fini(&out);
}

static void it_is_told_whether_more_follows(void **state)
{
    (void)state;
    zmtp_t zmtp = {.stage = ZMTP_TRAFFIC};
    span_t input = SPAN("\1\1a\0\1b"), taken;
    assert_int_equal(zmtp_take(&zmtp, &input, &taken), ZMTP_FRAME);
    assert_true(zmtp.has_more);
    assert_int_equal(zmtp_take(&zmtp, &input, &taken), ZMTP_FRAME);
    assert_false(zmtp.has_more);
}

static void a_subscription_is_told_from_what_is_none(void **state)
{
    (void)state;
    span_t topic = {0};
    bool is_wanted = false;
    assert_true(zmtp_topic(SPAN("\1tea\0"), &topic, &is_wanted));
    assert_true(is_wanted && span_equal(topic, SPAN("tea\0")));
    assert_true(zmtp_topic(SPAN("\0"), &topic, &is_wanted));
    assert_true(!is_wanted && topic.size == 0);
    assert_false(zmtp_topic(SPAN("\2tea\0"), &topic, &is_wanted));
    assert_false(zmtp_topic(SPAN(""), &topic, &is_wanted));
}

static void what_was_wrong_stays_wrong(void **state)
{
    (void)state;
    zmtp_t zmtp = {.stage = ZMTP_BROKEN};
    span_t input = SPAN(BEGINNING "\0\1a"), taken;
    assert_int_equal(zmtp_take(&zmtp, &input, &taken), ZMTP_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_first_is_what_libzmq_takes),
        cmocka_unit_test(frames_are_short_or_long),
        cmocka_unit_test(topics_are_told_as_frames),
        cmocka_unit_test(a_ping_is_answered_with_its_context),
        cmocka_unit_test(a_full_buffer_takes_nothing),
        cmocka_unit_test(frames_come_in_whatever_pieces),
        cmocka_unit_test(the_longest_frame_fits),
        cmocka_unit_test(what_is_no_zmtp_of_ours_ends_it),
        cmocka_unit_test(a_server_talks_to_its_own_kind_only),
        cmocka_unit_test(a_server_says_what_it_is),
        cmocka_unit_test(it_is_told_whether_more_follows),
        cmocka_unit_test(a_subscription_is_told_from_what_is_none),
        cmocka_unit_test(what_was_wrong_stays_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
