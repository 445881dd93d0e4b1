/* broker/shell/recording.h - the flight recorder's file: what the core was told, one entry after another.
 *
 * A file is a header and entries:
 *
 *   HUBREC1\n                                   8 bytes
 *   length, name=value\n name=value\n ...       the settings of the core, as text; pub and keyed_pub once for each endpoint
 *   length, entry   length, entry   ...
 *
 * A length is 4 bytes, lowest first. An entry is its kind (event_kind_t; RECORDING_BEGIN for the making of the core), its flags,
 * 32 bytes of entropy, the numbers of recording.c's tables as varints (broker/store/varint.h), then its spans, each a varint
 * length and bytes. What an event does not have is 0.
 *
 * Texts are replaced by as many x unless they are wanted: the values of the keys text, data, x, status, password and
 * new_password of requests, of stored events and of records. Tokens stay what they are, since the core makes the same
 * ones again: such a file is a secret. Pure: no file is touched here. */
#ifndef BROKER_SHELL_RECORDING_H
#define BROKER_SHELL_RECORDING_H

#include "broker/core/core.h"

#define RECORDING_MAGIC "HUBREC1\n"
enum {
    RECORDING_MAGIC_BYTES = sizeof RECORDING_MAGIC - 1,
    RECORDING_BEGIN = 255,             /* kind of the first entry: the moment of core_new() */
    RECORDING_ENTRY_BYTES = 8 * 65536, /* at most */
    RECORDING_PUBS = 8,
    RECORDING_PUB_BYTES = 256,
};

typedef struct {
    const char *items[RECORDING_PUBS];
    char texts[RECORDING_PUBS][RECORDING_PUB_BYTES];
} recording_pubs_t;

/* The settings as read from a file; `settings.pub` and `keyed_pub` point into it, so it must not move. */
typedef struct {
    core_settings_t settings;
    recording_pubs_t pub, keyed_pub;
} recording_settings_t;

/* Appends magic and settings to `out`. */
void recording_write_settings(buffer_t *out, const core_settings_t *settings);

/* Reads the settings' text. HUB_MALFORMED: it is none, or misses one; *out is of no use. */
HUB_MUST_CHECK hub_err_t recording_read_settings(span_t text, recording_settings_t *out);

/* Appends an entry, its length in front. `kind` is the event's, or RECORDING_BEGIN. */
void recording_write_event(buffer_t *out, int kind, const event_t *event, const moment_t *now,
                           bool with_texts);

/* Reads an entry; the event's spans point into `entry`. HUB_MALFORMED: it is none, *out_event is of no use. */
HUB_MUST_CHECK hub_err_t recording_read_event(span_t entry, int *out_kind, event_t *out_event,
                                              moment_t *out_now);

#endif
