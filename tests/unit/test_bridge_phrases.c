/* Phrases, and events as lines: bridge/core/phrases.h, render.h, roster.h. */
#include "bridge/core/refusal.h"
#include "bridge/core/render.h"
#include "bridge/core/roster.h"

#include "proto/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct {
    buffer_t out, frame;
    decoder_t decoder;
    message_t message;
    writer_t writer;
} bench_t;

static int set_up(void **state)
{
    bench_t *bench = calloc(1, sizeof *bench);
    buffer_init(&bench->out, RENDER_BYTES);
    buffer_init(&bench->frame, LIMIT_FRAME_BYTES);
    decoder_init(&bench->decoder);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    bench_t *bench = *state;
    buffer_fini(&bench->out);
    buffer_fini(&bench->frame);
    decoder_fini(&bench->decoder);
    free(bench);
    return 0;
}

static writer_t *begin(bench_t *bench)
{
    buffer_clear(&bench->frame);
    write_begin(&bench->writer, &bench->frame);
    return &bench->writer;
}

static const message_t *end(bench_t *bench)
{
    write_end(&bench->writer);
    hub_err_t err =
        decoder_frame(&bench->decoder, bench->frame.data, bench->frame.size, &bench->message);
    assert_int_equal(err, HUB_OK);
    return &bench->message;
}

/* What was rendered since the last call. */
static void check(bench_t *bench, const char *lines)
{
    if (!span_is(buffer_span(&bench->out), lines))
        fail_msg("got \"%.*s\", not \"%s\"", (int)bench->out.size, bench->out.data, lines);
    buffer_clear(&bench->out);
}

static const message_t *said(bench_t *bench, const char *from, const char *to, const char *text)
{
    writer_t *writer = begin(bench);
    write_str(writer, KEY_from, span_of(from));
    write_str(writer, KEY_to, span_of(to));
    write_str(writer, KEY_text, span_of(text));
    return end(bench);
}

/* The placeholders of a phrase, each once, in the order of words.def. */
static unsigned placeholders(const char *text)
{
    static const char *const WORDS[] = {
#define WORD(name, text) "{" #name "}",
#include "bridge/core/words.def"
#undef WORD
    };
    unsigned set = 0, known = 0, all = 0;
    for (unsigned i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strstr(text, WORDS[i]))
            set |= 1u << i;
        for (const char *at = strstr(text, WORDS[i]); at; at = strstr(at + 1, WORDS[i]))
            known++;
    }
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{'))
        all++;
    assert_int_equal(known, all);
    return set;
}

static void both_languages_have_the_same_words_in_every_phrase(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PHRASE_COUNT; i++) {
        const char *english = phrase_text(LANGUAGE_en, i), *chinese = phrase_text(LANGUAGE_zh, i);
        assert_true(strlen(english) > 0 && strlen(chinese) > 0);
        if (placeholders(english) != placeholders(chinese))
            fail_msg("\"%s\" and \"%s\"", english, chinese);
    }
}

static void help_has_as_many_lines_in_both_languages(void **state)
{
    (void)state;
    size_t lines[LANGUAGE_COUNT] = {0};
    for (unsigned i = 0; i < LANGUAGE_COUNT; i++)
        for (const char *at = strchr(phrase_text(i, PHRASE_help), '\n'); at;
             at = strchr(at + 1, '\n'))
            lines[i]++;
    assert_int_equal(lines[LANGUAGE_en], lines[LANGUAGE_zh]);
}

static void words_are_filled_in_and_cleaned(void **state)
{
    bench_t *bench = *state;
    phrase_line(&bench->out, LANGUAGE_en, PHRASE_renamed,
                &(words_t){.was = span_of("b\x1b[2Job"), .nick = span_of("a\nda")});
    check(bench, "* bob is now ada\r\n");
    phrase_line(&bench->out, LANGUAGE_zh, PHRASE_renamed,
                &(words_t){.was = span_of("bob"), .nick = span_of("ada")});
    check(bench, "* bob 改名为 ada\r\n");
}

static void a_word_with_braces_is_not_filled_in_again(void **state)
{
    bench_t *bench = *state;
    phrase_line(&bench->out, LANGUAGE_en, PHRASE_came, &(words_t){.nick = span_of("{was}%s")});
    check(bench, "* {was}%s came\r\n");
}

static void a_phrase_of_several_lines_ends_each_with_cr_lf(void **state)
{
    bench_t *bench = *state;
    phrase_line(&bench->out, LANGUAGE_en, PHRASE_help, NULL);
    for (size_t i = 0; i < bench->out.size; i++)
        assert_true(bench->out.data[i] != '\n' || bench->out.data[i - 1] == '\r');
}

