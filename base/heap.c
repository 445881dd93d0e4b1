#include "base/heap.h"

#include <assert.h>
#include <malloc.h>

enum { LARGE_BYTES = 64 * 1024 };

/* The C library would raise the bound whenever something larger is freed: not once it was set. */
void heap_give_back(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

void heap_storm(heap_t *self, uint64_t now_ms)
{
    assert(self);
    self->due_ms = now_ms + HEAP_CALM_MS;
}

uint64_t heap_due_ms(const heap_t *self)
{
    assert(self);
    return self->due_ms ? self->due_ms : UINT64_MAX;
}

bool heap_look(heap_t *self, uint64_t now_ms)
{
    assert(self);
    if (now_ms < heap_due_ms(self))
        return false;
    self->due_ms = 0;
    (void)malloc_trim(0);
    return true;
}
