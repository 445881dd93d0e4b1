#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/shell/json_event.h"
#include "client/shell/json_request.h"

/* What is wrong with a request; NULL: nothing, and it is in *out. The object stays until the next call. */
static const char *read_text(const char *text, order_t *out)
{
    static json_t *object;
    json_decref(object);
    object = text ? json_loads(text, 0, NULL) : NULL;
    if (text == NULL)
        return NULL;
    assert_non_null(object);
    return json_request_read(object, out);
}

static int forget(void **state)
{
    (void)state;
    (void)read_text(NULL, NULL);
    return 0;
}

static void nothing_in_a_line_of_json_paints(void **state)
{
    (void)state;
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    assert_non_null(out);
    json_t *object = json_pack("{s:s}", "text",
                               "\x7f"
                               "a\x7f\x7f\x1b\xc3\xa4\xc2\x9b"
                               "\xe2\x80\xae\xe2\x80\xa8|\xe2\x81\xa6\xd8\x9c\xc2\xa0");
    json_event_write(out, object, false);
    json_event_write(out, object, true);
    json_decref(object);
    fclose(out);
    assert_string_equal(line, "{\"text\":\"\\u007fa\\u007f\\u007f\\u001B\xc3\xa4\\u009b"
                              "\\u202e\\u2028|\\u2066\\u061c\xc2\xa0\"}\n"
                              "{\"text\":\"\\u007fa\\u007f\\u007f\\u001B\\u00E4\\u009B"
                              "\\u202E\\u2028|\\u2066\\u061C\\u00A0\"}\n");
    free(line);
}

/* A page of history may be full of what paints: it is gone through once, not once for each. */
static void a_line_full_of_what_paints_is_written_at_once(void **state)
{
    (void)state;
    enum { MARKS = 2000000, MARK_BYTES = 3, ESCAPED_BYTES = 6, PATIENCE_S = 60 };
    static const char MARK[] = "\xe2\x80\xae";
    char *text = malloc((size_t)MARKS * MARK_BYTES + 1), *line = NULL;
    assert_non_null(text);
    for (size_t i = 0; i < MARKS; i++)
        memcpy(text + i * MARK_BYTES, MARK, MARK_BYTES + 1);
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    json_t *object = json_pack("{s:s}", "text", text);
    (void)alarm(PATIENCE_S);
    json_event_write(out, object, false);
    (void)alarm(0);
    fclose(out);
    assert_int_equal(size, strlen("{\"text\":\"\"}\n") + (size_t)MARKS * ESCAPED_BYTES);
    json_decref(object);
    free(line);
    free(text);
}

static void a_request_becomes_an_order(void **state)
{
    (void)state;
    order_t order;
    assert_null(read_text("{\"op\":\"say\",\"room\":\"tea\",\"text\":\"hi\",\"id\":7}", &order));
    assert_int_equal(order.verb, VERB_say);
    assert_string_equal(order.room, "tea");
    assert_string_equal(order.text, "hi");
    assert_null(read_text("{\"op\":\"history\",\"after\":0,\"limit\":5}", &order));
    assert_int_equal(order.verb, VERB_history);
    assert_int_equal(order.limit, 5);
    assert_int_equal(order.present, 1u << FIELD_after | 1u << FIELD_limit);
    assert_null(read_text("{\"op\":\"join\",\"room\":\"x\",\"private\":true}", &order));
    assert_true(order.private);
}

static void what_is_done_to_somebody_has_its_keys(void **state)
{
    (void)state;
    order_t order;
    assert_null(read_text("{\"op\":\"ban\",\"nick\":\"bob\",\"reason\":\"spam\",\"for_ms\":60000}",
                          &order));
    assert_int_equal(order.verb, VERB_ban);
    assert_string_equal(order.reason, "spam");
    assert_int_equal(order.for_ms, 60000);
    assert_null(
        read_text("{\"op\":\"mute\",\"nick\":\"bob\",\"until\":5,\"room\":\"tea\"}", &order));
    assert_int_equal(order.until, 5);
    assert_null(read_text("{\"op\":\"slow\",\"slow_ms\":0}", &order));
    assert_int_equal(order.verb, VERB_slow);
    assert_string_equal(read_text("{\"op\":\"slow\"}", &order), "slow_ms is missing");
    assert_string_equal(read_text("{\"op\":\"role\",\"nick\":\"bob\"}", &order), "role is missing");
    assert_string_equal(read_text("{\"op\":\"kick\"}", &order), "nick is missing");
}

