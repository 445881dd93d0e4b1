/* client/shell/order.h - what a person or a script asks for, typed or as JSON. */
#ifndef CLIENT_SHELL_ORDER_H
#define CLIENT_SHELL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    VERB_nothing,
    VERB_usage,   /* a command of the wrong shape: `text` is how it is used */
    VERB_no_time, /* `text` stands where a time may, and is none */
    VERB_unknown, /* no such command: `text` is its word */
    VERB_say,
    VERB_tell,
    VERB_join,
    VERB_private,
    VERB_invite,
    VERB_part,
    VERB_who,
    VERB_rooms,
    VERB_history,
    VERB_nick,
    VERB_status,
    VERB_kick,
    VERB_ban,
    VERB_unban,
    VERB_mute,
    VERB_unmute,
    VERB_bans,
    VERB_role,
    VERB_slow,
    VERB_register,
    VERB_login,
    VERB_password,
    VERB_help,
    VERB_quit,
} verb_t;

/* The keys of fields.def as bits. */
typedef enum {
#define FIELD(key, type, text) FIELD_##key,
#include "client/shell/fields.def"
#undef FIELD
    FIELD_COUNT
} field_t;

#define FIELD_MEMBER_STR(key)  const char *key
#define FIELD_MEMBER_UINT(key) uint64_t key
#define FIELD_MEMBER_BOOL(key) bool key

/* Strings are borrowed from what was read, NULL where they were left out. */
typedef struct {
    verb_t verb;
    uint32_t present; /* bits of field_t */
#define FIELD(key, type, text) FIELD_MEMBER_##type(key);
#include "client/shell/fields.def"
#undef FIELD
} order_t;

#endif
