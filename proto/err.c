#include "proto/err.h"

#include <assert.h>

typedef struct {
    const char *name;
    const char *hint;
} row_t;

static const row_t ROWS[HUB_ERR_COUNT] = {
    [HUB_OK] = {"ok", ""},
#define ERROR(symbol, name, hint) [HUB_##symbol] = {name, hint},
#include "proto/errors.def"
#undef ERROR
    [HUB_MALFORMED] = {"malformed", "the frame is not one msgpack map with string keys and an id"},
};

const char *err_name(hub_err_t err)
{
    assert(err < HUB_ERR_COUNT);
    return ROWS[err].name;
}

const char *err_hint(hub_err_t err)
{
    assert(err < HUB_ERR_COUNT);
    return ROWS[err].hint;
}

hub_err_t err_find(span_t name)
{
    for (hub_err_t err = HUB_OK; err < HUB_ERR_COUNT; err++)
        if (span_is(name, ROWS[err].name))
            return err;
    return HUB_ERR_COUNT;
}
