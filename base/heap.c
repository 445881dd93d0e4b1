#include "base/heap.h"

#include <malloc.h>

enum { LARGE_BYTES = 64 * 1024 };

/* The C library would raise the bound whenever something larger is freed: not once it was set. */
void heap_give_back(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}
