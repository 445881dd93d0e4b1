/* Any bytes as a line of the terminal client's --json: what is read has the keys that it needs. */
#include "tests/fuzz/fuzz.h"

#include "client/shell/json_request.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_error_t error;
    order_t order;
    json_t *object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return 0;
    const char *wrong = json_request_read(object, &order);
    if (wrong == NULL) {
        assert(order.verb != VERB_say || order.text);
        assert(order.verb != VERB_tell || (order.to && order.text));
        assert(*json_request_op(order.verb) != '\0');
    }
    json_decref(object);
    return 0;
}
