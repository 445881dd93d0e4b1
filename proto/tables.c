#include "proto/tables.h"

#include <assert.h>

#define TEXT_OF(literal)                                                                           \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

const key_row_t KEY_ROWS[KEY_COUNT] = {
#define KEY(name, type, min, max, text) [KEY_##name] = {TEXT_OF(#name), TYPE_##type, min, max},
#include "proto/keys.def"
#undef KEY
};

/* A name that does not fit leaves no zero behind it. */
#define KEY(name, type, min, max, text)                                                            \
    _Static_assert(sizeof #name <= KEY_NAME_BYTES, "a key's name has at most 15 letters");
#include "proto/keys.def"
#undef KEY

const char KEY_NAMES[KEY_COUNT][KEY_NAME_BYTES] = {
#define KEY(name, type, min, max, text) [KEY_##name] = #name,
#include "proto/keys.def"
#undef KEY
};

static const command_row_t COMMANDS[OP_COUNT] = {
#define COMMAND(op, who, needs, may, cost, text)                                                   \
    [OP_##op] = {TEXT_OF(#op), WHO_##who, needs, may, cost},
#include "proto/commands.def"
#undef COMMAND
};

static const event_row_t EVENTS[EV_COUNT] = {
#define EVENT(name, has, may, text) [EV_##name] = {TEXT_OF(#name), has, may},
#include "proto/events.def"
#undef EVENT
};

static const limit_row_t LIMITS[] = {
#define LIMIT(name, value, unit, reason) {#name, value, unit},
#include "proto/limits.def"
#undef LIMIT
};

/* Two words a row, and the keys of requests come first in their table: a few nanoseconds. */
key_id_t key_find(span_t name)
{
    uint64_t wanted[KEY_NAME_BYTES / 8] = {0, 0}, row[KEY_NAME_BYTES / 8];
    if (name.size == 0 || name.size >= KEY_NAME_BYTES)
        return KEY_COUNT;
    memcpy(wanted, name.data, name.size);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        memcpy(row, KEY_NAMES[i], sizeof row);
        if (wanted[0] == row[0] && wanted[1] == row[1] && KEY_ROWS[i].name.size == name.size)
            return (key_id_t)i;
    }
    return KEY_COUNT;
}

/* Looks at the size and the first letter first (no name is empty) and so costs a nanosecond a row. */
static bool is_named(span_t row, span_t name)
{
    return row.size == name.size && row.data[0] == name.data[0] && span_equal(row, name);
}

const command_row_t *command_row(op_t op)
{
    assert(op < OP_COUNT);
    return &COMMANDS[op];
}

op_t op_find(span_t name)
{
    for (unsigned i = 0; i < OP_COUNT; i++)
        if (is_named(COMMANDS[i].name, name))
            return (op_t)i;
    return OP_COUNT;
}

const event_row_t *event_row(ev_t ev)
{
    assert(ev < EV_COUNT);
    return &EVENTS[ev];
}

ev_t ev_find(span_t name)
{
    for (unsigned i = 0; i < EV_COUNT; i++)
        if (span_equal(EVENTS[i].name, name))
            return (ev_t)i;
    return EV_COUNT;
}

const limit_row_t *limit_rows(size_t *out_count)
{
    assert(out_count);
    *out_count = sizeof LIMITS / sizeof LIMITS[0];
    return LIMITS;
}
