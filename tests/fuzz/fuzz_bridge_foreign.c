/* How a connection begins: no byte behind what has come is looked at, and what is known stays known when more comes. */
#include "bridge/core/foreign.h"

#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static foreign_t look(const uint8_t *data, size_t size)
{
    char *bytes =
        malloc(size > 0 ? size : 1); /* of exactly its size, so that asan sees one byte too far */
    assert(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    foreign_t found = foreign_look((span_t){bytes, size});
    free(bytes);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    foreign_t whole = look(data, size);
    for (size_t part = 0; part < size && part < 64; part++) {
        foreign_t found = look(data, part);
        assert(found == FOREIGN_NONE || found == whole);
        (void)found;
    }
    (void)whole;
    return 0;
}
