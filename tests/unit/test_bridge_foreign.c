/* Who is wrong here: bridge/core/foreign.h. */
#include "bridge/core/foreign.h"

#include "bridge/core/clean.h"
#include "bridge/core/line.h"
#include "bridge/core/telnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct {
    foreign_t kind;
    span_t bytes;
    size_t known; /* after so many of them, not earlier */
} sample_t;

#define BYTES(text) ((span_t){text, sizeof(text) - 1})
#define SAMPLE(kind, known, rest)                                                                  \
    {                                                                                              \
        kind, {known rest, sizeof(known rest) - 1}, sizeof(known) - 1                              \
    }
static const sample_t SAMPLES[] = {
    SAMPLE(FOREIGN_TLS, "\x16\x03", "\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\nfoo: bar\r\n"),
    SAMPLE(FOREIGN_PROXY, "\r\n\r\n\0\r\nQUIT\n", "\x21\x11\x00\x0c\r\nfoo: bar\r\n"),
    SAMPLE(FOREIGN_ZMTP, "\xff\0\0\0\0\0\0\0\x01\x7f", "\x03\0NULL\r\nfoo: bar\r\n"),
    SAMPLE(FOREIGN_HTTP, "GET / HTTP/1.1\r\n", "Host: chat\r\n\r\n"),
    SAMPLE(FOREIGN_HTTP, "POST /a b HTTP/1.0\n", "Content-Length: 3\n\nfoo\n"),
    SAMPLE(FOREIGN_HTTP, "OPTIONS * HTTP/1.1\r\n", "foo: bar\r\n"),
    SAMPLE(FOREIGN_HTTP, "PROPFIND / HTTP/1.1\r\n", "foo: bar\r\n"),
    SAMPLE(FOREIGN_HTTP, "PRI * HTTP/2.0\r\n", "\r\nSM\r\n\r\n"),
    SAMPLE(FOREIGN_HTTP, "GET /?q= HTTP HTTP/1.1\r\n", "foo: bar\r\n"),
    SAMPLE(FOREIGN_HTTP, "GET /?q= HTTP/1.0 HTTP/1.1\r\n", "foo: bar\r\n"),
    SAMPLE(FOREIGN_HTTP, "GET /?q=\r HTTP/1.1\r HTTP/1.1  HTTP/1.1\r\n", "foo: bar\r\n"),
};
enum { SAMPLE_COUNT = sizeof SAMPLES / sizeof SAMPLES[0] };

static const span_t TYPED[] = {
    BYTES("hello\r\n"),
    BYTES("\r\n\r\nhello\r\n"),
    BYTES("\r\n\r\n\0\r\nQUITTING\r\n"),
    BYTES("\xff\xfd\x03\xff\xfb\x18hello\r\n"),
    BYTES("\x16 is a control character\r\n"),
    BYTES("GETTING old\r\n"),
    BYTES("GET /\r\n"),
    BYTES("POST\r\n"),
    BYTES("O\r\n"),
    BYTES("GET / HTTP is a protocol\r\n"),
    BYTES("GET / HTTP/1.1 is its line\r\n"),
    BYTES("GET / HTTP/x.1\r\n"),
    BYTES("GET /\r\0more HTTP/1.1\r\n"),
    BYTES("I prefer HTTP/1.1\r\n"),
    BYTES("we prefer HTTP/1.1\r\n"),
    BYTES(" HTTP/1.1\r\n"),
    BYTES("A HTTP/1.1\r\n"),
    BYTES("A /HTTP/1.1\r\n"),
};
enum { TYPED_COUNT = sizeof TYPED / sizeof TYPED[0] };

static span_t part(span_t bytes, size_t from, size_t to)
{
    return (span_t){bytes.data + from, to - from};
}

static foreign_t look(span_t bytes)
{
    beginning_t beginning = {0};
    return foreign_take(&beginning, bytes);
}

static void p152_each_is_known_by_how_it_begins(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const sample_t *sample = &SAMPLES[i];
        assert_int_equal(look(sample->bytes), sample->kind);
        assert_int_equal(look(part(sample->bytes, 0, sample->known)), sample->kind);
        assert_int_equal(look(part(sample->bytes, 0, sample->known - 1)), FOREIGN_NONE);
    }
}

