/* base/heap.h - how the C library's heap behaves in our servers. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

/* From now on what is large (64 KiB) is given back to the system as soon as it is freed, instead of staying as a hole
 * for the next time. Called once, before there are threads. */
void heap_give_back(void);

#endif