static void a_wrong_request_says_what_is_wrong(void **state)
{
    (void)state;
    order_t order;
    assert_string_equal(read_text("[1]", &order), "not an object");
    assert_string_equal(read_text("{}", &order), "op is missing");
    assert_string_equal(read_text("{\"op\":7}", &order), "op is missing");
    assert_string_equal(read_text("{\"op\":\"dance\"}", &order), "no such op; --help lists them");
    assert_string_equal(read_text("{\"op\":\"say\"}", &order), "text is missing");
    assert_string_equal(read_text("{\"op\":\"tell\",\"to\":1,\"text\":\"x\"}", &order),
                        "to has to be a string");
    assert_string_equal(read_text("{\"op\":\"history\",\"limit\":-1}", &order),
                        "limit has to be a whole number, 0 or more");
    assert_string_equal(read_text("{\"op\":\"join\",\"room\":\"x\",\"private\":1}", &order),
                        "private has to be true or false");
}

static void keys_that_the_op_does_not_have_are_ignored(void **state)
{
    (void)state;
    order_t order;
    assert_null(read_text("{\"op\":\"rooms\",\"room\":7,\"future\":[]}", &order));
    assert_null(order.room);
}

/* Compares an object with JSON and frees it. */
static void check(json_t *object, const char *wanted)
{
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(object);
}

static hubbub_event_t message(void)
{
    return (hubbub_event_t){.type = HUBBUB_MESSAGE,
                            .room = "tea",
                            .nick = "ada",
                            .uid = "u1",
                            .to = "",
                            .mid = "",
                            .text = "hi\n\xe4\xbd\xa0",
                            .text_bytes = 6,
                            .epoch = 5,
                            .seq = 6,
                            .at_ms = 7,
                            .payload = "",
                            .rel = ""};
}

static void an_event_has_the_keys_of_the_wire(void **state)
{
    (void)state;
    hubbub_event_t event = message();
    check(json_event(&event),
          "{\"ev\":\"message\",\"room\":\"tea\",\"from\":\"ada\",\"uid\":\"u1\","
          "\"text\":\"hi\\n\xe4\xbd\xa0\",\"epoch\":5,\"seq\":6,\"at\":7}");
    event.payload = "raw";
    event.data = "\x00\xff";
    event.data_bytes = 2;
    event.text = "\xff";
    event.text_bytes = 1;
    check(json_event(&event),
          "{\"ev\":\"message\",\"room\":\"tea\",\"from\":\"ada\",\"uid\":\"u1\","
          "\"text\":\"\xef\xbf\xbd\",\"epoch\":5,\"seq\":6,\"at\":7,"
          "\"type\":\"raw\",\"data\":\"AP8=\"}");
}

static void presence_names_who_changed(void **state)
{
    (void)state;
    hubbub_member_t member = {
        .nick = "bob", .uid = "u2", .state = "active", .was = "bo", .status = ""};
    hubbub_event_t event = {
        .type = HUBBUB_PRESENCE, .room = "tea", .count = 2, .members = &member, .member_count = 1};
    check(json_event(&event),
          "{\"ev\":\"presence\",\"room\":\"tea\",\"count\":2,\"changes\":"
          "[{\"nick\":\"bob\",\"uid\":\"u2\",\"state\":\"active\",\"was\":\"bo\"}]}");
    event.type = HUBBUB_DOWN;
    event.room = "";
    event.retry_ms = 100;
    check(json_event(&event), "{\"ev\":\"down\",\"retry_ms\":100}");
    event = (hubbub_event_t){.type = HUBBUB_MUTED,
                             .room = "tea",
                             .nick = "ada",
                             .text = "spam",
                             .at_ms = 1,
                             .until_ms = 2};
    check(json_event(&event), "{\"ev\":\"muted\",\"room\":\"tea\",\"by\":\"ada\",\"text\":\"spam\","
                              "\"at\":1,\"until\":2}");
    event = (hubbub_event_t){
        .type = HUBBUB_ROLE, .room = "tea", .nick = "ada", .text = "", .role = "owner"};
    check(json_event(&event),
          "{\"ev\":\"role\",\"room\":\"tea\",\"by\":\"ada\",\"role\":\"owner\"}");
    event = (hubbub_event_t){.type = HUBBUB_SLOW, .room = "tea"};
    check(json_event(&event), "{\"ev\":\"slow\",\"room\":\"tea\",\"slow_ms\":0}");
}

