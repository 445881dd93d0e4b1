/* proto/err.h - what can go wrong, by name.
 *
 * The errors of the wire (errors.def) and one that never crosses it. */
#ifndef PROTO_ERR_H
#define PROTO_ERR_H

#include "proto/span.h"

#define HUB_MUST_CHECK __attribute__((warn_unused_result))

typedef enum {
    HUB_OK = 0,
#define ERROR(symbol, name, hint) HUB_##symbol,
#include "proto/errors.def"
#undef ERROR
    HUB_MALFORMED, /* bytes that are no message: never answered, only counted */
    HUB_ERR_COUNT
} hub_err_t;

/* The stable name, such as "bad_request"; "ok" for HUB_OK. Never NULL. */
const char *err_name(hub_err_t err);

/* What to do about it, one line for people; "" for HUB_OK. Never NULL. */
const char *err_hint(hub_err_t err);

/* The error of that name, HUB_ERR_COUNT for a name this version does not know. */
hub_err_t err_find(span_t name);

#endif