static void numbers_are_written_in_decimal(void **state)
{
    (void)state;
    numeral_t digits;
    assert_true(span_is(numeral(0, &digits), "0"));
    assert_true(span_is(numeral(1240, &digits), "1240"));
    assert_true(span_is(numeral(UINT64_MAX, &digits), "18446744073709551615"));
}

static void check_verdict(bench_t *bench, language_t language, phrase_t phrase, uint64_t ms,
                          const char *line)
{
    render_verdict(&bench->out, language, phrase, span_of("bob\x1b[2J"), span_of("tea"), ms);
    check(bench, line);
}

static void what_was_done_to_somebody_is_told_with_its_end(void **state)
{
    bench_t *bench = *state;
    check_verdict(bench, LANGUAGE_en, PHRASE_has_kicked, 0, "* bob is put out of tea.\r\n");
    check_verdict(bench, LANGUAGE_en, PHRASE_has_banned, 600000,
                  "* bob is banned from tea for 10 minutes.\r\n");
    check_verdict(bench, LANGUAGE_en, PHRASE_has_banned, 3600000,
                  "* bob is banned from tea for 1 hour.\r\n");
    check_verdict(bench, LANGUAGE_en, PHRASE_has_muted, 0,
                  "* bob is muted in tea until somebody lifts it.\r\n");
    check_verdict(bench, LANGUAGE_zh, PHRASE_has_muted, 604800000,
                  "* bob 在 tea 已被禁言（1 周）。\r\n");
}

/* What the bridge says of such an event; "", 0: it has none of that. */
static void treated(bench_t *bench, ev_t ev, const char *room, const char *text, uint64_t until_ms,
                    const char *line)
{
    writer_t *writer = begin(bench);
    if (*room) {
        write_str(writer, KEY_room, span_of(room));
        write_str(writer, KEY_by, span_of("ada\xe2\x80\xae"));
    }
    write_uint(writer, KEY_at, 1000);
    if (until_ms > 0)
        write_uint(writer, KEY_until, until_ms);
    if (*text)
        write_str(writer, ev == EV_role ? KEY_role : KEY_text, span_of(text));
    render_treatment(&bench->out, LANGUAGE_en, ev, end(bench));
    check(bench, line);
}

static void what_was_done_to_oneself_is_told(void **state)
{
    bench_t *bench = *state;
    treated(bench, EV_muted, "tea", "", 0,
            "* ada has muted you in tea until somebody lifts it.\r\n");
    treated(bench, EV_muted, "tea", "too loud", 600800,
            "* ada has muted you in tea for 10 minutes: too loud\r\n");
    treated(bench, EV_muted, "", "", 86401000, "* An operator has muted you for 1 day.\r\n");
    treated(bench, EV_muted, "", "spam", 0,
            "* An operator has muted you until somebody lifts it: spam\r\n");
    treated(bench, EV_unmuted, "tea", "", 0, "* ada lets you speak in tea again.\r\n");
    treated(bench, EV_unmuted, "", "", 0, "* An operator lets you speak again.\r\n");
    treated(bench, EV_role, "tea", "owner", 0, "* ada has made you the owner of tea.\r\n");
    treated(bench, EV_role, "tea", "moderator", 0, "* ada has made you a moderator of tea.\r\n");
    treated(bench, EV_role, "tea", "member", 0, "* ada has taken your role in tea from you.\r\n");
}

static void every_error_has_its_phrase(void **state)
{
    (void)state;
    for (hub_err_t err = HUB_OK + 1; err <= HUB_ERR_COUNT; err++)
        assert_true(strlen(phrase_text(LANGUAGE_en, phrase_of_error(err))) > 0);
    assert_int_equal(phrase_of_error(HUB_NICK_TAKEN), PHRASE_error_NICK_TAKEN);
    assert_int_equal(phrase_of_error(HUB_ERR_COUNT), PHRASE_error_unknown);
}

/* How it is told that `op` was refused so; 0 ms, NULL: the answer has none. */
static void refused(bench_t *bench, op_t op, hub_err_t err, uint64_t retry_ms, const char *hint)
{
    writer_t *writer = begin(bench);
    time_words_t time;
    words_t words;
    if (hint)
        write_str(writer, KEY_hint, span_of(hint));
    if (retry_ms > 0)
        write_uint(writer, KEY_retry_ms, retry_ms);
    phrase_t phrase = refusal_phrase(LANGUAGE_en, op, err, end(bench), &words, &time);
    phrase_line(&bench->out, LANGUAGE_en, phrase, &words);
}

