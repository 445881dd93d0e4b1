/* broker/core/record.h - what the store keeps of sessions, rooms and the broker itself.
 *
 * A record is one msgpack map with short string keys, like a frame of the wire; unknown keys are skipped,
 * so an older broker reads a newer one's record. Its key says what it is about, and sorts it:
 *
 *   m                     the broker
 *   r lobby               a room, by its canonical name
 *   s 00 00 .. 00 2a      a session, by its serial number, the first byte first
 *   u k3v7q2m5x4wd6t2a    an account, by its uid
 *   v b n ada             a ban or mute, by its target (verdict.h)
 *
 * Here is only the form; what is put when is in records.h, what becomes of it in restore.h. */
#ifndef BROKER_CORE_RECORD_H
#define BROKER_CORE_RECORD_H

#include "broker/core/account.h"
#include "broker/core/room.h"
#include "broker/core/verdict.h"
#include "proto/buffer.h"

#include <msgpack.h>

enum {
    RECORD_BROKER = 'm',
    RECORD_ROOM = 'r',
    RECORD_SESSION = 's',
    RECORD_ACCOUNT = 'u',
    RECORD_VERDICT = 'v'
};

/* Longest key, and longest record: a room with all bans, roles and invitations it may have is below, a session in all
 * rooms far below. */
enum { RECORD_KEY_BYTES = 1 + TARGET_BYTES, RECORD_BYTES = 32768 };

/* What one role, and one ban or mute, of a room takes in the lists of its record. */
enum { RECORD_ROLE_VALUES = 3, RECORD_VERDICT_VALUES = 7 };

/* Numbers that must not go back when everything they were taken from is gone. */
typedef struct {
    uint64_t epoch_floor, pseq_floor;
} broker_record_t;

/* Writes the key of a session to `out_key`, which has RECORD_KEY_BYTES; borrows it. */
span_t record_session_key(const session_t *session, char *out_key);

/* The key of a room, likewise. */
span_t record_room_key(const room_t *room, char *out_key);

/* The key of an account, likewise. */
span_t record_account_key(const account_t *account, char *out_key);

/* The key of a ban or mute, likewise. */
span_t record_verdict_key(const verdict_t *verdict, char *out_key);

/* Appends the record of a room. */
void record_write_room(buffer_t *out, const room_t *room);

/* Appends the record of a session; `rooms` are those of its memberships, in their order, `place` is where it
 * comes from (whence.h), empty where that is not known. */
void record_write_session(buffer_t *out, const session_t *session, const room_t *const *rooms,
                          span_t place);

/* Appends the record of an account; `rooms` are those it may come back to, in their order. */
void record_write_account(buffer_t *out, const account_t *account, const room_t *const *rooms);

/* Appends the record of a ban or mute. */
void record_write_verdict(buffer_t *out, const verdict_t *verdict);

/* Appends the record of the broker. */
void record_write_broker(buffer_t *out, const broker_record_t *record);

/* A record that was read: its map, and the memory that holds it. */
typedef struct {
    msgpack_unpacked memory;
    const msgpack_object_map *map;
} record_t;

/* Reads a record (borrowed as long as this). HUB_MALFORMED: it is none; nothing to close then. */
HUB_MUST_CHECK hub_err_t record_open(record_t *self, span_t bytes);

/* Frees the memory. */
void record_close(record_t *self);

/* The values by name. False: not there, or of another type; *out is untouched. */
HUB_MUST_CHECK bool record_uint(const record_t *self, const char *name, uint64_t *out);
HUB_MUST_CHECK bool record_bool(const record_t *self, const char *name, bool *out);
HUB_MUST_CHECK bool record_span(const record_t *self, const char *name, span_t *out);
HUB_MUST_CHECK bool record_bytes(const record_t *self, const char *name, span_t *out);
HUB_MUST_CHECK bool record_list(const record_t *self, const char *name,
                                const msgpack_object_array **out);

#endif
