#include "client/shell/json_request.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/printable.h"

#define F(key)         (UINT32_C(1) << FIELD_##key)
#define ENDS           (F(until) | F(for_ms))
#define MESSAGE_FIELDS (F(type) | F(data) | F(ref) | F(rel) | F(thread))

typedef struct {
    const char *op;
    verb_t verb;
    uint32_t needs, may;
    const char *about;
} rule_t;

#define REQUEST(op, verb, needs, may, about) {#op, VERB_##verb, needs, may, about},
static const rule_t RULES[] = {
#include "client/shell/requests.def"
};
#undef REQUEST

typedef enum { STR, UINT, BOOL } kind_t;

typedef struct {
    const char *key;
    kind_t kind;
    size_t offset; /* in order_t */
    const char *missing, *wrong;
} row_t;

#define WRONG_STR(key)  #key " has to be a string"
#define WRONG_UINT(key) #key " has to be a whole number, 0 or more"
#define WRONG_BOOL(key) #key " has to be true or false"
#define FIELD(key, type, text)                                                                     \
    [FIELD_##key] = {#key, type, offsetof(order_t, key), #key " is missing", WRONG_##type(key)},
static const row_t ROWS[FIELD_COUNT] = {
#include "client/shell/fields.def"
};
#undef FIELD

enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

static const rule_t *find_rule(const char *op)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(RULES[i].op, op) == 0)
            return &RULES[i];
    return NULL;
}

/* One value into its place. False: it is of another type. */
static bool read_value(const row_t *row, const json_t *value, order_t *out)
{
    char *place = (char *)out + row->offset;
    switch (row->kind) {
    case STR:
        if (!json_is_string(value))
            return false;
        *(const char **)(void *)place = json_string_value(value);
        return true;
    case UINT:
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return false;
        *(uint64_t *)(void *)place = (uint64_t)json_integer_value(value);
        return true;
    case BOOL:
        if (!json_is_boolean(value))
            return false;
        *(bool *)(void *)place = json_is_true(value);
        return true;
    }
    return false;
}

static const char *read_fields(const rule_t *rule, const json_t *object, order_t *out)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const json_t *value = json_object_get(object, ROWS[i].key);
        if (value == NULL && rule->needs >> i & 1)
            return ROWS[i].missing;
        if (value == NULL || ((rule->needs | rule->may) >> i & 1) == 0)
            continue;
        if (!read_value(&ROWS[i], value, out))
            return ROWS[i].wrong;
        out->present |= UINT32_C(1) << i;
    }
    return NULL;
}

const char *json_request_read(const json_t *object, order_t *out_order)
{
    assert(object && out_order);
    const char *op = json_string_value(json_object_get(object, "op"));
    if (!json_is_object(object))
        return "not an object";
    if (op == NULL)
        return "op is missing";
    const rule_t *rule = find_rule(op);
    if (rule == NULL)
        return "no such op; --help lists them";
    order_t order = {.verb = rule->verb};
    const char *wrong = read_fields(rule, object, &order);
    if (wrong == NULL)
        *out_order = order;
    return wrong;
}

const char *json_request_op(verb_t verb)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (RULES[i].verb == verb)
            return RULES[i].op;
    return "";
}

static void print_keys(FILE *out, uint32_t keys, const char *before, const char *after)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (keys >> i & 1)
            printable_print(out, "%s%s%s", before, ROWS[i].key, after);
}

void json_request_print_help(FILE *out)
{
    assert(out);
    (void)fputs("\nWith --json each line is an object: {\"op\": \"say\", \"text\": \"hello\", "
                "\"id\": 1}.\n",
                out);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        printable_print(out, "  %s", RULES[i].op);
        print_keys(out, RULES[i].needs, " ", "");
        print_keys(out, RULES[i].may, " [", "]");
        printable_line(out, "\n        %s", RULES[i].about);
    }
    (void)fputs("Answered by {\"reply\": op, \"id\": ..., \"ok\": true ...} or {\"reply\": op, "
                "\"error\": ...}; what\nhappens comes as {\"ev\": ...}.\n",
                out);
}
