#include "proto/tables.h"

#include <assert.h>

#define TEXT_OF(literal)                                                                           \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

static const key_row_t KEYS[KEY_COUNT] = {
#define KEY(name, type, min, max, text) [KEY_##name] = {TEXT_OF(#name), TYPE_##type, min, max},
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

const key_row_t *key_row(key_id_t key)
{
    assert(key < KEY_COUNT);
    return &KEYS[key];
}

/* The scans below look at the size and the first letter first (no name is empty) and so cost a
 * nanosecond a row; the keys of requests come first in their table. */
static bool is_named(span_t row, span_t name)
{
    return row.size == name.size && row.data[0] == name.data[0] && span_equal(row, name);
}

key_id_t key_find(span_t name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (is_named(KEYS[i].name, name))
            return (key_id_t)i;
    return KEY_COUNT;
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