static void a_refusal_within_a_room_says_what_is_so(void **state)
{
    bench_t *bench = *state;
    refused(bench, OP_invite, HUB_BAD_REQUEST, 0, "that room is public");
    check(bench, "* Nobody has to be invited here: the room is open to all.\r\n");
    refused(bench, OP_invite, HUB_EXISTS, 0, NULL);
    check(bench, "* They are in the room already.\r\n");
    refused(bench, OP_invite, HUB_BANNED, 0, NULL);
    check(bench, "* They are banned from this room; /unban NAME first.\r\n");
    static const op_t OPS[] = {OP_kick, OP_ban, OP_unban, OP_unmute, OP_bans, OP_slow};
    for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
        refused(bench, OPS[i], HUB_DENIED, 0, NULL);
        check(bench, "* That is for the room's owner and moderators, about those who may less than "
                     "they.\r\n");
    }
    refused(bench, OP_mute, HUB_DENIED, 0, NULL);
    check(bench,
          "* That is for the room's owner and moderators, about those who have no role there.\r\n");
    refused(bench, OP_role, HUB_DENIED, 0, NULL);
    check(bench, "* That is for the room's owner.\r\n");
}

static void a_refusal_says_what_is_waited_for_how_long_and_what_to_do(void **state)
{
    bench_t *bench = *state;
    refused(bench, OP_say, HUB_FLOOD, 29001, "this room is slow");
    check(bench,
          "* Not sent: this room is slow, and your next message may come in 30 seconds; then "
          "send it again.\r\n");
    refused(bench, OP_join, HUB_FLOOD, 36000, NULL);
    check(bench,
          "* Not made: too many new rooms from where you are. Wait 36 seconds, then try again, or "
          "enter one "
          "there is (/rooms).\r\n");
    refused(bench, OP_register, HUB_FLOOD, 180000, NULL);
    check(bench, "* Not registered: too many new names from where you are. Wait 3 minutes, then "
                 "try again.\r\n");
    refused(bench, OP_login, HUB_FLOOD, 1, NULL);
    check(bench,
          "* Too many wrong passwords: wait 1 second, then try again; until then it is not even "
          "looked at.\r\n");
    refused(bench, OP_who, HUB_FLOOD, 2000, NULL);
    check(
        bench,
        "* Not done: you asked for too much in a short time. Wait 2 seconds, then try again.\r\n");
    refused(bench, OP_tell, HUB_MUTED, 30000, NULL);
    check(bench,
          "* Not done: you went on sending too much, and may only read for 30 seconds more; then "
          "try again.\r\n");
    refused(bench, OP_join, HUB_BANNED, 7200000, "spam");
    check(bench, "* You may not come in here for 2 hours more: spam\r\n");
    refused(bench, OP_nick, HUB_BANNED, 7200000, "spam");
    check(bench, "* That name is banned for 2 hours more; choose another.\r\n");
}

static void a_refusal_without_a_time_speaks_of_none(void **state)
{
    bench_t *bench = *state;
    refused(bench, OP_join, HUB_BANNED, 0, "spam");
    check(bench, "* You may not come in here: spam\r\n");
    refused(bench, OP_say, HUB_MUTED, 0, "you may read");
    check(bench, "* You may read here but not speak.\r\n");
    refused(bench, OP_say, HUB_NO_SUCH_ROOM, 0, "x");
    check(bench, "* There is no such room; /join ROOM makes one.\r\n");
    refused(bench, OP_join, HUB_NO_SUCH_ROOM, 0, "x"); /* join would have made it */
    check(bench, "* That room is private: somebody in there has to /invite you.\r\n");
    refused(bench, OP_register, HUB_EXISTS, 0, NULL);
    check(bench, "* This name is registered already, and is yours.\r\n");
    time_words_t time;
    words_t words;
    assert_int_equal(refusal_phrase(LANGUAGE_en, OP_say, HUB_EXPIRED, NULL, &words, &time),
                     PHRASE_error_EXPIRED);
}

