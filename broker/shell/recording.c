#include "broker/shell/recording.h"

#include "broker/shell/mask.h"
#include "broker/store/varint.h"
#include "proto/tables.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LENGTH_BYTES = 4, LINE_BYTES = 320 };

static void append(buffer_t *out, const void *bytes, size_t size)
{
    bool has_room = size == 0 || buffer_append(out, bytes, size);
    assert(has_room); /* the caller's buffer holds an entry */
    (void)has_room;
}

static void put_length(char *place, size_t length)
{
    for (int i = 0; i < LENGTH_BYTES; i++)
        place[i] = (char)(length >> (8 * i));
}

/* --- settings ----------------------------------------------------------------------------------- */

/* Every number among the core's settings. */
#define NUMBERS(X)                                                                                 \
    X(heartbeat_ms)                                                                                \
    X(idle_ms)                                                                                     \
    X(kick_ms)                                                                                     \
    X(resume_ms)                                                                                   \
    X(room_keep_ms)                                                                                \
    X(rate_per_s)                                                                                  \
    X(rate_burst)                                                                                  \
    X(links_max)                                                                                   \
    X(sessions_max)                                                                                \
    X(rooms_max)                                                                                   \
    X(accounts_max)                                                                                \
    X(rooms_made_per_h)                                                                            \
    X(accounts_made_per_h)                                                                         \
    X(invite_ms)                                                                                   \
    X(refuses_guests)                                                                              \
    X(ring_events)                                                                                 \
    X(ring_bytes)                                                                                  \
    X(rings_bytes)                                                                                 \
    X(link_backlog_bytes)                                                                          \
    X(pending_max)                                                                                 \
    X(has_store)                                                                                   \
    X(survives_power)                                                                              \
    X(history_keep_ms)                                                                             \
    X(history_bytes)                                                                               \
    X(history_events)                                                                              \
    X(audit_events)                                                                                \
    X(replay_per_s)                                                                                \
    X(pages_max)

static void write_line(buffer_t *out, const char *name, const char *value)
{
    append(out, name, strlen(name));
    append(out, "=", 1);
    append(out, value, strlen(value));
    append(out, "\n", 1);
}

static void write_number(buffer_t *out, const char *name, uint64_t number)
{
    char value[24];
    (void)snprintf(value, sizeof value, "%" PRIu64, number);
    write_line(out, name, value);
}

void recording_write_settings(buffer_t *out, const core_settings_t *settings)
{
    assert(out && settings);
    append(out, RECORDING_MAGIC, RECORDING_MAGIC_BYTES);
    size_t start = out->size;
    append(out, (char[LENGTH_BYTES]){0}, LENGTH_BYTES);
#define WRITE(name) write_number(out, #name, (uint64_t)settings->name);
    NUMBERS(WRITE)
#undef WRITE
    for (size_t i = 0; i < settings->pub_count && i < RECORDING_PUBS; i++)
        write_line(out, "pub", settings->pub[i]);
    for (size_t i = 0; i < settings->keyed_pub_count && i < RECORDING_PUBS; i++)
        write_line(out, "keyed_pub", settings->keyed_pub[i]);
    put_length(out->data + start, out->size - start - LENGTH_BYTES);
}

static bool read_number(const char *value, uint64_t *out)
{
    char *end;
    if (*value < '0' || *value > '9')
        return false;
    *out = strtoull(value, &end, 10);
    return *end == '\0' && *out <= INT64_MAX;
}

static bool read_pub(recording_pubs_t *out, size_t *count, const char *value)
{
    size_t size = strlen(value) + 1;
    if (*count == RECORDING_PUBS || size > RECORDING_PUB_BYTES)
        return false;
    memcpy(out->texts[*count], value, size);
    out->items[*count] = out->texts[*count];
    ++*count;
    return true;
}

