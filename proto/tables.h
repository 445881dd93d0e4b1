/* proto/tables.h - the tables of the wire as types.
 *
 * Expands limits.def, keys.def, commands.def and events.def: enums, sets of keys, names, rules. Adding
 * a row there is all it takes for the codec, the documents' checks and the tests to know it. */
#ifndef PROTO_TABLES_H
#define PROTO_TABLES_H

#include "proto/span.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum {
#define LIMIT(name, value, unit, reason) LIMIT_##name = (value),
#include "proto/limits.def"
#undef LIMIT
};

/* The version of the wire that this code speaks. */
#define PROTO_VERSION 1

typedef enum {
#define KEY(name, type, min, max, text) KEY_##name,
#include "proto/keys.def"
#undef KEY
    KEY_COUNT
} key_id_t;

/* A set of keys of requests and events: these have the numbers below 64. */
typedef uint64_t keys_t;
#define K(name) (UINT64_C(1) << KEY_##name)
_Static_assert(KEY_re == KEY_was + 1 && KEY_was < 64, "keys of requests and events come first");

/* What a value must be; see keys.def. */
typedef enum { TYPE_UINT, TYPE_STR, TYPE_TEXT, TYPE_BIN, TYPE_BOOL, TYPE_LIST, TYPE_MAP } type_t;

typedef struct {
    span_t name;
    type_t type;
    uint64_t min, max; /* UINT: of the value; STR: of the bytes; else 0 */
} key_row_t;

enum { KEY_NAME_BYTES = 16 }; /* the longest has one less */

/* The rows and, filled up with zeros, the names of the keys by number. Tables and not functions, since every
 * pair that is read or written looks into them. */
extern const key_row_t KEY_ROWS[KEY_COUNT];
extern const char KEY_NAMES[KEY_COUNT][KEY_NAME_BYTES];

/* The row of a key; `key` is below KEY_COUNT. */
static inline const key_row_t *key_row(key_id_t key)
{
    assert(key < KEY_COUNT);
    return &KEY_ROWS[key];
}

/* The key of that name, KEY_COUNT for a name this version does not know. */
key_id_t key_find(span_t name);

typedef enum {
#define COMMAND(op, who, needs, may, cost, text) OP_##op,
#include "proto/commands.def"
#undef COMMAND
    OP_COUNT
} op_t;

typedef enum {
    WHO_ANYBODY,
    WHO_SESSION,
    WHO_ACCOUNTS,
    WHO_LOCAL,
    WHO_OPERATOR,
    WHO_MODERATOR
} who_t;

/* Whom an operator means: one of these. */
#define TARGET (K(nick) | K(account) | K(key) | K(network))

typedef struct {
    span_t name;
    who_t who;
    keys_t needs, may;
    uint32_t cost; /* tokens */
} command_row_t;

/* The rule of a command; `op` is below OP_COUNT. */
const command_row_t *command_row(op_t op);

/* The command of that name, OP_COUNT for a name this version does not know. */
op_t op_find(span_t name);

typedef enum {
#define EVENT(name, has, may, text) EV_##name,
#include "proto/events.def"
#undef EVENT
    EV_COUNT
} ev_t;

typedef struct {
    span_t name;
    keys_t has, may;
} event_row_t;

/* The row of an event; `ev` is below EV_COUNT. */
const event_row_t *event_row(ev_t ev);

/* The event of that name, EV_COUNT for a name this version does not know. */
ev_t ev_find(span_t name);

/* The limits in the order of limits.def, for documents and the welcome. */
typedef struct {
    const char *name; /* as in limits.def; lower case on the wire */
    uint64_t value;
    const char *unit;
} limit_row_t;

/* All limits; *out_count is how many. */
const limit_row_t *limit_rows(size_t *out_count);

#endif