/* Whatever is refused for a time, the time is told, and why: never "wait" alone. */
static void every_refusal_with_a_time_tells_it(void **state)
{
    bench_t *bench = *state;
    const hub_err_t passing[] = {HUB_FLOOD, HUB_MUTED, HUB_BUSY, HUB_UNAVAILABLE, HUB_BANNED};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        for (op_t op = 0; op < OP_COUNT; op++) {
            refused(bench, op, passing[i], 42000, "why");
            char *told = strndup(bench->out.data, bench->out.size);
            assert_non_null(strstr(told, "42 seconds"));
            assert_null(strstr(told, "Not done: wait"));
            free(told);
            buffer_clear(&bench->out);
        }
}

static void languages_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(language_find(span_of("en")), LANGUAGE_en);
    assert_int_equal(language_find(span_of("zh")), LANGUAGE_zh);
    assert_int_equal(language_find(span_of("tlh")), LANGUAGE_COUNT);
}

static void a_message_stands_behind_its_speakers_name(void **state)
{
    bench_t *bench = *state;
    render_message(&bench->out, LANGUAGE_en, said(bench, "ada", "", "hello"), span_of("lobby"),
                   true);
    check(bench, "[ada]hello\r\n");
    render_message(&bench->out, LANGUAGE_en, said(bench, "ada", "", "hello"), span_of("tea"),
                   false);
    check(bench, "#tea [ada]hello\r\n");
}

static void every_line_of_a_text_stands_behind_its_speakers_name(void **state)
{
    bench_t *bench = *state;
    const message_t *event = said(bench, "ada", "", "one\n[bob]two\n\nthree\n");
    render_message(&bench->out, LANGUAGE_en, event, span_of("lobby"), true);
    check(bench, "[ada]one\r\n[ada][bob]two\r\n[ada]\r\n[ada]three\r\n");
}

static void nobody_paints_on_anothers_terminal(void **state)
{
    bench_t *bench = *state;
    const message_t *event = said(bench, "a\x1b[31mda", "", "x\x1b[2J\xe2\x80\xaey\rz\xe2\x80\xa8");
    render_message(&bench->out, LANGUAGE_en, event, span_of("lobby"), true);
    check(bench, "[ada]xyz\r\n");
}

static void a_private_message_tells_who_told_whom(void **state)
{
    bench_t *bench = *state;
    const message_t *event = said(bench, "ada", "bob", "psst");
    render_private(&bench->out, LANGUAGE_en, event, span_of("bob"));
    check(bench, "[ada -> you]psst\r\n");
    render_private(&bench->out, LANGUAGE_en, event, span_of("ada"));
    check(bench, "[you -> bob]psst\r\n");
    render_private(&bench->out, LANGUAGE_en, said(bench, "ada", "ada", "me"), span_of("ada"));
    check(bench, "[ada -> you]me\r\n");
}

static void a_monstrous_message_stays_within_bounds(void **state)
{
    bench_t *bench = *state;
    static char text[60000], from[5000];
    memset(text, '\n', sizeof text - 1);
    memset(from, 0xff, sizeof from - 1);
    render_message(&bench->out, LANGUAGE_en, said(bench, from, "", text), span_of("lobby"), false);
    assert_true(bench->out.size > 0 && bench->out.size <= RENDER_BYTES);
}

static void add_change(writer_t *writer, const char *nick, const char *uid, const char *state,
                       const char *was)
{
    msgpack_packer *packer = &writer->packer;
    msgpack_pack_map(packer, was ? 4 : 3);
    pack_span(writer, span_of("nick"));
    pack_span(writer, span_of(nick));
    pack_span(writer, span_of("uid"));
    pack_span(writer, span_of(uid));
    pack_span(writer, span_of("state"));
    pack_span(writer, span_of(state));
    if (was == NULL)
        return;
    pack_span(writer, span_of("was"));
    pack_span(writer, span_of(was));
}

static void change(bench_t *bench, roster_t *roster, const char *nick, const char *state,
                   const char *was, const char *lines)
{
    writer_t *writer = begin(bench);
    write_key(writer, KEY_changes);
    msgpack_pack_array(&writer->packer, 1);
    add_change(writer, nick, "u1", state, was);
    roster_render(roster, &bench->out, LANGUAGE_en, end(bench), span_of("lobby"), true);
    check(bench, lines);
}

static void coming_and_going_and_renaming_are_told(void **state)
{
    bench_t *bench = *state;
    roster_t *roster = roster_new();
    change(bench, roster, "ada", "active", NULL, "* ada came\r\n");
    change(bench, roster, "eve", "active", "ada", "* ada is now eve\r\n");
    change(bench, roster, "eve", "gone", NULL, "* eve went\r\n");
    change(bench, roster, "ada", "active", NULL, "* ada came\r\n");
    change(bench, roster, "eve", "gone", "ada", "* ada went\r\n"); /* renamed and gone at once */
    roster_destroy(&roster);
}