static void pages_are_gathered_into_one_reply(void **state)
{
    (void)state;
    hubbub_room_t rooms[] = {{.name = "a", .count = 1}, {.name = "b", .seq = 2}};
    hubbub_event_t page = {.type = HUBBUB_ROOMS, .room = "", .rooms = rooms, .room_count = 1};
    hubbub_event_t done = {.type = HUBBUB_DONE, .mid = ""};
    json_t *reply = json_pack("{ss}", "reply", "rooms");
    json_event_add_page(reply, &page);
    page.rooms = rooms + 1;
    json_event_add_page(reply, &page);
    json_event_add_end(reply, &done);
    check(reply, "{\"reply\":\"rooms\",\"rooms\":[{\"room\":\"a\",\"count\":1,\"seq\":0},"
                 "{\"room\":\"b\",\"count\":0,\"seq\":2}],\"ok\":true}");
}

static void history_holds_events(void **state)
{
    (void)state;
    hubbub_event_t inner = message();
    hubbub_event_t page = {
        .type = HUBBUB_HISTORY, .room = "tea", .events = &inner, .event_count = 1};
    json_t *reply = json_object();
    json_event_add_page(reply, &page);
    json_t *events = json_object_get(reply, "events");
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(events, 0), "from")),
                        "ada");
    json_decref(reply);
}

static void bans_name_whom_and_how_long(void **state)
{
    (void)state;
    hubbub_ban_t ban = {.verdict = "mute",
                        .nick = "bob",
                        .account = "",
                        .network = "",
                        .by = "ada",
                        .reason = "spam",
                        .at_ms = 7,
                        .until_ms = 9};
    hubbub_event_t page = {.type = HUBBUB_BANS, .room = "tea", .bans = &ban, .ban_count = 1};
    json_t *reply = json_object();
    json_event_add_page(reply, &page);
    check(reply,
          "{\"room\":\"tea\",\"bans\":[{\"verdict\":\"mute\",\"nick\":\"bob\",\"by\":\"ada\","
          "\"reason\":\"spam\",\"at\":7,\"until\":9}]}");
}

static void a_refusal_has_error_and_hint(void **state)
{
    (void)state;
    hubbub_event_t done = {.type = HUBBUB_DONE, .error = "flood", .hint = "wait"};
    json_t *reply = json_pack("{ss}", "reply", "say");
    json_event_add_end(reply, &done);
    check(reply, "{\"reply\":\"say\",\"error\":\"flood\",\"hint\":\"wait\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_a_line_of_json_paints),
        cmocka_unit_test(a_line_full_of_what_paints_is_written_at_once),
        cmocka_unit_test(a_request_becomes_an_order),
        cmocka_unit_test(what_is_done_to_somebody_has_its_keys),
        cmocka_unit_test(a_wrong_request_says_what_is_wrong),
        cmocka_unit_test(keys_that_the_op_does_not_have_are_ignored),
        cmocka_unit_test(an_event_has_the_keys_of_the_wire),
        cmocka_unit_test(presence_names_who_changed),
        cmocka_unit_test(pages_are_gathered_into_one_reply),
        cmocka_unit_test(history_holds_events),
        cmocka_unit_test(bans_name_whom_and_how_long),
        cmocka_unit_test(a_refusal_has_error_and_hint),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
