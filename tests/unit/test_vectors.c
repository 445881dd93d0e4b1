/* Reads tests/vectors/vectors.txt, written by Debian's msgpack for Python, and judges every frame with
 * proto/ alone, in the order that docs/protocol.md gives. What only a broker can tell is fine here. */
#include "tests/unit/proto.h"

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/names.h"
#include "proto/payload.h"

#include <stdio.h>

typedef struct {
    char kind[16], by[16], answer[32];
    const char *name;
    span_t frame;
} vector_t;

static hub_err_t judge_must(const message_t *request, const command_row_t *row)
{
    const keys_t known = row->needs | row->may | K(op) | K(id) | K(sid) | K(must);
    size_t count;
    const msgpack_object *names = message_list(request, KEY_must, &count);
    span_t name;
    if (keyset_has(request->wrong, KEY_must))
        return HUB_BAD_REQUEST;
    hub_err_t err = HUB_OK;
    for (size_t i = 0; i < count; i++) {
        if (!object_span(&names[i], &name))
            return HUB_BAD_REQUEST;
        key_id_t key = key_find(name);
        if (key >= KEY_re || !(known >> key & 1))
            err = HUB_UNSUPPORTED;
    }
    return err;
}

static hub_err_t judge_texts(const message_t *request)
{
    name_t name;
    hub_err_t err = HUB_OK;
    bool is_inbox = span_is(message_span(request, KEY_room), "@") &&
                    span_is(message_span(request, KEY_op), "history");
    if (message_has(request, KEY_room) && !is_inbox)
        err = room_fold(message_span(request, KEY_room), &name);
    if (err == HUB_OK && message_has(request, KEY_nick))
        err = nick_fold(message_span(request, KEY_nick), &name);
    if (err == HUB_OK && message_has(request, KEY_text))
        err = text_check(message_span(request, KEY_text), LIMIT_TEXT_BYTES, TEXT_PARAGRAPH);
    if (err == HUB_OK && message_has(request, KEY_text) &&
        message_span(request, KEY_text).size == 0)
        err = HUB_BAD_REQUEST;
    if (err == HUB_OK && message_has(request, KEY_status))
        err = text_check(message_span(request, KEY_status), LIMIT_STATUS_BYTES, TEXT_LINE);
    return err == HUB_OK ? payload_check(request) : err;
}

static hub_err_t judge(const message_t *request)
{
    if (!message_has(request, KEY_id))
        return HUB_MALFORMED;
    if (!message_has(request, KEY_op))
        return HUB_BAD_REQUEST;
    op_t op = op_find(message_span(request, KEY_op));
    if (op == OP_COUNT)
        return HUB_UNSUPPORTED;
    if (keyset_has(request->wrong, KEY_sid))
        return HUB_BAD_REQUEST;
    const command_row_t *row = command_row(op);
    hub_err_t err = judge_must(request, row);
    if (err != HUB_OK)
        return err;
    bool is_moderators = row->who == WHO_MODERATOR && !message_has(request, KEY_room);
    if (row->who == WHO_OPERATOR || is_moderators)
        return HUB_DENIED;
    if (request->wrong.word[0] != 0 || request->wrong.word[1] != 0)
        return HUB_BAD_REQUEST;
    if ((request->present.word[0] & row->needs) != row->needs)
        return HUB_BAD_REQUEST;
    return judge_texts(request);
}

static void check_request(const vector_t *vector, hub_err_t decoded, const message_t *request)
{
    hub_err_t err = decoded == HUB_OK ? judge(request) : decoded;
    const char *expected = strcmp(vector->by, "wire") == 0 ? vector->answer : "ok";
    if (strcmp(err_name(err), expected) != 0)
        fail_msg("\"%s\": %s instead of %s", vector->name, err_name(err), expected);
}

static void check_reply(const vector_t *vector, hub_err_t decoded, const message_t *reply)
{
    if (decoded != HUB_OK || reply->wrong.word[0] != 0 || reply->wrong.word[1] != 0)
        fail_msg("\"%s\" is no reply", vector->name);
    assert_true(message_has(reply, KEY_re));
    assert_true(message_has(reply, KEY_ok) != message_has(reply, KEY_error));
    assert_int_equal(message_has(reply, KEY_error), message_has(reply, KEY_hint));
    if (message_has(reply, KEY_error))
        assert_int_not_equal(err_find(message_span(reply, KEY_error)), HUB_ERR_COUNT);
}

static void check_event(const vector_t *vector, hub_err_t decoded, const message_t *event)
{
    if (decoded != HUB_OK || event->wrong.word[0] != 0 || event->wrong.word[1] != 0)
        fail_msg("\"%s\" is no event", vector->name);
    ev_t ev = ev_find(message_span(event, KEY_ev));
    assert_int_not_equal(ev, EV_COUNT);
    const event_row_t *row = event_row(ev);
    assert_true((event->present.word[0] & row->has) == row->has);
    assert_true((event->present.word[0] & ~(row->has | row->may | K(ev))) == 0);
}

/* Every known key written again by our encoder, read again, must mean the same. */
static void check_round_trip(const message_t *message)
{
    buffer_t buffer;
    writer_t writer;
    decoder_t decoder;
    message_t again;
    buffer_init(&buffer, LIMIT_FRAME_BYTES);
    decoder_init(&decoder);
    (void)write_begin(&writer, &buffer);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (message_has(message, (key_id_t)key))
            write_object(&writer, (key_id_t)key, message_object(message, (key_id_t)key));
    write_end(&writer);
    assert_int_equal(decoder_frame(&decoder, buffer.data, buffer.size, &again), HUB_OK);
    assert_memory_equal(&again.present, &message->present, sizeof again.present);
    for (unsigned key = 0; key < KEY_COUNT; key++)
        if (message_has(message, (key_id_t)key))
            assert_true(msgpack_object_equal(*message_object(message, (key_id_t)key),
                                             *message_object(&again, (key_id_t)key)));
    decoder_fini(&decoder);
    buffer_fini(&buffer);
}

/* kind by answer "name" hex */
static bool parse(char *line, vector_t *out)
{
    char *name = strchr(line, '"'), *end = name ? strchr(name + 1, '"') : NULL;
    if (line[0] == '#' || end == NULL)
        return false;
    *end = '\0';
    out->name = name + 1;
    if (sscanf(line, "%15s %15s %31s", out->kind, out->by, out->answer) != 3)
        return false;
    out->frame = from_hex(end + 2);
    return true;
}

static void every_vector_is_judged_as_it_says(void **state)
{
    (void)state;
    FILE *file = fopen("tests/vectors/vectors.txt", "r");
    assert_non_null(file);
    decoder_t decoder;
    decoder_init(&decoder);
    char *line = NULL;
    size_t capacity = 0, count = 0;
    while (getline(&line, &capacity, file) > 0) {
        vector_t vector;
        message_t message;
        if (!parse(line, &vector))
            continue;
        count++;
        hub_err_t err = decoder_frame(&decoder, vector.frame.data, vector.frame.size, &message);
        if (strcmp(vector.kind, "request") == 0)
            check_request(&vector, err, &message);
        else if (strcmp(vector.kind, "reply") == 0)
            check_reply(&vector, err, &message);
        else
            check_event(&vector, err, &message);
        if (err == HUB_OK)
            check_round_trip(&message);
        free((void *)vector.frame.data);
    }
    assert_true(count >= 60);
    free(line);
    decoder_fini(&decoder);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_judged_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