static void falling_silent_and_coming_back_are_not_told(void **state)
{
    bench_t *bench = *state;
    roster_t *roster = roster_new();
    change(bench, roster, "ada", "inactive", NULL, "");
    change(bench, roster, "ada", "active", NULL, "");
    change(bench, roster, "ada", "detached", NULL, "");
    change(bench, roster, "ada", "active", NULL, "");
    assert_int_equal(roster_count(roster), 1);
    roster_destroy(&roster);
}

static void a_large_room_is_told_by_nobodys_name(void **state)
{
    bench_t *bench = *state;
    roster_t *roster = roster_new();
    change(bench, roster, "ada", "active", NULL, "* ada came\r\n");
    writer_t *writer = begin(bench);
    write_uint(writer, KEY_count, 501);
    roster_render(roster, &bench->out, LANGUAGE_en, end(bench), span_of("lobby"), true);
    check(bench, "");
    assert_int_equal(roster_count(roster), 0);
    roster_destroy(&roster);
}

static void a_roster_finds_everybody_after_others_have_gone(void **state)
{
    bench_t *bench = *state;
    roster_t *roster = roster_new();
    char uid[16];
    for (int round = 0; round < 3; round++) {
        writer_t *writer = begin(bench);
        write_key(writer, KEY_changes);
        msgpack_pack_array(&writer->packer, 900);
        for (int i = 0; i < 900; i++) {
            (void)snprintf(uid, sizeof uid, "u%d", i);
            add_change(writer, "n", uid, round == 1 && i % 3 == 0 ? "gone" : "active", NULL);
        }
        buffer_clear(&bench->out);
        roster_render(roster, &bench->out, LANGUAGE_en, end(bench), span_of("lobby"), true);
        size_t line = strlen(round == 1 ? "* n went\r\n" : "* n came\r\n");
        assert_int_equal(bench->out.size, (round == 0 ? 900 : 300) * line);
        assert_int_equal(roster_count(roster), round == 1 ? 600 : 900);
    }
    roster_destroy(&roster);
}

static void a_page_of_who_has_a_line_for_each(void **state)
{
    bench_t *bench = *state;
    writer_t *writer = begin(bench);
    write_key(writer, KEY_members);
    msgpack_pack_array(&writer->packer, 3);
    add_change(writer, "ada", "u1", "active", NULL);
    add_change(writer, "bob", "u2", "inactive", NULL);
    msgpack_pack_nil(&writer->packer);
    assert_int_equal(render_members(&bench->out, LANGUAGE_en, end(bench)), 2);
    check(bench, "*   ada\r\n*   bob (idle)\r\n");
}

static void history_shows_the_newest_and_marks_them(void **state)
{
    bench_t *bench = *state;
    writer_t *writer = begin(bench);
    write_key(writer, KEY_events);
    msgpack_pack_array(&writer->packer, 3);
    for (int i = 0; i < 3; i++) {
        msgpack_pack_map(&writer->packer, 2);
        pack_span(writer, span_of("from"));
        pack_span(writer, span_of("ada"));
        pack_span(writer, span_of("text"));
        pack_span(writer, span_of(i == 2 ? "three" : "other"));
    }
    assert_int_equal(render_history(&bench->out, LANGUAGE_en, end(bench), 2), 2);
    check(bench, "| [ada]other\r\n| [ada]three\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_languages_have_the_same_words_in_every_phrase, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(help_has_as_many_lines_in_both_languages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(words_are_filled_in_and_cleaned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_word_with_braces_is_not_filled_in_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_phrase_of_several_lines_ends_each_with_cr_lf, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_written_in_decimal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_done_to_somebody_is_told_with_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_done_to_oneself_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_error_has_its_phrase, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_within_a_room_says_what_is_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_says_what_is_waited_for_how_long_and_what_to_do,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_without_a_time_speaks_of_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_refusal_with_a_time_tells_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(languages_are_found_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_stands_behind_its_speakers_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_line_of_a_text_stands_behind_its_speakers_name,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_paints_on_anothers_terminal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_private_message_tells_who_told_whom, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_monstrous_message_stays_within_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coming_and_going_and_renaming_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(falling_silent_and_coming_back_are_not_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_room_is_told_by_nobodys_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_roster_finds_everybody_after_others_have_gone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_who_has_a_line_for_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(history_shows_the_newest_and_marks_them, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
