#include "broker/core/nick.h"

#include <assert.h>
#include <czmq.h>

void nick_set(nick_t *self, span_t typed, const name_t *folded)
{
    assert(self && folded);
    assert(typed.size > 0 && typed.size <= NAME_BYTES);
    bool is_folded = span_equal(typed, name_span(folded));
    size_t size = folded->size + (is_folded ? 0 : typed.size);
    nick_fini(self);
    *self = (nick_t){.typed_size = (uint8_t)typed.size,
                     .folded_size = folded->size,
                     .is_folded = is_folded,
                     .is_there = size > NICK_SHORT_BYTES};
    if (self->is_there)
        self->there = zmalloc(size);
    char *place = self->is_there ? self->there : self->here;
    memcpy(place, folded->text, folded->size);
    if (!is_folded)
        memcpy(place + folded->size, typed.data, typed.size);
}

void nick_fini(nick_t *self)
{
    assert(self);
    if (self->is_there)
        free(self->there);
    *self = (nick_t){0};
}