static bool read_setting(recording_settings_t *out, const char *name, const char *value)
{
    uint64_t number;
    if (strcmp(name, "pub") == 0)
        return read_pub(&out->pub, &out->settings.pub_count, value);
    if (strcmp(name, "keyed_pub") == 0)
        return read_pub(&out->keyed_pub, &out->settings.keyed_pub_count, value);
    if (!read_number(value, &number))
        return false;
#define READ(field)                                                                                \
    if (strcmp(name, #field) == 0) {                                                               \
        out->settings.field = (__typeof__(out->settings.field))number;                             \
        return (uint64_t)out->settings.field == number;                                            \
    }
    NUMBERS(READ)
#undef READ
    return true; /* of a later version */
}

/* What core_new() asserts, and what keeps a foreign file from costing much. */
static bool are_sound(const core_settings_t *settings)
{
    enum { THINGS_MAX = 4000000, MAKES_PER_H_MAX = 1000 };
    return settings->heartbeat_ms > 0 && settings->idle_ms > 0 && settings->pages_max > 0 &&
           settings->links_max > 0 && settings->links_max <= THINGS_MAX &&
           settings->sessions_max > 0 && settings->sessions_max <= THINGS_MAX &&
           settings->rooms_max > 0 && settings->rooms_max <= THINGS_MAX &&
           settings->accounts_max <= THINGS_MAX && settings->rooms_made_per_h <= MAKES_PER_H_MAX &&
           settings->accounts_made_per_h <= MAKES_PER_H_MAX && settings->ring_events > 0 &&
           (settings->ring_events & (settings->ring_events - 1)) == 0 &&
           settings->ring_bytes >= LIMIT_FRAME_BYTES &&
           settings->rings_bytes >= settings->ring_bytes;
}

hub_err_t recording_read_settings(span_t text, recording_settings_t *out)
{
    assert(out);
    *out = (recording_settings_t){0};
    while (text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        char line[LINE_BYTES];
        size_t size = end ? (size_t)(end - text.data) : 0;
        if (end == NULL || size >= sizeof line || memchr(text.data, '\0', size))
            return HUB_MALFORMED;
        memcpy(line, text.data, size);
        line[size] = '\0';
        char *value = strchr(line, '=');
        if (value == NULL)
            return HUB_MALFORMED;
        *value++ = '\0';
        if (!read_setting(out, line, value))
            return HUB_MALFORMED;
        text = (span_t){end + 1, text.size - size - 1};
    }
    out->settings.pub = out->pub.items;
    out->settings.keyed_pub = out->keyed_pub.items;
    return are_sound(&out->settings) ? HUB_OK : HUB_MALFORMED;
}

/* --- entries ------------------------------------------------------------------------------------ */

enum {
    IS_MULTIPART = 1,
    IS_LOCAL = 2,
    HAS_MORE = 4,
    IS_NEW = 8,
    IS_RESTORED = 16,
    IS_OTHER_BOOT = 32,
    WAS_CLOSED = 64,
    IS_OPERATOR = 128,
};

enum { NUMBER_COUNT = 16, SPAN_COUNT = 8 };

static unsigned flags_of(const event_t *event)
{
    return (event->is_multipart ? IS_MULTIPART : 0u) | (event->is_local ? IS_LOCAL : 0u) |
           (event->page.has_more ? HAS_MORE : 0u) | (event->origin.is_new ? IS_NEW : 0u) |
           (event->origin.is_restored ? IS_RESTORED : 0u) |
           (event->origin.is_other_boot ? IS_OTHER_BOOT : 0u) |
           (event->origin.was_closed ? WAS_CLOSED : 0u) | (event->is_operator ? IS_OPERATOR : 0u);
}

static void set_flags(event_t *event, unsigned flags)
{
    event->is_multipart = flags & IS_MULTIPART;
    event->is_local = flags & IS_LOCAL;
    event->is_operator = flags & IS_OPERATOR;
    event->page.has_more = flags & HAS_MORE;
    event->origin = (origin_t){.is_new = flags & IS_NEW,
                               .is_restored = flags & IS_RESTORED,
                               .is_other_boot = flags & IS_OTHER_BOOT,
                               .was_closed = flags & WAS_CLOSED};
}

/* In the file's order. */
static void numbers_of(const event_t *event, const moment_t *now, uint64_t *out)
{
    const uint64_t numbers[NUMBER_COUNT] = {
        now->mono_ms,         now->wall_ms,
        event->peer.door,     event->batch,
        event->waiting_bytes, event->after_ms,
        event->number,        event->log.oldest,
        event->log.head,      event->log.oldest_ms,
        event->log.last_ms,   event->log.bytes,
        event->page.id,       event->kind == EVENT_HASHED ? event->hashed : event->page.err,
        event->page.first,    event->page.last,
    };
    memcpy(out, numbers, sizeof numbers);
}

static bool set_numbers(event_t *event, moment_t *now, const uint64_t *numbers)
{
    now->mono_ms = numbers[0];
    now->wall_ms = numbers[1];
    event->peer.door = (uint32_t)numbers[2];
    event->batch = numbers[3];
    event->waiting_bytes = numbers[4];
    event->after_ms = numbers[5];
    event->number = numbers[6];
    event->log.oldest = numbers[7];
    event->log.head = numbers[8];
    event->log.oldest_ms = numbers[9];
    event->log.last_ms = numbers[10];
    event->log.bytes = numbers[11];
    event->page.id = numbers[12];
    event->page.err = event->hashed = (hub_err_t)numbers[13];
    event->page.first = numbers[14];
    event->page.last = numbers[15];
    return numbers[2] <= UINT32_MAX && numbers[13] < HUB_ERR_COUNT;
}

static void write_span(buffer_t *out, span_t span, bool is_masked)
{
    char length[VARINT_BYTES];
    append(out, length, (size_t)(varint_put(length, span.size) - length));
    append(out, span.data, span.size);
    if (is_masked && span.size > 0)
        mask_texts(out->data + out->size - span.size, span.size);
}

/* A frame or a record: secrets are never written. */
static void write_map(buffer_t *out, span_t span, bool is_masked)
{
    write_span(out, span, is_masked);
    if (!is_masked && span.size > 0)
        mask_secrets(out->data + out->size - span.size, span.size);
}

void recording_write_event(buffer_t *out, int kind, const event_t *event, const moment_t *now,
                           bool with_texts)
{
    assert(out && event && now);
    size_t start = out->size;
    uint64_t numbers[NUMBER_COUNT];
    char varint[VARINT_BYTES];
    append(out, (char[LENGTH_BYTES]){0}, LENGTH_BYTES);
    append(out, (char[]){(char)kind, (char)flags_of(event)}, 2);
    append(out, now->entropy, sizeof now->entropy);
    numbers_of(event, now, numbers);
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        append(out, varint, (size_t)(varint_put(varint, numbers[i]) - varint));
    write_span(out, event->peer.routing, false);
    write_map(out, event->frame, !with_texts);
    write_span(out, event->log.log, false);
    write_span(out, event->key, false);
    if (event->kind == EVENT_RECORD)
        write_map(out, event->value, !with_texts);
    else
        write_span(out, event->value, false);
    if (event->kind == EVENT_HASHED && event->value.size > 0)
        memset(out->data + out->size - event->value.size, 'x', event->value.size);
    write_span(out, event->page.events, !with_texts);
    write_span(out, event->peer_key, false);
    write_span(out, event->revoked, false);
    put_length(out->data + start, out->size - start - LENGTH_BYTES);
}

static bool take_bytes(span_t *from, size_t size, span_t *out)
{
    if (from->size < size)
        return false;
    *out = (span_t){from->data, size};
    *from = (span_t){from->data + size, from->size - size};
    return true;
}

static bool take_spans(span_t *from, event_t *event)
{
    span_t *const spans[SPAN_COUNT] = {&event->peer.routing, &event->frame,  &event->log.log,
                                       &event->key,          &event->value,  &event->page.events,
                                       &event->peer_key,     &event->revoked};
    uint64_t size;
    for (size_t i = 0; i < SPAN_COUNT; i++)
        if (!varint_take(from, &size) || size > from->size ||
            !take_bytes(from, (size_t)size, spans[i]))
            return false;
    return from->size == 0;
}

/* What core_step() takes for granted of its caller. */
static bool is_sound(int kind, const event_t *event)
{
    bool has_peer = kind == EVENT_FRAME || kind == EVENT_LINK_GONE || kind == EVENT_LINK_WAITING;
    size_t routing = event->peer.routing.size, revoked = event->revoked.size;
    if (event->peer_key.size != 0 && event->peer_key.size != PEER_KEY_BYTES)
        return false;
    if (kind == EVENT_KEYS_REVOKED && (revoked == 0 || revoked % PEER_KEY_BYTES != 0))
        return false;
    return (kind >= 0 && kind <= (int)EVENT_HASHED && (!has_peer || routing > 0) &&
            routing <= UINT8_MAX) ||
           kind == RECORDING_BEGIN;
}

hub_err_t recording_read_event(span_t entry, int *out_kind, event_t *out_event, moment_t *out_now)
{
    assert(out_kind && out_event && out_now);
    span_t head, entropy;
    uint64_t numbers[NUMBER_COUNT];
    *out_event = (event_t){0};
    if (!take_bytes(&entry, 2, &head) || !take_bytes(&entry, sizeof out_now->entropy, &entropy))
        return HUB_MALFORMED;
    memcpy(out_now->entropy, entropy.data, entropy.size);
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (!varint_take(&entry, &numbers[i]))
            return HUB_MALFORMED;
    *out_kind = (unsigned char)head.data[0];
    set_flags(out_event, (unsigned char)head.data[1]);
    if (!set_numbers(out_event, out_now, numbers) || !take_spans(&entry, out_event) ||
        !is_sound(*out_kind, out_event))
        return HUB_MALFORMED;
    out_event->kind = *out_kind == RECORDING_BEGIN ? EVENT_TURN : (event_kind_t)*out_kind;
    return HUB_OK;
}
