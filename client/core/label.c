#include "client/core/label.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(char *) <= LABEL_HERE_BYTES, "the address of a long text has room");

static char *elsewhere(const label_t *self)
{
    char *text;
    memcpy(&text, self->bytes, sizeof text);
    return text;
}

span_t label_span(const label_t *self)
{
    assert(self);
    return (span_t){self->size > LABEL_HERE_BYTES ? elsewhere(self) : self->bytes, self->size};
}

void label_set(label_t *self, span_t text)
{
    assert(self && text.size <= LABEL_BYTES_MAX);
    label_t next = {.size = (uint8_t)text.size};
    char *place = next.bytes;
    if (text.size > LABEL_HERE_BYTES) {
        place = malloc(text.size);
        assert(place);
        memcpy(next.bytes, &place, sizeof place);
    }
    if (text.size > 0)
        memcpy(place, text.data, text.size);
    label_fini(self);
    *self = next;
}

void label_fini(label_t *self)
{
    assert(self);
    if (self->size > LABEL_HERE_BYTES)
        free(elsewhere(self));
    *self = (label_t){.size = 0};
}