static void p152_each_is_known_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const sample_t *sample = &SAMPLES[i];
        for (size_t cut = 0; cut <= sample->bytes.size; cut++) {
            beginning_t beginning = {0};
            foreign_t early = foreign_take(&beginning, part(sample->bytes, 0, cut));
            assert_int_equal(early, cut < sample->known ? FOREIGN_NONE : sample->kind);
            span_t rest = part(sample->bytes, cut, sample->bytes.size);
            assert_int_equal(foreign_take(&beginning, rest), sample->kind);
        }
    }
}

static void p152_each_is_known_when_it_comes_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        beginning_t beginning = {0};
        const sample_t *sample = &SAMPLES[i];
        for (size_t k = 0; k < sample->bytes.size; k++) {
            foreign_t found = foreign_take(&beginning, part(sample->bytes, k, k + 1));
            assert_int_equal(found, k + 1 < sample->known ? FOREIGN_NONE : sample->kind);
        }
    }
}

/* What the bridge makes of the bytes: nothing but empty lines? */
static bool says_nothing(span_t bytes)
{
    char raw[128];
    telnet_t telnet = {0};
    telnet_answers_t answers = {0};
    line_t reader = {0};
    buffer_t text;
    buffer_init(&text, CLEAN_GROWTH * sizeof raw);
    assert_true(bytes.size <= sizeof raw);
    memcpy(raw, bytes.data, bytes.size);
    span_t line, input = {raw, telnet_filter(&telnet, raw, bytes.size, &answers)};
    while (line_next(&reader, &input, &line) != LINE_NONE)
        clean_append(&text, line, CLEAN_IN);
    bool is_silent = text.size == 0;
    line_fini(&reader);
    buffer_fini(&text);
    return is_silent;
}

static void p152_until_it_is_known_nothing_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        assert_true(says_nothing(part(SAMPLES[i].bytes, 0, SAMPLES[i].known - 1)));
    assert_false(says_nothing(BYTES("foo\r\n")));
}

static void who_types_is_not_taken_for_one(void **state)
{
    (void)state;
    assert_int_equal(look(BYTES("")), FOREIGN_NONE);
    for (size_t i = 0; i < TYPED_COUNT; i++) {
        assert_int_equal(look(TYPED[i]), FOREIGN_NONE);
        beginning_t beginning = {0};
        for (size_t k = 0; k < TYPED[i].size; k++)
            assert_int_equal(foreign_take(&beginning, part(TYPED[i], k, k + 1)), FOREIGN_NONE);
    }
}

static void who_has_typed_may_talk_about_protocols(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPED_COUNT; i++)
        for (size_t k = 0; k < SAMPLE_COUNT; k++) {
            beginning_t beginning = {0};
            assert_int_equal(foreign_take(&beginning, TYPED[i]), FOREIGN_NONE);
            assert_int_equal(foreign_take(&beginning, SAMPLES[k].bytes), FOREIGN_NONE);
        }
}

static void a_line_of_http_may_be_longer_than_any_text(void **state)
{
    (void)state;
    beginning_t beginning = {0};
    assert_int_equal(foreign_take(&beginning, BYTES("GET /")), FOREIGN_NONE);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(foreign_take(&beginning, BYTES("x")), FOREIGN_NONE);
    assert_int_equal(foreign_take(&beginning, BYTES(" HTTP/1.1\r")), FOREIGN_NONE);
    assert_int_equal(foreign_take(&beginning, BYTES("\n")), FOREIGN_HTTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p152_each_is_known_by_how_it_begins),
        cmocka_unit_test(p152_each_is_known_wherever_it_is_cut),
        cmocka_unit_test(p152_each_is_known_when_it_comes_byte_by_byte),
        cmocka_unit_test(p152_until_it_is_known_nothing_is_said),
        cmocka_unit_test(who_types_is_not_taken_for_one),
        cmocka_unit_test(who_has_typed_may_talk_about_protocols),
        cmocka_unit_test(a_line_of_http_may_be_longer_than_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
