/* What operators do to a broker that runs: kick, ban, mute, and what is told of it. */
#include "base/certificate.h"
#include "base/enrolment.h"
#include "base/printable.h"
#include "ctl/commands.h"
#include "ctl/wire.h"
#include "proto/duration.h"
#include "proto/network.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { CANNOT = 1 };

/* Whom a word means: nick=, account=, key=, network=, or as it looks. */
typedef struct {
    key_id_t key;
    span_t value;
    uint8_t bytes[CURVE_KEY_BYTES]; /* of a key */
} whom_t;

static int say(const char *error)
{
    printable_line(stderr, "hubbubctl: %s", error);
    return CANNOT;
}

/* The value behind NAME=, NULL where the word does not begin so. */
static const char *behind(const char *word, const char *name)
{
    size_t size = strlen(name);
    return strncmp(word, name, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

/* A public key, as it is told, or by the name it is enrolled under. */
static bool read_key(const arguments_t *arguments, const char *text, whom_t *out, char *out_error)
{
    certificate_t enrolled;
    out->key = KEY_key;
    out->value = (span_t){(const char *)out->bytes, sizeof out->bytes};
    if (curve_decode(text, strlen(text), out->bytes))
        return true;
    if (enrolment_is_name(text) &&
        enrolment_read(arguments_data(arguments), text, &enrolled) == CERTIFICATE_OK) {
        memcpy(out->bytes, enrolled.public_key, sizeof out->bytes);
        return true;
    }
    printable_text(out_error, WIRE_ERROR_BYTES,
                   "%.100s: that is neither a public key nor the name of one that is enrolled",
                   text);
    return false;
}

static bool read_whom(const arguments_t *arguments, const char *word, whom_t *out, char *out_error)
{
    const char *value;
    network_t network;
    if ((value = behind(word, "key")))
        return read_key(arguments, value, out, out_error);
    if ((value = behind(word, "account")))
        *out = (whom_t){.key = KEY_account, .value = span_of(value)};
    else if ((value = behind(word, "network")))
        *out = (whom_t){.key = KEY_network, .value = span_of(value)};
    else if ((value = behind(word, "nick")))
        *out = (whom_t){.key = KEY_nick, .value = span_of(value)};
    else if (network_read(span_of(word), &network) || strchr(word, '/')) /* no nick has one */
        *out = (whom_t){.key = KEY_network, .value = span_of(word)};
    else
        *out = (whom_t){.key = KEY_nick, .value = span_of(word)};
    return true;
}

static void write_whom(writer_t *writer, const whom_t *whom)
{
    if (whom->key == KEY_key)
        write_bin(writer, KEY_key, whom->value);
    else
        write_str(writer, whom->key, whom->value);
}

/* Asks what the operator wants, and has the answer in the wire. */
static bool ask(const arguments_t *arguments, op_t op, const char *word, wire_t *wire,
                char *out_error)
{
    whom_t whom;
    if (!read_whom(arguments, word, &whom, out_error) ||
        !wire_open(wire, arguments_data(arguments), out_error))
        return false;
    writer_t *writer = wire_begin(wire, op);
    write_whom(writer, &whom);
    keys_t may = command_row(op)->may;
    if (arguments->reason && (may & K(reason)))
        write_str(writer, KEY_reason, span_of(arguments->reason));
    if (arguments->for_s > 0 && (may & K(until)))
        write_uint(writer, KEY_until, ((uint64_t)time(NULL) + arguments->for_s) * 1000);
    return wire_ask(wire, out_error);
}

static int act(const arguments_t *arguments, op_t op, const char *word, const char *done)
{
    wire_t wire;
    wire_init(&wire);
    char error[WIRE_ERROR_BYTES];
    bool is_done = ask(arguments, op, word, &wire, error);
    char words[DURATION_WORDS_BYTES];
    const char *end = command_row(op)->may & K(until)
                          ? duration_words(arguments->for_s * 1000, "for ever", words)
                          : "";
    if (is_done && message_has(&wire.answer, KEY_count))
        printable_line(stdout, "%s %s%s%s: %llu here", done, word, *end ? " " : "", end,
                       (unsigned long long)message_uint(&wire.answer, KEY_count));
    else if (is_done)
        printable_line(stdout, "%s %s", done, word);
    wire_close(&wire);
    return is_done ? 0 : say(error);
}

int on_kick(const arguments_t *arguments, const char *const *operands)
{
    return act(arguments, OP_kick, operands[0], "kicked");
}

int on_ban(const arguments_t *arguments, const char *const *operands)
{
    return act(arguments, OP_ban, operands[0], "banned");
}

int on_unban(const arguments_t *arguments, const char *const *operands)
{
    return act(arguments, OP_unban, operands[0], "unbanned");
}

int on_mute(const arguments_t *arguments, const char *const *operands)
{
    return act(arguments, OP_mute, operands[0], "muted");
}

int on_unmute(const arguments_t *arguments, const char *const *operands)
{
    return act(arguments, OP_unmute, operands[0], "unmuted");
}

/* --- lists --------------------------------------------------------------------------------------- */

static void print_time(const char *before, uint64_t ms)
{
    char text[CERTIFICATE_TIME_CHARS + 1];
    certificate_time(ms / 1000, text);
    printable_print(stdout, "%s%s", before, text);
}

static void print_text(const char *before, const message_t *message, key_id_t key)
{
    span_t text = message_span(message, key);
    if (text.size > 0)
        printable_print(stdout, "%s%.*s", before, (int)text.size, text.data);
}

static void print_key(const char *before, const message_t *entry, key_id_t which, const char *after)
{
    char key[CURVE_TEXT_CHARS + 1];
    span_t bytes = message_span(entry, which);
    if (bytes.size != CURVE_KEY_BYTES)
        return;
    curve_encode((const uint8_t *)bytes.data, key);
    printable_print(stdout, "%s%s%s", before, key, after);
}

static void print_whom(const message_t *entry)
{
    print_text(" nick=", entry, KEY_nick);
    print_text(" account=", entry, KEY_account);
    print_text(" network=", entry, KEY_network);
    print_key(" key=", entry, KEY_key, "");
}

static void print_rest(const message_t *entry)
{
    print_text(" in ", entry, KEY_in);
    if (message_has(entry, KEY_until))
        print_time(" until ", message_uint(entry, KEY_until));
    print_text(": ", entry, KEY_reason);
    (void)fputc('\n', stdout);
}

static void print_ban(const message_t *ban)
{
    print_time("", message_uint(ban, KEY_at));
    print_text(" ", ban, KEY_verdict);
    print_whom(ban);
    print_text(" by ", ban, KEY_by);
    print_rest(ban);
}

static void print_deed(const message_t *deed)
{
    print_time("", message_uint(deed, KEY_at));
    print_text(" ", deed, KEY_by);
    print_key(" (", deed, KEY_by_key, ")");
    print_text(" ", deed, KEY_op);
    print_whom(deed);
    print_text(" role=", deed, KEY_role);
    print_rest(deed);
}

static void print_each(const message_t *answer, key_id_t list, void (*print)(const message_t *))
{
    size_t count;
    const msgpack_object *entries = message_list(answer, list, &count);
    for (size_t i = 0; i < count; i++) {
        message_t entry;
        if (message_from_object(&entry, &entries[i]))
            print(&entry);
    }
}

int print_pages(const arguments_t *arguments, op_t op, key_id_t list,
                void (*print)(const message_t *entry))
{
    wire_t wire;
    wire_init(&wire);
    char error[WIRE_ERROR_BYTES], page[64] = "";
    bool is_open = wire_open(&wire, arguments_data(arguments), error), is_done;
    do {
        writer_t *writer = is_open ? wire_begin(&wire, op) : NULL;
        if (writer && page[0])
            write_str(writer, KEY_page, span_of(page));
        is_done = writer && wire_ask(&wire, error);
        if (!is_done)
            break;
        print_each(&wire.answer, list, print);
        span_t next = message_span(&wire.answer, KEY_next);
        (void)snprintf(page, sizeof page, "%.*s", (int)next.size, next.size ? next.data : "");
    } while (page[0]);
    wire_close(&wire);
    return is_done ? 0 : say(error);
}

int on_bans(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    return print_pages(arguments, OP_bans, KEY_bans, print_ban);
}

/* Page by page from the first that is kept. */
int on_audit(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    wire_t wire;
    wire_init(&wire);
    char error[WIRE_ERROR_BYTES];
    bool is_done = wire_open(&wire, arguments_data(arguments), error), has_more = is_done;
    for (uint64_t after = 0; has_more;) {
        write_uint(wire_begin(&wire, OP_audit), KEY_after, after);
        is_done = wire_ask(&wire, error);
        has_more = is_done && message_bool(&wire.answer, KEY_more);
        size_t count = 0;
        const msgpack_object *events =
            is_done ? message_list(&wire.answer, KEY_events, &count) : NULL;
        message_t last;
        if (count > 0 && message_from_object(&last, &events[count - 1]))
            after = message_uint(&last, KEY_seq);
        has_more = has_more && count > 0;
        if (is_done)
            print_each(&wire.answer, KEY_events, print_deed);
    }
    wire_close(&wire);
    return is_done ? 0 : say(error);
}

static void print_numbers(const message_t *answer, key_id_t map, const char *before)
{
    size_t count;
    const msgpack_object_kv *pairs = message_map(answer, map, &count);
    for (size_t i = 0; i < count; i++) {
        span_t name;
        if (!object_span(&pairs[i].key, &name) ||
            pairs[i].val.type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            continue;
        printable_line(stdout, "%s%.*s %llu", before, (int)name.size, name.data,
                       (unsigned long long)pairs[i].val.via.u64);
    }
}

int on_stats(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    wire_t wire;
    wire_init(&wire);
    char error[WIRE_ERROR_BYTES];
    bool is_done = wire_open(&wire, arguments_data(arguments), error) &&
                   (wire_begin(&wire, OP_stats), wire_ask(&wire, error));
    if (is_done) {
        print_numbers(&wire.answer, KEY_counters, "");
        print_numbers(&wire.answer, KEY_memory, "memory_");
    }
    wire_close(&wire);
    return is_done ? 0 : say(error);
}

int on_shutdown(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    wire_t wire;
    wire_init(&wire);
    char error[WIRE_ERROR_BYTES];
    bool is_done = wire_open(&wire, arguments_data(arguments), error);
    if (is_done) {
        writer_t *writer = wire_begin(&wire, OP_shutdown);
        if (arguments->reason)
            write_str(writer, KEY_reason, span_of(arguments->reason));
        is_done = wire_ask(&wire, error);
    }
    wire_close(&wire);
    if (is_done)
        (void)puts("the broker stops");
    return is_done ? 0 : say(error);
}
