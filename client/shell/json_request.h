/* client/shell/json_request.h - a line of --json as an order.
 *
 *   {"op": "say", "room": "lobby", "text": "hello", "id": 7}
 *
 * The tables are requests.def and fields.def. Pure. */
#ifndef CLIENT_SHELL_JSON_REQUEST_H
#define CLIENT_SHELL_JSON_REQUEST_H

#include <jansson.h>

#include "base/check.h"
#include "client/shell/order.h"

/* Reads a request. NULL: done; *out_order refers to the object. Else what is wrong with it, one line,
 * a constant; *out_order is untouched. */
HUB_MUST_CHECK const char *json_request_read(const json_t *object, order_t *out_order);

/* The op of a verb, such as "say". */
const char *json_request_op(verb_t verb);

/* What --help says about it, from the tables. */
void json_request_print_help(FILE *out);

#endif
